"""Samples that are copies of others, as over-sampling makes them.

A sampler that repeats samples of rare classes leaves a table in which some classes have duplicates
and others do not, and within a class each sample is there about equally often. Rows of few
categories are equal by chance, and each is a sample of its own: all classes then have duplicates,
or a few rows of a class are there very often and most of them once.

Shape
-----
X (n, ...), y (n,) class indices.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse
import torch
from pandas.util import hash_array, hash_pandas_object

from sklimb._data.tensors import is_csr, to_scipy

# A class has copies if its mean number of duplicates is at least so many times that of the class of
# most distinct samples, and the squared coefficient of variation of these numbers is below the
# second. In 37 tables it was 1.9 and more for classes whose rows are equal by chance as often, and
# 0.8 and less after over-sampling at random.
_LEAST_RATIO, _MOST_VARIATION = 1.5, 1.0
# Values that are hashed at once: 2 MB of hashes.
_VALUES_AT_ONCE = 2**18


def copied_from(X: Any, y: np.ndarray) -> np.ndarray | None:
    """Return for each sample the position of the first that it is a copy of, or its own.

    Parameters
    ----------
    X : ndarray, Tensor, sparse matrix or frame of shape (n, ...)
    y : ndarray of int, shape (n,)
        Class indices; samples of two classes are no copies of each other.

    Returns
    -------
    ndarray of int, shape (n,), or None
        None where there are none, or the type of X is not supported.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._data.repeats import copied_from
    >>> X, y = np.array([[1.0], [2.0], [3.0], [3.0]]), np.array([0, 0, 1, 1])
    >>> copied_from(X, y).tolist()
    [0, 1, 2, 2]
    >>> copied_from(X[:3], y[:3]) is None
    True
    """
    hashes = row_hashes(X)
    if hashes is None or len(hashes) == 0:
        return None
    by_class = hash_array(np.arange(y.max() + 1, dtype=np.uint64))[y]
    by_class += hashes
    del hashes  # 8 bytes a sample
    ordered = np.sort(by_class)
    if np.all(ordered[1:] != ordered[:-1]):  # as a rule, and in little time and memory
        return None
    _, first, which, times = np.unique(
        by_class, return_index=True, return_inverse=True, return_counts=True
    )
    has_copies = _classes_with_copies(y[first], times)
    if not has_copies.any():
        return None
    return np.where(has_copies[y], first[which], np.arange(len(y)))


def _classes_with_copies(y: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return which classes, (C,), have copies, given how often each distinct sample is there."""
    distinct = np.maximum(np.bincount(y), 1)
    mean = np.bincount(y, weights=times) / distinct
    square = np.bincount(y, weights=(times - mean[y]) ** 2) / distinct
    usual = mean[distinct == distinct.max()].min()
    return (mean > _LEAST_RATIO * usual) & (square < _MOST_VARIATION * mean**2)


def row_hashes(X: Any) -> np.ndarray | None:
    """Return a hash of 64 bits of each row of X, equal for equal rows, None for an unknown form."""
    if isinstance(X, torch.Tensor):
        if not is_csr(X):
            return _of_dense(X)
        X = to_scipy(X)
    if scipy.sparse.issparse(X):
        return _of_sparse(X.tocsr())
    if isinstance(X, np.ndarray) and X.ndim > 1 and X.dtype.kind in "fiub":
        return _of_dense(X)
    if isinstance(X, np.ndarray) and X.ndim == 2:
        X = pd.DataFrame(X)
    if isinstance(X, pd.DataFrame):
        try:
            return hash_pandas_object(X, index=False).to_numpy()
        except TypeError:  # cells that hold lists, say
            return None
    return X.hash_rows().to_numpy() if hasattr(X, "hash_rows") else None  # polars


def _of_dense(X: np.ndarray | torch.Tensor) -> np.ndarray:
    n_values = int(np.prod(X.shape[1:]))
    factors = _factors(n_values)
    hashes = np.empty(len(X), dtype=np.uint64)
    start = 0
    for rows in _chunks(X, max(1, _VALUES_AT_ONCE // max(1, n_values))):
        of_values = _hashed(rows).reshape(len(rows), n_values)
        of_values *= factors
        of_values.sum(axis=1, dtype=np.uint64, out=hashes[start : start + len(rows)])
        start += len(rows)
    return hashes


def _chunks(X: np.ndarray | torch.Tensor, n_rows: int) -> Iterator[np.ndarray]:
    for start in range(0, len(X), n_rows):
        rows = X[start : start + n_rows]
        if isinstance(rows, torch.Tensor):
            rows = rows.detach().cpu()
            rows = (rows.float() if rows.dtype == torch.bfloat16 else rows).numpy()
        yield rows


def _of_sparse(X: Any) -> np.ndarray:
    X = X.copy() if not X.has_canonical_format else X
    X.sum_duplicates()
    values = _hashed(X.data) * _factors(X.shape[1])[X.indices]
    # sums of rows as differences of cumulative sums, modulo 2 ** 64
    sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(values, dtype=np.uint64)])
    return sums[X.indptr[1:]] - sums[X.indptr[:-1]]


def _hashed(values: np.ndarray) -> np.ndarray:
    """Return hashes of the values one after the other; -0.0 is 0.0."""
    flat = np.ascontiguousarray(values).reshape(-1)
    if flat.dtype.kind == "f":
        flat = flat.astype(np.float64 if flat.dtype.itemsize > 4 else np.float32) + 0
    return hash_array(flat)


def _factors(n: int) -> np.ndarray:
    """Return an odd factor for each column, so that a hash depends on the order of the values."""
    drawn = np.random.default_rng(0).integers(0, 2**64, n, dtype=np.uint64)
    return drawn | np.uint64(1)
