"""Warnings of a useless network: one that predicts a single class, or whose loss rose.

The check draws nothing from the training's random streams, so it changes no bit of a model.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning

from sklimb._data.training_data import ArrayData, TrainingData
from sklimb._training.inference import NotFiniteError, run, scores_of
from sklimb._training.plan import Mode, TrainPlan
from sklimb._training.rebalancing import cost_vector, is_cost
from sklimb._warnings import warn
from sklimb.backbones import TabularMLP

if TYPE_CHECKING:
    from sklimb.classifiers.base import BaseNetClassifier

# How many training samples are checked, equally many of each class where it has them: from arrays,
# and from a Dataset, which may be slow.
_OF_ARRAYS, _OF_A_DATASET = 512, 64
# One class is predicted for this share of them, averaged over the true classes. Not 1: a network
# that predicts another class for one of hundreds of samples is no better.
_NEARLY_ALL = 0.98
# Predictions are constant if their log probabilities differ by less among nine tenths of the
# samples. Logs, because the probabilities of a very rare class are all close to 0.
_CONSTANT, _MOST = 1e-2, (0.05, 0.95)
# A learning rate this many times above or below the default is the likeliest reason.
_FAR_FROM_DEFAULT = 10.0
# Fewer steps than this are no training yet; "auto" never chooses so few.
_LEAST_STEPS = 100
# A loss has risen if it ends at this many times that of the first epoch (less is noise), or, for
# losses that are log losses, at this many times that of equal probabilities.
_RISEN, _WORSE_THAN_A_GUESS = 1.5, 10.0

# Which networks are warned of: all, those with constant predictions, or none.
_ALL, CONSTANT, NONE = "all", "constant", "none"
_warned_of: ContextVar[str] = ContextVar("_warned_of", default=_ALL)


@contextmanager
def one_class_warnings(what: str) -> Iterator[None]:
    """Set which one-class warnings networks give that are fitted within a ``with`` block.

    Parameters
    ----------
    what : str
        `CONSTANT` where probabilities are corrected afterwards: predicting one class is no fault
        then, unless all samples get the same probabilities. `NONE` where something else checks.
    """
    token = _warned_of.set(NONE if _warned_of.get() == NONE else what)
    try:
        yield
    finally:
        _warned_of.reset(token)


def warn_of_one_class(estimator: BaseNetClassifier, data: TrainingData, plan: TrainPlan) -> None:
    """Warn of a network that has learnt nothing useful, with the likeliest remedy.

    Parameters
    ----------
    estimator : classifier
        With its ``net_``, trained.
    data : TrainingData
        What it was trained on.
    plan : TrainPlan

    Warns
    -----
    ConvergenceWarning
        If it answers with one class for (nearly) all samples, or its loss ended well above that of
        its first epoch. Not for `partial_fit`, for more may come, and after few steps only if the
        rate is high.
    """
    told = _warned_of.get()
    if plan.more_may_come or told == NONE:
        return
    steps = sum(estimator.history_[:, "train_batch_count"])
    if steps < _LEAST_STEPS and not _rate_is(estimator, "high"):
        return
    found = _answered(estimator, data)
    if found is None:
        return
    answer, share, is_constant = found
    if share >= _NEARLY_ALL and not _is_wanted(estimator, answer):
        if is_constant or told == _ALL:
            amount = "all" if share == 1.0 else "nearly all"
            warn(
                f"{type(estimator).__name__} answers with {_shown(estimator.classes_[answer])} for "
                f"{amount} training samples that were looked at, whatever their class. "
                f"{_remedy(estimator, plan, answer, is_constant)}",
                ConvergenceWarning,
            )
    elif told == _ALL and (text := _risen(estimator, plan)) is not None:
        warn(
            f"The training loss of {type(estimator).__name__} ended at {text}. Lower lr (now "
            f"{estimator.lr:g}).",
            ConvergenceWarning,
        )


def _answered(estimator: BaseNetClassifier, data: TrainingData) -> tuple[int, float, bool] | None:
    """Return the class answered most, its share over classes, and whether all samples look alike.

    None where there is one class alone.
    """
    n = _OF_ARRAYS if isinstance(data, ArrayData) else _OF_A_DATASET
    # its own generator, always seeded alike: none of the training's is moved
    rng = np.random.default_rng(0)
    samples = data.stratified_subsample(n, rng)
    if len(samples) > n:  # of so many classes a part will do: scores of all are samples x classes
        samples = np.sort(rng.choice(samples, n, replace=False))
    y = data.y_encoded[samples]
    present, of_class, counts = np.unique(y, return_inverse=True, return_counts=True)
    if len(present) < 2:
        return None
    try:
        scores = run(estimator.net_, data, scores_of, samples).double().numpy()
    except NotFiniteError:
        return None  # `predict` raises this again, and names the sample
    answers = np.zeros(scores.shape[1])
    np.add.at(answers, scores.argmax(axis=1), 1.0 / (len(present) * counts[of_class]))
    answer = int(answers.argmax())
    low, high = np.quantile(log_softmax(scores, axis=1), _MOST, axis=0)
    is_constant = bool(np.max(high - low) < _CONSTANT)
    return answer, min(float(np.round(answers[answer], 12)), 1.0), is_constant


def _is_wanted(estimator: BaseNetClassifier, answer: int) -> bool:
    """Return whether the user's own class weights favour this class over all others."""
    if not is_cost(estimator.class_weight):
        return False
    costs = cost_vector(estimator.class_weight, estimator.classes_)
    return costs[answer] == costs.max() > costs.min()


