"""A look at a trained network: whether it answers with one class, and whether its loss rose.

Nothing is drawn from the training's streams for it, so that it changes no bit of a model.
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

# So many training samples are looked at, of each class alike if it has them: of arrays, and of a
# Dataset, that may take long to give one.
_OF_ARRAYS, _OF_A_DATASET = 512, 64
# One class answers for this share of them, the mean over classes. Not for all: it is no better to
# give all but one of hundreds of samples to a class.
_NEARLY_ALL = 0.98
# Log probabilities that differ by less between nine tenths of the samples do not go by them. Not
# the probabilities: those of a class that is rare enough are all next to 0.
_CONSTANT, _MOST = 1e-2, (0.05, 0.95)
# A rate so many times that of the signature, or so small a part, is more likely to be the reason
# than anything else.
_FAR_FROM_DEFAULT = 10.0
# A training of fewer steps, which no rule of ours gives, has hardly begun.
_LEAST_STEPS = 100
# A loss that ends so many times above that of the first epoch has risen; less is noise. One that
# is so many times that of a guess, where that is known, has risen whatever it was.
_RISEN, _WORSE_THAN_A_GUESS = 1.5, 10.0

# Of which networks is told: all, those alone whose answers do not go by the samples, or none.
_ALL, CONSTANT, NONE = "all", "constant", "none"
_told: ContextVar[str] = ContextVar("_told", default=_ALL)


@contextmanager
def telling(what: str) -> Iterator[None]:
    """Say for a ``with`` block that what is fitted in it is a part of something else.

    Parameters
    ----------
    what : str
        `CONSTANT` where its probabilities are to be corrected: that it answers with one class is no
        fault, unless they are the same for all samples. `NONE` where it is looked at otherwise.
    """
    token = _told.set(NONE if _told.get() == NONE else what)
    try:
        yield
    finally:
        _told.reset(token)


def warn_of_one_class(estimator: BaseNetClassifier, data: TrainingData, plan: TrainPlan) -> None:
    """Warn of a network that has learnt nothing that it could answer by, with the likeliest remedy.

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
    told = _told.get()
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
    # a generator of its own, always the same: none of the training's
    samples = data.stratified_subsample(n, np.random.default_rng(0))
    y = data.y_encoded[samples]
    present, of_class, counts = np.unique(y, return_inverse=True, return_counts=True)
    if len(present) < 2:
        return None
    try:
        scores = run(estimator.net_, data, scores_of, samples).double().numpy()
    except NotFiniteError:
        return None  # a prediction says so, and of which row
    answers = np.zeros(scores.shape[1])
    np.add.at(answers, scores.argmax(axis=1), 1.0 / (len(present) * counts[of_class]))
    answer = int(answers.argmax())
    low, high = np.quantile(log_softmax(scores, axis=1), _MOST, axis=0)
    is_constant = bool(np.max(high - low) < _CONSTANT)
    return answer, min(float(np.round(answers[answer], 12)), 1.0), is_constant


def _is_wanted(estimator: BaseNetClassifier, answer: int) -> bool:
    """Return whether the user's own weights ask for this answer before all others."""
    if not is_cost(estimator.class_weight):
        return False
    costs = cost_vector(estimator.class_weight, estimator.classes_)
    return costs[answer] == costs.max() > costs.min()


def _remedy(estimator: BaseNetClassifier, plan: TrainPlan, answer: int, is_constant: bool) -> str:
    """Return what to do, by what is likeliest to be wrong."""
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
    """Return whether the rate is far from the default, for the optimiser that this is for."""
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
    """Return whether the largest class is answered and nothing makes up for that it is."""
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
    """Return what the loss ended at and above what, None where that is as it should be."""
    net = estimator.net_
    if plan.cross_fit or plan.validation_fraction is not None:
        return None  # the weights are those of another epoch
    losses = net.history_[:, "train_loss"]
    first, last = losses[0], losses[-1]
    guess = math.log(len(estimator.classes_))
    # without what a method adds to it, which may be large
    of_classes = net.history_[-1].get("train_classification", last)
    if net.criterion_.is_proper and of_classes > _WORSE_THAN_A_GUESS * guess:
        return f"{of_classes:.3g}, where {guess:.3g} is that of a guess"
    later = plan.rebalancer.rebalances and plan.rebalancer.from_epoch > 0
    # what is deferred or generated changes what the loss is of; a warm start begins low
    if plan.mode is Mode.FIT and not later and net.transform is None and 0 < first * _RISEN < last:
        return f"{last:.3g}, above the {first:.3g} of its first epoch"
    return None


def _shown(label: Any) -> str:
    return repr(label.item() if isinstance(label, np.generic) else label)
