"""Classifiers fitted so that each training sample has an out-of-fold prediction.

Shape
-----
Data (n_samples, ...), probabilities (n_samples, C).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch, get_tags
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_method_params

from sklimb._data.validation import is_dataset, take_rows
from sklimb._data.weighted_fit import fit_weighted, in_columns_of, name_of_weights
from sklimb._training.plan import Mode, cross_fits, default_backbone
from sklimb._warnings import warn
from sklimb.classifiers.base import BaseNetClassifier
from sklimb.classifiers.decoupled import DecoupledClassifier
from sklimb.classifiers.fold_clones import (
    CrossFit,
    fold_fits,
    gathered,
    mean_probabilities,
)
from sklimb.classifiers.folds import copies_in, folds_of
from sklimb.classifiers.labelled_data import LabelledData
from sklimb.classifiers.one_class import CONSTANT, one_class_warnings

# Packages whose transformers look at no label, except those whose tags say that they do.
_BY_COLUMNS = (
    "sklearn.preprocessing", "sklearn.impute", "sklearn.compose", "sklearn.pipeline",
    "sklearn.feature_extraction", "sklearn.decomposition", "imblearn.pipeline",
    "sklimb.feature_extraction",
)  # fmt: skip
# A warning says so where a smaller share of the samples was ever left out.
_FEW = 0.5


class FoldMean:
    """The mean of the probabilities of the folds' classifiers, as a classifier.

    Parameters
    ----------
    estimators : list of classifiers
        Fitted, one a fold; kept as ``estimators_``.
    """

    def __init__(self, estimators: list[BaseEstimator]) -> None:
        self.estimators_ = estimators
        self.classes_ = np.unique(np.concatenate([one.classes_ for one in estimators]))

    def __repr__(self) -> str:
        return f"FoldMean({self.estimators_!r})"

    @property
    def n_features_in_(self) -> int:
        """Number of columns, where the classifier says so."""
        return self.estimators_[0].n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Column names, where the classifier has them."""
        return self.estimators_[0].feature_names_in_

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities (n_samples, n_classes), of the float type that the folds' have."""
        proba, dtype = mean_probabilities(self.estimators_, X, self.classes_)
        return proba.astype(dtype, copy=False)

    def predict(self, X: Any) -> np.ndarray:
        """Return the labels, (n_samples,), with the highest probability."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@dataclass(frozen=True)
class OutOfFoldFit:
    """A fitted classifier, and its out-of-fold probabilities.

    Parameters
    ----------
    estimator : classifier
        Fitted to all samples, or a `FoldMean`.
    proba : ndarray of float, shape (n_samples, C)
        Probabilities of the training samples; NaN for those that nothing left out.
    usable : ndarray of bool, shape (n_samples,)
        Samples that were left out by something that knows their class.
    """

    estimator: Any
    proba: np.ndarray
    usable: np.ndarray


def gives_out_of_fold(
    estimator: BaseEstimator, X: Any, *, weighted: bool = False, has_copies: bool = False
) -> bool:
    """Return whether a classifier's own `fit` to X gives out-of-fold probabilities.

    Networks that cross-fit do, and bagging with ``oob_score=True``. Parameters decide, not fitted
    attributes: an ``oob_`` or ``oof_`` attribute of another class need not agree with its
    ``predict_proba`` (`PriorCorrectedClassifier` corrects the latter). So do pipelines of these
    behind transformers of scikit-learn or ours that use X alone: what such a step learns from a
    left-out sample does not reveal its class.

    Parameters
    ----------
    estimator : classifier
    X : object
        Training data.
    weighted : bool, default=False
        Whether samples differ in weight: then some would be repeated for a classifier that takes no
        weights, and it would leave out a sample but not its copy.
    has_copies : bool, default=False
        Whether a sampler has made copies of samples, which bags do not keep together.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklimb import RebalancedClassifier
    >>> from sklimb.classifiers.out_of_fold_fits import gives_out_of_fold
    >>> X = np.zeros((100, 5))
    >>> gives_out_of_fold(RandomForestClassifier(oob_score=True), X)
    True
    >>> gives_out_of_fold(RandomForestClassifier(), X)
    False
    >>> gives_out_of_fold(RebalancedClassifier(), X)
    True
    >>> gives_out_of_fold(RebalancedClassifier(max_epochs=20), X)
    False
    """
    if weighted and name_of_weights(estimator) is None:
        return False
    if isinstance(estimator, Pipeline):
        if not all(map(_goes_by_columns, estimator.steps[:-1])):
            return False
        estimator = estimator.steps[-1][1]
        if not isinstance(estimator, BaseEstimator):
            return False
        if isinstance(estimator, BaseNetClassifier) and estimator.cross_fit is not True:
            return False  # it depends on how many columns the transformers make
    if isinstance(estimator, BaseNetClassifier):
        return _cross_fits(estimator, X)
    params = estimator.get_params(deep=False)
    by_bags = params.get("oob_score") and params.get("bootstrap") and not has_copies
    return bool(params.get("cross_fit") or by_bags)


def _goes_by_columns(step: tuple[str, Any]) -> bool:
    """Return whether a step of a pipeline is known to look at no label."""
    transformer = step[1]
    if not isinstance(transformer, BaseEstimator):
        return isinstance(transformer, str)  # "passthrough"
    nested = (v for v in transformer.get_params().values() if isinstance(v, BaseEstimator))
    return all(
        type(one).__module__.startswith(_BY_COLUMNS)
        and not get_tags(one).target_tags.required
        and not hasattr(one, "fit_resample")
        for one in (transformer, *nested)
    )


def _cross_fits(network: BaseNetClassifier, X: Any) -> bool:
    """Return whether the members of a network would leave out folds of X."""
    if isinstance(network, DecoupledClassifier):  # it keeps what its first stage says
        return False
    parameters, backbone = network.get_params(deep=False), network.module
    if parameters["cross_fit"] == "auto":
        if not network._cross_fits_if_open or is_dataset(X):
            return False
        shape = np.shape(X)[1:]
        if backbone is None and shape:
            backbone = default_backbone(shape)
    return cross_fits(parameters, Mode.FIT, backbone)


def fit_out_of_fold(
    estimators: Mapping[str, BaseEstimator],
    data: LabelledData,
    *,
    cv: Any,
    routed: Bunch,
    n_jobs: int | None = None,
) -> list[OutOfFoldFit]:
    """Fit each classifier once, if that gives out-of-fold probabilities, else one for each fold.

    Parameters
    ----------
    estimators : dict of classifiers
        Each by its name. They are cloned where folds need it, else fitted themselves.
    data : LabelledData
        Training data.
    cv : int, splitter or iterable of (train, test)
        Folds; the same for all classifiers that need them.
    routed : Bunch
        What goes to each classifier's `fit` and to the splitter; from `metadata_of`.
    n_jobs : int or None
        Fits at once, over classifiers and folds.

    Returns
    -------
    list of OutOfFoldFit
        In the order of the classifiers.
    """
    weighted = data.weight is not None
    copies = copies_in(data.X, data.y) is not None
    own = {
        name: gives_out_of_fold(one, data.X, weighted=weighted, has_copies=copies)
        for name, one in estimators.items()
    }
    folds = []
    if not all(own.values()):
        folds = folds_of(cv, data.X, data.y, data.weight, routed.cv.split)
    kept = _weighty(data)
    calls = {}
    for name, estimator in estimators.items():
        metadata = routed[name].fit
        if own[name]:
            calls[name] = [delayed(_fit_whole)(estimator, data, metadata, kept)]
        else:
            calls[name] = fold_fits(estimator, data.X, data.y, data.weight, folds, metadata)
    fits = iter(Parallel(n_jobs=n_jobs)(chain.from_iterable(calls.values())))
    found = []
    for name in estimators:
        of_one = list(islice(fits, len(calls[name])))
        if own[name]:
            found.append(_of_whole(of_one[0], data, kept))
        else:
            found.append(
                _of_folds(gathered(of_one, data.y, data.weight, classes=data.classes, folds=folds))
            )
    return found


def mean_out_of_fold(
    found: Sequence[OutOfFoldFit], weights: Sequence[float] | None, prior: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the (weighted) mean of several classifiers' out-of-fold probabilities.

    Parameters
    ----------
    found : list of OutOfFoldFit
    weights : sequence of float or None
        Each above 0; None weighs them equally.
    prior : ndarray, shape (C,)
        Takes the place of the probabilities of a classifier that never left out a sample which
        others did.

    Returns
    -------
    proba : ndarray, shape (n_samples, C)
        NaN for samples that no classifier left out.
    usable : ndarray of bool, shape (n_samples,)
        Samples that every classifier left out.
    """
    said = [np.isfinite(one.proba).all(axis=1) for one in found]
    filled = [
        np.where(yes[:, None], one.proba, prior) for yes, one in zip(said, found, strict=True)
    ]
    mean = np.average(filled, axis=0, weights=weights)
    mean[~np.any(said, axis=0)] = np.nan
    return mean, np.all([one.usable for one in found], axis=0)


