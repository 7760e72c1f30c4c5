"""Arrays and sparse matrices as torch tensors; rows in compressed sparse form taken, cut, padded.

torch has the sparse layout (``torch.sparse_csr``) and the products; choosing and cutting rows is
missing there, and is a matter of its three tensors.

Shape
-----
(n, d) with ``crow`` (n + 1,), ``col`` (nnz,) and ``values`` (nnz,).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import scipy.sparse
import torch
from torch import Tensor

_WITHOUT_FLOAT64 = {"mps"}

with warnings.catch_warnings():
    # torch says once in a process that the layout is in beta.
    warnings.simplefilter("ignore")
    torch.sparse_csr_tensor([0, 0], [], torch.zeros(0), size=(1, 1), check_invariants=False)


def as_tensor(
    array: np.ndarray | Tensor,
    *,
    dtype: torch.dtype | None = None,
    device: str | torch.device | None = None,
) -> Tensor:
    """Return an array as a tensor, on the CPU without a copy where torch may share its memory.

    A read-only array (a column of pandas, a memory map) is copied: torch has no such tensors and
    warns of them, and a network that works in place would write to it, which ends the process if a
    file is mapped.

    Parameters
    ----------
    array : ndarray or Tensor
    dtype : torch.dtype or None, default=None
        None keeps that of the array.
    device : str, torch.device or None, default=None
        None is the CPU for an array, and a tensor's own.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._data.tensors import as_tensor
    >>> values = np.arange(3.0)
    >>> as_tensor(values).data_ptr() == values.ctypes.data
    True
    >>> values.flags.writeable = False
    >>> as_tensor(values)
    tensor([0., 1., 2.], dtype=torch.float64)
    """
    if isinstance(array, np.ndarray):
        if not array.flags.writeable:
            return torch.tensor(array, dtype=dtype, device=device or "cpu")
        array = torch.from_numpy(array)
    return array.to(device=device or array.device, dtype=dtype or array.dtype)


class _Writable:
    """An array as a foreign object of the same memory, which NumPy takes for writable."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array  # keeps the memory
        described = array.__array_interface__
        self.__array_interface__ = described | {"data": (described["data"][0], False)}


def borrow(array: np.ndarray) -> Tensor:
    """Return a read-only array as a tensor of the same memory, that must never be written to.

    torch has no read-only tensors. `is_borrowed` recognises one, and whoever passes on a view of it
    makes a copy, for a network may work in place, which ends the process if a file is mapped.
    """
    tensor = torch.from_numpy(np.asarray(_Writable(array)))
    tensor._borrowed = True
    return tensor


def is_borrowed(x: Tensor) -> bool:
    """Return whether a tensor is one of `borrow`; views and results of it are not."""
    return getattr(x, "_borrowed", False)


def has_float64(device: str | torch.device) -> bool:
    """Return whether a device has the type; Apple's GPUs have not."""
    return torch.device(device).type not in _WITHOUT_FLOAT64


def is_csr(x: Tensor) -> bool:
    """Return whether a tensor is in compressed sparse rows."""
    return x.layout == torch.sparse_csr


def _build(crow: Tensor, col: Tensor, values: Tensor, width: int) -> Tensor:
    size = (len(crow) - 1, width)
    return torch.sparse_csr_tensor(crow, col, values, size=size, check_invariants=False)


def from_scipy(X: scipy.sparse.csr_array, device: str | torch.device = "cpu") -> Tensor:
    """Return a scipy CSR matrix or array as a tensor; on the CPU its memory is shared."""
    # embedding_bag wants both kinds of index in one type
    index = np.result_type(X.indptr, X.indices)
    parts = (X.indptr.astype(index, copy=False), X.indices.astype(index, copy=False), X.data)
    tensors = [as_tensor(part) for part in parts]
    if tensors[2].dtype == torch.float64 and not has_float64(device):
        tensors[2] = tensors[2].float()
    return _build(*(part.to(device) for part in tensors), X.shape[1])


def to_scipy(x: Tensor) -> scipy.sparse.csr_array:
    """Return rows as a scipy array; on the CPU its memory is shared."""
    parts = (x.values(), x.col_indices(), x.crow_indices())
    return scipy.sparse.csr_array(tuple(part.cpu().numpy() for part in parts), shape=x.shape)


def to_dense(x: Tensor) -> Tensor:
    """Return a batch dense, as it is where it is so already."""
    return x.to_dense() if is_csr(x) else x


def with_values(x: Tensor, values: Tensor) -> Tensor:
    """Return rows with the same sparsity pattern and other values."""
    return _build(x.crow_indices(), x.col_indices(), values, x.shape[1])


