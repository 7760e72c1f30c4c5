"""Early stopping by a score on held-back samples (ties by the loss); best weights restored."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import check_scoring

from sklimb._training.inference import run, scores_of
from sklimb._warnings import warn
from sklimb.metrics import balanced_accuracy_scorer

if TYPE_CHECKING:
    from sklimb._data.training_data import ArrayData, DatasetData
    from sklimb._training.net import Net
    from sklimb._training.plan import TrainPlan


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
        """Return the labels of the samples that the scores are of."""
        return self.classes[self.scores.argmax(1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the samples that the scores are of."""
        return softmax(self.scores, axis=1)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the log probabilities of the samples that the scores are of."""
        return log_softmax(self.scores, axis=1)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the scores, or their difference for two classes."""
        return self.scores[:, 1] - self.scores[:, 0] if len(self.classes) == 2 else self.scores


class BestEpoch:
    """Keep the weights of the best epoch, and stop when none has been better for long.

    Parameters
    ----------
    scorer : callable
        scikit-learn scorer (estimator, X, y) -> float, higher is better.
    patience : int
        Epochs without a better score, or an equal one at a lower loss, before training stops.
    """

    def __init__(self, scorer: Callable[..., float], patience: int) -> None:
        self.scorer = scorer
        self.patience = patience
        self.takes_weights = _takes_weights(scorer)
        self.best: tuple[float, float] | None = None
        self.best_epoch = 0
        self.weights: dict[str, torch.Tensor] = {}
        self.member_weight = None

    def row_weight(self, net: Net, weight: np.ndarray | None) -> torch.Tensor | None:
        """Return the weights of an epoch's samples as they are, on the device."""
        return None if weight is None else net.row_weight(weight)

    def steps(self, net: Net) -> Callable[..., dict[str, Any]]:
        """Return the function that takes a step: the net's own."""
        return net.train_step

    def after_epoch(self, net: Net, held: ArrayData | DatasetData) -> None:
        """Score the epoch on the held-back samples, and decide."""
        scores = run(net, held, scores_of).double().numpy()
        y = net.class_labels[held.y_encoded]
        weighted = self.takes_weights and held.weight is not None
        weights = {"sample_weight": held.weight} if weighted else {}
        fitted = Fitted(scores, net.class_labels)
        X = held.whole()
        score = self.scorer(fitted, X, y, **weights)
        try:
            score = float(score)
        except (TypeError, ValueError):
            raise TypeError(f"scoring must return a number, got {score!r}.") from None
        net.history.record("valid_score", score)
        rank = (score, -net.history[-1, "valid_loss"])
        better = self.best is None or rank > self.best
        net.history.record("valid_score_best", better)
        if better:
            self.best, self.best_epoch = rank, net.finished_epochs
            self.weights = copy.deepcopy(net.module_.state_dict())
        elif net.finished_epochs - self.best_epoch >= self.patience:
            net.stop_training = True

    def state(self) -> dict[str, Any]:
        """Return what a training that goes on needs of it."""
        return {"best": self.best, "best_epoch": self.best_epoch, "weights": self.weights}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take what `state` returned."""
        best = state["best"]
        self.best = None if best is None else (float(best[0]), float(best[1]))
        self.best_epoch = int(state["best_epoch"])
        self.weights = dict(state["weights"])

    def restore(self, net: Net) -> None:
        """Put the best weights back."""
        if self.weights:
            net.module_.load_state_dict(self.weights)


def make_monitor(classifier: BaseEstimator) -> BestEpoch:
    """Return the monitor of a training with early stopping, by a classifier's parameters."""
    scoring = classifier.scoring
    if scoring is None:
        # ours, because scikit-learn's warns when no held-back sample has a class that is predicted
        scoring = balanced_accuracy_scorer
    return BestEpoch(check_scoring(classifier, scoring=scoring), classifier.n_iter_no_change)


def _takes_weights(scorer: Callable[..., float]) -> bool:
    """Return whether a scorer can use ``sample_weight``: its metric must know it."""
    metric = getattr(scorer, "_score_func", scorer)
    return "sample_weight" in inspect.signature(metric).parameters


def warn_if_stopped_before(
    net: Net, plan: TrainPlan, parameter: str, value: float, what: str, counted: str
) -> None:
    """Warn where early stopping came before something that a parameter starts.

    Parameters
    ----------
    net : Net
        Trained.
    plan : TrainPlan
    parameter : str
    value : int or float
        Of the parameter.
    what : str
        What it starts.
    counted : str
        The figure of the history that says whether it did.
    """
    begins = plan.epoch_of(value, parameter)
    stopped = plan.validation_fraction is not None
    if not (stopped and net.finished_epochs <= begins < plan.max_epochs):
        return
    if not any(net.history_[:, counted]):
        warn(
            f"Early stopping ended the training after {net.finished_epochs} epochs, before {what} "
            f"starts ({parameter}={value!r}): this is the plain network. "
            f"Start {what} earlier, or raise n_iter_no_change."
        )
