"""How numbers enter a network: scaled by quartiles, clipped, and as vectors.

Shape
-----
columns (n, d) -> (n, d) clipped; -> (n, d, e) embedded.

References
----------
.. [1] D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong Pre-Tuned MLPs and
   Boosted Trees on Tabular Data", NeurIPS 2024.
.. [2] Y. Gorishniy, I. Rubachev and A. Babenko, "On Embeddings for Numerical Features in Tabular
   Deep Learning", NeurIPS 2022.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

__all__ = [
    "PeriodicEmbedding",
    "PiecewiseLinearEmbedding",
    "QuantileNormal",
    "piecewise_linear_encoding",
    "robust_scaling",
    "smooth_clip",
]


# Beyond this many bounds a number counts as this many.
_FAR = 1e6


def robust_scaling(quartiles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return shift and scale of columns that outliers hardly move (Holzmüller et al. 2024, 3.1).

    Parameters
    ----------
    quartiles : ndarray of shape (d, 5)
        Least value, lower quartile, median, upper quartile and greatest value of each column.

    Returns
    -------
    shift : ndarray of shape (d,)
        Medians; 0 for a column that is constant.
    scale : ndarray of shape (d,)
        The range between the quartiles; where that is 0 half the whole range; and for a column
        that is constant infinity, for it says nothing: divided by it, every value is 0.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.backbones.numeric import robust_scaling
    >>> robust_scaling(np.array([[0.0, 1.0, 2.0, 5.0, 99.0], [0.0, 0.0, 0.0, 0.0, 1.0]]))
    (array([2., 0.]), array([4. , 0.5]))
    """
    low, lower, middle, upper, high = np.asarray(quartiles, dtype=np.float64).T
    scale = np.where(upper > lower, upper - lower, 0.5 * high - 0.5 * low)
    varies = scale > 0
    # a constant column is not shifted: the difference could overflow, and inf / inf is NaN
    return np.where(varies, middle, 0.0), np.where(varies, scale, np.inf)


def smooth_clip(x: Tensor, bound: float = 3.0) -> Tensor:
    r"""Return :math:`x / \sqrt{1 + (x / b)^2}`, which stays in (-b, b) and is x near 0.

    Parameters
    ----------
    x : Tensor
        Scaled columns.
    bound : float, default=3.0
        :math:`b`, that of Holzmüller et al. 2024.

    Returns
    -------
    Tensor of the same shape
        Clipped values, in the same order as before.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones.numeric import smooth_clip
    >>> smooth_clip(torch.tensor([-1e9, 0.0, 4.0]))
    tensor([-3.0000,  0.0000,  2.4000])
    """
    # further out it is the bound to the last bit but a few, and squares would overflow
    ratio = (x / bound).clamp(-_FAR, _FAR)
    return bound * ratio * (1 + ratio.square()).rsqrt()


def piecewise_linear_encoding(x: Tensor, edges: Tensor) -> Tensor:
    r"""Return how far each number is through each bin of its column (Gorishniy et al. 2022, Eq. 1).

    .. math:: e_t = \min(1, \max(0, (x - b_{t-1}) / (b_t - b_{t-1})))

    A bin of no width, as many equal values make, is 0 below them, 1 above and one half at them.
    Numbers outside the training range are as those at its ends; the paper goes on linearly there.

    Parameters
    ----------
    x : Tensor, shape (n, d)
        Columns.
    edges : Tensor, shape (d, T + 1)
        Edges of each column's bins, rising.

    Returns
    -------
    Tensor, shape (n, d, T)
        In [0, 1].

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones.numeric import piecewise_linear_encoding
    >>> piecewise_linear_encoding(torch.tensor([[1.5]]), torch.tensor([[0.0, 1.0, 2.0, 9.0]]))
    tensor([[[1.0000, 0.5000, 0.0000]]])
    """
    left, width = edges[:, :-1], edges.diff(dim=1)
    beyond = x.unsqueeze(2) - left
    wide = width > 0
    inside = (beyond / torch.where(wide, width, torch.ones_like(width))).clamp(0, 1)
    return torch.where(wide, inside, beyond.sign() / 2 + 0.5)


