"""How far the columns of X spread and reach, from pieces of the rows, dense or sparse alike."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from sklimb._data.moments import as_columns


class ColumnSpread:
    """Gather standard deviation, least and greatest value of each column, in float64.

    Of images (n, C, H, W) the channels are the columns.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._data.spread import ColumnSpread
    >>> spread = ColumnSpread()
    >>> spread.update(np.array([[1.0, 5.0], [3.0, 5.0]]))
    >>> spread.result()
    (array([1., 1.]), array([1., 5.]), array([3., 5.]))
    """

    def __init__(self) -> None:
        self._n = 0
        self._mean: np.ndarray | float = 0.0
        self._squares: np.ndarray | float = 0.0
        self._low: np.ndarray | float = np.inf
        self._high: np.ndarray | float = -np.inf

    def update(self, rows: np.ndarray | scipy.sparse.sparray) -> None:
        """Take some rows, (n, d) or (n, C, H, W)."""
        # of values beyond 1e154 the squares are infinite, and stay so: `result` says what then
        with np.errstate(over="ignore", invalid="ignore"):
            self._take(rows)

    def _take(self, rows: np.ndarray | scipy.sparse.sparray) -> None:
        if scipy.sparse.issparse(rows):
            n, mean, squares, low, high = _of_sparse(rows.tocsr())
        else:
            rows = as_columns(np.asarray(rows))
            n, low, high = len(rows), rows.min(axis=0), rows.max(axis=0)
            mean = rows.mean(axis=0, dtype=np.float64)
            squares = rows.var(axis=0, dtype=np.float64) * n
        # two moments about each piece's own mean: sums of squares would cancel
        total = self._n + n
        apart = mean - self._mean
        self._squares = self._squares + squares + apart**2 * (self._n * n / total)
        self._mean = self._mean + apart * (n / total)
        self._n = total
        self._low, self._high = np.minimum(self._low, low), np.maximum(self._high, high)

    def result(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return standard deviation, least and greatest value.

        The first is 1 where a column is constant, or its squares underflow or overflow.
        """
        spread = np.sqrt(np.asarray(self._squares) / max(1, self._n))
        low, high = (np.asarray(x, dtype=np.float64) for x in (self._low, self._high))
        usable = np.isfinite(spread) & (spread > 0) & (low != high)
        return np.where(usable, spread, 1.0), low, high


def _of_sparse(rows: scipy.sparse.sparray) -> tuple[int, np.ndarray, ...]:
    n, width = rows.shape
    values, columns = rows.data.astype(np.float64), rows.indices
    mean = np.bincount(columns, values, width) / n
    empty = n - np.bincount(columns, minlength=width)
    squares = np.bincount(columns, (values - mean[columns]) ** 2, width) + empty * mean**2
    low, high = (x.toarray().ravel() for x in (rows.min(axis=0), rows.max(axis=0)))
    return n, mean, squares, low, high
