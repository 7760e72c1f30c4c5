"""What people pass in, checked as scikit-learn checks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from numbers import Number
from typing import Any

import numpy as np
import scipy.sparse
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import _safe_indexing, assert_all_finite, check_array
from sklearn.utils.validation import column_or_1d, validate_data
from skorch.helper import SliceDataset
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset

from sklimb._data.datasets import check_filled, dataset_labels, describe, item_shape
from sklimb._data.from_tensors import without_tensors
from sklimb._data.labels import label_array, plain_labels
from sklimb._data.remedies import remedy_named
from sklimb._data.sparse_form import check_sparse
from sklimb._data.training_data import ArrayData, DatasetData, TrainingData
from sklimb._random import isolated_rng
from sklimb._warnings import warn

_NUMBERS_AND_TEXT = (Number, np.generic, str, bytes, type(None))
# A last axis of such a length may be that of the channels.
_CHANNELS = (1, 3, 4)
# For more samples the cost of scikit-learn's checks does not matter.
_PLAIN_ROWS = 1_024


def is_dataset(X: Any) -> bool:
    """Return whether X is a map-style torch Dataset; refuse an iterable one, and a loader."""
    if isinstance(X, IterableDataset):
        raise TypeError(
            f"X is an IterableDataset ({type(X).__name__}), which has no length and no order to "
            "shuffle. Pass a map-style Dataset, with __len__ and __getitem__."
        )
    if isinstance(X, DataLoader):
        size = "" if X.batch_size is None else f"batch_size={X.batch_size}, "
        raise TypeError(
            "X is a DataLoader, but batches are drawn here, anew for each epoch. Pass the Dataset "
            f"in it, X=loader.dataset, and its settings to the classifier: {size}"
            f"iterator_train__num_workers={X.num_workers} and the like."
        )
    return isinstance(X, Dataset)


class _Sliced(Dataset):
    """Items of a `SliceDataset` that are not the first part of another Dataset's, as it has them.

    Parameters
    ----------
    source : skorch.helper.SliceDataset
    """

    def __init__(self, source: SliceDataset) -> None:
        self.source = source

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> Any:
        return self.source[int(index)]


def unsliced(X: Any) -> Any:
    """Return X as it is, a skorch `SliceDataset` as the Dataset it stands for.

    That is a Subset where it keeps the first part of each item, so that labels are found in it.

    Raises
    ------
    TypeError
        If X is a list of a Dataset's items, as scikit-learn makes of a Dataset that it splits.
    """
    if isinstance(X, SliceDataset):
        if X.idx == 0 and type(X).transform is SliceDataset.transform:
            return Subset(X.dataset, np.asarray(X.indices_))
        return _Sliced(X)
    if isinstance(X, (list, tuple)) and len(X) and _is_item(X[0]):
        records = isinstance(X[0], Mapping)
        raise TypeError(
            f"X is a {type(X).__name__} whose first item is a {describe(X[0])}, as scikit-learn "
            "makes one of a torch Dataset that it splits. For cross-validation and searches pass "
            "skorch.helper.SliceDataset(dataset) as X, and y beside it; or split positions, and "
            "fit to torch.utils.data.Subset(dataset, positions)."
            + (" Records of numbers go in as pandas.DataFrame(X)." if records else "")
        )
    return X


def _is_item(row: Any) -> bool:
    """Return whether a sample is an item of a Dataset: no numbers, and no text."""
    if isinstance(row, (torch.Tensor, np.ndarray)):
        return row.ndim > 1
    if isinstance(row, Mapping):
        return True
    if not isinstance(row, (list, tuple)):
        return False
    parts = [part for part in row if not isinstance(part, (*_NUMBERS_AND_TEXT, list, tuple))]
    # a list of single numbers may hold tensors, too
    return any(isinstance(row, tuple) or getattr(part, "ndim", 1) > 0 for part in parts)


def check_training_data(
    estimator: BaseEstimator, X: Any, y: Any, *, reset: bool, device: str | torch.device
) -> tuple[TrainingData, np.ndarray]:
    """Validate samples, images or a Dataset, and labels.

    Parameters
    ----------
    estimator : BaseEstimator
        With `reset` it gets ``n_features_in_``, the length of the second axis (the channels of
        images), and ``feature_names_in_``.
    X, y : object
        As `fit` gets them.
    reset : bool
        False compares X with what the estimator was fitted to.
    device : str or torch.device
        Where arrays go; batches of a Dataset follow when they are drawn.

    Returns
    -------
    data : TrainingData
        Without labels, for these are still to be encoded.
    y : ndarray, shape (n,)
    """
    X = unsliced(X)
    if not is_dataset(X):
        if not reset:
            _check_images(estimator, X)
        X, y = check_rows(estimator, X, y, reset=reset)
        if y is None:
            raise ValueError(
                f"{type(estimator).__name__} requires y to be passed, but the target y is None."
            )
        return ArrayData(X, device=device), y
    with _generators_kept():
        shape = _check_items(estimator, X, reset=reset)
        y = _labels_of(X, y)
    if reset and shape is not None:
        estimator.n_features_in_ = shape[0]
    return DatasetData(X, collate=vars(estimator).get("iterator_train__collate_fn")), y


def check_new_data(estimator: BaseEstimator, X: Any) -> TrainingData:
    """Validate samples, images or a Dataset to predict, by what the estimator was fitted to."""
    if _is_plain(estimator, X):
        return ArrayData(X, device=estimator.net_.device)
    X = unsliced(X)
    if is_dataset(X):
        _check_items(estimator, X, reset=False)
        return DatasetData(X)
    X = without_tensors(X, "X")
    _check_images(estimator, X)
    X, _ = check_rows(estimator, X, None, reset=False)
    return ArrayData(X, device=estimator.net_.device)


def _is_plain(estimator: BaseEstimator, X: Any) -> bool:
    """Return whether scikit-learn's checks of X can be skipped, for they would change nothing.

    They take as long for a sample as a small network does. Anything but such an array goes through
    them, and gets their errors and warnings.
    """
    return (
        type(X) is np.ndarray
        and X.ndim == 2
        and X.dtype in (np.float32, np.float64)
        and X.flags.c_contiguous
        and 0 < len(X) <= _PLAIN_ROWS
        and X.shape[1:] == estimator.net_.module.example.shape[1:]
        and X.shape[1] == getattr(estimator, "n_features_in_", None)
        and not hasattr(estimator, "feature_names_in_")
        and bool(np.isfinite(X).all())
    )


def encode_labels(y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return labels as positions in the sorted classes.

    Raises
    ------
    ValueError
        If a label is not among them, or there are fewer than two.
    """
    unknown = np.setdiff1d(y, classes)
    if len(unknown):
        raise ValueError(
            f"y has labels that are not among the classes: {unknown.tolist()[:10]}. The "
            f"classes are {classes.tolist()}."
        )
    if len(classes) < 2:
        raise ValueError(
            f"y has one class only, {classes.tolist()}; a classifier needs two or more."
        )
    return np.searchsorted(classes, y)


