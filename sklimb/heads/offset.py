"""Heads whose offsets follow from the class centres (Kim, Hong & Kim 2021)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sklimb._warnings import warn
from sklimb.heads._once import OncePerStep
from sklimb.heads._unit import unit_rows
from sklimb.heads.softmax import CosineHead, LinearHead
from sklimb.losses.offset import estimated_offset, move_centers

__all__ = ["EmpiricalOffsetHead", "OffsetHead"]


class OffsetHead(OncePerStep):
    r"""Scores w_k . f minus the offset that class k's centre estimates (Kim, Hong & Kim 2021).

    .. math:: s_k = w_k \cdot f - \tfrac{1}{2} c_k \cdot w_k

    with :math:`c_k` the centre of class k, which is learnt by the rule of the centre loss (see
    `sklimb.losses.move_centers`) and not by the optimiser. Centres are buffers: they are saved and
    move between devices with the head. So are the means of the classes' samples, once `set_means`
    brings them, which scores do not go by.

    Parameters
    ----------
    in_features : int
        Width d of the features.
    n_classes : int
        Number of classes C.
    subtract : bool, default=True
        False leaves the offset out of the scores, for a constraint on it alone.
    centered : bool, default=True
        Measure features and centres from the mean of the centres, so that equal offsets put a
        boundary between the centres wherever the backbone puts its zero. False takes them as they
        are.
    scale : float or None, default=None
        None scores by inner products. A number scores by cosines times it: features and class
        weights are put on the unit sphere before everything else.
    rate : float, default=0.5
        Rate of the centres.

    Examples
    --------
    >>> import torch
    >>> from sklimb.heads import OffsetHead
    >>> head = OffsetHead(8, 3)
    >>> head(head.embed(torch.randn(5, 8))).shape
    torch.Size([5, 3])
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        *,
        subtract: bool = True,
        centered: bool = True,
        scale: float | None = None,
        rate: float = 0.5,
    ) -> None:
        super().__init__()
        self.joint = self._make_joint(in_features, n_classes, scale)
        self.register_buffer("raw_centers", torch.zeros(n_classes, in_features))
        # Which classes have started from data: partial_fit may meet a class late.
        self.register_buffer("started", torch.zeros(n_classes, dtype=torch.bool))
        # Beside the centres, to compare them with; NaN until known.
        self.register_buffer("raw_means", torch.full((n_classes, in_features), torch.nan))
        self.n_features_out = in_features
        self.subtract = subtract
        self.centered = centered
        self.scale = scale
        self.rate = rate

    def _make_joint(self, in_features: int, n_classes: int, scale: float | None) -> nn.Module:
        """Return the layer whose weights are the optimiser's."""
        if scale is None:
            return LinearHead(in_features, n_classes, bias=False)
        return CosineHead(in_features, n_classes, scale=scale)

    @property
    def weight(self) -> Tensor:
        """Weights of the classes (C, d), as scores are inner products with them."""
        return self.once("weight", lambda: class_weights(self.joint))

    @property
    def origin(self) -> Tensor:
        """Where features are measured from (d,): the mean of the centres so far, or zero."""
        if not self.centered:
            return torch.zeros_like(self.raw_centers[0])
        return self.once("origin", self._mean_of_centers)

    def _mean_of_centers(self) -> Tensor:
        # those that have not started are zeros in the sum
        return self.raw_centers.sum(dim=0) / self.started.sum().clamp_min(1)

    @property
    def centers(self) -> Tensor:
        """Centres of the classes (C, d) in the space of `embed`; zero for one not yet met."""
        return self.once(
            "centers", lambda: (self.raw_centers - self.origin) * self.started.unsqueeze(1)
        )

    @property
    def offset(self) -> Tensor:
        """The offset of each class (C,); 0 for one that no sample has been met of."""
        return self.once("offset", lambda: self._offset_of(self.weight))

    def _offset_of(self, weight: Tensor) -> Tensor:
        return estimated_offset(weight, self.centers)

    @property
    def class_means(self) -> Tensor:
        """Means of the classes' samples (C, d) in the space of `embed`; NaN for one not known."""
        return self.raw_means - self.origin

    def embed(self, features: Tensor) -> Tensor:
        """Return the features as they are scored.

        Parameters
        ----------
        features : Tensor, shape (n, d)
            Features of the backbone.

        Returns
        -------
        Tensor, shape (n, d)
            Features measured from `origin`, on the unit sphere first where scores are cosines.
        """
        if self.scale is not None:
            features = unit_rows(features)
        return features - self.origin if self.centered else features

    def forward(self, embedded: Tensor) -> Tensor:
        """Return the scores of the classes.

        Parameters
        ----------
        embedded : Tensor, shape (n, d)
            What `embed` returned.

        Returns
        -------
        Tensor, shape (n, C)
            Scores.
        """
        if not self.subtract:
            return F.linear(embedded, self.weight)
        return F.linear(embedded, self.weight, -self.offset)

    @torch.no_grad()
    def set_means(self, means: Tensor, present: Tensor) -> None:
        """Take the means of classes that have samples; the others keep what was known.

        Parameters
        ----------
        means : Tensor, shape (C, d)
            Means of the features as the backbone gives them (on the unit sphere where scores are
            cosines).
        present : Tensor of bool, shape (C,)
            Classes whose mean this is.
        """
        present = present.to(self.started)
        means = means.to(self.raw_means)
        self.raw_means.copy_(torch.where(present.unsqueeze(1), means, self.raw_means))

    @torch.no_grad()
    def init_from_data(
        self, embedded: Tensor, y: Tensor, weight: Tensor | None, generator: torch.Generator
    ) -> None:
        """Start the centre of each class that has rows, and has not started yet, at their mean.

        Parameters
        ----------
        embedded : Tensor, shape (n, d)
            What `embed` returned for the samples.
        y : Tensor of int, shape (n,)
            Class indices.
        weight : Tensor, shape (n,), or None
            Weights of the samples, above 0; None weighs all alike.
        generator : torch.Generator
            Not used: nothing is drawn.
        """
        origin = self.origin
        for code in torch.unique(y).tolist():
            if self.started[code]:
                continue
            rows = embedded[y == code]
            rows += origin  # a copy already
            rows = rows.cpu().double()  # not every device has float64
            mass = torch.ones(len(rows)) if weight is None else weight[y == code].cpu()
            mass = mass.double()
            self.raw_centers[code] = ((mass / mass.sum()) @ rows).to(self.raw_centers)
            self.started[code] = True

    @torch.no_grad()
    def after_step(self, embedded: Tensor, y: Tensor, weight: Tensor | None) -> None:
        """Move the centres by the rule of the centre loss.

        Parameters
        ----------
        embedded : Tensor, shape (n, d)
            What `embed` returned for the batch, before the optimiser's step.
        y : Tensor of int, shape (n,)
            Class indices.
        weight : Tensor, shape (n,), or None
            Weights of the samples as in the loss: a weight of 2 counts as two samples.
        """
        centers = self.centers
        self.raw_centers += move_centers(centers, embedded, y, weight, rate=self.rate) - centers


