"""Whether the inner arrays of a scipy matrix fit together: SciPy, torch and others rely on it.

An index that points outside is memory of something else: what reads such a matrix gives wrong
numbers, or ends the process.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse

_COMPRESSED = ("csr", "csc", "bsr")


def check_sparse(X: Any, name: str = "X") -> None:
    """Raise a ValueError if X is a sparse matrix whose inner arrays contradict each other.

    Parameters
    ----------
    X : object
        What is no scipy matrix passes. Nothing of it is changed, or copied.
    name : str, default="X"
        What the message calls it.

    Examples
    --------
    >>> import scipy.sparse
    >>> from sklimb._data.sparse_form import check_sparse
    >>> X = scipy.sparse.csr_array([[0.0, 1.0], [2.0, 0.0]])
    >>> check_sparse(X)
    >>> X.indices[0] = 7
    >>> check_sparse(X)
    Traceback (most recent call last):
        ...
    ValueError: X is a malformed CSR matrix: indices go from 0 to 7, but there are 2 columns. ...
    """
    if not scipy.sparse.issparse(X):
        return
    wrong = None
    if X.format in _COMPRESSED:
        wrong = _compressed(X)
    elif X.format == "coo":
        wrong = _coordinates(X)
    if wrong is not None:
        raise ValueError(
            f"{name} is a malformed {X.format.upper()} matrix: {wrong}. Its inner arrays were "
            "changed, or are of another matrix: build it anew."
        )


def _compressed(X: Any) -> str | None:
    """Return what is wrong with compressed rows or columns."""
    data, indices, indptr = (np.asarray(a) for a in (X.data, X.indices, X.indptr))
    n_rows, n_columns = X.shape
    if X.format == "bsr":
        if data.ndim != 3 or 0 in data.shape[1:]:
            return f"data has the shape {data.shape}"
        n_rows, n_columns = n_rows // data.shape[1], n_columns // data.shape[2]
    across, along, what = (n_rows, n_columns, "columns")
    if X.format == "csc":
        across, along, what = (n_columns, n_rows, "rows")
    for array, called in ((indices, "indices"), (indptr, "indptr")):
        if array.dtype.kind not in "iu" or array.ndim != 1:
            return f"{called} is no array of whole numbers"
    if len(indptr) != across + 1:
        return f"indptr has {len(indptr)} entries, not {across + 1}"
    if len(data) != len(indices):
        return f"there are {len(data)} values and {len(indices)} indices"
    if indptr[0] != 0 or (indptr[1:] < indptr[:-1]).any():
        return "indptr does not rise from 0"
    if indptr[-1] > len(indices):
        return f"indptr ends at {indptr[-1]}, but there are {len(indices)} indices"
    return _range(indices[: indptr[-1]], along, "indices", what)


def _coordinates(X: Any) -> str | None:
    """Return what is wrong with coordinates."""
    lengths = {len(X.data), *map(len, X.coords)}
    if len(lengths) > 1:
        return f"values and coordinates have the lengths {sorted(lengths)}"
    axes = ("rows", "columns") if X.ndim == 2 else ("columns",)
    for indices, size, what in zip(X.coords, X.shape, axes, strict=True):
        if (wrong := _range(np.asarray(indices), size, f"coordinates of {what}", what)) is not None:
            return wrong
    return None


def _range(indices: np.ndarray, size: int, called: str, what: str) -> str | None:
    if len(indices) and (indices.min() < 0 or indices.max() >= size):
        return f"{called} go from {indices.min()} to {indices.max()}, but there are {size} {what}"
    return None