def _check_images(estimator: BaseEstimator, X: Any) -> None:
    """Compare images with those fitted to; for tables scikit-learn does that."""
    shape = getattr(X, "shape", (0, 0))
    fitted = estimator.net_.module.example.shape
    if len(shape) == 4 or (len(fitted) == 4 and len(shape) == 2):
        _check_shape(estimator, shape[1:])


def _check_items(estimator: BaseEstimator, X: Dataset, *, reset: bool) -> tuple[int, ...] | None:
    """Return the shape of items; None where the user's own ``collate_fn`` decides on that."""
    check_filled(X)
    if any(f"iterator_{part}__collate_fn" in vars(estimator) for part in ("train", "valid")):
        return None
    shape = item_shape(X)
    _warn_of_channels_last((len(X), *shape), "x.permute(2, 0, 1) from the Dataset")
    if not reset:
        _check_shape(estimator, shape)
    return shape


def _generators_kept() -> AbstractContextManager[None]:
    """Keep global generators as they were: a Dataset may draw from them when it opens an item."""
    return isolated_rng(threads=torch.get_num_threads())


def _labels_of(X: Dataset, y: Any) -> np.ndarray:
    """Return one label an item, from y or the Dataset."""
    if y is None:
        y = dataset_labels(X)
    y = np.asarray(label_array(y))
    if y.ndim > 2 or (y.ndim == 2 and y.shape[1] != 1):
        raise ValueError(
            f"Labels of shape {y.shape} for a Dataset of {len(X)} items: each item needs one "
            "label. Where a label is a row of zeros with a 1 at its class, pass y=labels.argmax(1)."
        )
    y = plain_labels(column_or_1d(y, warn=True))
    assert_all_finite(y, input_name="y")
    if len(y) != len(X):
        raise ValueError(f"X has {len(X)} items and y {len(y)} labels.")
    return y


