"""Training data: X, class indices and weights as one thing, of arrays or of a torch Dataset.

What a classifier needs of its data is here: samples taken, left out or held back, their shape and
number of values. Whether X is a Dataset is asked in `validation.py` and nowhere else.

Shape
-----
X (n, ...), y_encoded (n,) class indices, weight (n,) or None if all are equal.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse
import torch
from skorch.dataset import Dataset as SkorchDataset
from torch import Tensor
from torch.utils.data import Dataset, Subset

from sklimb._data.datasets import first_of, x_of
from sklimb._data.repeats import copied_from
from sklimb._data.tensors import (
    as_tensor,
    borrow,
    from_scipy,
    has_float64,
    is_borrowed,
    is_csr,
    mean_nnz,
    take_rows,
    to_scipy,
)
from sklimb._forks import kept_property
from sklimb._random import Streams


class TrainingData(ABC):
    """What `ArrayData` and `DatasetData` have in common.

    Attributes
    ----------
    y_encoded : ndarray of int, shape (n,), or None
        Class indices; `y` holds them as a tensor.
    weight : ndarray, shape (n,), or None
        One weight a sample; None if all are equal.
    """

    y_encoded: np.ndarray | None
    y: Tensor | None
    weight: np.ndarray | None

    @abstractmethod
    def labelled(self, y_encoded: np.ndarray | None, weight: np.ndarray | None) -> TrainingData:
        """Return the same samples with class indices and weights."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of samples."""

    @abstractmethod
    def take(self, samples: np.ndarray) -> TrainingData:
        """Return some samples, by position, with their labels and weights."""

    @abstractmethod
    def whole(self) -> Any:
        """Return X on the CPU, as an estimator takes it."""

    @abstractmethod
    def example(self) -> Tensor:
        """Return the first samples, two or one, as a batch."""

    @property
    @abstractmethod
    def mean_values(self) -> int:
        """How many values a sample has, or holds on average in a sparse matrix."""

    @property
    @abstractmethod
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of a sample."""

    def class_counts(self, n_classes: int) -> np.ndarray:
        """Return how many samples each class has, whatever they weigh, (n_classes,)."""
        return np.bincount(self.y_encoded, minlength=n_classes)

    @property
    def copied_from(self) -> np.ndarray | None:
        """Of which sample each is a copy that a sampler made, (n,), None where there are none."""
        return None  # all items would have to be read

    def distinct_counts(self, n_classes: int) -> np.ndarray:
        """Return how many samples each class has, copies of others not counted, (n_classes,)."""
        copied = self.copied_from
        y = self.y_encoded if copied is None else self.y_encoded[np.unique(copied)]
        return np.bincount(y, minlength=n_classes)

    def drop_zero_weight(self) -> TrainingData:
        """Return the samples of positive weight: others must not fill batches or be drawn."""
        if self.weight is None or np.all(self.weight > 0):
            return self
        kept = self.take(np.flatnonzero(self.weight > 0))
        if np.ptp(kept.weight) == 0:
            kept.weight = None
        return kept

    def hold_back(self, fraction: float, streams: Streams) -> tuple[TrainingData, TrainingData]:
        """Return the samples to learn from and a fraction of each class held back."""
        learnt, held = stratified_split(self.y_encoded, fraction, streams)
        return self.take(learnt), self.take(held)

    def stratified_subsample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return sorted positions of about n samples, of each class equally many if it has them.

        Of more than n classes there is a sample each, so more than n in all.
        """
        if len(self) <= n:
            return np.arange(len(self))
        by_class = samples_by_class(self.y_encoded)
        share = max(1, n // len(by_class))
        chosen = []
        for rows in by_class:
            chosen.append(rows if len(rows) <= share else rng.choice(rows, share, replace=False))
        return np.sort(np.concatenate(chosen))

    def _labels_at(self, samples: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
        return (
            None if self.y_encoded is None else self.y_encoded[samples],
            None if self.weight is None else self.weight[samples],
        )


def samples_by_class(y_encoded: np.ndarray) -> list[np.ndarray]:
    """Return the positions of the samples of each class that is there, in order, by one sort."""
    order = np.argsort(y_encoded, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(y_encoded[order])) + 1)


def stratified_split(
    y_encoded: np.ndarray, fraction: float, streams: Streams
) -> tuple[np.ndarray, np.ndarray]:
    """Hold back a fraction of each class, at least a sample and never all of them.

    Parameters
    ----------
    y_encoded : ndarray of int, shape (n,)
        Class indices.
    fraction : float
        Share of each class to hold back, rounded. A class of one sample stays in training.
    streams : Streams
        Source of randomness.

    Returns
    -------
    train, held : ndarray of int
        Samples, in order.
    """
    rng = streams.generator("validation")
    held = []
    for rows in samples_by_class(y_encoded):
        if len(rows) > 1:
            n_held = int(np.clip(round(fraction * len(rows)), 1, len(rows) - 1))
            held.append(rng.permutation(rows)[:n_held])
    if not held:
        raise ValueError(
            f"No samples can be held back: each of {len(y_encoded)} classes has one sample. Set "
            "early_stopping=False."
        )
    held_rows = np.sort(np.concatenate(held))
    return np.setdiff1d(np.arange(len(y_encoded)), held_rows), held_rows


class ArrayData(TrainingData, SkorchDataset):
    """Samples in memory: tensors on the device, as they came (no copy of an array on the CPU).

    With a read-only array, such as a memory map, ``X`` shares the memory too, and batches are
    copies.

    Parameters
    ----------
    x : ndarray, scipy.sparse CSR or Tensor, shape (n, ...)
    y : ndarray of int, shape (n,), or None
        Class indices.
    weight : ndarray, shape (n,), or None
        One weight a sample; None if all are equal.
    device : str or torch.device
    """

    def __init__(
        self,
        x: np.ndarray | scipy.sparse.csr_array | Tensor,
        y: np.ndarray | None = None,
        weight: np.ndarray | None = None,
        *,
        device: str | torch.device = "cpu",
    ) -> None:
        # skorch's callbacks take .X and .y from its own datasets when they need the whole.
        self.X = _to_device(x, device)
        self.y_encoded = y
        self.y = None if y is None else as_tensor(y, dtype=torch.long, device=device)
        self.weight = weight

    @property
    def y_host(self) -> Tensor | None:
        """Class indices as a tensor on the CPU."""
        return None if self.y_encoded is None else as_tensor(self.y_encoded, dtype=torch.long)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.X)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Return a sample and its class index (0 where there is none), for a plain `DataLoader`."""
        x = self.X[index].clone() if is_borrowed(self.X) else self.X[index]
        return x, torch.tensor(0) if self.y is None else self.y[index]

    def labelled(self, y_encoded: np.ndarray | None, weight: np.ndarray | None) -> ArrayData:
        """Return the same samples with class indices and weights."""
        return ArrayData(self.X, y_encoded, weight, device=self.X.device)

    def take(self, samples: np.ndarray) -> ArrayData:
        """Return some samples, by position."""
        places = torch.as_tensor(samples, device=self.X.device)
        X = take_rows(self.X, places) if is_csr(self.X) else self.X[places]
        return ArrayData(X, *self._labels_at(samples), device=self.X.device)

    def whole(self) -> np.ndarray | scipy.sparse.csr_array:
        """Return X on the CPU, as an estimator takes it."""
        if is_csr(self.X):
            return to_scipy(self.X)
        X = self.X.cpu().numpy()
        if is_borrowed(self.X):
            X.flags.writeable = False
        return X

    def example(self) -> Tensor:
        """Return the first two samples, on the CPU: copied, for a view holds all samples."""
        return self.take(np.arange(len(self))[:2]).X.cpu()

    @kept_property
    def copied_from(self) -> np.ndarray | None:
        """Of which sample each is a copy that a sampler made, (n,), None where there are none."""
        return None if self.y_encoded is None else copied_from(self.X, self.y_encoded)

    @property
    def mean_values(self) -> int:
        """How many values a sample has, or holds on average in a sparse matrix."""
        return mean_nnz(self.X)

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of a sample."""
        return tuple(self.X.shape[1:])


