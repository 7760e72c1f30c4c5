"""What a training step shows, the loss as a weighted sum of terms over it, and that of a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from sklimb.heads._once import within_step
from sklimb.heads.members import weights_of_members
from sklimb.transforms.base import Transform


class BatchOutput(NamedTuple):
    """All that a loss term sees of a training step.

    Attributes
    ----------
    y : Tensor of int, shape (n,)
        Class indices.
    weight : Tensor, shape (n,), or None
        Sample weights, for terms that return one scalar. Of shape (n, k) if members weigh samples
        differently.
    features : Tensor, shape (n, e)
        What the head compares. A step of k members, which `LossTerms` takes apart before a term
        sees it, has (n, k, e).
    scores : Tensor, shape (n, C)
        Of members (n, k, C).
    head : nn.Module
        Of members `MemberHeads`.
    """

    y: Tensor
    weight: Tensor | None
    features: Tensor
    scores: Tensor
    head: nn.Module


class LossTerms(nn.Module):
    """A weighted sum of loss terms, each a value for each sample or a scalar.

    Sample weights are applied here and nowhere else: a term that gives a value for each sample is
    averaged by weight over the batch.

    Parameters
    ----------
    terms : mapping
        name -> (coefficient, term); a term is called with a `BatchOutput`. Terms that are modules
        may learn; a coefficient of 0 leaves the term out altogether.
    weight_average : {"batch", "mean"}, default="batch"
        Whether the weighted sum over a batch is divided by the sum of its weights, or by the number
        of its samples. Weights of an epoch have mean 1 (`Net.row_weight`), those of mixed samples
        and of members that leave samples out included.

    Notes
    -----
    Of k members the loss is the mean of what each would have alone, never that of their averaged
    prediction. A term that says by ``row_wise = True`` that its value for a sample depends on the
    scores and the class of that sample alone is called once with the samples of all members; any
    other is called member by member, with the member's own head.
    """

    def __init__(
        self,
        terms: Mapping[str, tuple[float, Callable[[BatchOutput], Tensor]]],
        weight_average: str = "batch",
    ) -> None:
        super().__init__()
        self.terms = {name: term for name, term in terms.items() if term[0] != 0}
        if not self.terms:
            raise ValueError(f"All loss terms are switched off: {sorted(terms)}.")
        self.average = _AVERAGES[weight_average]
        self.learnt = nn.ModuleList(t for _, t in self.terms.values() if isinstance(t, nn.Module))

    def set_class_counts(self, counts: Tensor) -> None:
        """Tell the (weighted) training counts, (C,), to the terms that go by them."""
        for _, term in self.terms.values():
            if hasattr(term, "set_class_counts"):
                term.set_class_counts(counts)

    def set_seen_counts(self, counts: Tensor) -> None:
        """Tell the terms that go by them how often the loss sees each class, (C,), this epoch.

        Up to a factor: training counts after draws and re-weighting, where these are in force.
        """
        for _, term in self.terms.values():
            if hasattr(term, "set_seen_counts"):
                term.set_seen_counts(counts)

    def set_balanced_draws(self, balanced: bool) -> None:
        """Tell the terms that correct for class sizes whether the draws of an epoch do so."""
        for _, term in self.terms.values():
            if hasattr(term, "set_balanced_draws"):
                term.set_balanced_draws(balanced)

    @property
    def is_proper(self) -> bool:
        """Whether the scores are made to be the logarithms of probabilities, up to a constant."""
        return all(getattr(term, "is_proper", True) for _, term in self.terms.values())

    def score_offset(self) -> Tensor | None:
        """Return what the loss adds to the scores of the classes, (C,), None if nothing.

        With it they are scores for the class shares of the training data.
        """
        offsets = [t.score_offset() for _, t in self.terms.values() if hasattr(t, "score_offset")]
        return offsets[0] if offsets else None

    def forward(self, step: BatchOutput) -> tuple[Tensor, list[Tensor]]:
        """Return the loss and each term's value before its coefficient."""
        if step.scores.ndim == 2:
            values = [self.average(term(step), step.weight) for _, term in self.terms.values()]
        else:
            values = [_of_members(term, step, self.average) for _, term in self.terms.values()]
        total = None
        for (coefficient, _), value in zip(self.terms.values(), values, strict=True):
            part = value if coefficient == 1 else coefficient * value
            total = part if total is None else total + part
        return total, values