class QuantileNormal(nn.Module):
    r"""Each column put on the shape of a normal distribution, by its rank among training samples.

    .. math:: z = \Phi^{-1}\left(\frac{t + 1/2}{T + 1}\right)

    with :math:`t \in [0, T]` the place between the edges of the column's bins, the sum of its
    `piecewise_linear_encoding`. It undoes skewness, and no value lies beyond the ends, which are
    those of T + 1 normal numbers.

    Parameters
    ----------
    in_features : int
        Number of columns d.
    n_bins : int, default=32
        Bins T of a column.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones.numeric import QuantileNormal
    >>> layer = QuantileNormal(1, n_bins=2)
    >>> layer.set_edges(torch.tensor([[1.0, 10.0, 100.0]]))
    >>> layer(torch.tensor([[0.0], [1.0], [10.0], [55.0]]))
    tensor([[-0.9674],
            [-0.9674],
            [ 0.0000],
            [ 0.4307]])
    """

    def __init__(self, in_features: int, *, n_bins: int = 32) -> None:
        super().__init__()
        self.register_buffer("edges", torch.linspace(-1, 1, n_bins + 1).repeat(in_features, 1))

    def set_edges(self, edges: Tensor) -> None:
        """Take the edges of the bins.

        Parameters
        ----------
        edges : Tensor, shape (in_features, n_bins + 1)
            Rising along each column.
        """
        self.edges.copy_(edges)

    def forward(self, x: Tensor) -> Tensor:
        """Return the columns as normal scores.

        Parameters
        ----------
        x : Tensor, shape (n, in_features)
            Columns.

        Returns
        -------
        Tensor, shape (n, in_features)
            Normal scores.
        """
        edges, columns = self.edges, x.t().contiguous()
        n_bins = edges.shape[1] - 1
        first = torch.searchsorted(edges, columns.detach())
        last = torch.searchsorted(edges, columns.detach(), right=True)
        bin_ = (first - 1).clamp(0, n_bins - 1)
        left, right = edges.gather(1, bin_), edges.gather(1, bin_ + 1)
        width = (right - left).clamp_min(torch.finfo(edges.dtype).tiny)
        between = bin_ + ((columns - left) / width).clamp(0, 1)
        # on an edge, or on several that are one: half-way between the first and the last of them
        on_edge = 0.5 * (first + last - 1).to(edges.dtype)
        place = torch.where(last > first, on_edge, between)
        return torch.special.ndtri((place + 0.5) / (n_bins + 1)).t()


class PiecewiseLinearEmbedding(nn.Module):
    """Each number as a vector: a linear map of it plus one of its piecewise-linear encoding.

    The encoding lets a column have a shape of its own, quantile by quantile, before it meets the
    others. Its weights start at 0, so that the network begins as one without.

    Parameters
    ----------
    in_features : int
        Number of columns d.
    embedding_dim : int, default=8
        Width e of the vectors.
    n_bins : int, default=32
        Bins T of a column.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones.numeric import PiecewiseLinearEmbedding
    >>> PiecewiseLinearEmbedding(3, embedding_dim=4)(torch.zeros(5, 3)).shape
    torch.Size([5, 3, 4])
    """

    def __init__(self, in_features: int, *, embedding_dim: int = 8, n_bins: int = 32) -> None:
        super().__init__()
        bound = embedding_dim**-0.5
        self.weight = nn.Parameter(torch.empty(in_features, embedding_dim).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(in_features, embedding_dim).uniform_(-bound, bound))
        self.of_bins = nn.Parameter(torch.zeros(in_features, n_bins, embedding_dim))
        self.register_buffer("edges", torch.linspace(-1, 1, n_bins + 1).repeat(in_features, 1))

    def set_edges(self, edges: Tensor) -> None:
        """Take the edges of the bins.

        Parameters
        ----------
        edges : Tensor, shape (in_features, n_bins + 1)
            Rising along each column.
        """
        self.edges.copy_(edges)

    def forward(self, x: Tensor) -> Tensor:
        """Return the vectors.

        Parameters
        ----------
        x : Tensor, shape (n, in_features)
            Scaled columns.

        Returns
        -------
        Tensor, shape (n, in_features, embedding_dim)
            One vector a number.
        """
        encoded = piecewise_linear_encoding(x, self.edges)
        # (d, n, T) @ (d, T, e), all columns in one product
        shaped = torch.bmm(encoded.transpose(0, 1), self.of_bins).transpose(0, 1)
        return torch.addcmul(self.bias, x.unsqueeze(2), self.weight) + shaped


class PeriodicEmbedding(nn.Module):
    r"""Each number beside a linear map of its cosines at learnt frequencies (PBLD).

    .. math:: (x, \; W \cos(2 \pi c x + b) + a)

    as in Holzmüller et al. 2024, after Gorishniy et al. 2022: cosines tell values apart that are
    close together.

    Parameters
    ----------
    in_features : int
        Number of columns d.
    embedding_dim : int, default=4
        Width e of a vector, the number itself among it.
    n_frequencies : int, default=16
        Cosines a column.
    sigma : float, default=0.1
        Standard deviation of the frequencies c at the start, per unit of the scaled column.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones.numeric import PeriodicEmbedding
    >>> PeriodicEmbedding(3)(torch.zeros(5, 3)).shape
    torch.Size([5, 3, 4])
    """

    def __init__(
        self,
        in_features: int,
        *,
        embedding_dim: int = 4,
        n_frequencies: int = 16,
        sigma: float = 0.1,
    ) -> None:
        super().__init__()
        self.frequency = nn.Parameter(sigma * torch.randn(in_features, n_frequencies))
        self.phase = nn.Parameter(torch.empty(in_features, n_frequencies).uniform_(-np.pi, np.pi))
        bound = n_frequencies**-0.5
        shape = (in_features, n_frequencies, embedding_dim - 1)
        self.weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(in_features, shape[2]).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        """Return the vectors.

        Parameters
        ----------
        x : Tensor, shape (n, in_features)
            Scaled columns.

        Returns
        -------
        Tensor, shape (n, in_features, embedding_dim)
            One vector a number, itself first.
        """
        angle = torch.addcmul(self.phase, x.unsqueeze(2), 2 * math.pi * self.frequency)
        waves = torch.bmm(angle.cos().transpose(0, 1), self.weight).transpose(0, 1) + self.bias
        return torch.cat([x.unsqueeze(2), waves], dim=2)