def _to_device(
    x: np.ndarray | scipy.sparse.csr_array | Tensor, device: str | torch.device
) -> Tensor:
    if scipy.sparse.issparse(x):
        return from_scipy(x, device)
    if isinstance(x, np.ndarray) and not x.flags.writeable:
        x = borrow(x)
    x = as_tensor(x)
    if x.dtype == torch.float64 and not has_float64(device):
        x = x.float()
    return x.to(device)


class DatasetData(TrainingData, Dataset):
    """A user's torch `Dataset`, with labels as class indices and weights beside it.

    Parameters
    ----------
    source : torch.utils.data.Dataset
        Map-style; items are x or (x, anything).
    y, weight
        As in `ArrayData`.
    collate : callable or None
        The user's own function that makes a batch of items.
    """

    def __init__(
        self,
        source: Dataset,
        y: np.ndarray | None = None,
        weight: np.ndarray | None = None,
        *,
        collate: Callable[..., Any] | None = None,
    ) -> None:
        self.source = source
        self.collate = collate
        self.y_encoded = y
        self.y = None if y is None else as_tensor(y, dtype=torch.long)
        self.weight = weight

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.source)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> tuple[Any, int]:
        """Return x and its position; labels and weights are looked up for the whole batch."""
        return x_of(self.source[index]), index

    def labelled(self, y_encoded: np.ndarray | None, weight: np.ndarray | None) -> DatasetData:
        """Return the same samples with class indices and weights."""
        return DatasetData(self.source, y_encoded, weight, collate=self.collate)

    def take(self, samples: np.ndarray) -> DatasetData:
        """Return some samples, by position."""
        source = Subset(self.source, samples.tolist())
        return DatasetData(source, *self._labels_at(samples), collate=self.collate)

    def whole(self) -> Dataset:
        """Return the user's own Dataset, as an estimator takes it."""
        return self.source

    def example(self) -> Tensor:
        """Return the first sample twice; the Dataset opens it, and may draw."""
        return first_of(self.source, self.collate)

    @property
    def mean_values(self) -> int:
        """1: items are not opened to count their values."""
        return 1

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of a sample; the Dataset opens the first, and may draw."""
        return tuple(self.example().shape[1:])
