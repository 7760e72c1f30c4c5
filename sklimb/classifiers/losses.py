"""The classification losses by name: each as a term of a `BatchOutput`, with the head it needs.

Every method that takes ``loss=`` gets it here, so a loss joins by one entry in `_LOSSES`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from sklearn.utils._param_validation import StrOptions
from torch import Tensor, nn
from torch.nn import functional as F

from sklimb._constraints import NOT_NEGATIVE, POSITIVE, check_takes
from sklimb._training.objective import BatchOutput
from sklimb._training.rebalancing import is_cost
from sklimb._training.recipe import Recipe
from sklimb._warnings import warn
from sklimb.heads import CosineHead, LinearHead
from sklimb.losses._reduction import Reduction
from sklimb.losses.focal import focal_loss
from sklimb.losses.logit_adjustment import log_class_shares
from sklimb.losses.margin_softmax import ldam_margins, margin_softmax_of_scaled

Loss = str | nn.Module | Callable[[Tensor, Tensor], Tensor]


def _reduction(step: BatchOutput) -> Reduction:
    """Return the reduction to use: without weights torch's own mean is quicker."""
    return "mean" if step.weight is None else "none"


class CrossEntropy:
    """Cross entropy of the scores."""

    row_wise = True

    def __call__(self, step: BatchOutput) -> Tensor:
        """Return the value of each sample, or their mean."""
        return F.cross_entropy(step.scores, step.y, reduction=_reduction(step))


class Focal:
    """Focal loss of the scores."""

    row_wise = True
    is_proper = False

    def __init__(self, gamma: float) -> None:
        self.gamma = gamma

    def __call__(self, step: BatchOutput) -> Tensor:
        """Return the value of each sample, or their mean."""
        return focal_loss(step.scores, step.y, self.gamma, reduction="none")


class AMSoftmax:
    """Additive-margin softmax; the head's scores are cosines times the scale."""

    row_wise = True
    is_proper = False

    def __init__(self, margin: float, scale: float) -> None:
        self.margin = margin
        self.scale = scale

    def __call__(self, step: BatchOutput) -> Tensor:
        """Return the value of each sample, or their mean."""
        taken = step.scores.new_full((len(step.y),), self.scale * self.margin)
        return margin_softmax_of_scaled(step.scores, step.y, taken, reduction=_reduction(step))


class LDAM:
    """Label-distribution-aware margins; the head's scores are cosines times the scale."""

    row_wise = True
    is_proper = False

    def __init__(self, max_margin: float, scale: float) -> None:
        self.max_margin = max_margin
        self.scale = scale

    def set_class_counts(self, counts: Tensor) -> None:
        """Take the training counts that the margins follow from."""
        self.counts = counts
        self.taken = self.scale * ldam_margins(counts, self.max_margin)  # once, not in each batch

    def __call__(self, step: BatchOutput) -> Tensor:
        """Return the value of each sample, or their mean."""
        reduction = _reduction(step)
        return margin_softmax_of_scaled(
            step.scores, step.y, self.taken[step.y], reduction=reduction
        )


class LogitAdjusted:
    """Cross entropy of scores plus tau times the log class shares.

    Under balanced draws, as translation has them, all shares are equal, and nothing is added.
    """

    row_wise = True

    def __init__(self, tau: float) -> None:
        self.tau = tau
        self.adjusts = True

    def set_balanced_draws(self, balanced: bool) -> None:
        """Take whether every class is drawn equally often."""
        self.adjusts = not balanced

    def set_class_counts(self, counts: Tensor) -> None:
        """Take the training counts that the shares follow from."""
        self.counts = counts
        self.offset = self.tau * log_class_shares(counts)  # once, not in each batch

    def __call__(self, step: BatchOutput) -> Tensor:
        """Return the value of each sample, or their mean."""
        scores = step.scores + self.offset if self.adjusts else step.scores
        return F.cross_entropy(scores, step.y, reduction=_reduction(step))

    def score_offset(self) -> Tensor:
        """Return what is added to the scores, (C,): tau times the log class shares."""
        return self.offset if self.adjusts else torch.zeros_like(self.offset)


class WithPrior(nn.Module):
    """A classification term on scores plus the log class shares of the batches (Eq. 2)."""

    def __init__(self, term: Callable[[BatchOutput], Tensor]) -> None:
        super().__init__()
        self.term = term

    @property
    def row_wise(self) -> bool:
        """Whether the term behind it is."""
        return getattr(self.term, "row_wise", False)

    @property
    def is_proper(self) -> bool:
        """Whether the term behind it is."""
        return getattr(self.term, "is_proper", True)

    def score_offset(self) -> Tensor:
        """Return what is added to the scores, (C,): the log class shares."""
        return self.log_shares

    def set_class_counts(self, counts: Tensor) -> None:
        """Hand the training counts on."""
        if hasattr(self.term, "set_class_counts"):
            self.term.set_class_counts(counts)

    def set_seen_counts(self, counts: Tensor) -> None:
        """Take how often the loss sees each class."""
        self.log_shares = log_class_shares(counts)

    def forward(self, step: BatchOutput) -> Tensor:
        """Return the loss of a step."""
        return self.term(step._replace(scores=step.scores + self.log_shares))


