"""The heads of an ordinary softmax classifier: linear scores, and scaled cosines."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sklimb.heads._unit import unit_rows

__all__ = ["CosineHead", "LinearHead"]


class LinearHead(nn.Linear):
    """Scores w_k . f + b_k: the last layer of an ordinary softmax classifier.

    Parameters
    ----------
    in_features : int
        Width d of the features.
    n_classes : int
        Number of classes C.
    bias : bool, default=True
        Whether there are :math:`b_k`.

    Examples
    --------
    >>> import torch
    >>> from sklimb.heads import LinearHead
    >>> LinearHead(8, 3)(torch.zeros(5, 8)).shape
    torch.Size([5, 3])
    """

    def __init__(self, in_features: int, n_classes: int, *, bias: bool = True) -> None:
        super().__init__(in_features, n_classes, bias=bias)
        self.n_features_out = in_features

    def embed(self, features: Tensor) -> Tensor:
        """Return the features as they are.

        Parameters
        ----------
        features : Tensor, shape (n, d)
            Features of the backbone.

        Returns
        -------
        Tensor, shape (n, d)
            The same tensor.
        """
        return features


class CosineHead(nn.Module):
    r"""Scaled cosines between features and class weights, without a bias.

    .. math:: s_k = \kappa \cos(f, w_k)

    Losses with a margin on the cosine need it: LDAM (Cao et al. 2019) and additive-margin softmax.

    Parameters
    ----------
    in_features : int
        Width d of the features.
    n_classes : int
        Number of classes C.
    scale : float, default=30.0
        :math:`\kappa`, so that the softmax of the scores can come near 1.

    Examples
    --------
    >>> import torch
    >>> from sklimb.heads import CosineHead
    >>> bool(CosineHead(8, 3, scale=10.0)(torch.randn(5, 8)).abs().max() <= 10)
    True
    """

    def __init__(self, in_features: int, n_classes: int, *, scale: float = 30.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_classes, in_features))
        self.scale = scale
        self.n_features_out = in_features

    def embed(self, features: Tensor) -> Tensor:
        """Return the features as they are.

        Parameters
        ----------
        features : Tensor, shape (n, d)
            Features of the backbone.

        Returns
        -------
        Tensor, shape (n, d)
            The same tensor.
        """
        return features

    def forward(self, embedded: Tensor) -> Tensor:
        """Return the scaled cosine of each sample to each class weight.

        Parameters
        ----------
        embedded : Tensor, shape (n, d)
            What `embed` returned; its lengths do not matter. A row of zeros has cosines of 0.

        Returns
        -------
        Tensor, shape (n, C)
            Scores, in [-scale, scale].
        """
        return self.scale * F.linear(unit_rows(embedded), unit_rows(self.weight))
