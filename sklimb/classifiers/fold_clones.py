"""Cross-fitting: a clone of a classifier for each fold, and its out-of-fold probabilities.

Shape
-----
Data (n, ...), class indices (n,), probabilities (n, C).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils import indexable
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_method_params

from sklimb._data.from_tensors import without_tensors
from sklimb._data.remedies import overflow_named
from sklimb._data.sparse_form import check_sparse
from sklimb._data.validation import take_rows, unsliced
from sklimb._data.weighted_fit import fit_weighted, in_columns_of
from sklimb._warnings import warn
from sklimb.classifiers.folds import Fold
from sklimb.classifiers.one_class import CONSTANT, one_class_warnings


@dataclass(frozen=True)
class CrossFit:
    """The classifiers of the folds, and their out-of-fold probabilities.

    Parameters
    ----------
    estimators : list of classifiers
        One a fold.
    proba : ndarray of float, shape (n, C)
        Probabilities from the classifiers that left a sample out, NaN where none did.
    usable : ndarray of bool, shape (n_samples,)
        Samples that were left out by a classifier that knows their class.
    """

    estimators: list[BaseEstimator]
    proba: np.ndarray
    usable: np.ndarray


def in_rows(X: Any) -> Any:
    """Return X in a form that can be indexed by sample: sparse as CSR, a Dataset unchanged."""
    return indexable(without_tensors(unsliced(X), "X"))[0]


def fit_clones(
    estimator: BaseEstimator,
    X: Any,
    y: np.ndarray,
    weight: np.ndarray | None,
    *,
    classes: np.ndarray,
    folds: list[Fold],
    metadata: dict[str, Any],
    n_jobs: int | None = None,
) -> CrossFit:
    """Fit a clone for each fold, and predict the samples of that fold with it.

    Parameters
    ----------
    estimator : classifier with ``predict_proba``
    X : object
        From `in_rows`.
    y : ndarray, shape (n_samples,)
        Labels.
    weight : ndarray of shape (n_samples,) or None
    classes : ndarray, shape (C,)
        All labels, sorted.
    folds : list
        From `folds_of`.
    metadata : dict
        What goes to `fit` beside X and y; what has a value for each sample is cut like X.
    n_jobs : int or None
        Folds that are fitted at once.

    Returns
    -------
    CrossFit

    Raises
    ------
    ValueError
        If a classifier gives probabilities that are not finite.

    Warns
    -----
    UserWarning
        If a fold trains without a class that others have.
    """
    fits = Parallel(n_jobs=n_jobs)(fold_fits(estimator, X, y, weight, folds, metadata))
    return gathered(fits, y, weight, classes=classes, folds=folds)


def fold_fits(
    estimator: BaseEstimator,
    X: Any,
    y: np.ndarray,
    weight: np.ndarray | None,
    folds: list[Fold],
    metadata: dict[str, Any],
) -> list[Any]:
    """Return the fits of `fit_clones`, one a fold, as calls that joblib's Parallel makes.

    So the folds of several classifiers can be fitted at once. Pass the results, in the same order,
    to `gathered`. Parameters are those of `fit_clones`.
    """
    return [
        delayed(_fit_fold)(clone(estimator), X, y, weight, metadata, train, test)
        for train, test in folds
    ]


def gathered(
    fits: list[tuple[BaseEstimator, np.ndarray]],
    y: np.ndarray,
    weight: np.ndarray | None,
    *,
    classes: np.ndarray,
    folds: list[Fold],
) -> CrossFit:
    """Combine the results of a classifier's fits to the folds.

    Parameters
    ----------
    fits : list of (classifier, ndarray of shape (n_test, n_known))
        What the calls of `fold_fits` have returned.
    y, weight, classes, folds
        As for `fit_clones`.
    """
    estimators = [fitted for fitted, _ in fits]
    shape = len(y), len(classes)
    total, times = np.zeros(shape), np.zeros(shape, dtype=np.intp)
    for (fitted, proba), (_, test) in zip(fits, folds, strict=True):
        if not np.isfinite(proba).all():
            raise ValueError(
                f"{fitted!r} gives probabilities that are not finite for samples of a fold of cv, "
                "so no temperature can be fitted. Look for columns of X that it cannot take as "
                "they are, or take another classifier."
            )
        known = np.asarray(fitted.classes_)
        total[test] += in_columns_of(proba, known, classes)
        times[test] += np.isin(classes, known)
    _warn_of_lacking(estimators, y if weight is None else y[weight > 0])
    usable = times[np.arange(len(y)), np.searchsorted(classes, y)] > 0
    return CrossFit(estimators, _mean(total, times), usable)


@overflow_named()
def mean_probabilities(
    estimators: Sequence[Any],
    X: Any,
    classes: np.ndarray,
    weights: Sequence[float] | None = None,
) -> tuple[np.ndarray, np.dtype]:
    """Return the (weighted) mean of classifiers' probabilities, and the float type they came in.

    A class that some do not know gets the mean of those that do; then rows sum to 1 again.

    Parameters
    ----------
    estimators : list of classifiers
    X : object
        In any form that they take.
    classes : ndarray, shape (C,)
        All labels, sorted; one that none knows gets 0.
    weights : sequence of float, default=None
        Of the classifiers, each above 0; None weighs them equally.

    Returns
    -------
    ndarray of float, shape (n, C)
    dtype
        float32 if all gave that, else float64.
    """
    check_sparse(X)
    X = without_tensors(X, "X")
    total: Any = 0.0
    times = np.zeros(len(classes))
    single = True
    if weights is None or len(estimators) == 1:
        weights = [1.0] * len(estimators)
    for estimator, weight in zip(estimators, weights, strict=True):
        proba = np.asarray(estimator.predict_proba(X))
        if not np.isfinite(proba).all():
            row = int((~np.isfinite(proba)).any(axis=1).argmax())
            raise ValueError(
                f"{type(estimator).__name__} gives probabilities that are not finite, first for "
                f"sample {row} of X: are values there too large?"
            )
        known = np.asarray(estimator.classes_)
        single &= proba.dtype == np.float32
        total = total + weight * in_columns_of(proba, known, classes)
        times += weight * np.isin(classes, known)
    # float64 computed from float32 has no more digits than float32
    dtype = np.dtype(np.float32 if single else np.float64)
    if len(estimators) == 1:
        return total, dtype
    return _mean(total, np.broadcast_to(times, total.shape)), dtype


def _mean(total: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the mean of each entry; rows with entries of less weight are rescaled to sum to 1."""
    asked = times.any(axis=1)
    mean = total / np.where(times > 0, times, 1)
    uneven = asked & (times != times[:, :1]).any(axis=1)
    mean[uneven] /= mean[uneven].sum(axis=1, keepdims=True)
    mean[~asked] = np.nan
    return mean