class OwnLoss(nn.Module):
    """A user's module or function of (scores, y).

    A module with a ``reduction`` is made to give a value for each sample, so that weights can be
    applied.
    """

    is_proper = False

    def __init__(self, loss: nn.Module | Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.loss = copy.deepcopy(loss) if isinstance(loss, nn.Module) else loss
        if isinstance(loss, nn.Module) and hasattr(loss, "reduction"):
            self.loss.reduction = "none"

    def forward(self, step: BatchOutput) -> Tensor:
        """Return the loss of a step."""
        value = self.loss(step.scores, step.y)
        if not isinstance(value, Tensor):
            raise TypeError(
                f"loss {self.loss!r} must return a tensor with a value for each sample, got "
                f"{value!r}."
            )
        if value.ndim == 0 and step.weight is not None:
            raise ValueError(
                f"loss {self.loss!r} returns one value for the batch, to which weights of samples "
                "cannot be applied. Let it return a value a sample, or give no class_weight and no "
                "sample_weight, and cross_fit=False."
            )
        return value


_LOSSES: dict[str, Callable[[Any], Callable[[BatchOutput], Tensor]]] = {
    "cross_entropy": lambda e: CrossEntropy(),
    "focal": lambda e: Focal(e.focal_gamma),
    "ldam": lambda e: LDAM(e.max_margin, e.scale),
    "am_softmax": lambda e: AMSoftmax(e.max_margin, e.scale),
    "logit_adjusted": lambda e: LogitAdjusted(e.tau),
    "balanced_softmax": lambda e: LogitAdjusted(1.0),
}
# Values that `loss` and its settings may have, for each method that takes them.
LOSS_CONSTRAINTS: dict[str, Any] = {
    "loss": [StrOptions(set(_LOSSES)), callable],
    "focal_gamma": NOT_NEGATIVE,
    "tau": NOT_NEGATIVE,
    "max_margin": NOT_NEGATIVE,
    "scale": POSITIVE,
}
# Those on a cosine head.
_ON_COSINES = ("ldam", "am_softmax")


def adjusts_for_prior(estimator: Any) -> bool:
    """Return whether the estimator's ``loss`` corrects for class sizes by itself."""
    loss = estimator.loss
    return isinstance(loss, str) and (
        loss == "balanced_softmax" or (loss == "logit_adjusted" and estimator.tau != 0)
    )


def check_loss(estimator: Any) -> None:
    """Raise an error for a ``loss`` that cannot be called; warn of a second correction."""
    loss = estimator.loss
    if isinstance(loss, type):
        raise TypeError(
            f"loss must be an instance of a module, not the class {loss.__name__}: pass "
            f"loss={loss.__name__}()."
        )
    if not isinstance(loss, str):
        function = loss.forward if isinstance(loss, nn.Module) else loss
        check_takes(function, "loss", "scores", "y")
    named = estimator.class_weight is not None and not is_cost(estimator.class_weight)
    if adjusts_for_prior(estimator) and (named or estimator.sampling is not None):
        warn(
            f"loss={loss!r} corrects for the class sizes, and so does "
            f"class_weight={estimator.class_weight!r}, sampling={estimator.sampling!r}. Set the "
            "latter two to None, or take another loss.",
        )


def make_head(estimator: Any, n_classes: int) -> Callable[[int], nn.Module]:
    """Return (n_features) -> the head that the estimator's loss needs, picklable."""
    if isinstance(estimator.loss, str) and estimator.loss in _ON_COSINES:
        return partial(CosineHead, n_classes=n_classes, scale=estimator.scale)
    return partial(LinearHead, n_classes=n_classes)


def make_term(estimator: Any) -> Callable[[BatchOutput], torch.Tensor]:
    """Return the estimator's loss as a term."""
    if isinstance(estimator.loss, str):
        return _LOSSES[estimator.loss](estimator)
    return OwnLoss(estimator.loss)


def classification_recipe(estimator: Any, n_classes: int, **more: Any) -> Recipe:
    """Return the recipe of a method whose loss is the estimator's classification loss alone.

    Parameters
    ----------
    estimator : classifier
        With ``loss`` and its settings.
    n_classes : int
    **more : dict
        Further parts of the `Recipe`.
    """
    terms = {"classification": (1, make_term(estimator))}
    return Recipe(make_head(estimator, n_classes), terms, **more)
