"""The affinity loss of Hayat et al. (2019): Gaussian affinity, margin and diversity.

Pure functions of torch tensors. Class prototypes are a tensor of shape ``(C, m, d)``: ``C``
classes, ``m`` prototypes a class, ``d`` features.

References
----------
.. [1] M. Hayat, S. Khan, S. W. Zamir, J. Shen and L. Shao, "Gaussian Affinity for Max-margin
   Class Imbalanced Learning", ICCV 2019.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

__all__ = ["affinity_margin_loss", "diversity", "gaussian_affinity", "log_affinity"]

# Up to this many numbers in the prototypes, differences are taken one by one: as fast there as a
# matrix product (measured on a CPU, batches of 128) and free of cancellation. The size of the
# batch plays no part, so that a sample's scores do not depend on how many samples come with it.
_DIRECT_UP_TO = 2048

# Up to this many prototypes, all their pairs cost less than the Gram matrix's longer chain of
# small operations (measured on a CPU, d = 64: 84 against 162 us at 100, 293 against 159 at 300).
_PAIRS_UP_TO = 128


def log_affinity(
    features: Tensor,
    prototypes: Tensor,
    sigma: float,
    *,
    distance: Literal["sqeuclidean", "euclidean", "manhattan"] = "sqeuclidean",
    similarity: Literal["gaussian", "inverse"] = "gaussian",
) -> Tensor:
    r"""Logarithm of the affinity of each sample to each class.

    With :math:`\delta` the distance to the nearest of a class's prototypes, the affinity (Eq. 3
    and 9 of [1]_, Table 4 for the variants) is :math:`\exp(-\delta / \sigma)` ("gaussian") or
    :math:`1 / (1 + \delta / \sigma)` ("inverse"; the paper has it at :math:`\sigma = 1`). Its
    logarithm stays finite where the affinity itself underflows.

    Parameters
    ----------
    features : Tensor of shape (n, d)
        Feature vectors, floating point.
    prototypes : Tensor of shape (C, m, d)
        ``m`` prototypes of each of ``C`` classes.
    sigma : float
        Spread of the clusters, above 0, in units of the distance.
    distance : {"sqeuclidean", "euclidean", "manhattan"}, default="sqeuclidean"
        The paper's equations use the squared Euclidean distance.
    similarity : {"gaussian", "inverse"}, default="gaussian"
        How a distance becomes a similarity.

    Returns
    -------
    Tensor of shape (n, C)
        Logarithms, at most 0.

    Raises
    ------
    ValueError
        If shapes do not fit, `sigma` is not above 0, or a name is unknown.

    Notes
    -----
    The gradient reaches only the nearest prototype of each class (the first among equals). The
    Euclidean distance has gradient 0 where it is 0.

    Euclidean distances are taken from differences while the prototypes hold at most 2,048
    numbers. Beyond that they come from
    :math:`\|f\|^2 + \|w\|^2 - 2 \langle f, w \rangle`, after a shift by the mean prototype and
    never below 0: four times as fast or more, with an absolute error in the squared distance
    of about the machine epsilon times :math:`\|f\|^2 + \|w\|^2` as measured from that mean.

    References
    ----------
    .. [1] M. Hayat, S. Khan, S. W. Zamir, J. Shen and L. Shao, "Gaussian Affinity for Max-margin
       Class Imbalanced Learning", ICCV 2019.

    Examples
    --------
    >>> import torch
    >>> from sklimb.losses import log_affinity
    >>> features = torch.tensor([[0.0, 0.0]])
    >>> prototypes = torch.tensor([[[0.0, 1.0]], [[3.0, 4.0]]])  # two classes, one each
    >>> log_affinity(features, prototypes, 5.0)
    tensor([[-0.2000, -5.0000]])
    >>> log_affinity(features, prototypes, 1.0, distance="manhattan", similarity="inverse").exp()
    tensor([[0.5000, 0.1250]])
    """
    if features.dim() != 2 or prototypes.dim() != 3 or features.shape[1] != prototypes.shape[2]:
        raise ValueError(
            "features must have shape (n, d) and prototypes (C, m, d) with the same d, got "
            f"{tuple(features.shape)} and {tuple(prototypes.shape)}."
        )
    delta = _distances(features, prototypes.flatten(0, 1), distance)
    return _to_log_affinity(_nearest(delta, prototypes), sigma, similarity)


def _nearest(delta: Tensor, prototypes: Tensor) -> Tensor:
    """Return the distance to the nearest prototype of each class (n, C), of those to all (n, P)."""
    n_classes, n_prototypes, _ = prototypes.shape
    if n_prototypes == 1:
        return delta
    # Both similarities fall with distance. min, not amin: amin shares the gradient among
    # equals, and prototypes that start equal would stay equal.
    return delta.unflatten(1, (n_classes, n_prototypes)).min(dim=2).values


def _to_log_affinity(delta: Tensor, sigma: float, similarity: str) -> Tensor:
    if not sigma > 0:
        raise ValueError(f"sigma must be above 0, got {sigma!r}.")
    if similarity == "gaussian":
        return delta * (-1.0 / sigma)
    if similarity == "inverse":
        return -torch.log1p(delta / sigma)
    raise ValueError(f"similarity must be 'gaussian' or 'inverse', got {similarity!r}.")


def log_affinity_on_sphere(
    features: Tensor,
    prototypes: Tensor,
    sigma: float,
    *,
    similarity: Literal["gaussian", "inverse"] = "gaussian",
) -> Tensor:
    r"""Return `log_affinity` by squared distances of unit vectors, from inner products.

    :math:`\|f - w\|^2 = \|f\|^2 + 1 - 2 \langle f, w \rangle` is a matrix product, a third of the
    time of differences (measured on a CPU, 10 prototypes of 128 numbers, batches of 128), with an
    error of the machine epsilon: that of an affinity near 1. Lengths are taken as given, for what
    put the vectors on the sphere passes no gradient along them.

    Parameters
    ----------
    features : Tensor of shape (n, d)
        Feature vectors of length 1; or 0, of a sample without any feature.
    prototypes : Tensor of shape (C, m, d)
        Of length 1.
    sigma : float
        Spread of the clusters, above 0.
    similarity : {"gaussian", "inverse"}, default="gaussian"

    Returns
    -------
    Tensor of shape (n, C)
        Logarithms, at most 0.

    Raises
    ------
    ValueError
        As `log_affinity` has it.
    """
    lengths = features.detach().square().sum(dim=1, keepdim=True) + 1.0
    delta = torch.addmm(lengths, features, prototypes.flatten(0, 1).T, alpha=-2.0).clamp_min(0.0)
    return _to_log_affinity(_nearest(delta, prototypes), sigma, similarity)


def gaussian_affinity(features: Tensor, prototypes: Tensor, sigma: float) -> Tensor:
    r"""Gaussian affinity of each sample to each class (Eq. 3 and 9 of [1]_).

    .. math:: d(f_i, w_j) = \max_t \exp(-\|f_i - w_{j,t}\|^2 / \sigma)

    Parameters
    ----------
    features : Tensor of shape (n, d)
        Feature vectors, floating point.
    prototypes : Tensor of shape (C, m, d)
        ``m`` prototypes of each of ``C`` classes.
    sigma : float
        Spread of the clusters, above 0, in units of the squared distance.

    Returns
    -------
    Tensor of shape (n, C)
        Affinities in [0, 1]. Far from every prototype they underflow to 0, with gradient 0:
        `log_affinity` does not.

    Raises
    ------
    ValueError
        If shapes do not fit or `sigma` is not above 0.

    References
    ----------
    .. [1] M. Hayat, S. Khan, S. W. Zamir, J. Shen and L. Shao, "Gaussian Affinity for Max-margin
       Class Imbalanced Learning", ICCV 2019.

    Examples
    --------
    >>> import torch
    >>> from sklimb.losses import gaussian_affinity
    >>> features = torch.tensor([[0.0, 0.0]])
    >>> prototypes = torch.tensor([[[0.0, 1.0], [0.0, 0.0]], [[3.0, 4.0], [0.0, 2.0]]])
    >>> gaussian_affinity(features, prototypes, 4.0)
    tensor([[1.0000, 0.3679]])
    """
    return log_affinity(features, prototypes, sigma).exp()


def affinity_margin_loss(
    affinity: Tensor, y: Tensor, lam: float, *, reduction: Literal["mean", "none"] = "mean"
) -> Tensor:
    r"""Max-margin loss on affinities (Eq. 6 of [1]_).

    .. math:: L_{mm} = \sum_{j \neq y_i} \max(0, \lambda + d(f_i, w_j) - d(f_i, w_{y_i}))

    Parameters
    ----------
    affinity : Tensor of shape (n, C)
        Affinity of each sample to each class, as from `gaussian_affinity`.
    y : Tensor of shape (n,), int64
        Class indices.
    lam : float
        The margin, :math:`\lambda`. Gaussian affinities lie in [0, 1], so a margin above 1
        is never fully met.
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
    .. [1] M. Hayat, S. Khan, S. W. Zamir, J. Shen and L. Shao, "Gaussian Affinity for Max-margin
       Class Imbalanced Learning", ICCV 2019.

    Examples
    --------
    >>> import torch
    >>> from sklimb.losses import affinity_margin_loss
    >>> affinity = torch.tensor([[0.9, 0.2, 0.6], [0.5, 0.25, 0.0]])
    >>> y = torch.tensor([0, 1])
    >>> affinity_margin_loss(affinity, y, 0.5, reduction="none")
    tensor([0.2000, 1.0000])
    >>> affinity_margin_loss(affinity, y, 0.5)
    tensor(0.6000)
    """
    if affinity.dim() != 2 or y.shape != affinity.shape[:1]:
        raise ValueError(
            "affinity must have shape (n, C) and y (n,), got "
            f"{tuple(affinity.shape)} and {tuple(y.shape)}."
        )
    if reduction not in ("mean", "none"):
        raise ValueError(f"reduction must be 'mean' or 'none', got {reduction!r}.")
    index = y.unsqueeze(1)
    hinge = (affinity - affinity.gather(1, index) + lam).relu()
    # A sample's own class stands in the sum with the margin itself, and nothing below it.
    own = lam.relu() if isinstance(lam, Tensor) else max(lam, 0.0)
    per_row = hinge.sum(dim=1) - own
    return per_row.mean() if reduction == "mean" else per_row


def diversity(prototypes: Tensor) -> Tensor:
    r"""Variance of the squared distances between all prototypes (Eq. 7 and 8 of [1]_).

    .. math::
        R = \mathbb{E}_{j<k}[(\|w_j - w_k\|^2 - \mu)^2], \qquad
        \mu = \mathbb{E}_{j<k} \|w_j - w_k\|^2

    over all :math:`P = C m` prototypes, whatever their class. It is 0 where all are equally far
    apart.

    Parameters
    ----------
    prototypes : Tensor of shape (C, m, d)
        ``m`` prototypes of each of ``C`` classes, floating point.

    Returns
    -------
    Tensor of shape ()
        R, never negative, in the type of `prototypes`. With one or two prototypes in all there is
        at most one distance, and R is 0 with gradient 0.

    Raises
    ------
    ValueError
        If `prototypes` does not have three dimensions.

    Notes
    -----
    Up to 128 prototypes the pairs are formed. Beyond, with centred prototypes :math:`W` (P x d),
    :math:`s_i = \|w_i\|^2`, their sum :math:`S` and variance :math:`v` (with divisor P - 1), and
    :math:`F = \|W W^T\|_F^2 = \|W^T W\|_F^2`, summing
    :math:`(s_i + s_j - 2 \langle w_i, w_j \rangle)^2` over all pairs gives

    .. math:: R = 2 v + \frac{4}{P (P - 1)} \left(F - \frac{S^2}{P - 1}\right)

    and the difference, which would cancel as R goes to 0, is itself a sum of squares:

    .. math::
        F - \frac{S^2}{P - 1}
        = \left\| W W^T - \tfrac{S}{P - 1} (I - \tfrac{1}{P} 1 1^T) \right\|_F^2
        = \left\| W^T W - \tfrac{S}{d} I \right\|_F^2 + S^2 \left(\tfrac{1}{d} - \tfrac{1}{P - 1}
          \right)

    The first form serves :math:`d > P - 1`, the second the rest, where its last term is not
    negative. The cost is :math:`O(P d \min(P, d))`, R cannot come out negative, and neither form
    needs more precision than the pairs would.

    References
    ----------
    .. [1] M. Hayat, S. Khan, S. W. Zamir, J. Shen and L. Shao, "Gaussian Affinity for Max-margin
       Class Imbalanced Learning", ICCV 2019.

    Examples
    --------
    >>> import torch
    >>> from sklimb.losses import diversity
    >>> bool(diversity(torch.eye(3).reshape(3, 1, 3)) < 1e-12)  # a regular triangle
    True
    >>> diversity(torch.tensor([[[0.0]], [[1.0]], [[2.0]]]))  # squared distances 1, 1 and 4
    tensor(2.)
    """
    if prototypes.dim() != 3:
        raise ValueError(f"prototypes must have shape (C, m, d), got {tuple(prototypes.shape)}.")
    w = prototypes.flatten(0, 1)
    if len(w) < 2:
        return (w * 0.0).sum()  # 0 that still carries a gradient
    if len(w) <= _PAIRS_UP_TO and _has_cdist(w.device):
        return torch.pdist(w).square().var(correction=0)
    return _diversity_from_gram(w)


def _diversity_from_gram(w: Tensor) -> Tensor:
    """`diversity` of prototypes (P, d), P at least 2, without their pairs: its Notes derive it."""
    n, d = w.shape
    w = w - w.mean(dim=0)
    s = w.square().sum(dim=1)
    total = s.sum()
    if d > n - 1:
        spread = torch.eye(n, dtype=w.dtype, device=w.device) - 1.0 / n
        excess = (w @ w.T - spread * (total / (n - 1))).square().sum()
    else:
        spread = torch.eye(d, dtype=w.dtype, device=w.device)
        excess = (w.T @ w - spread * (total / d)).square().sum()
        excess = excess + total.square() * ((n - 1 - d) / (d * (n - 1)))
    return 2.0 * s.var() + excess * (4.0 / (n * (n - 1)))


def _has_cdist(device: torch.device) -> bool:
    """Whether `cdist` and `pdist` have gradients there: on Apple's GPUs not in every torch."""
    return device.type != "mps"


