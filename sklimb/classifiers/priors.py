"""Class shares: those of the training data, and the user's for the data to predict."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from sklimb._data.by_class import by_label, for_classes
from sklimb._data.from_tensors import without_tensors
from sklimb._training.rebalancing import count_classes


def counts_of(y: Any, classes: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """Return the (weighted) number of samples of each class.

    Parameters
    ----------
    y : array-like, shape (n_samples,)
    classes : ndarray, shape (C,)
        Labels, sorted.
    weight : ndarray, shape (n_samples,), or None

    Returns
    -------
    ndarray of float, shape (C,)

    Raises
    ------
    ValueError
        If y has a label that is none of `classes`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.classifiers.priors import counts_of
    >>> counts_of(["b", "a", "b"], np.array(["a", "b", "c"]), None)
    array([1., 2., 0.])
    """
    y = column_or_1d(y)
    check_classification_targets(y)
    unknown = np.setdiff1d(y, classes)
    if len(unknown):
        raise ValueError(
            f"y has labels that the classifier does not know: {unknown.tolist()}. It knows "
            f"{classes.tolist()}."
        )
    return count_classes(np.searchsorted(classes, y), len(classes), weight)


def target_shares(prior: Any, classes: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Return shares to predict for, over the classes that have weight in the training data.

    Parameters
    ----------
    prior : array-like of shape (C,), dict, Series or None
        As given by the user; None is equal shares.
    classes : ndarray, shape (C,)
    present : ndarray of bool, shape (C,)
        Classes that have weight; others get no share.

    Returns
    -------
    ndarray, shape (C,)
        They sum to 1.

    Raises
    ------
    ValueError
        If shares do not fit the classes, are negative or not finite, or leave nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.classifiers.priors import target_shares
    >>> target_shares({"b": 3, "a": 1}, np.array(["a", "b"]), np.array([True, True]))
    array([0.25, 0.75])
    """
    shares = np.where(present, _given(prior, classes), 0.0)
    if not shares.any():
        raise ValueError(
            f"target_prior has a share of 0 for all classes that the training data has, "
            f"{classes[present].tolist()}, got {prior!r}."
        )
    return shares / shares.sum()


def _given(prior: Any, classes: np.ndarray) -> np.ndarray:
    labels = classes.tolist()
    if prior is None:
        return np.ones(len(labels))
    given, shares = by_label(prior, "target_prior", or_position=labels), prior
    if given is not None:
        shares = for_classes(given, labels, "target_prior")
    shares = without_tensors(shares, "target_prior")
    try:
        shares = np.asarray(shares, dtype=np.float64)
    except (OverflowError, TypeError, ValueError):  # names, None, lists of several lengths
        shares = np.full(len(labels), np.nan)
    if shares.shape != classes.shape:
        raise ValueError(
            f"target_prior must hold a share for each of {len(labels)} classes, {labels}, got "
            f"{prior!r}. An array goes by position; where a part of the data may lack a class, "
            "pass a dict {label: share}."
        )
    if not np.all(np.isfinite(shares)) or np.any(shares < 0):
        raise ValueError(
            "target_prior must hold a finite share that is not negative for each of "
            f"{len(labels)} classes, got {prior!r}."
        )
    return shares
