"""Sizes of `TabularMLP` that fit the data, by the number of rows: one pure function.

Chosen on training folds by ``benchmarks/tabular_ablation.py``.
"""

from __future__ import annotations

from typing import NamedTuple

# What is taken for the number of rows where it is not known.
_ROWS_UNKNOWN = 5_000


class TabularSizes(NamedTuple):
    """Sizes that go by the data.

    Attributes
    ----------
    n_members : int
        Members in one network.
    hidden : tuple of int
        Width of each layer.
    dropout : float
        Share of activations dropped.
    embedding : str or None
        How a number becomes a vector.
    max_epochs : int
        Epochs of training.
    """

    n_members: int
    hidden: tuple[int, ...]
    dropout: float
    embedding: str | None
    max_epochs: int


def choose_sizes(n_rows: int | None, in_features: int) -> TabularSizes:
    """Return sizes that fit a number of rows and columns.

    Parameters
    ----------
    n_rows : int or None
        Training rows; None is taken for a few thousand.
    in_features : int
        Columns.

    Returns
    -------
    TabularSizes
        The sizes.

    Examples
    --------
    >>> from sklimb.backbones._tabular_sizes import choose_sizes
    >>> choose_sizes(200, 9).n_members
    16
    """
    n = _ROWS_UNKNOWN if n_rows is None else n_rows
    return TabularSizes(
        n_members=16,
        hidden=(128, 128) if n < 2_000 else (256, 256),
        dropout=0.1,
        embedding="piecewise_linear",
        max_epochs=60,
    )
