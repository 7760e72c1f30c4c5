"""Batches for the training step.

Samples in memory are gathered once an epoch, in chunks of several batches, and each batch is a view
of a chunk: `DataLoader` with `Dataset.__getitem__` costs 0.7 of a small net's whole step. A torch
`Dataset` streams through a `DataLoader`, with the same order and the same weights.

Shape
-----
x (n, ...), y (n,) class indices, weight (n,) or None; a batch is the pair (x, y) and carries
``.weight``, and labels and weights on the CPU as ``.on_host``.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from sklimb._data.datasets import collate_items
from sklimb._data.tensors import is_borrowed, is_csr, split_rows, take_rows
from sklimb._data.training_data import ArrayData, DatasetData

# A gathered chunk holds at most this many values: 2 MB in float32, whatever the size of X.
_VALUES_GATHERED_AT_ONCE = 2**19


class Batch(tuple):
    """A pair (x, y), as skorch unpacks it, that also carries the samples' weights.

    Attributes
    ----------
    weight : Tensor, shape (n,), or None
    on_host : tuple of (Tensor or None)
        y and weight on the CPU, for decisions that the host takes without waiting for the device.
    """

    weight: Tensor | None
    on_host: tuple[Tensor | None, Tensor | None]

    def __new__(
        cls,
        x: Tensor,
        y: Tensor | None,
        weight: Tensor | None = None,
        on_host: tuple[Tensor | None, Tensor | None] | None = None,
    ) -> Batch:
        """Make the pair and attach the weights; without `on_host` all of it is on the CPU."""
        batch = super().__new__(cls, (x, y))
        batch.weight = weight
        batch.on_host = (y, weight) if on_host is None else on_host
        return batch


def sizes_of_batches(n: int, batch_size: int, drop_last: bool = False) -> list[int]:
    """Return the batch sizes for n samples.

    A last batch of a single sample joins the one before: batch statistics of one sample are
    undefined.

    Examples
    --------
    >>> from sklimb._data.batches import sizes_of_batches
    >>> sizes_of_batches(9, 4), sizes_of_batches(10, 4), sizes_of_batches(10, 4, drop_last=True)
    ([4, 5], [4, 4, 2], [4, 4])
    """
    whole, rest = divmod(n, batch_size)
    sizes = [batch_size] * whole
    if rest == 1 and whole:
        sizes[-1] += 1
    elif rest and not (drop_last and whole):
        sizes.append(rest)
    return sizes


class Batches:
    """Iterate over `ArrayData` in the order given by ``indices``, as views of gathered chunks.

    Parameters
    ----------
    dataset : ArrayData
    batch_size : int
    drop_last : bool, default=False
        Leave out a last, smaller batch.
    shuffle : bool, default=True
        False keeps the samples in their order while training.

    Attributes
    ----------
    indices : ndarray of int or None
        The samples of the coming epoch; None takes all in order. Set by the net at each epoch.
    weight : Tensor, shape (n,), or None
        The weights of the coming epoch, for all samples of the dataset, on the CPU.
    """

    def __init__(
        self, dataset: ArrayData, *, batch_size: int, drop_last: bool = False, shuffle: bool = True
    ) -> None:
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.shuffle = shuffle
        self.indices: np.ndarray | None = None
        self.weight: Tensor | None = None

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self._sizes())

    def _sizes(self) -> list[int]:
        n = len(self.dataset) if self.indices is None else len(self.indices)
        return sizes_of_batches(n, self.batch_size, self.drop_last)

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches of (x, y) with ``.weight``."""
        x = self.dataset.X
        values_a_batch = self.dataset.mean_values * self.batch_size
        batches_a_chunk = max(1, _VALUES_GATHERED_AT_ONCE // values_a_batch)
        sizes = self._sizes()
        order = None
        if self.indices is not None:
            order = torch.as_tensor(self.indices, device=x.device)
        start = 0
        for first in range(0, len(sizes), batches_a_chunk):
            chunk = sizes[first : first + batches_a_chunk]
            yield from self._of_chunk(order, start, chunk)
            start += sum(chunk)

    def _of_chunk(self, order: Tensor | None, start: int, sizes: list[int]) -> Iterator[Batch]:
        """Yield the batches of one chunk; a method of its own, whose end frees the chunk."""
        x, y, weight = self.dataset.X, self.dataset.y, self.weight
        stop = start + sum(sizes)
        chosen = slice(start, stop) if order is None else order[start:stop]
        xs = split_rows(take_rows(x, chosen), sizes) if is_csr(x) else x[chosen].split(sizes)
        if order is None and is_borrowed(x):
            xs = (batch.clone() for batch in xs)
        ys = _cut(y, chosen, sizes)
        if x.device.type == "cpu":
            ws = _cut(weight, chosen, sizes)
            on_host = [None] * len(sizes)
        else:
            at = slice(start, stop) if self.indices is None else self.indices[start:stop]
            known = _cut(self.dataset.y_host, at, sizes), _cut(weight, at, sizes)
            on_host = list(zip(*known, strict=True))
            chosen = None if weight is None else weight[at].to(x.device, non_blocking=True)
            ws = _cut(chosen, slice(None), sizes)
        for batch in zip(xs, ys, ws, on_host, strict=True):
            yield Batch(*batch)


def _cut(
    values: Tensor | None, chosen: Tensor | np.ndarray | slice, sizes: list[int]
) -> Sequence[Tensor | None]:
    """Return some values in batches of some sizes; None for each where there are none."""
    return [None] * len(sizes) if values is None else values[chosen].split(sizes)


# Arguments of `Batches`; looked up once, which takes longer than to predict a sample.
_ARRAY_SETTINGS = frozenset(inspect.signature(Batches).parameters)


class _Order:
    """The batch sampler of a streaming loader, in the order that the net has set for the epoch."""

    def __init__(self, n: int, batch_size: int, drop_last: bool) -> None:
        self.n = n
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.indices: np.ndarray | None = None

    def _sizes(self) -> list[int]:
        n = self.n if self.indices is None else len(self.indices)
        return sizes_of_batches(n, self.batch_size, self.drop_last)

    def __len__(self) -> int:
        return len(self._sizes())

    def __iter__(self) -> Iterator[list[int]]:
        rows = np.arange(self.n) if self.indices is None else self.indices
        start = 0
        for size in self._sizes():
            yield rows[start : start + size].tolist()
            start += size


class StreamedBatches:
    """Iterate over `DatasetData` through a torch `DataLoader`, in the order the net gives.

    Parameters
    ----------
    dataset : DatasetData
    batch_size : int
    drop_last : bool, default=False
        Leave out a last, smaller batch.
    shuffle : bool, default=True
        False keeps the samples in their order while training.
    device : str or torch.device
        Where batches go.
    dtype : torch.dtype or None
        The float type that a network makes of them: what is infinite in it is named.
    **loader : dict
        What `torch.utils.data.DataLoader` takes: ``num_workers``, ``pin_memory`` and so on.
    """

    def __init__(
        self,
        dataset: DatasetData,
        *,
        batch_size: int,
        drop_last: bool = False,
        shuffle: bool = True,
        device: str | torch.device = "cpu",
        dtype: torch.dtype | None = None,
        **loader: Any,
    ) -> None:
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.device = device
        self.dtype = dtype
        self.weight: Tensor | None = None
        self._order = _Order(len(dataset), batch_size, drop_last)
        loader = {"collate_fn": collate_items} | loader
        self._own_generator = loader.get("generator") is None
        self._loader = DataLoader(dataset, batch_sampler=self._order, **loader)

    @property
    def indices(self) -> np.ndarray | None:
        """The samples of the coming epoch; None takes all in order."""
        return self._order.indices

    @indices.setter
    def indices(self, indices: np.ndarray | None) -> None:
        self._order.indices = indices

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self._loader)

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches of (x, y) with ``.weight``."""
        if self._own_generator:
            # The loader draws a base seed for its workers. A copy of torch's generator keeps that
            # from changing the bits of dropout and what other threads draw.
            self._loader.generator = torch.Generator()
            self._loader.generator.set_state(torch.get_rng_state())
        loaded = iter(self._loader)
        y, weight = self.dataset.y, self.weight
        for x, rows in loaded:
            _check_items_finite(x, rows, self.dtype)
            on_host = tuple(None if known is None else known[rows] for known in (y, weight))
            on_device = (
                None if known is None else known.to(self.device, non_blocking=True)
                for known in on_host
            )
            yield Batch(x.to(self.device, non_blocking=True), *on_device, on_host)


def make_batches(
    data: ArrayData | DatasetData,
    *,
    device: str | torch.device,
    dtype: torch.dtype | None = None,
    **settings: Any,
) -> Batches | StreamedBatches:
    """Return batches of some data, streamed where they are a Dataset's.

    `dtype` is for those that are streamed.

    Raises
    ------
    ValueError
        If a setting is a `DataLoader`'s, and there is none.
    """
    if isinstance(data, DatasetData):
        return StreamedBatches(data, device=device, dtype=dtype, **settings)
    unknown = set(settings) - _ARRAY_SETTINGS
    if unknown:
        raise ValueError(
            f"iterator parameters {sorted(unknown)} belong to a DataLoader, which is used only "
            "for a torch Dataset; arrays take batch_size, drop_last and shuffle."
        )
    return Batches(data, **settings)


def _check_items_finite(x: Tensor, rows: Tensor, dtype: torch.dtype | None) -> None:
    """Raise a ValueError for infinity, as for arrays: a network might clip it without a word.

    The same goes for values that are infinite in the network's float type alone. NaN is left to the
    network, which may handle it; its output is checked.
    """
    if not x.is_floating_point():
        return
    narrower = dtype is not None and torch.finfo(dtype).max < torch.finfo(x.dtype).max
    seen = x.to(dtype) if narrower else x
    if torch.isinf(seen).any():
        first = int(torch.isinf(seen.reshape(len(x), -1)).any(1).nonzero()[0])
        finite = narrower and not torch.isinf(x[first]).any()
        what = f"a value too large for {str(dtype)[6:]}" if finite else "infinity"
        raise ValueError(
            f"Input X contains {what}: x of item {int(rows[first])} of the Dataset does. Leave "
            "the item out, or clip it."
        )
