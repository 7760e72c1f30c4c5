"""The losses of the rare-class sample generator (Wang et al. 2021).

Pure functions of torch tensors. Feature maps are ``(n, D, W, H)``; vectors ``(n, D)`` count as
maps of one position.

References
----------
.. [1] J. Wang, T. Lukasiewicz, X. Hu, J. Cai and Z. Xu, "RSG: A Simple but Effective Module for
   Learning Imbalanced Datasets", CVPR 2021.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from sklimb.losses._reduction import reduce

__all__ = ["center_estimation_loss", "maximized_vector_loss", "position_cosine"]

# Vectors no longer than this have no direction: its gradient would be 1 over the length.
_NO_LENGTH = 1e-6


def center_estimation_loss(
    maps: Tensor,
    centers: Tensor,
    assignment: Tensor,
    *,
    reduction: Literal["mean", "none"] = "mean",
) -> Tensor:
    r"""Squared distance of maps to the centers of their class (first term of Eq. 5 of [1]_).

    .. math::
        \left\langle \sum_i \gamma_i \sum_{d,j,k} (x_{d,j,k} - C_{i,d})^2 \right\rangle

    Parameters
    ----------
    maps : Tensor of shape (n, D, W, H) or (n, D)
        Feature maps x.
    centers : Tensor of shape (n, K, D)
        The K centers C of each sample's own class.
    assignment : Tensor of shape (n, K)
        Probability of each center, :math:`\gamma` of Eq. 1; each row sums to 1.
    reduction : {"mean", "none"}, default="mean"
        The mean over samples, or one value for each sample.

    Returns
    -------
    Tensor
        A scalar, or shape (n,).

    Notes
    -----
    With :math:`\bar x` the mean over P positions the inner sum is :math:`\sum_{d,j,k}
    (x_{d,j,k} - \bar x_d)^2 + P \lVert \bar x - C_i \rVert^2`, so nothing of shape (n, K, D, W, H)
    is made.

    References
    ----------
    .. [1] J. Wang, T. Lukasiewicz, X. Hu, J. Cai and Z. Xu, "RSG: A Simple but Effective Module
       for Learning Imbalanced Datasets", CVPR 2021.

    Examples
    --------
    >>> import torch
    >>> from sklimb.losses import center_estimation_loss
    >>> maps = torch.tensor([[3.0, 4.0]])
    >>> centers = torch.tensor([[[0.0, 0.0], [3.0, 5.0]]])
    >>> center_estimation_loss(maps, centers, torch.tensor([[0.5, 0.5]]))
    tensor(13.)
    """
    mean = maps.flatten(2).mean(2) if maps.ndim > 2 else maps
    squared = (mean[:, None] - centers).square().sum(2)
    value = center_loss_of_distances(maps, squared, assignment)
    return reduce(value, None, None, reduction)


def center_loss_of_distances(maps: Tensor, squared: Tensor, assignment: Tensor) -> Tensor:
    """`center_estimation_loss` of each sample, (n,), by its mean's squared distances (n, K)."""
    of_mean = (assignment * squared).sum(1)
    if maps.ndim == 2:
        return of_mean
    x = maps.flatten(2)
    around_mean = (x - x.mean(2, keepdim=True)).square().sum((1, 2))
    return x.shape[2] * of_mean + assignment.sum(1) * around_mean


def position_cosine(a: Tensor, b: Tensor) -> Tensor:
    """Cosine between two maps at each position, over the channels.

    Parameters
    ----------
    a : Tensor of shape (n, D, W, H) or (n, D)
        Feature maps.
    b : Tensor of the same shape
        Feature maps.

    Returns
    -------
    Tensor of shape (n, W, H) or (n,)
        Cosines; 0, without a gradient, where a vector is no longer than 1e-6.

    Examples
    --------
    >>> import torch
    >>> from sklimb.losses import position_cosine
    >>> position_cosine(torch.tensor([[1.0, 0.0]]), torch.tensor([[3.0, 4.0]]))
    tensor([0.6000])
    """
    length_a, length_b = torch.linalg.vector_norm(a, dim=1), torch.linalg.vector_norm(b, dim=1)
    directed = (length_a > _NO_LENGTH) & (length_b > _NO_LENGTH)
    lengths = torch.where(directed, length_a * length_b, 1.0)
    # The product of a vector without a direction is left out before it is divided.
    return torch.where(directed, (a * b).sum(1), 0.0) / lengths


def maximized_vector_loss(
    transformed: Tensor,
    displacement: Tensor,
    rare_displacement: Tensor,
    log_different: Tensor,
    *,
    reduction: Literal["mean", "none"] = "mean",
) -> Tensor:
    r"""Maximized vector loss of generated samples (Eq. 6 of [1]_).

    .. math::
        \left\langle \sum_{j,k} \left| \cos(T(f)^{(j,k)}, r^{(j,k)}) - 1 \right|
        + \sum_{j,k} \left| \lVert T(f)^{(j,k)} \rVert - \lVert f^{(j,k)} \rVert \right|
        - \log \gamma^* \right\rangle

    with :math:`f` and :math:`r` the feature displacements of a frequent and a rare sample; norms
    and cosines are taken at each position over the channels.

    Parameters
    ----------
    transformed : Tensor of shape (n, D, W, H) or (n, D)
        The transformed displacements T(f).
    displacement : Tensor of the same shape
        Displacements f of frequent samples.
    rare_displacement : Tensor of the same shape
        Displacements r of the rare samples that T(f) is added to.
    log_different : Tensor of shape (n,)
        Log probability of the contrastive module that T(f) and r are not of one class,
        :math:`\log \gamma^*`.
    reduction : {"mean", "none"}, default="mean"
        The mean over samples, or one value a sample.

    Returns
    -------
    Tensor
        A scalar, or shape (n,).

    References
    ----------
    .. [1] J. Wang, T. Lukasiewicz, X. Hu, J. Cai and Z. Xu, "RSG: A Simple but Effective Module
       for Learning Imbalanced Datasets", CVPR 2021.

    Examples
    --------
    >>> import torch
    >>> from sklimb.losses import maximized_vector_loss
    >>> moved, f, r = torch.tensor([[0.0, 2.0]]), torch.tensor([[3.0, 4.0]]), torch.ones(1, 2)
    >>> maximized_vector_loss(moved, f, r, torch.zeros(1))  # 1 - cos(45 degrees), and 5 - 2
    tensor(3.2929)
    """
    direction = (position_cosine(transformed, rare_displacement) - 1).abs()
    length = torch.linalg.vector_norm(transformed, dim=1)
    change = (length - torch.linalg.vector_norm(displacement, dim=1)).abs()
    value = (direction + change).reshape(len(transformed), -1).sum(1) - log_different
    return reduce(value, None, None, reduction)
