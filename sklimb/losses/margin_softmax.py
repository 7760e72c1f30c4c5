"""Softmax losses with a margin on the own class's score: LDAM and additive-margin softmax.

Scores here are cosines (`sklimb.heads.CosineHead`), in [-1, 1].

References
----------
.. [1] K. Cao, C. Wei, A. Gaidon, N. Arechiga and T. Ma, "Learning Imbalanced Datasets with
   Label-Distribution-Aware Margin Loss", NeurIPS 2019.
.. [2] F. Wang, J. Cheng, W. Liu and H. Liu, "Additive Margin Softmax for Face Verification", IEEE
   Signal Processing Letters 2018.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from sklimb.losses._reduction import Reduction, fewest_present, reduce

__all__ = ["am_softmax_loss", "ldam_loss", "ldam_margins"]


def ldam_margins(class_counts: Tensor, max_margin: float = 0.5) -> Tensor:
    r"""Return the margins of LDAM (Cao et al. 2019, Eq. 13).

    .. math:: \Delta_j = \Delta_{\max} \, (n_{\min} / n_j)^{1/4}

    Parameters
    ----------
    class_counts : Tensor of shape (C,)
        (Weighted) training counts :math:`n_j`. A class without samples gets the largest margin.
    max_margin : float, default=0.5
        Margin of the rarest class.

    Returns
    -------
    Tensor of shape (C,)
        Margins.

    Examples
    --------
    >>> import torch
    >>> from sklimb.losses import ldam_margins
    >>> ldam_margins(torch.tensor([1600.0, 100.0]))
    tensor([0.2500, 0.5000])
    """
    fewest = fewest_present(class_counts)
    return max_margin * (fewest / class_counts.clamp_min(fewest)).pow(0.25)


def ldam_loss(
    scores: Tensor,
    y: Tensor,
    class_counts: Tensor,
    max_margin: float = 0.5,
    scale: float = 30.0,
    weight: Tensor | None = None,
    *,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Label-distribution-aware margin loss (Cao et al. 2019, Eq. 13).

    .. math::
        L = -\log \frac{e^{\kappa (s_y - \Delta_y)}}
                       {e^{\kappa (s_y - \Delta_y)} + \sum_{j \neq y} e^{\kappa s_j}}

    Parameters
    ----------
    scores : Tensor of shape (n, C)
        Cosines :math:`s`.
    y : Tensor of shape (n,), int64
        Class indices.
    class_counts : Tensor of shape (C,)
        (Weighted) training counts, from which the margins :math:`\Delta` follow (`ldam_margins`).
    max_margin : float, default=0.5
        Margin of the rarest class, as in the paper's code.
    scale : float, default=30.0
        :math:`\kappa`, as in the paper's code.
    weight : Tensor of shape (C,), default=None
        Class weights.
    reduction : {"mean", "none"}, default="mean"
        The mean over samples (over the weights, if there are any), or one value for each sample.

    Returns
    -------
    Tensor of shape () or (n,)
        The loss.

    Examples
    --------
    >>> import torch
    >>> from sklimb.losses import ldam_loss
    >>> scores, y = torch.tensor([[0.8, 0.3], [0.2, 0.6]]), torch.tensor([0, 1])
    >>> ldam_loss(scores, y, torch.tensor([1600.0, 100.0]), scale=10.0, reduction="none")
    tensor([0.0789, 1.3133])
    """
    margins = ldam_margins(class_counts.to(scores), max_margin)
    return margin_softmax_loss(scores, y, margins[y], scale, weight, reduction=reduction)


def am_softmax_loss(
    scores: Tensor,
    y: Tensor,
    margin: float,
    scale: float,
    weight: Tensor | None = None,
    *,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Additive-margin softmax (Wang et al. 2018, Eq. 6): LDAM with one margin for all classes.

    Parameters
    ----------
    scores : Tensor of shape (n, C)
        Cosines.
    y : Tensor of shape (n,), int64
        Class indices.
    margin : float
        What is taken off the own class's cosine.
    scale : float
        What cosines are multiplied by.
    weight : Tensor of shape (C,), default=None
        Class weights.
    reduction : {"mean", "none"}, default="mean"
        The mean over samples (over the weights, if there are any), or one value for each sample.

    Returns
    -------
    Tensor of shape () or (n,)
        The loss.

    Examples
    --------
    >>> import torch
    >>> from sklimb.losses import am_softmax_loss
    >>> scores, y = torch.tensor([[0.8, 0.3]]), torch.tensor([0])
    >>> am_softmax_loss(scores, y, margin=0.5, scale=10.0)
    tensor(0.6931)
    """
    margins = scores.new_full((len(y),), margin)
    return margin_softmax_loss(scores, y, margins, scale, weight, reduction=reduction)


def margin_softmax_loss(
    scores: Tensor,
    y: Tensor,
    margin: Tensor,
    scale: float,
    weight: Tensor | None = None,
    *,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return the softmax loss of cosines with a margin for each sample, (n,), off its own class."""
    per_row = margin_softmax_of_scaled(scale * scores, y, scale * margin.to(scores))
    return reduce(per_row, y, weight, reduction)


def margin_softmax_of_scaled(
    scores: Tensor, y: Tensor, margin: Tensor, *, reduction: Reduction = "none"
) -> Tensor:
    """Return the softmax loss of scores, with what is taken of each sample's own class, (n,)."""
    taken = torch.zeros_like(scores).scatter_(1, y.unsqueeze(1), margin.to(scores).unsqueeze(1))
    return F.cross_entropy(scores - taken, y, reduction=reduction)
