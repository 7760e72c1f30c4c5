"""What a fitted network says of rows, and what it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from torch import nn

from sklimb._data.training_data import TrainingData
from sklimb._data.validation import check_new_data
from sklimb._random import torch_defaults
from sklimb._training.inference import features_of, run, scores_of
from sklimb.classifiers.probabilities import log_probabilities, probabilities


class PredictionMixin(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Predictions of an estimator that has ``net_`` and ``classes_``."""

    def _run(self, X: Any, what: Callable[..., torch.Tensor]) -> np.ndarray:
        """Return what a function of (network, batch) gives over X, in the network's float type."""
        check_is_fitted(self, "net_")
        X = check_new_data(self, X)
        with torch_defaults():
            data = TrainingData.of(X, device=self.net_.device)
            return run(self.net_, data, what).numpy()

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the scores of the classes; of several members the log of their mean probability.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, n_features), images (n, C, H, W) or Dataset
            Data.

        Returns
        -------
        ndarray of shape (n, n_classes) or (n,)
            Scores; for two classes the second minus the first. Of the type that they are computed
            in, as all that follows: float32, or float64 with ``dtype="float64"``.
        """
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def _scores(self, X: Any) -> np.ndarray:
        return self._run(X, scores_of)

    def predict(self, X: Any) -> np.ndarray:
        """Return the class with the highest score for each row.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, n_features), images (n, C, H, W) or Dataset
            Data.

        Returns
        -------
        ndarray of shape (n,)
            Labels, as they were in ``y``.
        """
        scores = self._scores(X)
        return self.classes_[scores.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return class probabilities: the softmax of the scores, averaged over members.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, n_features), images (n, C, H, W) or Dataset
            Data.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Probabilities in the order of ``classes_``; each row sums to 1.
        """
        scores = self._scores(X)
        return probabilities(scores, scores.dtype)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return logarithms of class probabilities, finite where the probability underflows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, n_features), images (n, C, H, W) or Dataset
            Data.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Log probabilities in the order of ``classes_``.
        """
        scores = self._scores(X)
        return log_probabilities(scores, scores.dtype)

    def transform(self, X: Any) -> np.ndarray:
        """Return the features that the head compares, those of several members side by side.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, n_features), images (n, C, H, W) or Dataset
            Data.

        Returns
        -------
        ndarray of shape (n, n_features_out)
            Features.
        """
        return self._run(X, features_of)

    @property
    def _n_features_out(self) -> int:
        check_is_fitted(self, "net_")
        return self.net_.module_.head.n_features_out

    # --- what the fitted net holds ------------------------------------------------------------

    @property
    def module_(self) -> nn.Module:
        """The fitted network: ``backbone`` and ``head``."""
        return self._net_for("module_").module_

    @property
    def history_(self) -> Any:
        """skorch's history: a row an epoch, with ``train_loss`` and each loss term."""
        return self._net_for("history_").history_

    @property
    def device_(self) -> str:
        """The device that the network is on."""
        return str(self._net_for("device_").device)

    def _net_for(self, name: str) -> Any:
        # AttributeError, not NotFittedError alone: hasattr must work before fit.
        if "net_" not in vars(self):
            raise AttributeError(f"{type(self).__name__} has no {name!r} before fit.")
        return self.net_
