"""One head for each member of an ensemble inside one network.

Shape
-----
features (n, k, d) -> embedded (n, k, e) -> scores (n, k, C), k members.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sklimb.heads._unit import unit_rows
from sklimb.heads.softmax import CosineHead, LinearHead

__all__ = ["MemberHeads", "log_mean_probability", "members_of"]


def log_mean_probability(scores: Tensor) -> Tensor:
    r"""Return the log of the members' mean probability, :math:`\log \frac 1 k \sum_m p_m`.

    Parameters
    ----------
    scores : Tensor, shape (n, k, C)
        Scores of the members, whose softmax is :math:`p_m`.

    Returns
    -------
    Tensor, shape (n, C)
        Scores whose softmax is the mean.

    Examples
    --------
    >>> import torch
    >>> from sklimb.heads.members import log_mean_probability
    >>> log_mean_probability(torch.tensor([[[0.0, 0.0], [100.0, 0.0]]])).exp()
    tensor([[0.7500, 0.2500]])
    """
    return scores.log_softmax(-1).logsumexp(1) - math.log(scores.shape[1])


class MemberHeads(nn.Module):
    """The heads of k members, each its own; linear and cosine ones are evaluated in one go.

    Parameters
    ----------
    members : sequence of nn.Module
        Heads of one kind and size.

    Examples
    --------
    >>> import torch
    >>> from sklimb.heads import LinearHead, MemberHeads
    >>> heads = MemberHeads([LinearHead(8, 3) for _ in range(4)])
    >>> heads(heads.embed(torch.zeros(5, 4, 8))).shape
    torch.Size([5, 4, 3])
    """

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.n_members = len(self.members)
        self.n_features_out = sum(member.n_features_out for member in self.members)
        # subclasses may do more than their parents
        self._at_once = type(self.members[0]) in (LinearHead, CosineHead)
        # What the heads do not do is not there, so that nobody prepares it: `init_from_data` costs
        # a forward pass, and `after_step` comes at every step.
        for method in ("init_from_data", "after_step"):
            if not hasattr(self.members[0], method):
                setattr(self, method, None)

    def embed(self, features: Tensor) -> Tensor:
        """Return the features where each member's head compares them.

        Parameters
        ----------
        features : Tensor, shape (n, k, d)
            Features of the backbone.

        Returns
        -------
        Tensor, shape (n, k, e)
            Embedded features.
        """
        if self._at_once:
            return features
        rows = features.unbind(1)
        embedded = [member.embed(own) for member, own in zip(self.members, rows, strict=True)]
        return torch.stack(embedded, dim=1)

    def forward(self, embedded: Tensor) -> Tensor:
        """Return the scores of each member.

        Parameters
        ----------
        embedded : Tensor, shape (n, k, e)
            What `embed` returned.

        Returns
        -------
        Tensor, shape (n, k, C)
            Scores.
        """
        if not self._at_once:
            rows = embedded.unbind(1)
            scores = [member(own) for member, own in zip(self.members, rows, strict=True)]
            return torch.stack(scores, dim=1)
        first = self.members[0]
        weight = torch.stack([member.weight for member in self.members])
        if isinstance(first, CosineHead):
            embedded, weight = unit_rows(embedded), unit_rows(weight)
        scores = torch.bmm(embedded.transpose(0, 1), weight.transpose(1, 2)).transpose(0, 1)
        if isinstance(first, CosineHead):
            return first.scale * scores
        if first.bias is None:
            return scores
        return scores + torch.stack([member.bias for member in self.members])

    @torch.no_grad()
    def init_from_data(
        self, embedded: Tensor, y: Tensor, weight: Tensor | None, generator: torch.Generator
    ) -> None:
        """Give each head its start values from data; None where the heads take none.

        Parameters
        ----------
        embedded : Tensor, shape (n, k, e)
            What `embed` returned for the samples.
        y : Tensor of int, shape (n,)
            Class indices.
        weight : Tensor, shape (n,) or (n, k), or None
            Weights of the samples, of all members or of each.
        generator : torch.Generator
            Source of draws, each member's in turn.
        """
        weights = weights_of_members(weight, self.n_members)
        for member, own, by in zip(self.members, embedded.unbind(1), weights, strict=True):
            if weight is not None and weight.ndim == 2:  # what a member leaves out weighs nothing
                seen = by > 0
                member.init_from_data(own[seen], y[seen], by[seen], generator)
            else:
                member.init_from_data(own, y, by, generator)

    @torch.no_grad()
    def after_step(self, embedded: Tensor, y: Tensor, weight: Tensor | None) -> None:
        """Let each head move a part of itself by its own rule; None where the heads have none.

        Parameters
        ----------
        embedded : Tensor, shape (n, k, e)
            What `embed` returned for the batch.
        y : Tensor of int, shape (n,)
            Class indices.
        weight : Tensor, shape (n,) or (n, k), or None
            Weights of the samples, of all members or of each.
        """
        weights = weights_of_members(weight, self.n_members)
        for member, own, by in zip(self.members, embedded.unbind(1), weights, strict=True):
            member.after_step(own, y, by)


def weights_of_members(weight: Tensor | None, n_members: int) -> Sequence[Tensor | None]:
    """Return each member's weights (n,) of the rows, of those of all (n,), or of each (n, k)."""
    if weight is None or weight.ndim == 1:
        return [weight] * n_members
    return weight.unbind(1)


def members_of(head: nn.Module) -> list[nn.Module]:
    """Return the heads of all members; of a plain net itself alone."""
    return list(head.members) if isinstance(head, MemberHeads) else [head]


class MeanScores(nn.Module):
    """A network whose scores are the mean of its members' scores, not of their probabilities.

    Parameters
    ----------
    network : sklimb's network of a backbone and a head
        Asked as it is; its parameters are its own.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    @property
    def like(self) -> Tensor:
        """A tensor of the network's float type and device."""
        return self.network.like

    def forward(self, x: Tensor) -> Tensor:
        """Return scores, (n, C)."""
        scores = self.network.head(self.network.features(x))
        return scores if scores.ndim == 2 else scores.mean(1)