def _remedy(estimator: BaseNetClassifier, plan: TrainPlan, answer: int, is_constant: bool) -> str:
    """Return a sentence with the likeliest remedy."""
    defaults = inspect.signature(type(estimator)).parameters
    lr = estimator.lr
    for extreme, verb in (("high", "lower"), ("low", "raise")):
        if _rate_is(estimator, extreme):
            return (
                f"lr={lr:g} is likely too {extreme}: {verb} it (the default is "
                f"{defaults['lr'].default:g})."
            )
    if _corrects_nothing(estimator, answer):
        by_loss = 'loss="logit_adjusted"' if "loss" in defaults else 'class_weight="balanced"'
        return (
            f"It is the largest class, and nothing corrects for that: set {by_loss}, or put a "
            "PriorCorrectedClassifier around it."
        )
    if plan.cross_fit:
        return (
            "Its members found nothing better on the samples that they left out: X may say little "
            "of y. More samples, other columns or cross_fit=False with more max_epochs may help."
        )
    if is_constant:
        return (
            "They all get the same probabilities: see that X has columns that vary, else raise "
            f"max_epochs (now {plan.epochs}) or change lr (now {lr:g})."
        )
    by_itself = ", or set cross_fit=True" if plan.backbone is TabularMLP else ""
    return f"Raise max_epochs (now {plan.epochs}){by_itself}, or change lr (now {lr:g})."


def _rate_is(estimator: BaseNetClassifier, extreme: str) -> bool:
    """Return whether the learning rate is far from the default of the default optimiser."""
    defaults = inspect.signature(type(estimator)).parameters
    if not {"lr", "optimizer"} <= set(
        defaults
    ):  # a class of the user's own, with a rate of its own
        return False
    if estimator.optimizer is not defaults["optimizer"].default:
        return False
    ratio = estimator.lr / defaults["lr"].default
    return (ratio if extreme == "high" else 1.0 / ratio) > _FAR_FROM_DEFAULT


def _corrects_nothing(estimator: BaseNetClassifier, answer: int) -> bool:
    """Return whether the largest class is predicted and nothing corrects for class sizes."""
    net = estimator.net_
    offset = net.criterion_.score_offset()
    return (
        net.counts_[answer] == net.counts_.max() > net.counts_.min()
        and not estimator._corrects_by_itself
        and not hasattr(estimator, "translate_from")  # its draws are balanced
        and not net.rebalancer.rebalances
        and (offset is None or not offset.any())
    )


def _risen(estimator: BaseNetClassifier, plan: TrainPlan) -> str | None:
    """Return the final loss and what it exceeds, in words; None where it has not risen."""
    net = estimator.net_
    if plan.cross_fit or plan.validation_fraction is not None:
        return None  # the weights are those of another epoch
    losses = net.history_[:, "train_loss"]
    first, last = losses[0], losses[-1]
    guess = math.log(len(estimator.classes_))
    # the classification loss alone: a method's other terms may be large
    of_classes = net.history_[-1].get("train_classification", last)
    if net.criterion_.is_proper and of_classes > _WORSE_THAN_A_GUESS * guess:
        return f"{of_classes:.3g}, where {guess:.3g} is that of a guess"
    later = plan.rebalancer.rebalances and plan.rebalancer.from_epoch > 0
    # deferred weights and generated samples change the loss itself; a warm start begins low
    if plan.mode is Mode.FIT and not later and net.transform is None and 0 < first * _RISEN < last:
        return f"{last:.3g}, above the {first:.3g} of its first epoch"
    return None


def _shown(label: Any) -> str:
    return repr(label.item() if isinstance(label, np.generic) else label)
