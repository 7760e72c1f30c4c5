"""Post-hoc logit adjustment of any classifier that gives probabilities."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Tags, check_scalar, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_method_params, check_is_fitted, column_or_1d

from sklimb._data.by_class import by_label, for_classes
from sklimb._data.datasets import labels_within, take_rows
from sklimb._data.validation import check_weights
from sklimb._data.weighted_fit import (
    in_columns_of,
    name_of_weights,
    rows_by_weight,
    rows_of_weighty_classes,
)
from sklimb._training.rebalancing import count_classes
from sklimb._warnings import warn
from sklimb.classifiers.probabilities import log_probabilities, probabilities

# Probabilities below this count as this: a log of 0 could not be corrected.
_LEAST_PROBABILITY = 1e-300
# The score of a class that is ruled out: below what any other has.
_LEAST_SCORE = 10 * float(np.log(_LEAST_PROBABILITY))


class PriorCorrectedClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    r"""Any classifier, its probabilities moved from the training shares to other class shares.

    .. math:: \tilde p_k \propto p_k \left( q_k / \pi_k \right)^{\tau}

    with :math:`p` the classifier's probabilities, :math:`\pi` the class shares of the training
    data, :math:`q` those to predict for and :math:`\tau` the strength. With equal :math:`q` it is
    the post-hoc logit adjustment of Menon et al. [1]_ (Eq. 9): the free baseline for balanced
    accuracy. With a known :math:`q` it is the answer to test data of other class shares [2]_, if
    the classes look alike in both and the probabilities are calibrated.

    Parameters
    ----------
    estimator : classifier with ``predict_proba``
        It is cloned and fitted. One that is fitted already comes in
        `sklearn.frozen.FrozenEstimator`; then `fit` only counts the classes, so give it the labels
        that the classifier was trained on.
    tau : float, default=1.0
        Strength; 0 leaves the probabilities as they are, 1 is exact for calibrated ones. A
        classifier that has corrected for the class sizes itself needs no more.
    target_prior : array-like of shape (n_classes,), dict, Series or None, default=None
        Class shares to predict for, in the order of ``classes_`` or by label (a Series by its
        index, as ``y.value_counts(normalize=True)`` has the labels); they need not sum to 1. Those
        of labels that y lacks, as a fold may, are left aside if each label of y has one. None takes
        equal shares.

    Attributes
    ----------
    estimator_ : classifier
        The fitted classifier.
    classes_ : ndarray of shape (n_classes,)
        Labels, as the classifier has them.
    source_prior_ : ndarray of shape (n_classes,)
        (Weighted) class shares of the training data.
    target_prior_ : ndarray of shape (n_classes,)
        Class shares predicted for. A class without weight in the training data, where nothing is
        known of it, has none.
    n_features_in_ : int
        Number of columns, where the classifier says so.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, where the classifier has them.

    References
    ----------
    .. [1] Menon, Jayasumana, Rawat, Jain, Veit, Kumar. Long-tail Learning via Logit Adjustment.
       ICLR 2021.
    .. [2] Saerens, Latinne, Decaestecker. Adjusting the Outputs of a Classifier to New a Priori
       Probabilities. Neural Computation 2002.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklimb import PriorCorrectedClassifier
    >>> X, y = make_classification(n_samples=500, weights=[0.9], random_state=0)
    >>> model = PriorCorrectedClassifier(LogisticRegression()).fit(X, y)
    >>> int(sum(model.predict(X))) > int(sum(model.estimator_.predict(X)))
    True
    """

    def __init__(
        self,
        estimator: BaseEstimator,
        *,
        tau: float = 1.0,
        target_prior: Any = None,
    ) -> None:
        self.estimator = estimator
        self.tau = tau
        self.target_prior = target_prior

    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, **fit_params: Any
    ) -> PriorCorrectedClassifier:
        """Fit the classifier and count the classes.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Training data, in any form that the classifier takes.
        y : array-like of shape (n,)
            Labels. May be None for a torch Dataset of (x, label).
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows: for the class shares, and for the classifier. In a pipeline they go
            to its last step. A classifier that takes none gets each row as often as whole numbers
            say, which is what a BaggingClassifier hands on.
        **fit_params : dict
            Metadata for the classifier; needs scikit-learn's metadata routing.

        Returns
        -------
        PriorCorrectedClassifier
            The fitted estimator.
        """
        check_scalar(self.tau, "tau", Real)
        if not hasattr(self.estimator, "predict_proba"):
            raise TypeError(
                f"{self.estimator!r} has no predict_proba, so there are no probabilities to "
                "correct. Wrap it in sklearn.calibration.CalibratedClassifierCV."
            )
        if y is None:
            y = labels_within(X)
        if y is None:
            raise ValueError("This estimator requires y to be passed, but the target y is None.")
        self.estimator_ = self._fitted(X, y, sample_weight, fit_params)
        self.classes_ = np.asarray(self.estimator_.classes_)
        if not isinstance(self.estimator, FrozenEstimator):
            weightless = np.setdiff1d(column_or_1d(y), self.classes_)
            if len(weightless):  # which it was not shown, but which are classes, too
                self.classes_ = np.union1d(self.classes_, weightless)
        self.source_prior_ = self._shares(y, sample_weight)
        self.target_prior_ = self._target(self.source_prior_ > 0)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def _fitted(
        self, X: Any, y: Any, sample_weight: Any, fit_params: dict[str, Any]
    ) -> BaseEstimator:
        """Return the classifier fitted to the rows of classes that weigh something."""
        metadata = self._metadata(sample_weight, fit_params)
        estimator = clone(self.estimator)
        if sample_weight is None or isinstance(estimator, FrozenEstimator):
            return estimator.fit(X, y, **metadata)
        labels = column_or_1d(y)
        weight = check_weights(sample_weight, len(labels))
        if weight is None:
            return estimator.fit(X, y, **metadata)
        if metadata or name_of_weights(estimator) is not None:
            rows = rows_of_weighty_classes(labels, weight)
        else:
            rows = rows_by_weight(weight, estimator)
        if rows is None:
            return estimator.fit(X, y, **metadata)
        metadata = _check_method_params(X, metadata, indices=rows)
        return estimator.fit(take_rows(X, rows), labels[rows], **metadata)

    def _metadata(self, sample_weight: Any, fit_params: dict[str, Any]) -> dict[str, Any]:
        """Return what goes to the classifier's `fit` beside X and y."""
        from sklearn import get_config

        if get_config()["enable_metadata_routing"]:
            weights = {} if sample_weight is None else {"sample_weight": sample_weight}
            return dict(process_routing(self, "fit", **weights, **fit_params).estimator.fit)
        if fit_params:
            raise ValueError(
                f"{sorted(fit_params)} can reach the classifier only with metadata routing: "
                "sklearn.set_config(enable_metadata_routing=True)."
            )
        name = name_of_weights(self.estimator)
        return {} if sample_weight is None or name is None else {name: sample_weight}

    def _shares(self, y: Any, sample_weight: Any) -> np.ndarray:
        y = column_or_1d(y)
        check_classification_targets(y)
        weight = check_weights(sample_weight, len(y))
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y has labels that the classifier does not know: {unknown.tolist()}. It knows "
                f"{self.classes_.tolist()}."
            )
        codes = np.searchsorted(self.classes_, y)
        absent = self.classes_[count_classes(codes, len(self.classes_)) == 0].tolist()
        if absent:
            warn(
                f"y has no samples of the classes {absent}, which the classifier knows, so their "
                "share in its training data is not known, and they are never predicted. Pass the "
                "labels that it was trained on.",
            )
        counts = count_classes(codes, len(self.classes_), weight)
        return counts / counts.sum()

    def _target(self, present: np.ndarray) -> np.ndarray:
        """Return shares to predict for, over the classes that have weight in the training data."""
        prior = np.where(present, self._given_target(), 0.0)
        if not prior.any():
            raise ValueError(
                f"target_prior has a share of 0 for all classes that the training data has, "
                f"{self.classes_[present].tolist()}, got {self.target_prior!r}."
            )
        return prior / prior.sum()

    def _given_target(self) -> np.ndarray:
        labels, prior = self.classes_.tolist(), self.target_prior
        if prior is None:
            return np.ones(len(labels))
        given = by_label(prior, "target_prior", or_position=labels)
        if given is not None:
            prior = for_classes(given, labels, "target_prior")
        try:
            prior = np.asarray(prior, dtype=np.float64)
        except (TypeError, ValueError):  # names, None, lists of several lengths
            prior = np.full(len(labels), np.nan)
        if prior.shape != self.classes_.shape:
            raise ValueError(
                f"target_prior must hold a share for each of {len(labels)} classes, {labels}, got "
                f"{self.target_prior!r}. An array goes by position; where a part of the data may "
                "lack a class, pass a dict {label: share}."
            )
        if not np.all(np.isfinite(prior)) or np.any(prior < 0):
            raise ValueError(
                "target_prior must hold a finite share that is not negative for each of "
                f"{len(labels)} classes, got {self.target_prior!r}."
            )
        return prior

    def _log_scores(self, X: Any) -> tuple[np.ndarray, np.dtype]:
        """Return scores in float64, and the float type that the classifier's answer came in."""
        check_is_fitted(self)
        known = np.asarray(self.estimator_.classes_)
        given = np.asarray(self.estimator_.predict_proba(X))
        # what is computed from single precision has no more digits, whatever it is held in
        dtype = given.dtype if given.dtype == np.float32 else np.dtype(np.float64)
        proba = in_columns_of(given, known, self.classes_)
        if self.tau == 0:
            return np.log(np.maximum(proba, _LEAST_PROBABILITY)), dtype
        there = self.target_prior_ > 0  # a share of 0 rules a class out, whatever its source
        shift = np.full(len(there), -np.inf)
        ratio = np.log(self.target_prior_[there]) - np.log(self.source_prior_[there])
        shift[there] = self.tau * ratio
        return np.log(np.maximum(proba, _LEAST_PROBABILITY)) + shift, dtype

    def predict(self, X: Any) -> np.ndarray:
        """Return the class with the highest corrected probability for each row.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n,)
            Labels.
        """
        scores, _ = self._log_scores(X)
        return self.classes_[scores.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return corrected probabilities.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Probabilities for data with the class shares ``target_prior_``; each row sums to 1. Of
            the float type that the classifier gives, as all scores here.
        """
        scores, dtype = self._log_scores(X)
        return probabilities(scores, dtype)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return logarithms of corrected probabilities.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Log probabilities.
        """
        scores, dtype = self._log_scores(X)
        return log_probabilities(scores, dtype)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return corrected log probabilities, up to a constant a row, finite.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n, n_classes) or (n,)
            Scores; for two classes the second minus the first.
        """
        # finite, for what compares or calibrates scores takes no infinity
        scores, dtype = self._log_scores(X)
        scores = np.maximum(scores, _LEAST_SCORE).astype(dtype, copy=False)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata is routed: what `fit` gets goes to the classifier's `fit`.

        Returns
        -------
        MetadataRouter
            The router.
        """
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(
                estimator=self.estimator,
                method_mapping=MethodMapping().add(caller="fit", callee="fit"),
            )
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags
