"""A first layer that multiplies a batch in compressed sparse rows without densifying it.

Shape
-----
x (n, in_features), dense or ``torch.sparse_csr`` -> (n, out_features).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SparseInputLinear(nn.Module):
    """A linear layer whose input may be a batch in compressed sparse rows.

    A sparse batch goes through ``embedding_bag``, the weighted sum of the weight's rows that belong
    to its values. The weight lies in memory as that table, (in_features, out_features), not as
    `torch.nn.Linear` has it: the table is never copied, nor is its gradient. Of the ways to
    multiply it, this was the fastest (``benchmarks/speed/sparse.py``). A backbone of your own that
    begins with this layer takes sparse X whole if it says so with ``accepts_sparse = True``; any
    other backbone gets each batch densified.

    Parameters
    ----------
    in_features : int
        Number of columns.
    out_features : int
        Width of the layer.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones import SparseInputLinear
    >>> layer = SparseInputLinear(5, 2)
    >>> x = torch.eye(3, 5)
    >>> torch.allclose(layer(x.to_sparse_csr()), layer(x))
    True
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        like = nn.Linear(in_features, out_features)  # its start values
        self.weight = nn.Parameter(like.weight.detach().t().contiguous())
        self.bias = like.bias

    def extra_repr(self) -> str:
        """Return the sizes, for printing.

        Returns
        -------
        str
            As `torch.nn.Linear` shows them.
        """
        return f"in_features={self.in_features}, out_features={self.out_features}"

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x @ weight + bias``.

        Parameters
        ----------
        x : Tensor, shape (n, in_features)
            Dense or in compressed sparse rows.

        Returns
        -------
        Tensor, shape (n, out_features)
            Dense.
        """
        if x.layout != torch.sparse_csr:
            return torch.addmm(self.bias, x, self.weight)
        summed = F.embedding_bag(
            x.col_indices(),
            self.weight,
            x.crow_indices(),
            mode="sum",
            per_sample_weights=x.values(),
            include_last_offset=True,
        )
        return summed + self.bias
