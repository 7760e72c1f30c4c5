"""Weighted quantiles of the columns of X, dense or sparse alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import scipy.sparse
import torch
from torch import Tensor

from sklimb._data.csr import is_csr, to_scipy

# A share of the total weight counts as reached within this: sums of weights round.
_SLACK = 1e-12


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
    >>> from sklimb._data.quantiles import weighted_quantiles
    >>> weighted_quantiles(np.array([3.0, 1.0, 8.0]), np.array([1, 2, 1]), [0.0, 0.5, 0.6, 1.0])
    array([1., 2., 3., 8.])
    """
    values = np.asarray(values, dtype=np.float64)
    if weight is None:
        ordered = np.sort(values)
        reached = np.arange(1, len(values) + 1, dtype=np.float64)
    else:
        values, weight = values[weight > 0], weight[weight > 0]
        order = np.argsort(values, kind="stable")
        ordered, reached = values[order], np.cumsum(weight[order], dtype=np.float64)
    wanted = np.asarray(shares, dtype=np.float64) * reached[-1]
    slack = _SLACK * reached[-1]
    last = len(ordered) - 1
    at = ordered[np.searchsorted(reached, wanted - slack).clip(0, last)]
    after = ordered[np.searchsorted(reached, wanted + slack, side="right").clip(0, last)]
    return 0.5 * at + 0.5 * after


def column_quantiles(
    x: Tensor | np.ndarray, weight: np.ndarray | None, shares: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Return the quantiles (d, q) of each column of rows (n, d), one column in memory at a time.

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
            piece = slice(columns.indptr[k], columns.indptr[k + 1])
            column[columns.indices[piece]] = columns.data[piece]
            yield column
        return
    for k in range(x.shape[1]):
        column = x[:, k]
        if isinstance(column, Tensor):
            column = column.detach().to("cpu")
            column = column.to(torch.float64).numpy()
        yield np.asarray(column, dtype=np.float64)
