"""What a user's own torch tensors hold, as arrays: of any layout, device and float type.

NumPy and scikit-learn ask torch for an array, and what torch says of a tensor that has none (it
needs a gradient, is nested, sparse, quantized, conjugated, on no device) names no argument, and
comes as a RuntimeError as often as not. Here each such tensor is an array, or one error.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
import torch
from torch import Tensor

from sklimb._data.sparse_form import check_sparse
from sklimb._data.tensors import is_csr

# Float types that NumPy has; others, as bfloat16, become float32.
_FLOATS_OF_NUMPY = (torch.float16, torch.float32, torch.float64)


def without_tensors(values: Any, name: str) -> Any:
    """Return what a user passed with arrays in the place of tensors, and anything else as it is.

    NumPy's texts of variable width (``StringDType``), which scikit-learn does not know, become
    objects; Arrow's arrays, of which scikit-learn asks what only those of numbers give, plain ones,
    and its record batches tables, of which it can take rows.

    Parameters
    ----------
    values : object
        A tensor, or a list of tensors, or of lists of them.
    name : str
        What the user calls it.

    Raises
    ------
    TypeError, ValueError
        As `to_array`.

    Examples
    --------
    >>> import torch
    >>> from sklimb._data.from_tensors import without_tensors
    >>> without_tensors(torch.tensor([1.0, 2.0], requires_grad=True), "X")
    array([1., 2.], dtype=float32)
    >>> without_tensors([torch.tensor(1), torch.tensor(2)], "y")
    [array(1), array(2)]
    >>> without_tensors("text", "X")
    'text'
    """
    if isinstance(values, Tensor):
        return to_array(values, name)
    if isinstance(values, np.ndarray) and values.dtype.kind == "T":
        return values.astype(object)
    if type(values).__module__.startswith("pyarrow."):
        return _of_arrow(values)
    if isinstance(values, (list, tuple)) and any(map(_has_tensors, values)):
        return [without_tensors(value, name) for value in values]
    return values


def _of_arrow(values: Any) -> Any:
    import pyarrow

    if isinstance(values, (pyarrow.Array, pyarrow.ChunkedArray)):
        chunked = isinstance(values, pyarrow.ChunkedArray)
        return values.to_numpy() if chunked else values.to_numpy(zero_copy_only=False)
    if isinstance(values, pyarrow.RecordBatch):
        return pyarrow.Table.from_batches([values])
    return values


def _has_tensors(value: Any) -> bool:
    """Return whether an item is a tensor, or a list that begins with one."""
    if isinstance(value, (list, tuple)) and len(value):
        value = value[0]
    return isinstance(value, Tensor)


def to_array(x: Tensor, name: str) -> np.ndarray | scipy.sparse.csr_array:
    """Return what a user's tensor holds: an array, or CSR of a sparse one.

    Parameters
    ----------
    x : Tensor
        On any device; a float type that NumPy has not, as bfloat16, becomes float32.
    name : str
        What the user calls it.

    Raises
    ------
    TypeError
        If it has no values (``device="meta"``), or those of no array (quantized, nested, masked).
    ValueError
        If it is sparse and no matrix.
    """
    try:
        x = x.detach()
        if not (x.layout == torch.strided or x.is_nested or x.is_meta):
            return sparse_to_scipy(x, name)
        if x.is_floating_point() and x.dtype not in _FLOATS_OF_NUMPY:
            x = x.float()
        return x.cpu().resolve_conj().resolve_neg().numpy()
    except (RuntimeError, TypeError) as error:
        raise TypeError(
            f"{name} is a tensor that no array can be made of, of {x.dtype} and {x.layout} on "
            f"{x.device}: {(str(error).splitlines() or [type(error).__name__])[0]}"
        ) from None


def sparse_to_scipy(x: Tensor, name: str = "X") -> scipy.sparse.csr_array:
    """Return a sparse tensor of any layout that scipy has too in CSR, never dense.

    Raises
    ------
    ValueError
        If it is no matrix, or of another layout.
    """
    if x.ndim != 2 or x.dense_dim():
        raise ValueError(
            f"{name} is a sparse tensor of the shape {tuple(x.shape)} with {x.dense_dim()} dense "
            f"axes, but sparse tensors must be matrices (n_samples, n_features) of numbers. Pass "
            f"{name}.to_dense()."
        )
    x = x.cpu()
    if x.is_floating_point() and x.dtype not in (torch.float32, torch.float64):
        x = x.float()  # scipy has none of half precision
    shape = tuple(x.shape)
    if x.layout == torch.sparse_coo:
        x = x.coalesce()
        parts = (_values(x), tuple(x.indices().numpy()))
        return _narrow(scipy.sparse.coo_array(parts, shape=shape).tocsr())
    if x.layout == torch.sparse_csc:
        parts = (_values(x), x.row_indices().numpy(), x.ccol_indices().numpy())
        return _checked(scipy.sparse.csc_array(parts, shape=shape), name)
    if x.layout in (torch.sparse_csr, torch.sparse_bsr):
        kind = scipy.sparse.csr_array if is_csr(x) else scipy.sparse.bsr_array
        parts = (_values(x), x.col_indices().numpy(), x.crow_indices().numpy())
        return _checked(kind(parts, shape=shape), name)
    raise ValueError(
        f"{name} has the layout {x.layout}. Pass {name}.to_sparse_coo() or {name}.to_sparse_csr()."
    )


def _values(x: Tensor) -> np.ndarray:
    return x.values().resolve_conj().resolve_neg().numpy()


def _checked(X: scipy.sparse.sparray, name: str) -> scipy.sparse.csr_array:
    check_sparse(X, name)
    return _narrow(X.tocsr())


def _narrow(X: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """Return X with indices of 32 bits where they do: torch has 64, which trees do not take."""
    if max(*X.shape, X.nnz) <= np.iinfo(np.int32).max:
        X.indices, X.indptr = (a.astype(np.int32, copy=False) for a in (X.indices, X.indptr))
    return X
