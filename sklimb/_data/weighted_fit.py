"""Sample weights, and other metadata, on their way into a classifier of the user's."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.validation import _check_method_params, column_or_1d

from sklimb._data.from_tensors import without_tensors
from sklimb._data.remedies import overflow_named
from sklimb._data.validation import take_rows
from sklimb._data.weights import check_weights


def metadata_of(
    owner: BaseEstimator,
    method: str,
    estimators: Mapping[str, BaseEstimator],
    sample_weight: Any,
    params: dict[str, Any],
) -> Bunch:
    """Return what a method of an owner hands on beside X and y.

    Parameters
    ----------
    owner : estimator
        It routes to the classifiers in it and to a splitter, as ``cv``.
    method : {"fit", "partial_fit"}
    estimators : dict of classifiers
        By the names that the owner routes to them under.
    sample_weight : array-like or None
    params : dict
        More, for which scikit-learn's metadata routing is needed.

    Returns
    -------
    Bunch
        By name of a classifier ``.fit`` (or ``.partial_fit``), and ``cv.split``, each a dict.

    Raises
    ------
    ValueError
        If there is more without metadata routing.
    """
    sample_weight = without_tensors(sample_weight, "sample_weight")
    if get_config()["enable_metadata_routing"]:
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        return process_routing(owner, method, **weights, **params)
    if params:
        raise ValueError(
            f"{sorted(params)} can reach the classifier only with metadata routing: "
            "sklearn.set_config(enable_metadata_routing=True)."
        )
    routed = Bunch(cv=Bunch(split={}))
    for role, estimator in estimators.items():
        name = name_of_weights(estimator, method)
        metadata = {} if sample_weight is None or name is None else {name: sample_weight}
        routed[role] = Bunch(**{method: metadata})
    return routed


@overflow_named()
def fit_weighted(
    estimator: BaseEstimator,
    X: Any,
    y: Any,
    sample_weight: Any,
    metadata: dict[str, Any],
    *,
    method: str = "fit",
    **arguments: Any,
) -> BaseEstimator:
    """Fit a classifier to the samples of the classes with positive weight.

    Parameters
    ----------
    estimator : classifier
        It is fitted itself, no clone.
    X : object
        Training data, in any form that it takes.
    y : array-like, shape (n,)
    sample_weight : array-like of shape (n,) or None
        A classifier that takes none gets each sample as often as whole numbers say.
    metadata : dict
        What goes to it beside X and y, weights among them where it takes them.
    method : {"fit", "partial_fit"}, default="fit"
        Which of its methods is called.
    **arguments : dict
        More for that method, not by sample.

    Returns
    -------
    classifier
        The fitted one.
    """
    fit = getattr(estimator, method)
    if sample_weight is None or isinstance(estimator, FrozenEstimator):
        return fit(X, y, **metadata, **arguments)
    labels = column_or_1d(y)
    weight = check_weights(sample_weight, len(labels))
    if weight is None:
        return fit(X, y, **metadata, **arguments)
    if metadata or name_of_weights(estimator, method) is not None:
        rows = rows_of_weighted_classes(labels, weight)
    else:
        rows = rows_by_weight(weight, estimator)
    if rows is None:
        return fit(X, y, **metadata, **arguments)
    metadata = _check_method_params(X, metadata, indices=rows)
    return fit(take_rows(X, rows), labels[rows], **metadata, **arguments)


def name_of_weights(estimator: BaseEstimator, method: str = "fit") -> str | None:
    """Return by which name a classifier's `fit` takes sample weights, None where it takes none.

    Parameters
    ----------
    estimator : classifier
    method : str, default="fit"
        Another method that is asked in its place.

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
        # steps before the last see samples alone, and a sampler changes which samples there are
        if any(hasattr(step, "fit_resample") for _, step in estimator.steps):
            return None
        step, last = estimator.steps[-1]
        name = name_of_weights(last)
        return None if name is None else f"{step}__{name}"
    parameters = inspect.signature(getattr(estimator, method)).parameters
    any_name = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    return "sample_weight" if any_name or "sample_weight" in parameters else None


def rows_by_weight(weight: np.ndarray, estimator: BaseEstimator) -> np.ndarray:
    """Return samples repeated by their weights, for a classifier that takes no weights.

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
            f"{type(estimator).__name__} takes no sample_weight, and samples cannot be repeated by "
            "weights that are not whole numbers. Leave sample_weight out, or give whole numbers."
        )
    return np.repeat(np.arange(len(weight)), weight.astype(np.intp))


def rows_of_weighted_classes(y: np.ndarray, weight: np.ndarray) -> np.ndarray | None:
    """Return the samples of the classes with positive weight, or None for all.

    Many classifiers give NaN for a class without weight. If a single class would be left, all
    samples stay, and it is up to the classifier what it does.
    """
    y_encoded = np.unique(y, return_inverse=True)[1]
    weighted = np.bincount(y_encoded, weights=weight) > 0
    return None if weighted.all() or weighted.sum() < 2 else np.flatnonzero(weighted[y_encoded])


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
