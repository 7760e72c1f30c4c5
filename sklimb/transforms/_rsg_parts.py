"""Parts of the rare-sample generator: which classes, which samples, and its small modules.

Shape
-----
Maps are (n, D, W, H), or vectors (n, D); C classes, K centers a class.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Up to this many classes, products with the rows of all classes cost less than gathering those of
# each sample's own (measured on a CPU, 15 centers of 128 numbers, batches of 128).
_ALL_CLASSES_UP_TO = 32


def frequent_classes(class_counts: Tensor, alpha: float) -> Tensor:
    """Return which classes count as frequent: the round(alpha C) largest.

    At least one is, and at least one is not. Of equal classes the first ones are.

    Parameters
    ----------
    class_counts : Tensor, shape (C,)
        Training samples of each class, by weight.
    alpha : float
        Share of the classes.

    Returns
    -------
    Tensor of bool, shape (C,)
        True for frequent classes.

    Examples
    --------
    >>> import torch
    >>> from sklimb.transforms import frequent_classes
    >>> frequent_classes(torch.tensor([5, 90, 7, 40]), 0.5)
    tensor([False,  True, False,  True])
    """
    n = min(max(round(alpha * len(class_counts)), 1), len(class_counts) - 1)
    order = torch.argsort(class_counts, descending=True, stable=True)
    frequent = torch.zeros(len(class_counts), dtype=torch.bool, device=class_counts.device)
    frequent[order[:n]] = True
    return frequent


def pair_rows(
    frequent: np.ndarray, beta: float, rng: np.random.Generator, weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Pair the rare samples of a batch with frequent ones, at random.

    There are ``max(floor(beta * s_freq / s_rare), 1) * s_rare`` pairs (section 3 of the paper):
    each rare sample comes equally often, and no frequent sample twice before all have come once.

    Parameters
    ----------
    frequent : ndarray of bool, shape (n,)
        Which samples are of a frequent class.
    beta : float
        Transfer strength, in (0, 1].
    rng : numpy.random.Generator
        Source of the draws.
    weight : ndarray, shape (n,), default=None
        Count the samples in ``s_freq / s_rare`` by these weights, where that makes fewer pairs. New
        samples even out the batch: where weights have done so, all of them would do it twice.

    Returns
    -------
    ndarray of int, shape (s_new,)
        Frequent sample of each pair.
    ndarray of int, shape (s_new,)
        Its rare sample. Both are empty where the batch has samples of one kind only.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.transforms import pair_rows
    >>> frequent, rng = np.array([True] * 7 + [False] * 3), np.random.default_rng(0)
    >>> freq, rare = pair_rows(frequent, 1.0, rng)
    >>> sorted(set(freq) - set(range(7))), rare
    ([], array([7, 8, 9, 7, 8, 9]))
    >>> pair_rows(frequent, 1.0, rng, weight=np.where(frequent, 3.0, 7.0))[1]
    array([7, 8, 9])
    """
    freq, rare = np.flatnonzero(frequent), np.flatnonzero(~frequent)
    if not (len(freq) and len(rare)):
        return freq[:0], rare[:0]
    ratio = len(freq) / len(rare)
    if weight is not None and weight[rare].sum() > 0:
        ratio = min(ratio, weight[freq].sum() / weight[rare].sum())
    # 0.29 * 100 / 29 is below 1 in floats
    copies = max(int(beta * ratio * (1 + 1e-12)), 1)
    return np.resize(rng.permutation(freq), copies * len(rare)), np.tile(rare, copies)


def rows_of(table: Tensor, rows: Tensor) -> Tensor:
    """Return ``table[rows]`` of a table (m, ...), with a gradient that is added up in their order.

    The gradient of an index is added up by several threads as they come: no two runs are alike.
    """
    return F.embedding(rows, table.flatten(1)).unflatten(1, table.shape[1:])


def products_with_own_class(vectors: Tensor, table: Tensor, y: Tensor) -> Tensor:
    """Return the products of vectors (n, D) with rows (C, K, D) of their own class, as (n, K)."""
    n_classes, n_rows, _ = table.shape
    if n_classes > _ALL_CLASSES_UP_TO:
        return torch.einsum("nkd,nd->nk", rows_of(table, y), vectors)
    products = (vectors @ table.flatten(0, 1).T).unflatten(1, (n_classes, n_rows))
    return products.gather(1, y[:, None, None].expand(-1, 1, n_rows)).squeeze(1)


def squared_distances_to_own_class(vectors: Tensor, table: Tensor, y: Tensor) -> Tensor:
    """Return squared distances of vectors (n, D) to the rows of their own class, as (n, K)."""
    if len(table) > _ALL_CLASSES_UP_TO:
        return (vectors[:, None] - rows_of(table, y)).square().sum(2)
    # Distances do not change with the shift, which keeps the lengths below from cancelling.
    shift = table.detach().mean((0, 1))
    v, w = vectors - shift, table - shift
    lengths = v.square().sum(1, keepdim=True) + rows_of(w.square().sum(2), y)
    return (lengths - 2.0 * products_with_own_class(v, w, y)).clamp_min(0.0)


