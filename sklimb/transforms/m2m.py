r"""Major-to-minor translation (M2m) of Kim, Jeong & Shin (2020): Eq. 2 to 5 as pure functions.

A sample :math:`x_0` of a larger class :math:`k_0` becomes a sample of a smaller class :math:`k` by
a few steps downhill on its input, until a classifier g that was trained before takes it for k while
f, the classifier in training, sees less of :math:`k_0` in it. Everything works on whole batches of
vectors or images, in the units that it is given.

Shape
-----
x (n, ...), class indices (n,), class counts (C,), scores of g and f (n, C).

References
----------
.. [1] J. Kim, J. Jeong and J. Shin, "M2m: Imbalanced Classification via Major-to-minor
   Translation", CVPR 2020.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = [
    "acceptance_probability",
    "keep_largest_changes",
    "seed_class_probabilities",
    "start_noise",
    "target_confidence",
    "translate",
]

Scores = Callable[[Tensor], Tensor]


def acceptance_probability(n_seed: Tensor | float, n_target: Tensor | float, beta: float) -> Tensor:
    r"""Return how likely a translation is to be kept, by the sizes of its two classes.

    .. math:: P_{\mathrm{accept}}(k_0 \mid k) = 1 - \beta^{(N_{k_0} - N_k)^+}

    one minus Eq. 3 of [1]_: the more samples the seed's class has beyond the target's, the better g
    knows what to erase.

    Parameters
    ----------
    n_seed : Tensor or float
        Samples of the seed's class, :math:`N_{k_0}`; weighted counts need not be whole.
    n_target : Tensor or float
        Samples of the target class, :math:`N_k`; the two broadcast.
    beta : float
        In [0, 1]. 0 keeps every translation from a larger class, 1 keeps none. At 0.999 a surplus
        of 4,602 samples is kept 99 times in 100.

    Returns
    -------
    Tensor
        Probabilities, of the broadcast shape; whole counts give float64.

    Raises
    ------
    ValueError
        If `beta` is not in [0, 1].

    References
    ----------
    .. [1] Kim, Jeong & Shin, "M2m: Imbalanced Classification via Major-to-minor Translation",
       CVPR 2020, Eq. 3.

    Examples
    --------
    >>> from sklimb.transforms import acceptance_probability
    >>> acceptance_probability(5000, 398, 0.999)
    tensor(0.9900, dtype=torch.float64)
    >>> acceptance_probability(398, 5000, 0.999)
    tensor(0., dtype=torch.float64)
    """
    if not 0.0 <= beta <= 1.0:
        raise ValueError(f"beta must be in [0, 1], got {beta!r}.")
    surplus = _as_float(n_seed) - _as_float(n_target)
    surplus = surplus.clamp_min(0.0)
    if beta == 0.0:
        return (surplus > 0).to(surplus.dtype)
    # expm1: beta is close to 1, where 1 - beta**n loses digits
    return -torch.expm1(surplus * math.log(beta))


def _as_float(count: Tensor | float) -> Tensor:
    count = torch.as_tensor(count)
    return count if count.is_floating_point() and count.ndim else count.double()


def seed_class_probabilities(class_counts: Tensor, target: int, beta: float) -> Tensor:
    r"""Return from which class a sample to translate into a target class is drawn.

    .. math:: Q(k_0 \mid k) \propto 1 - \beta^{(N_{k_0} - N_k)^+}

    Eq. 5 of [1]_, the solution of Eq. 4: seeds that are likely to be accepted, from classes as
    many as possible.

    Parameters
    ----------
    class_counts : Tensor, shape (C,)
        Samples of each class.
    target : int
        Index of the class :math:`k` to translate to.
    beta : float
        In [0, 1], see `acceptance_probability`.

    Returns
    -------
    Tensor, shape (C,)
        Probabilities that sum to 1. All are 0 where no class can be translated from: no class is
        larger than the target, or `beta` is 1.

    Raises
    ------
    ValueError
        If `beta` is not in [0, 1].

    References
    ----------
    .. [1] Kim, Jeong & Shin, "M2m: Imbalanced Classification via Major-to-minor Translation",
       CVPR 2020, Eq. 4 and 5.

    Examples
    --------
    >>> import torch
    >>> from sklimb.transforms import seed_class_probabilities
    >>> seed_class_probabilities(torch.tensor([1000, 100, 10]), 2, 0.99)
    tensor([0.6268, 0.3732, 0.0000], dtype=torch.float64)
    """
    class_counts = torch.as_tensor(class_counts)
    accept = acceptance_probability(class_counts, class_counts[target], beta)
    # where there is no class to draw from the sum is 0, and 0 stays 0
    return accept / accept.sum().clamp_min(torch.finfo(accept.dtype).tiny)


def translate(
    x: Tensor,
    seed_class: Tensor | int,
    target_class: Tensor | int,
    g: Scores,
    f: Scores,
    lam: float,
    step_size: float,
    n_steps: int,
    bounds: tuple[Tensor | float, Tensor | float] | None = None,
    *,
    noise: Tensor | None = None,
    max_nnz: Tensor | int | None = None,
) -> Tensor:
    r"""Translate samples of larger classes into samples of smaller ones.

    .. math:: x^* = \arg\min_{x = x_0 + \delta} L(g; x, k) + \lambda f_{k_0}(x)

    (Eq. 2 of [1]_) by the steps of Algorithm 1, lines 7 to 11: from :math:`x_0` plus `noise`, each
    step goes `step_size` along the negative gradient, whose length is made 1 for each sample by
    itself. :math:`L` is the cross entropy of g and :math:`f_{k_0}` the raw score of f for the
    seed's class. A sample whose gradient is exactly 0 stays where it is.

    Only the input gets a gradient: g and f are frozen and in eval mode meanwhile, and afterwards
    are as they were, module by module.

    Parameters
    ----------
    x : Tensor, shape (n, ...)
        Seeds :math:`x_0`, floats, in the units in which `step_size` is meant.
    seed_class : Tensor of int, shape (n,), or int
        Their classes :math:`k_0`.
    target_class : Tensor of int, shape (n,), or int
        The classes :math:`k` to translate to.
    g : nn.Module or callable
        x -> scores (n, C); says what the target class looks like.
    f : nn.Module or callable
        x -> scores (n, C); not asked where `lam` is 0.
    lam : float
        :math:`\lambda`, how much f's score of the seed's class counts; the paper's candidates are
        0.01, 0.1 and 0.5.
    step_size : float
        :math:`\eta`, the length of a step; 0.1 in the paper, for pixels from 0 to 1 (images
        that are standardised later, by the networks).
    n_steps : int
        :math:`T`; 10 in the paper.
    bounds : pair of (Tensor or float), default=None
        Least and greatest values, that broadcast against a sample; the samples are kept between
        them after each step. None lets them go anywhere.
    noise : Tensor, shape of x, default=None
        Added before the first step, see `start_noise`.
    max_nnz : int or Tensor of int, shape (n,), default=None
        Undo all but so many of a sample's changes, see `keep_largest_changes`.

    Returns
    -------
    Tensor, shape of x
        The translated samples, detached.

    Raises
    ------
    TypeError
        If `x` does not hold floats.

    References
    ----------
    .. [1] Kim, Jeong & Shin, "M2m: Imbalanced Classification via Major-to-minor Translation",
       CVPR 2020, Eq. 2 and Algorithm 1.

    Examples
    --------
    One step towards class 1 of a linear g, against which f has nothing:

    >>> import torch
    >>> from sklimb.transforms import translate
    >>> g = torch.nn.Linear(2, 2, bias=False)
    >>> _ = g.weight.data.copy_(torch.tensor([[1.0, 0.0], [0.0, 0.0]]))
    >>> translate(torch.tensor([[3.0, 5.0]]), 0, 1, g, g, lam=0.0, step_size=0.1, n_steps=1)
    tensor([[2.9000, 5.0000]])
    """
    if not x.is_floating_point():
        raise TypeError(f"x must hold floats to be translated, got {x.dtype}.")
    seeds = x.detach()
    target = _class_indices(target_class, seeds)
    origin = _class_indices(seed_class, seeds)
    limits = None if bounds is None else tuple(torch.as_tensor(b).to(seeds) for b in bounds)
    moved = inside(seeds if noise is None else seeds + noise, limits)
    with frozen(g, f), torch.enable_grad():
        for _ in range(n_steps):
            moved = moved.detach().requires_grad_()
            # sums, not means: a sample's gradient must not depend on the number of others
            goal = F.cross_entropy(g(moved), target, reduction="sum")
            if lam:
                goal = goal + lam * f(moved).gather(1, origin[:, None]).sum()
            (gradient,) = torch.autograd.grad(goal, moved)
            moved = inside(moved.detach() - step_size * _unit(gradient), limits)
    moved = moved.detach()
    return moved if max_nnz is None else keep_largest_changes(moved, seeds, max_nnz)


def _class_indices(classes: Tensor | int, x: Tensor) -> Tensor:
    return torch.as_tensor(classes, device=x.device).long().expand(len(x))


def inside(x: Tensor, limits: tuple[Tensor, ...] | None) -> Tensor:
    """Return samples clipped to two limits that broadcast; None leaves them as they are."""
    return x if limits is None else torch.minimum(torch.maximum(x, limits[0]), limits[1])


def _unit(gradient: Tensor) -> Tensor:
    """Return each sample over its L2 norm, samples of zeros as they are."""
    rows = gradient.flatten(1)
    tiny = torch.finfo(rows.dtype).tiny
    # divided by the largest entry first: squares of 1e-30 would underflow, and g is often that sure
    rows = rows / rows.abs().amax(1, keepdim=True).clamp_min(tiny)
    rows = rows / rows.norm(dim=1, keepdim=True).clamp_min(tiny)
    return rows.view_as(gradient)


@contextmanager
def frozen(*networks: Scores) -> Iterator[None]:
    """Put networks in eval mode without gradients, and every module and parameter back after."""
    modules = [m for network in networks if isinstance(network, nn.Module) for m in _all(network)]
    training = [(module, module.training) for module in modules]
    learning = {p for module in modules for p in module.parameters() if p.requires_grad}
    try:
        for module, _ in training:
            module.training = False
        for parameter in learning:
            parameter.requires_grad_(False)
        yield
    finally:
        for module, mode in training:
            module.training = mode
        for parameter in learning:
            parameter.requires_grad_(True)


def _all(network: nn.Module) -> list[nn.Module]:
    return list(network.modules())


def keep_largest_changes(x: Tensor, seeds: Tensor, max_nnz: Tensor | int) -> Tensor:
    """Undo all but the largest changes of each sample.

    Translation moves every feature a little: one TF-IDF document of 35 words came back with 4,458.
    With this it has at most `max_nnz` more than its seed.

    Parameters
    ----------
    x : Tensor, shape (n, ...)
        Changed samples.
    seeds : Tensor, shape of x
        What they were.
    max_nnz : int or Tensor of int, shape (n,)
        How many entries of a sample may differ from its seed's: those that moved furthest.

    Returns
    -------
    Tensor, shape of x
        The samples, the other entries as in `seeds`, to the bit.

    Examples
    --------
    >>> import torch
    >>> from sklimb.transforms import keep_largest_changes
    >>> seeds = torch.tensor([[0.0, 1.0, 0.0]])
    >>> keep_largest_changes(torch.tensor([[0.1, 0.2, -0.4]]), seeds, 2)
    tensor([[ 0.0000,  0.2000, -0.4000]])
    """
    change = (x - seeds).abs().flatten(1)
    allowed = torch.as_tensor(max_nnz, device=x.device).expand(len(x))
    most = min(int(allowed.max()), change.shape[1]) if len(x) else 0
    if most == change.shape[1] and bool((allowed >= most).all()):
        return x
    largest = change.topk(most, dim=1).indices
    kept = torch.arange(most, device=x.device) < allowed[:, None]
    mask = torch.zeros_like(change, dtype=torch.bool).scatter_(1, largest, kept)
    return torch.where(mask.view_as(x), x, seeds)


def start_noise(
    like: Tensor, generator: torch.Generator | None = None, *, max_norm: float = 0.5
) -> Tensor:
    """Return the small noise that translation starts with.

    Each sample is normal with variance 1, and shortened to `max_norm` where it is longer. The paper
    says "a small noise"; its code bounds the norm, but over a batch for each channel, which makes
    a sample's noise depend on the other samples. Here the bound is on each sample.

    Parameters
    ----------
    like : Tensor, shape (n, ...)
        Samples of this shape, type and device are made.
    generator : torch.Generator, default=None
        Source of randomness, on the CPU; None takes torch's own.
    max_norm : float, default=0.5
        Greatest L2 norm of a sample, as in the authors' code.

    Returns
    -------
    Tensor, shape of like
        Noise.

    Examples
    --------
    >>> import torch
    >>> from sklimb.transforms import start_noise
    >>> noise = start_noise(torch.zeros(3, 8), torch.Generator().manual_seed(0))
    >>> bool((noise.norm(dim=1) < 0.5 + 1e-6).all())
    True
    """
    # drawn on the CPU in one type, so that devices and precisions share it
    noise = torch.randn(like.shape, generator=generator, dtype=torch.float64)
    length = noise.flatten(1).norm(dim=1).clamp_min(torch.finfo(noise.dtype).tiny)
    factor = (max_norm / length).clamp_max(1.0)
    return (noise * factor.view(-1, *[1] * (noise.ndim - 1))).to(like)


@torch.no_grad()
def target_confidence(x: Tensor, target_class: Tensor | int, g: Scores) -> Tensor:
    """Return the probability that a classifier gives each sample's target class.

    A translation is accepted from a confidence of `gamma` on. (Algorithm 1 bounds the loss
    instead, with the same letter; the authors' code bounds this, and the paper's candidates 0.9
    and 0.99 are probabilities.)

    Parameters
    ----------
    x : Tensor, shape (n, ...)
        Samples.
    target_class : Tensor of int, shape (n,), or int
        The class asked for.
    g : nn.Module or callable
        x -> scores (n, C); frozen and in eval mode meanwhile.

    Returns
    -------
    Tensor, shape (n,)
        Probabilities.

    Examples
    --------
    >>> import torch
    >>> from sklimb.transforms import target_confidence
    >>> target_confidence(torch.zeros(2, 3), 1, lambda x: torch.zeros(len(x), 4))
    tensor([0.2500, 0.2500])
    """
    with frozen(g):
        probabilities = g(x).softmax(1)
    return probabilities.gather(1, _class_indices(target_class, x)[:, None])[:, 0]