def _weighty(data: LabelledData) -> np.ndarray | None:
    """Return the samples of positive weight, None for all of them."""
    if data.weight is None or np.all(data.weight > 0):
        return None
    return np.flatnonzero(data.weight)


def _fit_whole(
    estimator: BaseEstimator, data: LabelledData, metadata: dict[str, Any], kept: np.ndarray | None
) -> BaseEstimator:
    X, y, weight = data.X, data.y, data.weight
    if kept is not None:
        X, y, weight = take_rows(X, kept), y[kept], weight[kept]
        metadata = _check_method_params(data.X, metadata, indices=kept)
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    with warnings.catch_warnings(), one_class_warnings(CONSTANT):
        if hasattr(last, "oob_score"):
            # it warns of samples that are in all bags; `_of_whole` handles these, and warns itself
            warnings.filterwarnings("ignore", message="Some inputs do not have OOB scores")
            warnings.filterwarnings("ignore", message="invalid value encountered in (true_)?div")
        return fit_weighted(estimator, X, y, weight, metadata)


def _of_whole(fitted: BaseEstimator, data: LabelledData, kept: np.ndarray | None) -> OutOfFoldFit:
    """Return the out-of-fold probabilities of a classifier that was fitted once."""
    judged = fitted.steps[-1][1] if isinstance(fitted, Pipeline) else fitted
    name = next((n for n in ("oof_proba_", "oob_decision_function_") if hasattr(judged, n)), None)
    if name is None:
        raise ValueError(
            f"{fitted!r} has neither oof_proba_ nor oob_decision_function_ after its fit, though "
            "it should by its parameter cross_fit or oob_score. Without that parameter it is "
            "cross-fitted instead."
        )
    known, said = np.asarray(fitted.classes_), np.asarray(getattr(judged, name), dtype=np.float64)
    kept = np.arange(len(data.y)) if kept is None else kept
    if said.shape != (len(kept), len(known)):
        raise ValueError(
            f"{name} of {fitted!r} has the shape {said.shape}, but it must have a row for each of "
            f"{len(kept)} training samples and a column for each of the classes {known.tolist()}. "
            "Without cross_fit and oob_score the classifier is cross-fitted instead."
        )
    # for a sample in all bags scikit-learn's forests give 0, its BaggingClassifier NaN
    there = np.isfinite(said).all(axis=1) & (said.sum(axis=1) > 0)
    if there.mean() < _FEW:
        warn(
            f"{fitted!r} has left out {there.sum()} of {len(there)} samples only, so the "
            "temperature goes by these alone. Set more trees or bags (n_estimators)."
        )
    proba = np.full((len(data.y), len(data.classes)), np.nan)
    proba[kept[there]] = in_columns_of(said[there], known, data.classes)
    return OutOfFoldFit(fitted, proba, np.isfinite(proba).all(axis=1))


def _of_folds(found: CrossFit) -> OutOfFoldFit:
    return OutOfFoldFit(FoldMean(found.estimators), found.proba, found.usable)
