"""What a fitted network classifier says of samples, and of its training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from torch import nn

from sklimb._data.validation import check_new_data
from sklimb._random import torch_defaults
from sklimb._training.inference import features_of, run, scores_of
from sklimb.classifiers.fitting_aside import by_one_fit
from sklimb.classifiers.parameters import names_extremes
from sklimb.classifiers.probabilities import log_probabilities, probabilities


class PredictingMixin(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Predictions of a classifier by its ``net_``, and what else the net knows."""

    @by_one_fit
    @names_extremes
    def _run(self, X: Any, what: Callable[..., torch.Tensor]) -> np.ndarray:
        """Return what a function of (network, batch) gives over X, in the network's float type."""
        check_is_fitted(self, "net_")
        with torch_defaults():
            return run(self.net_, check_new_data(self, X), what).numpy()

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the scores of the classes; of several members the log of their mean probability.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), images or Dataset
            Data.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or (n_samples,)
            Scores; for two classes the second minus the first. Of the type that they are computed
            in, as all that follows: float32, or float64 with ``dtype="float64"``.
        """
        scores = self._run(X, scores_of)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    @by_one_fit
    def predict(self, X: Any) -> np.ndarray:
        """Return the class with the highest score for each sample.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), images or Dataset
            Data.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels, as they were in ``y``.
        """
        scores = self._run(X, scores_of)
        return self.classes_[scores.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return class probabilities: the softmax of the scores, averaged over members.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), images or Dataset
            Data.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of ``classes_``; each row sums to 1.
        """
        scores = self._run(X, scores_of)
        return probabilities(scores, scores.dtype)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return logarithms of class probabilities, finite where the probability underflows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), images or Dataset
            Data.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Log probabilities in the order of ``classes_``.
        """
        scores = self._run(X, scores_of)
        return log_probabilities(scores, scores.dtype)

    def transform(self, X: Any) -> np.ndarray:
        """Return the features that the head compares, those of several members side by side.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), images or Dataset
            Data.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
            Features.
        """
        return self._run(X, features_of)

    @property
    def _n_features_out(self) -> int:
        check_is_fitted(self, "net_")
        return self.net_.module_.head.n_features_out

    @property
    def module_(self) -> nn.Module:
        """The fitted network: ``backbone`` and ``head``."""
        return self._net_for("module_").module_

    @property
    def history_(self) -> Any:
        """skorch's history: a row an epoch, with ``train_loss`` and each loss term."""
        return self._net_for("history_").history_

    @property
    def n_iter_(self) -> int:
        """Epochs trained."""
        return self._net_for("n_iter_").finished_epochs

    @property
    def class_counts_(self) -> np.ndarray:
        """Samples of each class that were trained on, by weight."""
        return self._net_for("class_counts_").counts_.copy()

    @property
    def device_(self) -> str:
        """The device that the network is on."""
        return str(self._net_for("device_").device)

    def _net_for(self, name: str) -> Any:
        # AttributeError, not NotFittedError alone: hasattr must work before fit.
        if "net_" not in vars(self):
            raise AttributeError(f"{type(self).__name__} has no {name!r} before fit.")
        return self.net_

    def __sklearn_is_fitted__(self) -> bool:
        return "net_" in vars(self)