def _check_shape(estimator: BaseEstimator, shape: Sequence[int]) -> None:
    """Raise a ValueError unless samples have the shape that the network was built for."""
    fitted = tuple(estimator.net_.module.example.shape[1:])
    shape = tuple(shape)
    if shape == fitted:
        return
    name = type(estimator).__name__
    if len(shape) == len(fitted) == 1:
        # in scikit-learn's words, which arrays get from its own check
        raise ValueError(
            f"X has {shape[0]} features, but {name} is expecting {fitted[0]} features as input."
        )
    hint = f"Bring them to the shape {fitted}."
    if len(shape) == len(fitted) == 3:
        if shape[0] == fitted[0]:
            hint = f"Resize them to {fitted[1]} x {fitted[2]}."
        elif (shape[2], *shape[:2]) == fitted:
            hint = "The channels come first: X.transpose(0, 3, 1, 2)."
    raise ValueError(
        f"X has samples of shape {shape}, but {name} was fitted to samples of shape {fitted}. "
        f"{hint}"
    )


def check_rows(
    estimator: BaseEstimator, X: Any, y: Any, *, reset: bool
) -> tuple[np.ndarray | scipy.sparse.csr_array, np.ndarray | None]:
    """Validate samples or images, and labels unless `y` is None and `reset` False.

    Samples come back as float32 or float64, sparse ones in CSR; images (4-D) keep unsigned bytes,
    which the network casts a batch at a time.
    """
    X = without_tensors(X, "X")
    if np.ma.is_masked(X):  # scikit-learn would take what stands behind the mask
        X = X.astype(np.float64).filled(np.nan)
    y = plain_labels(y)
    check_sparse(X)
    _check_axes(X)
    images = getattr(X, "ndim", 2) == 4
    if images:
        _warn_of_channels_last(X.shape, "X.transpose(0, 3, 1, 2)")
    options: dict[str, Any] = {
        "dtype": [np.float64, np.float32],
        "reset": reset,
        "accept_sparse": "csr",
    }
    if getattr(X, "dtype", None) == np.float16:
        options["dtype"] = np.float32
    if images:
        options |= {"allow_nd": True, "dtype": None}
    with remedy_named(estimator, X):
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


def _check_axes(X: Any) -> None:
    """Raise a ValueError for an array of three axes, more than four, or images of no pixel."""
    axes = getattr(X, "ndim", 2)
    if axes == 4 and 0 in X.shape[1:]:
        raise ValueError(
            f"X of shape {tuple(X.shape)} has images without a pixel. They are taken as (n, "
            "channels, height, width)."
        )
    if axes == 3:
        raise ValueError(
            f"X of shape {X.shape} has three axes. Images need one for their channels: pass "
            "X[:, None] if they are grey. To take each as a row of numbers pass "
            "X.reshape(len(X), -1). Anything else goes in as a torch Dataset, with module=."
        )
    if axes > 4:
        raise ValueError(
            f"X of shape {X.shape} has {axes} axes; arrays are rows (n, n_features) or images "
            "(n, channels, height, width). Pass a torch Dataset of such items, and module=."
        )


def _warn_of_channels_last(shape: Sequence[int], remedy: str) -> None:
    """Warn where the last axis of images, not the second, looks like that of the channels."""
    if len(shape) != 4 or shape[3] not in _CHANNELS or shape[1] in _CHANNELS:
        return
    if shape[2] == shape[3]:  # small square maps of many channels
        return
    warn(
        f"X of shape {tuple(shape)} looks like images with the channels last; they are taken as "
        f"{shape[1]} channels. If so, pass {remedy}.",
    )


def _canonical(X: Any) -> Any:
    """Return CSR without a place that is given twice; the user's own matrix stays as it is."""
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def labels_within(X: Any) -> np.ndarray | None:
    """Return the labels that X itself holds: a Dataset's, and None of anything else."""
    X = unsliced(X)
    return dataset_labels(X) if is_dataset(X) else None


def take_rows(X: Any, rows: np.ndarray) -> Any:
    """Return some samples of what scikit-learn can index, or items of a Dataset, as a Dataset."""
    return Subset(X, rows.tolist()) if is_dataset(X) else _safe_indexing(X, rows)
