"""Sizes of `TabularMLP` that fit the data, by the number of rows: one pure function.

Chosen on training folds by ``benchmarks/tabular_ablation.py``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

# What is taken for the number of rows where it is not known.
_ROWS_UNKNOWN = 5_000
# An epoch of more rows than this is taken to be long: the number of epochs falls from here on.
_ROWS_OF_A_LONG_EPOCH = 5_000
# With more columns than this each stays a number: vectors would make most of the first layer.
_COLUMNS_TO_EMBED = 16


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
    batch_size : int
        Rows a step.
    """

    n_members: int
    hidden: tuple[int, ...]
    dropout: float
    embedding: str | None
    max_epochs: int
    batch_size: int


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
    >>> [choose_sizes(n, 9).max_epochs for n in (200, 5_000, 100_000, 1_000_000)]
    [60, 60, 13, 5]
    """
    n = _ROWS_UNKNOWN if n_rows is None else n_rows
    wide = n >= 20_000
    long = max(1.0, n / _ROWS_OF_A_LONG_EPOCH)
    return TabularSizes(
        n_members=4 if n >= 200_000 else 8,
        hidden=(256, 256) if wide else (128, 128),
        dropout=0.1,
        embedding="piecewise_linear" if in_features <= _COLUMNS_TO_EMBED else None,
        max_epochs=max(5, int(60 / math.sqrt(long))),
        batch_size=_power_of_two(n / 64, 64, 1024),
    )


def _power_of_two(x: float, low: int, high: int) -> int:
    """Return the power of two that is nearest to a number, between two bounds."""
    return min(high, max(low, 2 ** round(math.log2(max(x, 1.0)))))