def _fit_fold(
    estimator: BaseEstimator,
    X: Any,
    y: np.ndarray,
    weight: np.ndarray | None,
    metadata: dict[str, Any],
    train: np.ndarray,
    test: np.ndarray,
) -> tuple[BaseEstimator, np.ndarray]:
    with one_class_warnings(CONSTANT):
        fitted = fit_weighted(
            estimator,
            take_rows(X, train),
            y[train],
            None if weight is None else weight[train],
            _check_method_params(X, metadata, indices=train),
        )
    if not len(test):
        return fitted, np.zeros((0, len(fitted.classes_)))
    return fitted, np.asarray(fitted.predict_proba(take_rows(X, test)))


def _warn_of_lacking(estimators: list[BaseEstimator], y: np.ndarray) -> None:
    labels = np.unique(y)
    lacking = [np.setdiff1d(labels, np.asarray(fitted.classes_)) for fitted in estimators]
    n_folds = sum(len(labels) > 0 for labels in lacking)
    if n_folds:
        names = np.unique(np.concatenate(lacking)).tolist()
        warn(
            f"{n_folds} of {len(estimators)} folds of cv train without a sample of the classes "
            f"{names[:10]}. Each is predicted by the classifiers that know it. A whole number, as "
            "cv=5, has each class in the training samples of every fold."
        )
