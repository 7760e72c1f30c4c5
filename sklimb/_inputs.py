"""What people pass in, checked as scikit-learn checks it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy.sparse
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import _check_sample_weight, column_or_1d, validate_data
from torch.utils.data import ConcatDataset, Dataset, IterableDataset, Subset, TensorDataset


def is_dataset(X: Any) -> bool:
    """Return whether X is a map-style torch Dataset, and refuse an iterable one."""
    if isinstance(X, IterableDataset):
        raise TypeError(
            f"X is an IterableDataset ({type(X).__name__}), which has no length and no order to "
            "shuffle. Pass a map-style Dataset, with __len__ and __getitem__."
        )
    return isinstance(X, Dataset)


def check_rows(
    estimator: BaseEstimator, X: Any, y: Any, *, reset: bool
) -> tuple[np.ndarray | scipy.sparse.csr_array, np.ndarray | None]:
    """Validate rows or images, and labels unless `y` is None and `reset` False.

    Rows come back as float32 or float64, sparse ones in CSR; images (4-D) keep unsigned bytes,
    which the network casts a batch at a time.
    """
    if isinstance(X, torch.Tensor):
        X = X.detach().cpu().numpy()
    if isinstance(y, torch.Tensor):
        y = y.detach().cpu().numpy()
    images = getattr(X, "ndim", 2) == 4
    if images and X.shape[3] in (1, 3, 4) and X.shape[1] not in (1, 3, 4):
        warnings.warn(
            f"X of shape {X.shape} looks like images with the channels last; they are taken as "
            f"{X.shape[1]} channels. If so, pass X.transpose(0, 3, 1, 2).",
            UserWarning,
            stacklevel=4,
        )
    options: dict[str, Any] = {
        "dtype": [np.float64, np.float32],
        "reset": reset,
        "accept_sparse": "csr",
    }
    if getattr(X, "dtype", None) == np.float16:
        options["dtype"] = np.float32
    if images:
        options |= {"allow_nd": True, "dtype": None}
    if y is None and not reset:
        X = validate_data(estimator, X, **options)
    else:
        X, y = validate_data(estimator, X, y, **options)
        y = column_or_1d(y, warn=True)
    if images and X.dtype not in (np.uint8, np.float32, np.float64):
        X = check_array(X, allow_nd=True, dtype=np.float32)
    if scipy.sparse.issparse(X):
        return _canonical(X), y
    return np.ascontiguousarray(X), y


def _canonical(X: Any) -> Any:
    """Return CSR without a place that is given twice; the user's own matrix stays as it is."""
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def n_rows(X: Any) -> int:
    """Return the number of rows of an array or sparse matrix, or of items of a Dataset."""
    return len(X) if is_dataset(X) else X.shape[0]


def values_a_row(X: Any) -> int:
    """Return how many values a row of an array has, or holds on average in a sparse matrix."""
    if scipy.sparse.issparse(X):
        return X.nnz // max(1, X.shape[0])
    return int(np.prod(X.shape[1:]))


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
        return source.tensors[1].cpu().numpy()
    for name in ("targets", "y", "labels"):
        labels = getattr(source, name, None)
        if labels is not None and len(labels) == len(source):  # type: ignore[arg-type]
            change = getattr(source, "target_transform", None)
            return np.asarray(labels if change is None else [change(label) for label in labels])
    return None


def _labels_of_items(source: Dataset) -> np.ndarray:
    labels = []
    for index in range(len(source)):  # type: ignore[arg-type]
        item = source[index]
        if not isinstance(item, (tuple, list)) or len(item) < 2:
            raise ValueError(
                f"y is None and item {index} of the Dataset is {type(item).__name__}, not "
                "(x, label). Pass y=, or a Dataset of pairs."
            )
        labels.append(np.asarray(item[1]))
    return np.asarray(labels)


def check_weights(sample_weight: Any, n: int) -> np.ndarray | None:
    """Return weights a row, or None where they are all equal and so change nothing.

    Raises
    ------
    ValueError
        If a weight is negative or not finite, or all are 0.
    """
    weight = None
    if sample_weight is not None:
        # the array stands for X: its number of rows is all that is read of it
        weight = _check_sample_weight(
            sample_weight, np.empty((n, 1)), dtype=np.float64, ensure_non_negative=True
        )
        if not np.any(weight > 0):
            raise ValueError("sample_weight is 0 for every row; at least one must be positive.")
    if weight is not None and np.ptp(weight) == 0:
        return None
    return weight
