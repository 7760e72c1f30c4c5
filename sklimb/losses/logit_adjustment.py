"""Softmax losses that add the class shares to the scores while training.

References
----------
.. [1] A. K. Menon, S. Jayasumana, A. S. Rawat, H. Jain, A. Veit and S. Kumar, "Long-tail Learning
   via Logit Adjustment", ICLR 2021.
.. [2] J. Ren, C. Yu, S. Sheng, X. Ma, H. Zhao, S. Yi and H. Li, "Balanced Meta-Softmax for
   Long-Tailed Visual Recognition", NeurIPS 2020.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from sklimb.losses._reduction import Reduction, fewest_present, reduce

__all__ = ["balanced_softmax_loss", "log_class_shares", "logit_adjusted_loss"]


def log_class_shares(class_counts: Tensor) -> Tensor:
    """Return the log of each class's share of the samples.

    Parameters
    ----------
    class_counts : Tensor of shape (C,)
        (Weighted) training counts. A class without samples counts as a thousandth of the rarest:
        its log must stay finite for samples that come later.

    Returns
    -------
    Tensor of shape (C,)
        Log shares.

    Examples
    --------
    >>> import torch
    >>> from sklimb.losses import log_class_shares
    >>> log_class_shares(torch.tensor([90.0, 10.0])).exp()
    tensor([0.9000, 0.1000])
    """
    fewest = fewest_present(class_counts)
    return (class_counts.clamp_min(1e-3 * fewest) / class_counts.sum()).log()


def logit_adjusted_loss(
    scores: Tensor,
    y: Tensor,
    class_counts: Tensor,
    tau: float = 1.0,
    weight: Tensor | None = None,
    *,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Logit-adjusted cross entropy (Menon et al. 2021, Eq. 10).

    .. math:: L = -\log \frac{e^{s_y + \tau \log \pi_y}}{\sum_j e^{s_j + \tau \log \pi_j}}

    Trained so, the bare scores :math:`s` are right for equally frequent classes.

    Parameters
    ----------
    scores : Tensor of shape (n, C)
        Scores.
    y : Tensor of shape (n,), int64
        Class indices.
    class_counts : Tensor of shape (C,)
        (Weighted) training counts, of which :math:`\pi` are the shares.
    tau : float, default=1.0
        Strength; 0 is the cross entropy, 1 is consistent for the balanced error.
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
    >>> from sklimb.losses import logit_adjusted_loss
    >>> scores, y = torch.zeros(2, 2), torch.tensor([0, 1])
    >>> logit_adjusted_loss(scores, y, torch.tensor([90.0, 10.0]), reduction="none")
    tensor([0.1054, 2.3026])
    """
    adjusted = scores + tau * log_class_shares(class_counts.to(scores))
    return reduce(F.cross_entropy(adjusted, y, reduction="none"), y, weight, reduction)


def balanced_softmax_loss(
    scores: Tensor,
    y: Tensor,
    class_counts: Tensor,
    weight: Tensor | None = None,
    *,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Balanced softmax (Ren et al. 2020, Eq. 4): each class's exponential times its count.

    .. math:: L = -\log \frac{n_y e^{s_y}}{\sum_j n_j e^{s_j}}

    The same function as `logit_adjusted_loss` at tau = 1, under the name of its paper.

    Parameters
    ----------
    scores : Tensor of shape (n, C)
        Scores.
    y : Tensor of shape (n,), int64
        Class indices.
    class_counts : Tensor of shape (C,)
        (Weighted) training counts :math:`n`.
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
    >>> from sklimb.losses import balanced_softmax_loss
    >>> balanced_softmax_loss(torch.zeros(1, 2), torch.tensor([1]), torch.tensor([3.0, 1.0]))
    tensor(1.3863)
    """
    return logit_adjusted_loss(scores, y, class_counts, 1.0, weight, reduction=reduction)
