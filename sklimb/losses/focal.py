"""The focal loss of Lin et al. (2017).

References
----------
.. [1] T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollar, "Focal Loss for Dense Object
   Detection", ICCV 2017.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from sklimb.losses._reduction import Reduction, reduce

__all__ = ["focal_loss"]


def focal_loss(
    scores: Tensor,
    y: Tensor,
    gamma: float,
    weight: Tensor | None = None,
    *,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Cross entropy of each sample, less where the sample is already right (Eq. 5 of [1]_).

    .. math:: L = -\alpha_y (1 - p_y)^\gamma \log p_y, \qquad p = \mathrm{softmax}(s)

    Parameters
    ----------
    scores : Tensor of shape (n, C)
        Scores :math:`s`.
    y : Tensor of shape (n,), int64
        Class indices.
    gamma : float
        Focus :math:`\gamma`; 0 is the cross entropy, the paper takes 2.
    weight : Tensor of shape (C,), default=None
        Class weights :math:`\alpha`. They do not enter :math:`p`: a weighted cross entropy is the
        logarithm of no probability.
    reduction : {"mean", "none"}, default="mean"
        The mean over samples (over the weights, if there are any), or one value for each sample.

    Returns
    -------
    Tensor of shape () or (n,)
        The loss.

    References
    ----------
    .. [1] T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollar, "Focal Loss for Dense Object
       Detection", ICCV 2017.

    Examples
    --------
    >>> import torch
    >>> from sklimb.losses import focal_loss
    >>> scores, y = torch.tensor([[2.0, 0.0], [2.0, 0.0]]), torch.tensor([0, 1])
    >>> focal_loss(scores, y, gamma=2.0, reduction="none")
    tensor([0.0018, 1.6501])
    """
    if gamma < 0:
        raise ValueError(f"gamma must not be negative, got {gamma!r}.")
    cross_entropy = F.cross_entropy(scores, y, reduction="none")
    if gamma == 0:
        return reduce(cross_entropy, y, weight, reduction)
    # 1 - p as -expm1 keeps its digits near p = 1. Below a gamma of 1 the slope of its power is
    # infinite at 0, where the loss itself is flat: the floor is far below float32's rounding.
    miss = (-(-cross_entropy).expm1()).clamp_min(1e-12)
    return reduce(miss.pow(gamma) * cross_entropy, y, weight, reduction)
