"""Several members side by side that share nothing: one product of matrices for all of them.

Shape
-----
x (n, d), the same for all members, or (n, k, d), each member's own -> (n, k, e).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from sklimb.backbones.numeric import PeriodicEmbedding

__all__ = [
    "IndependentCopies",
    "IndependentDropout",
    "IndependentLinear",
    "IndependentPeriodicEmbedding",
]


class IndependentLinear(nn.Module):
    r"""A linear layer for each of k members.

    .. math:: y_m = x_m W_m + b_m

    Parameters
    ----------
    in_features : int
        Width of the input.
    out_features : int
        Width of the output.
    n_members : int
        Members k.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones.independent import IndependentLinear
    >>> IndependentLinear(5, 8, 3)(torch.zeros(4, 5)).shape
    torch.Size([4, 3, 8])
    """

    def __init__(self, in_features: int, out_features: int, n_members: int) -> None:
        super().__init__()
        bound = in_features**-0.5  # as torch.nn.Linear starts
        shape = (n_members, in_features, out_features)
        self.weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(n_members, 1, out_features).uniform_(-bound, bound))

    def extra_repr(self) -> str:
        """Return the sizes, for printing.

        Returns
        -------
        str
            As `torch.nn.Linear` shows them.
        """
        n_members, in_features, out_features = self.weight.shape
        return f"{in_features=}, {out_features=}, {n_members=}"

    def forward(self, x: Tensor) -> Tensor:
        """Return the members' outputs.

        Parameters
        ----------
        x : Tensor, shape (n, in_features) or (n, k, in_features)
            The same rows for all members, or each member's own.

        Returns
        -------
        Tensor, shape (n, k, out_features)
            Outputs.
        """
        of_members = x.expand(len(self.weight), *x.shape) if x.ndim == 2 else x.transpose(0, 1)
        return torch.baddbmm(self.bias, of_members, self.weight).transpose(0, 1)


class IndependentDropout(nn.Dropout):
    """Dropout of k members, which draw together: for a sample all lose the same places.

    To each member that is dropout like any other, for its places mean something else than those of
    the others; k times the draws would be a third of a training step.

    Parameters
    ----------
    p : float, default=0.5
        Share of the activations that are dropped.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones.independent import IndependentDropout
    >>> dropped = IndependentDropout(0.5)(torch.ones(4, 3, 8)) == 0
    >>> bool((dropped[:, 0] == dropped[:, 2]).all())
    True
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return the activations, some of them 0 in training mode and the others larger.

        Parameters
        ----------
        x : Tensor, shape (n, k, d)
            Activations of the members.

        Returns
        -------
        Tensor, shape (n, k, d)
            Activations.
        """
        if not self.training or self.p == 0:
            return x
        if self.p == 1:
            return x * 0.0
        kept = torch.rand(len(x), 1, x.shape[2], dtype=x.dtype, device=x.device) >= self.p
        return x * kept.to(x.dtype).div_(1.0 - self.p)


class IndependentPeriodicEmbedding(nn.Module):
    """A `PeriodicEmbedding` for each of k members.

    Parameters
    ----------
    in_features : int
        Number of columns d.
    n_members : int
        Members k.
    embedding_dim : int, default=4
        Width e of a vector, the number itself among it.
    n_frequencies : int, default=8
        Cosines a column, half as many as one network has: the members' mean does with fewer
        (``benchmarks/tuning/cross_fit_sizes.py``).

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones.independent import IndependentPeriodicEmbedding
    >>> IndependentPeriodicEmbedding(3, 2)(torch.zeros(5, 3)).shape
    torch.Size([5, 2, 3, 4])
    """

    def __init__(
        self,
        in_features: int,
        n_members: int,
        *,
        embedding_dim: int = 4,
        n_frequencies: int = 8,
    ) -> None:
        super().__init__()
        members = [
            PeriodicEmbedding(in_features, embedding_dim=embedding_dim, n_frequencies=n_frequencies)
            for _ in range(n_members)
        ]
        for name, _ in members[0].named_parameters():
            start = torch.stack([getattr(member, name).detach() for member in members])
            self.register_parameter(name, nn.Parameter(start))

    def forward(self, x: Tensor) -> Tensor:
        """Return the vectors of each member.

        Parameters
        ----------
        x : Tensor, shape (n, in_features)
            Scaled columns.

        Returns
        -------
        Tensor, shape (n, k, in_features, embedding_dim)
            One vector a number, itself first.
        """
        k, d, _, _ = self.weight.shape
        columns = x.t().unsqueeze(2)
        frequency = 2 * math.pi * self.frequency.unsqueeze(2)
        angle = torch.addcmul(self.phase.unsqueeze(2), columns, frequency)  # (k, d, n, f)
        waves = torch.bmm(angle.cos().flatten(0, 1), self.weight.flatten(0, 1))
        waves = waves.unflatten(0, (k, d)) + self.bias.unsqueeze(2)
        numbers = columns.expand(k, *columns.shape)
        return torch.cat([numbers, waves], dim=3).permute(2, 0, 1, 3)


class IndependentCopies(nn.Module):
    """A part of each of k members, one after the other, for what has no form for all at once.

    Parameters
    ----------
    make : callable
        () -> nn.Module, the part of one member.
    n_members : int
        Members k.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from sklimb.backbones.independent import IndependentCopies
    >>> IndependentCopies(lambda: nn.Linear(4, 2), 3)(torch.zeros(5, 4)).shape
    torch.Size([5, 3, 2])
    """

    def __init__(self, make: Callable[[], nn.Module], n_members: int) -> None:
        super().__init__()
        self.members = nn.ModuleList(make() for _ in range(n_members))

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs side by side.

        Parameters
        ----------
        x : Tensor, shape (n, ...)
            Input of all.

        Returns
        -------
        Tensor, shape (n, k, ...)
            Outputs.
        """
        return torch.stack([member(x) for member in self.members], dim=1)


def parts_of(module: nn.Module) -> list[nn.Module]:
    """Return the parts of all members of `IndependentCopies`; of anything else itself."""
    return list(module.members) if isinstance(module, IndependentCopies) else [module]