class CenterEstimation(nn.Module):
    r"""Logits of the centers of each sample's own class, :math:`A^l x + b^l` (Eq. 1).

    Parameters
    ----------
    n_channels : int
        Channels of the maps, D.
    n_classes : int
        Number of classes, C.
    n_centers : int
        Centers a class, K.

    Examples
    --------
    >>> import torch
    >>> from sklimb.transforms._rsg_parts import CenterEstimation
    >>> CenterEstimation(8, 3, 5)(torch.zeros(2, 8), torch.tensor([0, 2])).shape
    torch.Size([2, 5])
    """

    def __init__(self, n_channels: int, n_classes: int, n_centers: int) -> None:
        super().__init__()
        bound = n_channels**-0.5  # as torch's Linear
        self.weight = nn.Parameter(
            torch.empty(n_classes, n_centers, n_channels).uniform_(-bound, bound)
        )
        self.bias = nn.Parameter(torch.empty(n_classes, n_centers).uniform_(-bound, bound))

    def forward(self, means: Tensor, y: Tensor) -> Tensor:
        """Return the logits; their softmax is gamma.

        Parameters
        ----------
        means : Tensor, shape (n, D)
            Maps averaged over positions.
        y : Tensor of int, shape (n,)
            Class indices.

        Returns
        -------
        Tensor, shape (n, K)
            Logits.
        """
        return products_with_own_class(means, self.weight, y) + rows_of(self.bias, y)


class Contrast(nn.Module):
    r"""Logits of "not the same class" and "the same class" for pairs of maps (Eq. 2).

    Two 3x3 convolutions with a ReLU between, the mean over positions, and a linear layer; for
    vectors the convolutions are linear layers.

    Parameters
    ----------
    n_channels : int
        Channels of one map, D.
    n_hidden : int, default=256
        Channels of the convolutions, the paper's.
    spatial : bool, default=True
        Maps (n, D, W, H); False for vectors (n, D).

    Examples
    --------
    >>> import torch
    >>> from sklimb.transforms._rsg_parts import Contrast
    >>> Contrast(8)(torch.zeros(3, 8, 4, 4), torch.zeros(3, 8, 4, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(self, n_channels: int, n_hidden: int = 256, *, spatial: bool = True) -> None:
        super().__init__()
        self.first = linear_map(2 * n_channels, n_hidden, spatial, bias=True)
        self.second = linear_map(n_hidden, n_hidden, spatial, bias=True)
        self.out = nn.Linear(n_hidden, 2)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the logits.

        Parameters
        ----------
        a : Tensor, shape (n, D, W, H) or (n, D)
            One map of each pair.
        b : Tensor of the same shape
            The other.

        Returns
        -------
        Tensor, shape (n, 2)
            Logits of: not the same class, the same class.
        """
        hidden = F.relu(self.first(torch.cat([a, b], 1)))
        if hidden.ndim == 2:
            return self.out(self.second(hidden))
        return self.out(mean_of_convolution(hidden, self.second))


def linear_map(n_in: int, n_out: int, spatial: bool, *, bias: bool) -> nn.Module:
    if spatial:
        return nn.Conv2d(n_in, n_out, 3, padding=1, bias=bias)
    return nn.Linear(n_in, n_out, bias=bias)


def mean_of_convolution(maps: Tensor, convolution: nn.Conv2d) -> Tensor:
    """Return the mean over positions of a 3x3 convolution with padding 1, (n, n_out).

    Nothing lies between the two, so each weight meets the sum of what it would have met: all
    positions, but for the row or column that its side of the kernel never reaches. The convolution
    itself would be four fifths of all that RSG costs.
    """
    columns = maps.sum(3)
    sums = torch.stack([columns - maps[..., -1], columns, columns - maps[..., 0]], 3)
    total = sums.sum(2)
    sums = torch.stack([total - sums[:, :, -1], total, total - sums[:, :, 0]], 2)
    mean = sums.flatten(1) / maps.shape[2:].numel()
    return F.linear(mean, convolution.weight.flatten(1), convolution.bias)


def mean_map(maps: Tensor) -> Tensor:
    """Return the mean over positions, (n, D)."""
    return maps if maps.ndim == 2 else maps.mean((2, 3))


def like_maps(vectors: Tensor, maps: Tensor) -> Tensor:
    """Return vectors (n, D) that can be subtracted at each position (``up`` of Eq. 3)."""
    return vectors if maps.ndim == 2 else vectors[:, :, None, None]
