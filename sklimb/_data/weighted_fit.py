"""Sample weights on their way into a classifier of the user's: by which name, for which rows."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline


def name_of_weights(estimator: BaseEstimator) -> str | None:
    """Return by which name a classifier's `fit` takes sample weights, None where it takes none.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklimb._data.weighted_fit import name_of_weights
    >>> name_of_weights(make_pipeline(StandardScaler(), LogisticRegression()))
    'logisticregression__sample_weight'
    """
    if isinstance(estimator, FrozenEstimator):  # it is not fitted
        return None
    if isinstance(estimator, Pipeline):
        # steps before the last see rows alone, and a sampler changes which rows there are
        if any(hasattr(step, "fit_resample") for _, step in estimator.steps):
            return None
        step, last = estimator.steps[-1]
        name = name_of_weights(last)
        return None if name is None else f"{step}__{name}"
    parameters = inspect.signature(estimator.fit).parameters
    any_name = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    return "sample_weight" if any_name or "sample_weight" in parameters else None


def rows_by_weight(weight: np.ndarray, estimator: BaseEstimator) -> np.ndarray:
    """Return rows as often as they weigh, for a classifier that takes no weights.

    Parameters
    ----------
    weight : ndarray, shape (n,)
        Not negative.
    estimator : classifier
        For the error.

    Raises
    ------
    TypeError
        If a weight is not a whole number.
    """
    if np.any(weight != np.round(weight)):
        raise TypeError(
            f"{type(estimator).__name__} takes no sample_weight, and rows cannot be repeated by "
            "weights that are not whole numbers. Leave sample_weight out, or give whole numbers."
        )
    return np.repeat(np.arange(len(weight)), weight.astype(np.intp))


def rows_of_weighty_classes(y: np.ndarray, weight: np.ndarray) -> np.ndarray | None:
    """Return the rows of classes that weigh something, or None for all.

    Many a classifier gives NaN for a class without weight. A single class that is left cannot be
    told from others, so all rows stay, and what comes of it is the classifier's matter.
    """
    codes = np.unique(y, return_inverse=True)[1]
    weighty = np.bincount(codes, weights=weight) > 0
    return None if weighty.all() or weighty.sum() < 2 else np.flatnonzero(weighty[codes])


def in_columns_of(proba: Any, known: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return probabilities of the classes a classifier knows among those of all, 0 elsewhere.

    Parameters
    ----------
    proba : array-like, shape (n, n_known)
    known, classes : ndarray
        Labels; `classes` is sorted and has all that `known` has.
    """
    proba = np.asarray(proba, dtype=np.float64)
    if len(known) == len(classes):
        return proba
    every = np.zeros((len(proba), len(classes)))
    every[:, np.searchsorted(classes, known)] = proba
    return every
