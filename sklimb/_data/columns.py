"""Statistics of the columns of X, dense or sparse alike: scaling, spread, quantiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import scipy.sparse
from sklearn.preprocessing import StandardScaler
from sklearn.utils.sparsefuncs import mean_variance_axis, min_max_axis
from torch import Tensor

from sklimb._data.tensors import is_csr, to_scipy

# A column with a smaller share of values other than 0 counts events and is no measurement. So does
# a word of every third text: a scale of its own would undo the weight that a vectoriser gave it.
_MOSTLY_ZERO = 0.5
# Rare columns whose typical values differ by more than this have different units.
_OTHER_UNIT = 10.0
# Rounding allowed where a sum of weights is compared with a share of the total.
_TOLERANCE = 1e-12


def as_columns(rows: np.ndarray) -> np.ndarray:
    """Return vectors (n, d) as they are; of images (n, C, H, W) each pixel as a row of channels."""
    return np.moveaxis(rows, 1, -1).reshape(-1, rows.shape[1]) if rows.ndim > 2 else rows


class ColumnScaling:
    """Gather the (weighted) moments of columns over chunks of X, dense or sparse alike.

    A column is centred and divided by its standard deviation. One that is 0 in most samples (a
    word, a rare category, the border of an image) is left where it is and divided by a root
    mean square of the values that are not 0: its standard deviation would blow these up, by
    1 / sqrt(share of samples), and centring would fill a sparse matrix. Such columns share one
    scale, so that what a vectoriser has weighted stays weighted (on Reuters TF-IDF a scale a word
    costs four points of balanced accuracy), except those in another unit: more than ten times off
    the typical one. The rule looks at the numbers alone, so a sparse matrix and the same one dense
    are scaled alike.
    """

    def __init__(self) -> None:
        # with_mean=False is what StandardScaler asks of sparse input; it keeps mean_ all the same
        self._scaler = StandardScaler(with_mean=False)
        self._total = 0.0
        self._of_values = 0.0
        self._of_squares = 0.0

    def update(self, rows: np.ndarray | scipy.sparse.csr_array, weight: np.ndarray | None) -> None:
        """Take some samples or images in float64, with weights (n,) or None."""
        if not scipy.sparse.issparse(rows):
            n = len(rows)
            rows = as_columns(rows)
            weight = None if weight is None else weight.repeat(len(rows) // n)
        with np.errstate(over="ignore", invalid="ignore"):
            self._scaler.partial_fit(rows, sample_weight=weight)
            weight = np.ones(rows.shape[0]) if weight is None else weight
            if scipy.sparse.issparse(rows):
                of_value = np.repeat(weight, np.diff(rows.indptr))
                parts = (of_value * (rows.data != 0), of_value * rows.data**2)
                values, squares = (np.bincount(rows.indices, p, rows.shape[1]) for p in parts)
            else:
                values, squares = weight @ (rows != 0), weight @ np.square(rows)
        self._total += weight.sum()
        self._of_values = self._of_values + values
        self._of_squares = self._of_squares + squares

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """Return shift and scale, (d,) each.

        Raises
        ------
        ValueError
            If the moments of a column are not finite.
        """
        shift, scale = self._scaler.mean_.copy(), self._scaler.scale_.copy()
        rare = (self._of_values > 0) & (self._of_values < _MOSTLY_ZERO * self._total)
        shift[rare] = 0.0
        scale[rare] = self._scale_of_rare(self._of_values[rare], self._of_squares[rare])
        # scikit-learn takes a column of infinite variance for a constant one, of scale 1
        finite = np.isfinite(self._scaler.var_) & np.isfinite(scale) & np.isfinite(shift)
        bad = np.flatnonzero(~finite)
        if len(bad):
            raise ValueError(
                f"Columns {bad.tolist()[:10]} of X cannot be scaled: they hold NaN, or values so "
                "large that their squares overflow. Divide them, or take their logarithm."
            )
        return shift, scale

    def norm(self) -> float:
        """Return the root mean square of the norm of a scaled sample; 1 where that is 0.

        Zeros that stay zeros add nothing, so for texts it depends on their number of words.
        """
        shift, scale = self.result()
        squares = self._of_squares / self._total - shift * (2 * self._scaler.mean_ - shift)
        return float(np.sqrt(np.maximum(squares / scale**2, 0.0).sum())) or 1.0

    @staticmethod
    def _scale_of_rare(values: np.ndarray, squares: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            own = np.sqrt(squares / values)
            typical = np.median(own) if len(own) else 1.0
            alike = (own > typical / _OTHER_UNIT) & (own < typical * _OTHER_UNIT)
        shared = np.sqrt(squares[alike].sum() / values[alike].sum()) if alike.any() else 1.0
        return np.where(alike, shared, own)


class ColumnSpread:
    """Gather standard deviation, least and greatest value of each column, in float64.

    Of images (n, C, H, W) the channels are the columns.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._data.columns import ColumnSpread
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
        """Take some samples, (n, d) or (n, C, H, W)."""
        # of values beyond 1e154 the squares are infinite, and stay so: `result` says what then
        with np.errstate(over="ignore", invalid="ignore"):
            self._take(rows)

    def _take(self, rows: np.ndarray | scipy.sparse.sparray) -> None:
        if scipy.sparse.issparse(rows):
            rows = rows.tocsr().astype(np.float64)
            low, high = min_max_axis(rows, axis=0)
            mean, variance = mean_variance_axis(rows, axis=0)
        else:
            rows = as_columns(np.asarray(rows))
            low, high = rows.min(axis=0), rows.max(axis=0)
            mean, variance = (f(axis=0, dtype=np.float64) for f in (rows.mean, rows.var))
        n = rows.shape[0]
        # two moments about each chunk's own mean: sums of squares would cancel
        total = self._n + n
        shift = mean - self._mean
        self._squares = self._squares + variance * n + shift**2 * (self._n * n / total)
        self._mean = self._mean + shift * (n / total)
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


