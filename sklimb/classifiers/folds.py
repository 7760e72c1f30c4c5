"""Which samples a classifier of a fold is trained on, and which it leaves out.

Shape
-----
Data (n_samples, ...), labels (n_samples,).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import count
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold

from sklimb._data.repeats import copied_from
from sklimb._warnings import warn

# Training and test samples.
Fold = tuple[np.ndarray, np.ndarray]


def folds_of(
    cv: Any, X: Any, y: np.ndarray, weight: np.ndarray | None, params: dict[str, Any]
) -> list[Fold]:
    """Return (train, test) samples of each fold, without samples of weight 0.

    Parameters
    ----------
    cv : int, splitter or iterable of (train, test)
        A whole number gives so many stratified folds, and a class with fewer samples is in the test
        samples of so many; a single sample of a class is in the training samples of all. Copies
        that a sampler made of a sample are in its fold.
    X : object
        For a splitter, and to look for copies.
    y : ndarray, shape (n_samples,)
        Labels.
    weight : ndarray of shape (n_samples,) or None
    params : dict
        Of the splitter's `split`, as groups.

    Returns
    -------
    list of (ndarray of int, ndarray of int)

    Raises
    ------
    TypeError
        If ``cv`` is none of these.
    ValueError
        If there is no fold, a fold is no pair of positions, trains on one class, or tests what it
        trains on.
    """
    every = np.arange(len(y))
    there = np.ones(len(y), dtype=bool) if weight is None else weight > 0
    classes = np.unique(y[there])
    if len(classes) < 2:
        raise ValueError(
            f"cv={_shown(cv)} needs samples of two classes or more, but y has one class, "
            f"{classes.tolist()}."
        )
    if isinstance(cv, Integral):
        folds = _spread(int(cv), y, every[there], copies_in(X, y))
    else:
        folds = [
            (train[there[train]], test[there[test]]) for train, test in _given(cv, X, y, params)
        ]
    for number, (train, test) in enumerate(folds):
        _check_fold(number, train, test, y)
    if not any(np.isin(y[test], y[train]).any() for train, test in folds):
        raise ValueError(
            f"cv={_shown(cv)} holds back no samples. Give a whole number of folds, as cv=5."
        )
    return folds


def copies_in(X: Any, y: np.ndarray) -> np.ndarray | None:
    """Return for each sample the first sample that it is a copy of, None where no sampler made any.

    Parameters
    ----------
    X : object
        Training data in any form; in a list or a Dataset no copies are looked for.
    y : ndarray, shape (n_samples,)
        Labels.
    """
    return copied_from(X, np.unique(y, return_inverse=True)[1])


def _spread(n_folds: int, y: np.ndarray, rows: np.ndarray, copied: np.ndarray | None) -> list[Fold]:
    """Return stratified folds, with single samples of a class in the training samples of all.

    Samples that are copies of others follow them.
    """
    if copied is not None:
        originals = np.unique(copied[rows])
        folds = _spread(n_folds, y, originals, None)
        return [tuple(rows[np.isin(copied[rows], part)] for part in fold) for fold in folds]
    labels = y[rows]
    _, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    largest = int(counts.max())
    if largest < n_folds:
        fewer = f"cv to {largest} or less, or to None" if largest > 1 else "cv=None"
        raise ValueError(
            f"cv={n_folds} needs a class of {n_folds} samples or more, but the largest of y has "
            f"{largest}. Set {fewer}."
        )
    alone = counts[codes] == 1
    if alone.any():
        warn(
            f"y has one sample only of the classes {labels[alone].tolist()[:10]}, so it is in the "
            f"training samples of all {n_folds} folds of cv, and the temperature hardly moves from "
            "1. Collect more samples of them, join them with another class, or leave them out."
        )
    singles, several = rows[alone], rows[~alone]
    with warnings.catch_warnings():
        # it warns of classes with fewer samples than folds, which is intended here
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        folds = list(StratifiedKFold(n_folds).split(np.zeros((len(several), 1)), y[several]))
    return [(np.sort(np.concatenate([several[a], singles])), several[b]) for a, b in folds]


def _given(cv: Any, X: Any, y: np.ndarray, params: dict[str, Any]) -> Iterator[Fold]:
    """Yield the folds of a splitter or an iterable as positions; some iterables never end."""
    kinds = "cv must be an int, a splitter as StratifiedKFold(5), or an iterable of folds"
    if isinstance(cv, type):
        raise TypeError(f"{kinds}, got the class {cv!r}. Call it, as cv={cv.__name__}().")
    is_splitter = hasattr(cv, "get_n_splits") and hasattr(cv, "split")
    if hasattr(cv, "split") and not is_splitter:  # text and bytes
        raise TypeError(f"{kinds}, got {_shown(cv)}.")
    try:
        folds = iter(cv.split(X, y, **params) if is_splitter else cv)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{kinds}; cv={_shown(cv)} gives none: {error}") from error
    for number in count():
        try:
            fold = next(folds)
        except StopIteration:
            return
        except ValueError as error:  # most splitters look at the data here
            raise ValueError(f"cv={_shown(cv)} makes no folds of these data: {error}") from error
        yield _as_positions(fold, number, len(y), type(cv).__name__)


def _as_positions(fold: Any, number: int, n_samples: int, of: str) -> Fold:
    every = np.arange(n_samples)
    try:
        if isinstance(fold, (str, bytes)):  # two letters are no pair
            raise TypeError
        train, test = fold
        parts = [every[p] if isinstance(p, slice) else np.asarray(p) for p in (train, test)]
    except (TypeError, ValueError):
        raise ValueError(
            f"Fold {number} of cv, a {of}, must be a pair (training samples, test samples), got "
            f"{_shown(fold)}. Give a whole number of folds, as cv=5, or a list of pairs."
        ) from None
    for name, part in zip(("training", "test"), parts, strict=True):
        if part.ndim != 1 or not (_are_positions(part, n_samples) or len(part) == 0):
            raise ValueError(
                f"The {name} samples of fold {number} of cv must be positions from 0 to "
                f"{n_samples - 1} or {n_samples} booleans, got {_shown(part)}."
            )
    return tuple(every[part if len(part) else part.astype(int)] for part in parts)


def _are_positions(part: np.ndarray, n_samples: int) -> bool:
    if part.dtype.kind == "b":
        return len(part) == n_samples
    return part.dtype.kind in "iu" and bool(((part >= -n_samples) & (part < n_samples)).all())


def _shown(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def _check_fold(number: int, train: np.ndarray, test: np.ndarray, y: np.ndarray) -> None:
    classes = np.unique(y[train]).tolist()
    if len(classes) < 2:
        raise ValueError(
            f"Fold {number} of cv has training samples of the classes {classes}, which makes no "
            "classifier. A whole number, as cv=5, spreads each class over the folds."
        )
    if len(np.intersect1d(train, test)):
        raise ValueError(
            f"Fold {number} of cv tests on samples that it trains on, so their probabilities would "
            "be too certain. Give folds whose test samples are not among their training samples."
        )