def to_float(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Return the rows in another float type."""
    return x if x.dtype == dtype else with_values(x, x.values().to(dtype))


def take_rows(x: Tensor, rows: Tensor | slice, n_values: int | None = None) -> Tensor:
    """Return some rows, in the order asked for; a row may come several times.

    `n_values` is how many values they hold in all; without it the host waits for the device.
    """
    crow, col, values = x.crow_indices(), x.col_indices(), x.values()
    if isinstance(rows, slice):
        start, stop, _ = rows.indices(len(x))
        first, last = int(crow[start]), int(crow[stop])
        return _build(
            crow[start : stop + 1] - first, col[first:last], values[first:last], x.shape[1]
        )
    start = crow[rows]
    length = crow[rows + 1] - start
    taken = torch.zeros(len(rows) + 1, dtype=crow.dtype, device=crow.device)
    torch.cumsum(length, 0, out=taken[1:])
    # place k of the result is place k - taken[i] + start[i] of x, for the row i that it is in
    shift = torch.repeat_interleave(start - taken[:-1], length, output_size=n_values)
    places = torch.arange(len(shift), device=crow.device) + shift
    return _build(taken, col[places], values[places], x.shape[1])


def split_rows(x: Tensor, sizes: Sequence[int]) -> Iterator[Tensor]:
    """Yield consecutive batches of some sizes, their values and columns as views."""
    crow, col, values = x.crow_indices(), x.col_indices(), x.values()
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    ends = crow[torch.as_tensor(bounds, device=crow.device)].tolist()  # one wait for the device
    for k in range(len(sizes)):
        first, last = ends[k], ends[k + 1]
        part = crow[int(bounds[k]) : int(bounds[k + 1]) + 1] - first
        yield _build(part, col[first:last], values[first:last], x.shape[1])


def pad_rows(x: Tensor, n: int) -> Tensor:
    """Return the rows with n empty ones behind them."""
    crow = x.crow_indices()
    return _build(torch.cat([crow, crow[-1:].expand(n)]), x.col_indices(), x.values(), x.shape[1])


def split_columns(x: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rows without some columns, and these columns dense.

    Parameters
    ----------
    x : Tensor, shape (n, d), CSR
    columns : Tensor of int, shape (k,)

    Returns
    -------
    rest : Tensor, shape (n, d), CSR
        Nothing is stored in `columns`; on a GPU zeros are, for the host would have to wait.
    dense : Tensor, shape (n, k)
        Places that are given twice are added up.
    """
    k = len(columns)
    position = torch.full((x.shape[1],), k, dtype=torch.long, device=x.device)
    position[columns] = torch.arange(k, device=x.device)
    place = position[x.col_indices()]
    row = _row_of_each(x)
    taken = place < k
    if x.device.type != "cpu":  # how many are taken only the device knows
        dense = torch.zeros(len(x), k + 1, dtype=x.dtype, device=x.device)
        dense.index_put_((row, place), x.values(), accumulate=True)  # the rest into a last column
        return with_values(x, x.values().masked_fill(taken, 0.0)), dense[:, :k]
    dense = torch.zeros(len(x), k, dtype=x.dtype, device=x.device)
    dense.index_put_((row[taken], place[taken]), x.values()[taken], accumulate=True)
    kept = torch.zeros_like(x.crow_indices())
    kept[1:] = torch.bincount(row[~taken], minlength=len(x)).cumsum(0)
    return _build(kept, x.col_indices()[~taken], x.values()[~taken], x.shape[1]), dense


def from_columns(dense: Tensor, columns: Tensor, like: Tensor) -> Tensor:
    """Return dense columns (n, k) as rows of the width of `like`, every place stored."""
    n, k = dense.shape
    index = like.crow_indices().dtype
    crow = torch.arange(n + 1, dtype=index, device=dense.device) * k
    return _build(crow, columns.to(index).repeat(n), dense.reshape(-1), like.shape[1])


def add_rows(x: Tensor, y: Tensor) -> Tensor:
    """Return x + y row by row; a place that both store is stored twice.

    Products add the two up, ``to_dense`` does not.
    """
    rows_x, rows_y = x.crow_indices(), y.crow_indices()
    crow = rows_x + rows_y
    # value k of x, in row i, goes behind all earlier rows of both; one of y behind row i of x too
    of_x = _row_of_each(x)
    of_y = _row_of_each(y)
    places_x = torch.arange(len(of_x), device=crow.device) + rows_y[of_x]
    places_y = torch.arange(len(of_y), device=crow.device) + rows_x[of_y + 1]
    col = torch.empty(len(of_x) + len(of_y), dtype=crow.dtype, device=crow.device)
    values = torch.empty(len(col), dtype=x.dtype, device=crow.device)
    for part, places in ((x, places_x), (y, places_y)):
        col[places] = part.col_indices()
        values[places] = part.values()
    return _build(crow, col, values, x.shape[1])


def _row_of_each(x: Tensor) -> Tensor:
    crow = x.crow_indices()
    rows = torch.arange(len(crow) - 1, device=crow.device)
    return torch.repeat_interleave(rows, crow.diff(), output_size=len(x.col_indices()))


def mean_nnz(x: Tensor) -> int:
    """Return how many values a row holds, on average and at least 1."""
    n = len(x.values()) // max(1, len(x)) if is_csr(x) else x[:1].numel()
    return max(1, n)


def blank_like(x: Tensor) -> Tensor:
    """Return a batch of the same shape and type that holds no value: zeros, or nothing if sparse.

    Examples
    --------
    >>> import torch
    >>> from sklimb._data.tensors import blank_like
    >>> blank_like(torch.tensor([[1.5, 2.5]]))
    tensor([[0., 0.]])
    """
    if is_csr(x):
        crow = torch.zeros_like(x.crow_indices())
        col, values = x.col_indices()[:0].clone(), x.values()[:0].clone()
        return _build(crow, col, values, x.shape[1])
    return torch.zeros_like(x)
