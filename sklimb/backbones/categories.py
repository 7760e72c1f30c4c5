"""Integer-coded categories: which columns they are, and a vector for each code.

Shape
-----
codes (n, n_columns) -> vectors side by side (n, n_columns * embedding_dim).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["CategoryEmbedding", "split_columns"]


def split_columns(
    in_features: int, categorical: Sequence[int] | Sequence[bool] | None
) -> tuple[Tensor, Tensor]:
    """Return the indices of the columns of numbers, and of those of codes.

    Parameters
    ----------
    in_features : int
        Columns of X.
    categorical : sequence of int or bool, or None
        Those of codes, by index or mask.

    Returns
    -------
    tuple of Tensor
        Indices, in order.

    Raises
    ------
    ValueError
        If they are names, or not columns of X.

    Examples
    --------
    >>> from sklimb.backbones.categories import split_columns
    >>> split_columns(3, [-1])
    (tensor([0, 1]), tensor([2]))
    """
    is_code = np.zeros(in_features, dtype=bool)
    if categorical is not None:
        chosen = np.asarray(categorical)
        if chosen.dtype.kind not in "biu" and chosen.size:
            raise ValueError(
                "categorical_features must be indices of columns or a mask of them, got "
                f"{categorical!r}. The network sees no names: of columns of a frame X the mask is "
                "X.columns.isin(names)."
            )
        if chosen.dtype == bool and chosen.shape != is_code.shape:
            raise ValueError(
                f"categorical_features is a mask of {chosen.size} columns; X has {in_features}."
            )
        if (
            chosen.dtype != bool
            and chosen.size
            and not (-in_features <= chosen.min() and chosen.max() < in_features)
        ):
            raise ValueError(
                f"categorical_features={chosen.tolist()} has an index that X, with {in_features} "
                "columns, does not have."
            )
        is_code[chosen if chosen.size else []] = True
    return torch.from_numpy(np.flatnonzero(~is_code)), torch.from_numpy(np.flatnonzero(is_code))


class CategoryEmbedding(nn.Module):
    """A vector for each code of some integer-coded columns.

    All start at zero, so a code that training never saw, a negative one, one from `max_categories`
    on and one that is not whole are vectors of zeros: they say nothing.

    Parameters
    ----------
    n_columns : int
        Number of columns.
    embedding_dim : int, default=8
        Width of the vectors.
    max_categories : int, default=256
        Codes 0, 1, ... have vectors up to this many.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones.categories import CategoryEmbedding
    >>> CategoryEmbedding(2, embedding_dim=3)(torch.tensor([[0.0, 300.0]])).shape
    torch.Size([1, 6])
    """

    def __init__(
        self, n_columns: int, *, embedding_dim: int = 8, max_categories: int = 256
    ) -> None:
        super().__init__()
        self.max_categories = max_categories
        self.weight = nn.Parameter(torch.zeros(n_columns, max_categories, embedding_dim))

    def check(self, quantiles: np.ndarray) -> None:
        """Raise an error if columns cannot be codes, by a few of their quantiles.

        Parameters
        ----------
        quantiles : ndarray of shape (n_columns, q)
            The first is the least value of the training samples, the last their greatest.

        Raises
        ------
        ValueError
            If some are out of range, or not whole.
        """
        # one between two codes may lie in their middle
        odd = quantiles[2 * quantiles != np.rint(2 * quantiles)]
        if len(odd):
            raise ValueError(
                f"categorical_features are codes 0, 1, ...; among them is {odd[0]:g}. Encode them "
                "with sklearn.preprocessing.OrdinalEncoder, and leave measurements out."
            )
        low, high = quantiles[:, 0].min(), quantiles[:, -1].max()
        most = self.max_categories
        if low < 0 or high >= most:
            raise ValueError(
                f"categorical_features are codes from {low:g} to {high:g}; they must lie between 0 "
                f"and {most - 1}. Encode them with sklearn.preprocessing.OrdinalEncoder, missing "
                "values as a code of their own (encoded_missing_value), or raise max_categories."
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return the vectors side by side.

        Parameters
        ----------
        x : Tensor, shape (n, n_columns)
            Codes, of any number type.

        Returns
        -------
        Tensor, shape (n, n_columns * embedding_dim)
            Vectors.
        """
        known = (x >= 0) & (x < self.max_categories)
        codes = torch.where(known, x, torch.zeros_like(x)).long()
        known = known & (codes == x)
        of_column = torch.arange(codes.shape[1], device=codes.device)
        vectors = self.weight[of_column, codes]
        return torch.where(known.unsqueeze(2), vectors, torch.zeros_like(vectors)).flatten(1)
