"""Early stopping by a score on held-back rows, ties broken by the loss; best weights restored."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from skorch.callbacks import Callback

if TYPE_CHECKING:
    from sklimb._engine import Net


class Fitted(ClassifierMixin, BaseEstimator):
    """What a scikit-learn scorer needs of a classifier, over scores that are already there.

    Parameters
    ----------
    scores : ndarray, shape (n, C)
    classes : ndarray, shape (C,)
        The original labels, so that a scorer with a ``pos_label`` works.
    """

    def __init__(self, scores: np.ndarray, classes: np.ndarray) -> None:
        self.scores = scores
        self.classes = classes

    @property
    def classes_(self) -> np.ndarray:
        """The labels."""
        return self.classes

    def fit(self, X: Any, y: Any = None) -> Fitted:
        """Return self: scorers ask for a fit method."""
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the labels of the rows that the scores are of."""
        return self.classes[self.scores.argmax(1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the rows that the scores are of."""
        return softmax(self.scores, axis=1)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the scores, or their difference for two classes."""
        return self.scores[:, 1] - self.scores[:, 0] if len(self.classes) == 2 else self.scores


class BestEpoch(Callback):
    """Keep the weights of the best epoch and stop when it is long ago.

    Parameters
    ----------
    scorer : callable
        scikit-learn scorer (estimator, X, y) -> float, higher is better.
    patience : int
        Epochs without a better score, or an equal one at a lower loss, before training stops.
    sample_weight : ndarray or None
        Of the validation rows; passed to scorers that take it.
    """

    def __init__(
        self,
        scorer: Callable[..., float],
        patience: int,
        sample_weight: np.ndarray | None = None,
    ) -> None:
        self.scorer = scorer
        self.patience = patience
        self.sample_weight = sample_weight

    def on_train_begin(self, net: Net, **kwargs: Any) -> None:
        """Forget earlier training."""
        self.best_: tuple[float, float] | None = None
        self.weights_: dict[str, torch.Tensor] | None = None
        self.best_epoch_ = 0

    def on_epoch_end(self, net: Net, dataset_valid: Any = None, **kwargs: Any) -> None:
        """Score the epoch and decide."""
        scores = net.run(dataset_valid, lambda module, x: module(x)).double().numpy()
        fitted = Fitted(scores, net.class_labels)
        y = net.class_labels[dataset_valid.codes]
        weights = {} if self.sample_weight is None else {"sample_weight": self.sample_weight}
        score = float(self.scorer(fitted, np.empty((len(y), 0)), y, **weights))
        net.history.record("valid_score", score)
        rank = (score, -net.history[-1, "valid_loss"])
        better = self.best_ is None or rank > self.best_
        net.history.record("valid_score_best", better)
        if better:
            self.best_, self.best_epoch_ = rank, net.finished_epochs
            self.weights_ = copy.deepcopy(net.module_.state_dict())
        elif net.finished_epochs - self.best_epoch_ >= self.patience:
            net.stop_training = True

    def on_train_end(self, net: Net, **kwargs: Any) -> None:
        """Put the best weights back."""
        if self.weights_ is not None:
            net.module_.load_state_dict(self.weights_)
            self.weights_ = None
