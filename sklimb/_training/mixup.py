"""Mixup (Zhang et al. 2018) and Remix (Chou et al. 2020): samples mixed in pairs while training."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from sklimb._data.tensors import add_rows, is_csr, take_rows, with_values
from sklimb._training.network import densified_if_needed
from sklimb._training.objective import BatchOutput, LossTerms, step_output
from sklimb.heads._once import within_step


class Mixup(NamedTuple):
    """Settings of mixup.

    Attributes
    ----------
    alpha : float
        Of the Beta(alpha, alpha) that the share of the first sample is drawn from; 0 mixes nothing.
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
    r"""Return the first sample's share of the label under Remix (Chou et al. 2020, Eq. 8).

    .. math::
        \lambda_y = 0 \text{ if } n_i / n_j \ge \kappa \text{ and } \lambda < \tau; \quad
        1 \text{ if } n_i / n_j \le 1 / \kappa \text{ and } 1 - \lambda < \tau; \quad
        \lambda \text{ otherwise}

    Parameters
    ----------
    share : float
        :math:`\lambda`, the first sample's share of the mixed input.
    count, partner_count : Tensor of shape (n,)
        Training counts of the classes of the first and the second sample, :math:`n_i, n_j`.
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


def mix_rows(x: Tensor, partner: Tensor, share: float, *, is_permutation: bool = False) -> Tensor:
    """Return share * x + (1 - share) * x[partner]; bytes become float32, sparse rows stay so.

    Of sparse rows and a permutation the partners' values are as many as those of x, and the host
    need not ask the device for their number.
    """
    if is_csr(x):
        others = take_rows(x, partner, len(x.values()) if is_permutation else None)
        return add_rows(
            with_values(x, share * x.values()), with_values(others, (1 - share) * others.values())
        )
    if not x.is_floating_point():
        x = x.float()
    return torch.lerp(x[partner], x, share)


def mixed_loss(
    module: nn.Module,
    criterion: LossTerms,
    batch: Any,
    mixup: Mixup,
    *,
    counts: Tensor,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Return the loss of a batch whose samples are mixed in pairs, as `step_output` has it.

    A mixed sample counts once for each of its two labels, by their shares: the terms see twice the
    samples and weights, and know nothing of mixup.

    Parameters
    ----------
    module : Network
    criterion : LossTerms
    batch : Batch
    mixup : Mixup
    counts : Tensor, shape (C,)
        Training counts of the classes, for Remix.
    rng : numpy.random.Generator
    """
    x, y = densified_if_needed(module.backbone, batch[0]), batch[1]
    share = rng.beta(mixup.alpha, mixup.alpha)
    partner = torch.from_numpy(rng.permutation(len(y))).to(y.device)
    mixed = mix_rows(x, partner, share, is_permutation=True)
    both = torch.cat([y, y[partner]])
    shares = torch.full((len(y),), share, dtype=module.like.dtype, device=y.device)
    if mixup.remix:
        shares = label_share(share, *counts[both].view(2, -1), kappa=mixup.kappa, tau=mixup.tau)
    # two rows of each sample, of mean 1 as all weights
    weight = 2.0 * torch.cat([shares, 1.0 - shares])
    if batch.weight is not None:
        of_rows = torch.cat([batch.weight, batch.weight[partner]])
        weight = (weight if of_rows.ndim == 1 else weight.unsqueeze(1)) * of_rows
    with within_step(module.head):
        features = module.features(mixed)
        scores = module.head(features)
        twice = (torch.cat([t, t]) for t in (features, scores))
        step = BatchOutput(both, weight, *twice, module.head)
        return step_output(*criterion(step), scores, step)