def weighted_quantiles(
    values: np.ndarray, weight: np.ndarray | None, shares: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Return quantiles of weighted values, such that a weight of 2 is that value twice.

    The least value at which a share of the weight is reached, or where it is met exactly the mean
    of that value and the next: the ordinary median of an even number of values. A weight of 0
    leaves a value out.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Finite numbers.
    weight : ndarray of shape (n,) or None
        Weights, not negative and not all 0; None weighs all alike.
    shares : array-like of shape (q,)
        In [0, 1].

    Returns
    -------
    ndarray of shape (q,)
        Quantiles in float64.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._data.columns import weighted_quantiles
    >>> weighted_quantiles(np.array([3.0, 1.0, 8.0]), np.array([1, 2, 1]), [0.0, 0.5, 0.6, 1.0])
    array([1., 2., 3., 8.])
    """
    values, shares = np.asarray(values), np.asarray(shares, dtype=np.float64)
    if values.dtype != np.float32:  # which sorts in the same order, in half the time and memory
        values = values.astype(np.float64, copy=False)
    if weight is None:
        ordered, total = np.sort(values), float(len(values))
        slack = _TOLERANCE * total
        # value k, from 0, is reached at k + 1
        first = np.ceil(shares * total - slack).astype(np.intp) - 1
        behind = np.floor(shares * total + slack).astype(np.intp)
    else:
        values, weight = values[weight > 0], weight[weight > 0]
        order = np.argsort(values, kind="stable")
        ordered, reached = values[order], np.cumsum(weight[order], dtype=np.float64)
        wanted, slack = shares * reached[-1], _TOLERANCE * reached[-1]
        first = np.searchsorted(reached, wanted - slack)
        behind = np.searchsorted(reached, wanted + slack, side="right")
    last = len(ordered) - 1
    at, after = (ordered[k.clip(0, last)].astype(np.float64) for k in (first, behind))
    return 0.5 * at + 0.5 * after


def column_quantiles(
    x: Tensor | np.ndarray, weight: np.ndarray | None, shares: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Return the quantiles (d, q) of each column of samples (n, d), one column in memory at a time.

    Raises
    ------
    ValueError
        If a column holds NaN or infinity.
    """
    found = []
    for number, column in enumerate(_columns(x)):
        if not np.isfinite(column).all():
            raise ValueError(f"Column {number} of X holds NaN or infinity.")
        found.append(weighted_quantiles(column, weight, shares))
    return np.asarray(found)


def _columns(x: Tensor | np.ndarray) -> Iterator[np.ndarray]:
    if isinstance(x, Tensor) and is_csr(x):
        columns = scipy.sparse.csc_array(to_scipy(x))
        for k in range(columns.shape[1]):
            column = np.zeros(columns.shape[0])
            stored = slice(columns.indptr[k], columns.indptr[k + 1])
            column[columns.indices[stored]] = columns.data[stored]
            yield column
        return
    for k in range(x.shape[1]):
        column = x[:, k]
        if isinstance(column, Tensor):
            column = column.detach().to("cpu").numpy()
        yield np.asarray(column)
