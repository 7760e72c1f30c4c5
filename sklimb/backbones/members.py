"""Several members inside one backbone: a linear layer that they share, or copies side by side.

Shape
-----
x (n, ...) -> features (n, k, d), k members.

References
----------
.. [1] Y. Gorishniy, A. Kotelnikov and A. Babenko, "TabM: Advancing Tabular Deep Learning with
   Parameter-Efficient Ensembling", ICLR 2025.
.. [2] Y. Wen, D. Tran and J. Ba, "BatchEnsemble: An Alternative Approach to Efficient Ensemble and
   Lifelong Learning", ICLR 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sklimb.backbones.features import as_features

__all__ = ["MemberCopies", "MemberLinear"]


class MemberLinear(nn.Module):
    r"""A linear layer for k members that share its weight (Wen et al. 2020; Gorishniy et al. 2025).

    .. math:: y_m = s_m \odot W (r_m \odot x_m) + b_m

    with one weight W for all and the adapters :math:`r_m, s_m, b_m` of member m. The adapters of
    the first layer make the members differ and start at random; those of the layers behind it
    start at ones (TabM's finding).

    Parameters
    ----------
    in_features : int
        Width of the input.
    out_features : int
        Width of the output.
    n_members : int
        Members k.
    first : {None, "signs", "normal"}, default=None
        How the input's adapters start: None at ones, for a layer behind the first; "signs" at -1
        or 1, "normal" from the normal distribution.
    group : int, default=1
        Columns that start with the same adapter: the vector of an embedded number.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones import MemberLinear
    >>> layer = MemberLinear(5, 8, 3, first="signs")
    >>> layer(torch.zeros(4, 5)).shape  # all members see the same rows
    torch.Size([4, 3, 8])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        n_members: int,
        *,
        first: str | None = None,
        group: int = 1,
    ) -> None:
        super().__init__()
        like = nn.Linear(in_features, out_features)
        self.weight = like.weight
        self.into = nn.Parameter(torch.ones(n_members, in_features))
        self.out = nn.Parameter(torch.ones(n_members, out_features))
        bound = in_features**-0.5
        self.bias = nn.Parameter(torch.empty(n_members, out_features).uniform_(-bound, bound))
        if first is not None:
            drawn = torch.randn(n_members, -(-in_features // group))
            drawn = drawn.sign() if first == "signs" else drawn
            self.into.data.copy_(drawn.repeat_interleave(group, 1)[:, :in_features])

    def extra_repr(self) -> str:
        """Return the sizes, for printing.

        Returns
        -------
        str
            As `torch.nn.Linear` shows them.
        """
        members, out_features = self.out.shape
        return f"in_features={self.into.shape[1]}, {out_features=}, n_members={members}"

    def forward(self, x: Tensor) -> Tensor:
        """Return the members' outputs.

        Parameters
        ----------
        x : Tensor, shape (n, in_features) or (n, k, in_features)
            The same samples for all members, or each member's own.

        Returns
        -------
        Tensor, shape (n, k, out_features)
            Outputs.
        """
        if x.ndim == 2:
            x = x.unsqueeze(1)
        return torch.addcmul(self.bias, F.linear(x * self.into, self.weight), self.out)


class MemberCopies(nn.Module):
    """Copies of a backbone side by side: a deep ensemble behind one interface.

    It is what ``n_members`` makes of a backbone that knows no members.

    Parameters
    ----------
    members : sequence of nn.Module
        The copies; features (n, d), all of one width.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones import MLP, MemberCopies
    >>> MemberCopies([MLP(4, hidden=(8,)) for _ in range(3)])(torch.zeros(5, 4)).shape
    torch.Size([5, 3, 8])
    """

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.n_members = len(self.members)
        first = self.members[0]
        # what a network, a classifier and a transform ask of a backbone
        asked = ("casts_input", "accepts_sparse", "wants_scaling", "wants_unit_norm")
        for name in (*asked, "wants_quantiles"):
            if hasattr(first, name):
                setattr(self, name, getattr(first, name))
        if not hasattr(first, "set_input_scaling"):
            self.wants_scaling = False

    @property
    def default_stage(self) -> str | None:
        """Where a transform sits in each copy unless told otherwise."""
        return getattr(self.members[0], "default_stage", None)

    @property
    def parameters_without_decay(self) -> Callable[[], Iterator[nn.Parameter]] | None:
        """What the copies ask an optimiser to leave alone; None where they ask for nothing."""
        if not hasattr(self.members[0], "parameters_without_decay"):
            return None
        return lambda: chain.from_iterable(m.parameters_without_decay() for m in self.members)

    def set_input_scaling(self, mean: np.ndarray, scale: np.ndarray) -> None:
        """Hand the moments of the columns to each copy.

        Parameters
        ----------
        mean : ndarray of shape (d,)
            Moments as the copies take them.
        scale : ndarray of shape (d,)
            Likewise.
        """
        for member in self.members:
            if hasattr(member, "set_input_scaling"):
                member.set_input_scaling(mean, scale)

    def set_input_quantiles(self, quantiles: np.ndarray) -> None:
        """Hand the quantiles of the columns to each copy.

        Parameters
        ----------
        quantiles : ndarray of shape (d, q)
            Quantiles as the copies take them.
        """
        for member in self.members:
            member.set_input_quantiles(quantiles)

    def forward(self, x: Tensor) -> Tensor:
        """Return the features of all copies.

        Parameters
        ----------
        x : Tensor, shape (n, ...)
            Input.

        Returns
        -------
        Tensor, shape (n, k, d)
            Features.
        """
        return torch.stack([as_features(member(x), member) for member in self.members], dim=1)
