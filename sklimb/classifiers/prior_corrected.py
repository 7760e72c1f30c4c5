"""Post-hoc logit adjustment of any classifier that gives probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import Tags, check_scalar, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d

from sklimb._inputs import check_weights
from sklimb._items import dataset_labels, is_dataset
from sklimb._rebalance import count_classes

# Probabilities below this count as this: a log of 0 could not be corrected.
_LEAST_PROBABILITY = 1e-300


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
    target_prior : array-like of shape (n_classes,), dict or None, default=None
        Class shares to predict for, in the order of ``classes_`` or by label; they need not sum to
        1. None takes equal shares.

    Attributes
    ----------
    estimator_ : classifier
        The fitted classifier.
    classes_ : ndarray of shape (n_classes,)
        Labels, as the classifier has them.
    source_prior_ : ndarray of shape (n_classes,)
        (Weighted) class shares of the training data.
    target_prior_ : ndarray of shape (n_classes,)
        Class shares predicted for.
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
            Weights of the rows: for the class shares, and for the classifier.
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
        if y is None and is_dataset(X):
            y = dataset_labels(X)
        if y is None:
            raise ValueError("This estimator requires y to be passed, but the target y is None.")
        routed = self._routed(sample_weight, fit_params)
        self.estimator_ = clone(self.estimator).fit(X, y, **routed)
        self.classes_ = self.estimator_.classes_
        self.source_prior_ = self._shares(y, sample_weight)
        self.target_prior_ = self._target()
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def _routed(self, sample_weight: Any, fit_params: dict[str, Any]) -> dict[str, Any]:
        from sklearn import get_config

        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        if get_config()["enable_metadata_routing"]:
            return process_routing(self, "fit", **weights, **fit_params).estimator.fit
        if fit_params:
            raise ValueError(
                f"{sorted(fit_params)} can reach the classifier only with metadata routing: "
                "sklearn.set_config(enable_metadata_routing=True)."
            )
        return weights

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
        counts = count_classes(np.searchsorted(self.classes_, y), len(self.classes_), weight)
        if np.any(counts == 0):
            missing = self.classes_[counts == 0].tolist()
            raise ValueError(
                f"y has no rows of the classes {missing}, so their share in the training data is "
                "not known. Pass the labels that the classifier was trained on."
            )
        return counts / counts.sum()

    def _target(self) -> np.ndarray:
        prior = self.target_prior
        if prior is None:
            return np.full(len(self.classes_), 1.0 / len(self.classes_))
        if isinstance(prior, Mapping):
            labels = self.classes_.tolist()
            if set(prior) != set(labels):
                raise ValueError(f"target_prior has labels {sorted(prior)}, y has {labels}.")
            prior = [prior[label] for label in labels]
        prior = np.asarray(prior, dtype=np.float64)
        valid = prior.shape == self.classes_.shape and np.all(np.isfinite(prior))
        if not valid or np.any(prior < 0) or prior.sum() == 0:
            raise ValueError(
                f"target_prior must hold a share that is not negative for each of "
                f"{len(self.classes_)} classes, got {self.target_prior!r}."
            )
        return prior / prior.sum()

    def _log_scores(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        proba = np.asarray(self.estimator_.predict_proba(X), dtype=np.float64)
        if self.tau == 0:
            return np.log(np.maximum(proba, _LEAST_PROBABILITY))
        with np.errstate(divide="ignore"):  # a share of 0 to predict for rules the class out
            shift = self.tau * (np.log(self.target_prior_) - np.log(self.source_prior_))
        return np.log(np.maximum(proba, _LEAST_PROBABILITY)) + shift

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
        scores = self._log_scores(X)
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
            Probabilities for data with the class shares ``target_prior_``; each row sums to 1.
        """
        return softmax(self._log_scores(X), axis=1)

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
        return log_softmax(self._log_scores(X), axis=1)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return corrected log probabilities, up to a constant a row.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n, n_classes) or (n,)
            Scores; for two classes the second minus the first.
        """
        scores = self._log_scores(X)
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