class EmpiricalOffsetHead(OffsetHead):
    r"""An ordinary head to train, whose offset is afterwards taken from the class means.

    While training, and until `set_means` brings the means, it is a `LinearHead` (a `CosineHead`
    with `scale`), bit for bit. Then, in eval mode, the learnt bias gives way to the empirical
    offset of Kim, Hong & Kim (2021), section 2.2: half the inner product of a class's mean with its
    weights, subtracted. A class without a mean keeps its learnt bias, moved by as much as those of
    the others are on average, so that it stays as likely beside them as it was learnt to be.

    A state that was saved before the means were there has none; to load it into a head that had
    them warns.

    Parameters
    ----------
    in_features : int
        Width d of the features.
    n_classes : int
        Number of classes C.
    centered : bool, default=True
        As in `OffsetHead`.
    scale : float or None, default=None
        As in `OffsetHead`.

    Examples
    --------
    >>> import torch
    >>> from sklimb.heads import EmpiricalOffsetHead
    >>> head = EmpiricalOffsetHead(2, 2).eval()
    >>> head.set_means(torch.tensor([[3.0, 1.0], [1.0, 1.0]]), torch.tensor([True, True]))
    >>> head.embed(torch.tensor([[2.0, 1.0]]))  # half-way between the means is the origin
    tensor([[0., 0.]])
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        *,
        centered: bool = True,
        scale: float | None = None,
    ) -> None:
        super().__init__(in_features, n_classes, centered=centered, scale=scale)
        # No part of the state: a checkpoint of a training that goes on predicts with its means.
        self.uses_means = True

    def _make_joint(self, in_features: int, n_classes: int, scale: float | None) -> nn.Module:
        if scale is None:
            return LinearHead(in_features, n_classes)
        return CosineHead(in_features, n_classes, scale=scale)

    def embed(self, features: Tensor) -> Tensor:
        """Return the features as they are scored.

        Parameters
        ----------
        features : Tensor, shape (n, d)
            Features of the backbone.

        Returns
        -------
        Tensor, shape (n, d)
            While training the same tensor, else as `OffsetHead.embed` has them.
        """
        return features if self._is_plain() else super().embed(features)

    def forward(self, embedded: Tensor) -> Tensor:
        """Return the scores of the classes.

        Parameters
        ----------
        embedded : Tensor, shape (n, d)
            What `embed` returned.

        Returns
        -------
        Tensor, shape (n, C)
            Scores.
        """
        return self.joint(embedded) if self._is_plain() else super().forward(embedded)

    def _is_plain(self) -> bool:
        return self.training or not self.uses_means or not bool(self.started.any())

    def _offset_of(self, weight: Tensor) -> Tensor:
        offset = super()._offset_of(weight)
        # The learnt bias as an offset, where features are measured from the same origin.
        learnt = -(weight @ self.origin)
        bias = getattr(self.joint, "bias", None)
        if bias is not None:
            learnt = learnt - bias
        change = ((offset - learnt) * self.started).sum() / self.started.sum().clamp_min(1)
        return torch.where(self.started, offset, learnt + change)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        started = state_dict.get(prefix + "started")
        lost = started is not None and bool(self.started.any()) and not bool(started.any())
        super()._load_from_state_dict(state_dict, prefix, *args)
        if lost and self.uses_means:
            warn(
                "The state was saved before the class means were known, so the head predicts with "
                "the bias that it has learnt. Load one that was saved after training, or train on.",
            )

    def use_means(self, use: bool = True) -> None:
        """Choose whether to predict, in eval mode, with the offset from the means.

        Parameters
        ----------
        use : bool, default=True
            False goes back to the head as it is trained.
        """
        self.uses_means = use

    @torch.no_grad()
    def set_means(self, means: Tensor, present: Tensor) -> None:
        """Take the means of classes that have samples; the others keep what was known.

        Parameters
        ----------
        means : Tensor, shape (C, d)
            Means of the features as the backbone gives them (on the unit sphere where scores are
            cosines).
        present : Tensor of bool, shape (C,)
            Classes whose mean this is.
        """
        super().set_means(means, present)
        self.started |= present.to(self.started)
        self.raw_centers.copy_(self.raw_means.nan_to_num() * self.started.unsqueeze(1))

    def init_from_data(
        self, embedded: Tensor, y: Tensor, weight: Tensor | None, generator: torch.Generator
    ) -> None:
        """Do nothing: the means come after training.

        Parameters
        ----------
        embedded : Tensor, shape (n, d)
            Not used.
        y : Tensor of int, shape (n,)
            Not used.
        weight : Tensor, shape (n,), or None
            Not used.
        generator : torch.Generator
            Not used.
        """

    def after_step(self, embedded: Tensor, y: Tensor, weight: Tensor | None) -> None:
        """Do nothing: the means come after training.

        Parameters
        ----------
        embedded : Tensor, shape (n, d)
            Not used.
        y : Tensor of int, shape (n,)
            Not used.
        weight : Tensor, shape (n,), or None
            Not used.
        """


def class_weights(head: nn.Module) -> Tensor:
    """Return the weights (C, d) that a head's scores are inner products with."""
    if isinstance(head, CosineHead):
        return head.scale * unit_rows(head.weight)
    return head.weight