def _distances(features: Tensor, prototypes: Tensor, distance: str) -> Tensor:
    """Distance of each sample of `features` (n, d) to each of `prototypes` (P, d), as (n, P)."""
    direct = _has_cdist(features.device)
    if distance == "manhattan":
        if direct:
            return torch.cdist(features, prototypes, p=1.0)
        return (features.unsqueeze(1) - prototypes).abs().sum(dim=2)
    if distance not in ("sqeuclidean", "euclidean"):
        raise ValueError(
            f"distance must be 'sqeuclidean', 'euclidean' or 'manhattan', got {distance!r}."
        )
    if direct and prototypes.numel() <= _DIRECT_UP_TO:
        # cdist gives gradient 0 at distance 0, and does not hold all n * P * d differences.
        delta = torch.cdist(features, prototypes, compute_mode="donot_use_mm_for_euclid_dist")
        return delta if distance == "euclidean" else delta.square()
    # Distances do not change with the shift, so neither do gradients if it is taken as fixed.
    shift = prototypes.detach().mean(dim=0)
    f, w = features - shift, prototypes - shift
    norms = f.square().sum(dim=1, keepdim=True) + w.square().sum(dim=1)
    squared = torch.addmm(norms, f, w.T, alpha=-2.0).clamp_min(0.0)
    if distance == "sqeuclidean":
        return squared
    # The square root has an infinite slope at 0, which would turn into NaN further back.
    apart = squared > 0
    return torch.where(apart, squared, 1.0).sqrt() * apart
