r"""The estimated offset of Kim, Hong & Kim (2021): the offset, its uniform constraint, its centres.

Pure functions of torch tensors. A class has a weight vector :math:`w_k` and a centre :math:`c_k`,
both of d numbers; the scores of a sample with features f are :math:`w_k \cdot f - o_k`.

References
----------
.. [1] B. Kim, H. G. Hong and J. Kim, "De-biasing Neural Networks with Estimated Offset for Class
   Imbalanced Learning", ICCV Workshops 2021.
.. [2] Y. Wen, K. Zhang, Z. Li and Y. Qiao, "A Discriminative Feature Learning Approach for Deep
   Face Recognition", ECCV 2016.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from sklimb.losses._reduction import Reduction, reduce

__all__ = ["center_loss", "estimated_offset", "move_centers", "uniform_offset_loss"]


def estimated_offset(weight: Tensor, centers: Tensor) -> Tensor:
    r"""Offset of each class from its weights and its centre (section 2.2 and 2.4 of [1]_).

    .. math:: o_k = \tfrac{1}{2} c_k \cdot w_k

    to be subtracted from :math:`w_k \cdot f`. With the class means themselves as centres it is the
    paper's empirical offset.

    Parameters
    ----------
    weight : Tensor of shape (C, d)
        Weights of the classes.
    centers : Tensor of shape (C, d)
        Centres of the classes.

    Returns
    -------
    Tensor of shape (C,)
        Offsets.

    Raises
    ------
    ValueError
        If the shapes differ or are not (C, d).

    Notes
    -----
    It is the second part of the Gaussian classifier's :math:`w_{k0} = \log \pi_k - \frac{1}{2}
    \mu_k^T \Sigma^{-1} \mu_k`, :math:`w_k = \Sigma^{-1} \mu_k` (Eq. 2 of [1]_). The boundary
    between classes j and k is as far from one centre as from the other just where
    :math:`c_j \cdot w_k = c_k \cdot w_j`. Weights of that form have it; a softmax leaves weights
    free up to a vector that is added to all of them, and with one the offsets change by
    :math:`\frac{1}{2} c_k \cdot v`, any prior included.

    References
    ----------
    .. [1] B. Kim, H. G. Hong and J. Kim, "De-biasing Neural Networks with Estimated Offset for
       Class Imbalanced Learning", ICCV Workshops 2021.

    Examples
    --------
    >>> import torch
    >>> from sklimb.losses import estimated_offset
    >>> weight = torch.tensor([[1.0, 0.0], [0.0, 3.0]])
    >>> estimated_offset(weight, torch.tensor([[2.0, 5.0], [0.0, -2.0]]))
    tensor([ 1., -3.])
    """
    if weight.dim() != 2 or weight.shape != centers.shape:
        raise ValueError(
            "weight and centers must both have shape (C, d), got "
            f"{tuple(weight.shape)} and {tuple(centers.shape)}."
        )
    return 0.5 * (weight * centers).sum(dim=1)


def uniform_offset_loss(offset: Tensor) -> Tensor:
    r"""Uniform constraint on the offsets of the classes (Eq. 5 of [1]_).

    .. math:: L = -H(p) = \sum_k p_k \log p_k, \qquad p = \mathrm{softmax}(-o)

    It is least, :math:`-\log C`, with gradient 0, where all offsets are equal, and grows to 0 as
    one falls below the others.

    Parameters
    ----------
    offset : Tensor of shape (C,)
        Offsets of the classes.

    Returns
    -------
    Tensor of shape ()
        Negative entropy, from -log(C) to 0.

    Raises
    ------
    ValueError
        If `offset` does not have one dimension.

    References
    ----------
    .. [1] B. Kim, H. G. Hong and J. Kim, "De-biasing Neural Networks with Estimated Offset for
       Class Imbalanced Learning", ICCV Workshops 2021.

    Examples
    --------
    >>> import torch
    >>> from sklimb.losses import uniform_offset_loss
    >>> uniform_offset_loss(torch.tensor([3.0, 3.0]))
    tensor(-0.6931)
    >>> bool(uniform_offset_loss(torch.tensor([-50.0, 50.0])).abs() < 1e-9)
    True
    """
    if offset.dim() != 1:
        raise ValueError(f"offset must have shape (C,), got {tuple(offset.shape)}.")
    log_share = F.log_softmax(-offset, dim=0)
    return (log_share.exp() * log_share).sum()


def center_loss(
    features: Tensor, y: Tensor, centers: Tensor, *, reduction: Reduction = "mean"
) -> Tensor:
    r"""Squared distance of features to the centre of their class (Eq. 6 of [1]_).

    .. math:: L = \frac{1}{n} \sum_i \lVert f_i - c_{y_i} \rVert^2

    Wen et al. [2]_ have half the sum.

    Parameters
    ----------
    features : Tensor of shape (n, d)
        Features.
    y : Tensor of shape (n,), int64
        Class indices.
    centers : Tensor of shape (C, d)
        Centres of the classes.
    reduction : {"mean", "none"}, default="mean"
        The mean over samples, or one value for each sample.

    Returns
    -------
    Tensor of shape () or (n,)
        The loss.

    Raises
    ------
    ValueError
        If shapes do not fit or `reduction` is unknown.

    References
    ----------
    .. [1] B. Kim, H. G. Hong and J. Kim, "De-biasing Neural Networks with Estimated Offset for
       Class Imbalanced Learning", ICCV Workshops 2021.
    .. [2] Y. Wen, K. Zhang, Z. Li and Y. Qiao, "A Discriminative Feature Learning Approach for
       Deep Face Recognition", ECCV 2016.

    Examples
    --------
    >>> import torch
    >>> from sklimb.losses import center_loss
    >>> features, centers = torch.tensor([[3.0, 4.0], [1.0, 1.0]]), torch.tensor([[0.0, 0.0]])
    >>> center_loss(features, torch.tensor([0, 0]), centers, reduction="none")
    tensor([25.,  2.])
    """
    _check_rows(features, y, centers)
    gaps = F.mse_loss(features, centers[y], reduction="none")  # a square whose gradient is one step
    return reduce(gaps.sum(dim=1), y, None, reduction)


def move_centers(
    centers: Tensor,
    features: Tensor,
    y: Tensor,
    weight: Tensor | None = None,
    *,
    rate: float = 0.5,
) -> Tensor:
    r"""Centres after a batch, by the rule of the centre loss (Eq. 4 and Algorithm 1 of [1]_).

    .. math::
        c_j \leftarrow c_j - \alpha \,
        \frac{\sum_i m_i [y_i = j] (c_j - f_i)}{1 + \sum_i m_i [y_i = j]}

    The 1 damps a class with few samples in the batch, and leaves one without samples where it is.

    Parameters
    ----------
    centers : Tensor of shape (C, d)
        Centres of the classes; left as they are.
    features : Tensor of shape (n, d)
        Features of the batch.
    y : Tensor of shape (n,), int64
        Class indices.
    weight : Tensor of shape (n,), default=None
        Weights :math:`m_i`: a sample of weight 2 counts as two. None is 1 for each.
    rate : float, default=0.5
        :math:`\alpha`, from 0 to 1; 0.5 is the choice of [1]_.

    Returns
    -------
    Tensor of shape (C, d)
        The centres moved.

    Raises
    ------
    ValueError
        If shapes do not fit.

    References
    ----------
    .. [1] Y. Wen, K. Zhang, Z. Li and Y. Qiao, "A Discriminative Feature Learning Approach for
       Deep Face Recognition", ECCV 2016.

    Examples
    --------
    >>> import torch
    >>> from sklimb.losses import move_centers
    >>> centers, features = torch.zeros(2, 1), torch.tensor([[4.0], [4.0], [4.0]])
    >>> move_centers(centers, features, torch.tensor([1, 1, 1]))
    tensor([[0.0000],
            [1.5000]])
    """
    _check_rows(features, y, centers)
    mass = torch.ones_like(features[:, 0]) if weight is None else weight.to(features)
    count = torch.zeros_like(centers[:, 0]).index_add(0, y, mass)
    rows = features if weight is None else mass.unsqueeze(1) * features
    count = count.unsqueeze(1)
    excess = (count * centers).index_add(0, y, rows.to(centers), alpha=-1)
    return centers - float(rate) * excess / (1.0 + count)


def _check_rows(features: Tensor, y: Tensor, centers: Tensor) -> None:
    fits = features.dim() == centers.dim() == 2 and features.shape[1] == centers.shape[1]
    if not fits or y.shape != features.shape[:1]:
        raise ValueError(
            "features must have shape (n, d), y (n,) and centers (C, d) with the same d, got "
            f"{tuple(features.shape)}, {tuple(y.shape)} and {tuple(centers.shape)}."
        )
