"""Predictions of classifiers whose probabilities are corrected for class shares and costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import scipy.sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklimb._data.from_tensors import without_tensors
from sklimb._data.sparse_form import check_sparse
from sklimb._training.calibration import log_with_temperature
from sklimb.classifiers import scoring
from sklimb.classifiers.costs import cost_matrix_of, expected_costs
from sklimb.classifiers.fitting_aside import by_one_fit
from sklimb.classifiers.fold_clones import mean_probabilities
from sklimb.classifiers.history_html import with_histories
from sklimb.classifiers.priors import target_shares
from sklimb.classifiers.probabilities import log_probabilities, probabilities

# Probabilities below this count as this: a log of 0 could not be corrected.
_LEAST_PROBABILITY = 1e-300
# The score of a class that is ruled out: below what any other has.
_LEAST_SCORE = 10 * float(np.log(_LEAST_PROBABILITY))


def _estimator_has(name: str) -> Callable[[BaseEstimator], bool]:
    return lambda self: hasattr(self.estimator, name)


def check_gives_probabilities(estimator: Any, name: str) -> None:
    """Raise a TypeError that says what to do if an estimator has no probabilities."""
    if not hasattr(estimator, "predict_proba"):
        raise TypeError(
            f"{name}={estimator!r} has no predict_proba, so there are no probabilities to "
            "correct. Wrap it in sklearn.calibration.CalibratedClassifierCV."
        )


class CorrectedPredictionMixin(ClassifierMixin):
    """Predictions of an estimator that has ``estimator_``, or several as ``estimators_``.

    They depend on ``classes_``, ``temperature_``, the parameter ``tau``, and what `_correct_for`
    sets from the parameters ``target_prior`` and ``cost_matrix``.
    """

    score = scoring.score

    def _correct_for(self, counts: np.ndarray) -> None:
        """Set what follows from the class counts: source and target shares, and costs."""
        self.class_counts_ = counts
        self.source_prior_ = counts / counts.sum()
        costs = self.cost_matrix
        self.cost_matrix_ = None if costs is None else cost_matrix_of(costs, self.classes_)
        if self.target_prior is None and costs is not None:
            self.target_prior_ = self.source_prior_
        else:
            self.target_prior_ = target_shares(self.target_prior, self.classes_, counts > 0)

    def _forget(self, *names: str) -> None:
        """Drop attributes of an earlier fit."""
        for name in names:
            vars(self).pop(name, None)

    def _take_names(self, fitted: Iterable[BaseEstimator]) -> None:
        """Take the column names from the first classifier that has them."""
        for name in ("n_features_in_", "feature_names_in_"):
            self._forget(name)
            said = [getattr(one, name) for one in fitted if hasattr(one, name)]
            if said:
                setattr(self, name, said[0])

    def __sklearn_is_fitted__(self) -> bool:
        return "estimator_" in vars(self) or "estimators_" in vars(self)

    def _fitted_estimators(self) -> list[BaseEstimator]:
        check_is_fitted(self)
        return vars(self).get("estimators_") or [self.estimator_]

    def _mean_probabilities(self, X: Any) -> tuple[np.ndarray, np.dtype]:
        """Return the mean of the classifiers' probabilities, and their float type."""
        return mean_probabilities(self._fitted_estimators(), X, self.classes_)

    def _log_scores(self, X: Any) -> tuple[np.ndarray, np.dtype]:
        """Return scores in float64, and the float type of the classifier's probabilities."""
        proba, dtype = self._mean_probabilities(X)
        logs = np.log(np.maximum(proba, _LEAST_PROBABILITY))
        if "estimators_" in vars(self):  # a class that has no weight keeps its 0
            weighty = self.source_prior_ > 0
            logs[:, weighty] = log_with_temperature(proba[:, weighty], self.temperature_)
        if self.tau == 0:
            return logs, dtype
        there = self.target_prior_ > 0  # a share of 0 rules a class out, whatever its source
        shift = np.full(len(there), -np.inf)
        ratio = np.log(self.target_prior_[there]) - np.log(self.source_prior_[there])
        shift[there] = self.tau * ratio
        return logs + shift, dtype

    def _costs(self, scores: np.ndarray) -> np.ndarray:
        """Return the expected cost of each prediction, more than any other for excluded classes."""
        costs = expected_costs(probabilities(scores, np.float64), self.cost_matrix_)
        return np.where(np.isneginf(scores), self.cost_matrix_.max() + 1, costs)

    @by_one_fit
    def predict(self, X: Any) -> np.ndarray:
        """Return the class with the highest corrected probability, or the least expected cost.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        scores, _ = self._log_scores(X)
        if self.cost_matrix_ is not None:
            scores = -self._costs(scores)
        return self.classes_[scores.argmax(axis=1)]

    @by_one_fit
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return corrected probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities for data with the class shares ``target_prior_``; each row sums to 1. Of
            the float type that the classifier gives, as all scores here. Costs do not change them:
            with ``cost_matrix`` the highest is not what `predict` returns.
        """
        scores, dtype = self._log_scores(X)
        return probabilities(scores, dtype)

    @by_one_fit
    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return logarithms of corrected probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Log probabilities.
        """
        scores, dtype = self._log_scores(X)
        return log_probabilities(scores, dtype)

    @by_one_fit
    def decision_function(self, X: Any) -> np.ndarray:
        """Return corrected log probabilities up to a constant, or expected costs; finite.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or (n_samples,)
            Scores, with ``cost_matrix`` minus the expected costs; for two classes the second minus
            the first. `predict` returns the highest, or for two classes goes by the sign.
        """
        # finite: metrics and calibrators of scores refuse infinity
        scores, dtype = self._log_scores(X)
        if self.cost_matrix_ is not None:
            scores = -self._costs(scores)
        scores = np.maximum(scores, _LEAST_SCORE).astype(dtype, copy=False)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def _get_fitted_attr_html(self, doc_link: str = "") -> Any:
        return with_histories(self, super()._get_fitted_attr_html(doc_link))  # type: ignore[misc]


class FeaturesOfFoldsMixin:
    """Features of a corrected estimator's one classifier, or of those of its folds."""

    @available_if(_estimator_has("transform"))
    @by_one_fit
    def transform(self, X: Any) -> Any:
        """Return the classifier's `transform` of X, where it has that method.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n, n_out)
            Features; with ``cv`` those of all folds side by side, (n, n_folds * n_out).
        """
        fitted = self._fitted_estimators()
        check_sparse(X)
        X = without_tensors(X, "X")
        parts = [estimator.transform(X) for estimator in fitted]
        if len(parts) == 1:
            return parts[0]
        return (
            scipy.sparse.hstack(parts, "csr")
            if scipy.sparse.issparse(parts[0])
            else np.hstack(parts)
        )

    @available_if(_estimator_has("transform"))
    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Fit, and return what `transform` makes of the same X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data.
        y : array-like of shape (n_samples,)
            Labels.
        **fit_params : dict
            More for `fit`.

        Returns
        -------
        ndarray of shape (n, n_out)
            Features, as of `transform`.
        """
        return self.fit(X, y, **fit_params).transform(X)

    @available_if(_estimator_has("get_feature_names_out"))
    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return names of what `transform` returns.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns, for the classifier.

        Returns
        -------
        ndarray of str
            The classifier's; with ``cv`` as fold0__name for the first fold.
        """
        names = [
            estimator.get_feature_names_out(input_features)
            for estimator in self._fitted_estimators()
        ]
        if "estimators_" not in vars(self):
            return names[0]
        folded = [f"fold{i}__{name}" for i, of_fold in enumerate(names) for name in of_fold]
        return np.asarray(folded, dtype=object)
