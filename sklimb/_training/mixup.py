"""Mixup (Zhang et al. 2018) and Remix (Chou et al. 2020): rows mixed in pairs while training."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from sklimb._data.csr import add_rows, is_csr, take_rows, with_values


class Mixup(NamedTuple):
    """Settings of mixup.

    Attributes
    ----------
    alpha : float
        Of the Beta(alpha, alpha) that the share of the first row is drawn from; 0 mixes nothing.
    remix : bool
        Give the label of a pair to the rarer class where the counts are far apart.
    kappa : float
        How many times as frequent a class must be for that.
    tau : float
        And how small its share of the input must be.
    """

    alpha: float
    remix: bool = False
    kappa: float = 3.0
    tau: float = 0.5


def label_share(
    share: float, count: Tensor, partner_count: Tensor, *, kappa: float, tau: float
) -> Tensor:
    r"""Return the first row's share of the label under Remix (Chou et al. 2020, Eq. 8).

    .. math::
        \lambda_y = 0 \text{ if } n_i / n_j \ge \kappa \text{ and } \lambda < \tau; \quad
        1 \text{ if } n_i / n_j \le 1 / \kappa \text{ and } 1 - \lambda < \tau; \quad
        \lambda \text{ otherwise}

    Parameters
    ----------
    share : float
        :math:`\lambda`, the first row's share of the mixed input.
    count, partner_count : Tensor of shape (n,)
        Training counts of the classes of the first and the second row, :math:`n_i, n_j`.
    kappa, tau : float
        Thresholds.

    Returns
    -------
    Tensor of shape (n,)
        Shares of the label.

    Examples
    --------
    >>> import torch
    >>> from sklimb._training.mixup import label_share
    >>> n = torch.tensor([100.0, 10.0, 100.0])
    >>> label_share(0.4, n, torch.tensor([10.0, 100.0, 90.0]), kappa=3.0, tau=0.5)
    tensor([0.0000, 0.4000, 0.4000])
    """
    shares = torch.full_like(count, share)
    if share < tau:
        shares = torch.where(count >= kappa * partner_count, torch.zeros_like(shares), shares)
    if 1.0 - share < tau:
        shares = torch.where(kappa * count <= partner_count, torch.ones_like(shares), shares)
    return shares


def mix_rows(x: Tensor, partner: Tensor, share: float) -> Tensor:
    """Return share * x + (1 - share) * x[partner]; bytes become float32, sparse rows stay so."""
    if is_csr(x):
        others = take_rows(x, partner)
        return add_rows(
            with_values(x, share * x.values()), with_values(others, (1 - share) * others.values())
        )
    if not x.is_floating_point():
        x = x.float()
    return torch.lerp(x[partner], x, share)
