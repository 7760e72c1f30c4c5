"""Items of a torch `Dataset`: their labels, their shape, and several of them as one batch.

Shape
-----
An item is x (...) or (x, label); a batch is x (n, ...) and the items' positions (n,).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import (
    ConcatDataset,
    Dataset,
    Subset,
    TensorDataset,
    default_collate,
)

from sklimb._data.from_tensors import without_tensors
from sklimb._data.labels import label_array


def dataset_labels(source: Dataset) -> np.ndarray:
    """Return the labels of a Dataset, from what it or the Datasets in it keep, or one pass over it.

    Asked for, in order: a Subset's or concatenation's own Datasets, ``targets``, ``y``, ``labels``
    (through ``target_transform`` where the Dataset has one, as torchvision's have), the second of
    a TensorDataset's tensors, the second part of each item.
    """
    labels = _kept_labels(source)
    return _labels_of_items(source) if labels is None else labels


def _kept_labels(source: Dataset) -> np.ndarray | None:
    """Return labels that can be had without opening an item, or None."""
    if isinstance(source, Subset):
        inner = _kept_labels(source.dataset)
        return None if inner is None else inner[np.asarray(source.indices, dtype=np.intp)]
    if isinstance(source, ConcatDataset):
        parts = [_kept_labels(part) for part in source.datasets]
        return None if any(part is None for part in parts) else np.concatenate(parts)
    if isinstance(source, TensorDataset) and len(source.tensors) >= 2:
        return without_tensors(source.tensors[1], "The second tensor of X")
    for name in ("targets", "y", "labels"):
        labels = getattr(source, name, None)
        if isinstance(labels, Tensor):
            labels = label_array(labels, f"X.{name}")
        if labels is not None and len(labels) == len(source):  # type: ignore[arg-type]
            change = getattr(source, "target_transform", None)
            labels = labels if change is None else [change(label) for label in labels]
            return np.asarray(without_tensors(labels, f"X.{name}"))
    return None


def _labels_of_items(source: Dataset) -> np.ndarray:
    labels: list[np.ndarray] = []
    for index in range(len(source)):  # type: ignore[arg-type]
        item = source[index]
        if not isinstance(item, (tuple, list)) or len(item) < 2:
            raise ValueError(
                f"y is None and item {index} of the Dataset is {describe(item)}, not (x, label). "
                "Pass y=, or a Dataset of pairs."
            )
        label = np.asarray(without_tensors(item[1], f"The label of item {index}"))
        if labels and label.shape != labels[0].shape:
            raise ValueError(
                f"The label of item {index} of the Dataset has shape {label.shape}, that of item 0 "
                f"{labels[0].shape}. Each item needs one label: (x, label)."
            )
        labels.append(label)
    return np.asarray(labels)


def x_of(item: Any) -> Any:
    """Return x of an item that may be a pair."""
    return item[0] if isinstance(item, (tuple, list)) and item else item


def collate_items(items: list[tuple[Any, int]]) -> list[Tensor]:
    """Return items, each (x, position in the Dataset), as a batch.

    Raises
    ------
    TypeError
        If an x is neither a tensor nor an array.
    ValueError
        If their shapes differ.
    """
    first = None
    for x, index in items:
        if not isinstance(x, (Tensor, np.ndarray, np.generic)):
            raise TypeError(
                f"x of item {index} of the Dataset is {describe(x)}, not a tensor or array. "
                f"{_remedy(x)}"
            )
        shape = tuple(x.shape)
        first = shape if first is None else first
        if shape != first:
            raise ValueError(
                f"x of item {index} of the Dataset has shape {shape}, that of item {items[0][1]} "
                f"{first}. Give the Dataset a transform that brings all items to one shape, for "
                "images a resize or a crop."
            )
    xs, positions = zip(*items, strict=True)
    if any(isinstance(x, np.ndarray) and not x.flags.writeable for x in xs):
        # torch takes no such array by itself, as those of a memory map are
        return [torch.from_numpy(np.stack(xs)), default_collate(positions)]
    return default_collate(items)


def first_of(source: Dataset, collate: Callable[..., Any] | None = None) -> Tensor:
    """Return the first item of a Dataset as a batch of two, made by the user's function if any."""
    x = x_of(source[0])
    return (collate or collate_items)([(x, 0), (x, 0)])[0]


def check_filled(source: Dataset) -> None:
    """Raise a ValueError for a Dataset without items."""
    if not len(source):  # type: ignore[arg-type]
        raise ValueError(f"X, a {type(source).__name__}, has no items: its length is 0.")


def item_shape(source: Dataset) -> tuple[int, ...]:
    """Return the shape of the first item's x, and refuse what has none."""
    shape = tuple(first_of(source).shape[1:])
    if not shape:
        raise ValueError(
            "x of item 0 of the Dataset is a single number, of shape (). Give it an axis of "
            "columns: x[None]."
        )
    return shape


def describe(value: Any) -> str:
    """Return what kind of thing an item is, for errors."""
    kind = type(value).__name__
    if isinstance(value, Mapping):
        return f"{kind} with the keys {[str(key) for key in value][:20]}"
    if isinstance(value, (tuple, list)):
        return f"{kind} of length {len(value)}"
    return kind


def _remedy(x: Any) -> str:
    if isinstance(x, Mapping):
        return (
            "Put a Dataset around it whose __getitem__ returns one of its values and the label, as "
            "``item['image'], item['label']``."
        )
    if isinstance(x, (list, tuple)):
        return "Return torch.as_tensor(x)."
    return (
        "Give the Dataset a transform that makes a tensor, for pictures as "
        "torchvision.transforms.PILToTensor()."
    )