def _by_weight(value: Tensor, weight: Tensor | None) -> Tensor:
    """Return the weighted mean over the samples of a batch; a scalar stays."""
    if value.ndim == 0:
        return value
    if weight is None:
        return value.mean()
    # A batch in which every sample weighs nothing has no gradient rather than NaN.
    return (value * weight).sum() / weight.sum().clamp_min(torch.finfo(weight.dtype).tiny)


def _by_number(value: Tensor, weight: Tensor | None) -> Tensor:
    """Return the weighted sum over the samples of a batch by their number; a scalar stays."""
    if value.ndim == 0:
        return value
    return value.mean() if weight is None else (value * weight).mean()


_AVERAGES = {"batch": _by_weight, "mean": _by_number}
_Average = Callable[[Tensor, Tensor | None], Tensor]


def _of_members(
    term: Callable[[BatchOutput], Tensor], step: BatchOutput, average: _Average
) -> Tensor:
    """Return the mean over members of a term of a step (n, k, ...)."""
    n, k, _ = step.scores.shape
    if getattr(term, "row_wise", False):
        weight = step.weight
        if weight is not None:
            weight = weight.reshape(-1) if weight.ndim == 2 else weight.repeat_interleave(k)
        rows = BatchOutput(
            step.y.repeat_interleave(k), weight, step.features.reshape(n * k, -1),
            step.scores.reshape(n * k, -1), step.head,
        )  # fmt: skip
        return average(term(rows), weight)
    weights = weights_of_members(step.weight, k)
    values = [
        average(term(BatchOutput(step.y, weight, features, scores, head)), weight)
        for weight, features, scores, head in zip(
            weights, step.features.unbind(1), step.scores.unbind(1), step.head.members, strict=True
        )
    ]
    return torch.stack(values).mean()


def batch_loss(module: nn.Module, criterion: LossTerms, batch: Any) -> dict[str, Any]:
    """Return the loss of a batch (x, y) with ``.weight``, as `step_output` has it."""
    x, y = batch
    with within_step(module.head):
        features = module.features(x)
        step = BatchOutput(y, batch.weight, features, module.head(features), module.head)
        return step_output(*criterion(step), step.scores, step)


def transformed_loss(
    module: nn.Module, criterion: LossTerms, batch: Any, transform: Transform
) -> dict[str, Any]:
    """Return the loss of a batch that a transform changes on its way."""
    transform.start_batch(*batch.on_host)
    x, y, weight = transform.at_input(*batch, batch.weight)
    came = y, weight

    def change(maps: Tensor) -> Tensor:
        nonlocal y, weight
        # of copies of a backbone each in turn: all add the same samples
        maps, y, weight = transform.at_stage(maps, *came)
        return maps

    with within_step(module.head):
        features = module.features(x, transform.stage, change)
        scores = module.head(features)
        step = BatchOutput(y, weight, features, scores, module.head)
        loss, values = criterion(step)
    added = transform.terms()
    for name in names_of_terms(transform):
        value = added.get(name)
        if value is not None:
            loss = loss + transform.coefficients[name] * value
        # NaN is left out of the epoch's mean
        values.append(loss.new_full((), torch.nan) if value is None else value)
    transform.after_scores(step)
    # skorch's callbacks expect a score for each sample of the batch
    return step_output(loss, values, scores[: len(batch[1])], step)


def names_of_terms(transform: Transform) -> list[str]:
    """Return the names of the terms that a transform adds to the loss."""
    return [name for name, factor in transform.coefficients.items() if factor != 0]


def step_output(
    loss: Tensor, values: list[Tensor], scores: Tensor, step: BatchOutput
) -> dict[str, Any]:
    """Return a step as skorch's callbacks get it, with the loss and its terms to record."""
    # One tensor a batch, read once an epoch: .item() would wait for the device each time.
    kept = loss.detach()
    if len(values) > 1:
        kept = torch.stack([kept, *(value.detach() for value in values)])
    return {"loss": loss, "losses": kept, "y_pred": scores, "step": step}
