"""Sizes of `TabularMLP` that fit the data, by the number of samples: one pure function.

Chosen on training folds by ``benchmarks/tuning/tabular_ablation.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

# What is taken for the number of samples where it is not known.
_ROWS_UNKNOWN = 5_000
# With more columns than this each stays a number, for vectors would make most of the first layer,
# and is scaled by mean and deviation: so many are pixels or categories, zero as a rule.
_COLUMNS_TO_EMBED = 50
# From this many samples on a layer is wider.
_MANY_ROWS = 50_000
# Width of a layer below and from there on, and of members side by side, whose mean does with less
# (``benchmarks/tuning/cross_fit_sizes.py``).
_WIDTHS, _MEMBER_WIDTHS = (128, 256), (64, 128)
# Steps of training are _STEPS times the effective number of samples to the power of _GROWTH, times
# the bits that tell the classes apart to the power of _BITS.
_STEPS, _GROWTH, _BITS = 3, 0.85, 0.5
# Samples of many columns are learnt by heart sooner: for d columns that are embedded the steps are
# sqrt(_USUAL / d) as many, between two bounds. Pixels and categories say less each: with half the
# steps digits lose 0.5 to 1.5 points, by loss.
_USUAL, _FOR_COLUMNS = 10, (0.5, 1.25)
# Fewer than the least would leave a plain loss, and what is deferred to the last epochs, at the
# largest class. The most hold for up to _COLUMNS columns, and for d more are as many times
# _COLUMNS / d.
_LEAST_STEPS, _MOST_STEPS, _COLUMNS = 160, 3_000, 16


class TabularSizes(NamedTuple):
    """Sizes that go by the data.

    Attributes
    ----------
    hidden : tuple of int
        Width of each layer.
    hidden_of_member : tuple of int
        The same, of a member that shares nothing with the others.
    dropout : float
        Share of activations dropped.
    embedding : str or None
        How a number becomes a vector.
    scaling : str
        How a column is scaled.
    max_epochs : int
        Epochs of training.
    batch_size : int
        Samples in a batch.
    """

    hidden: tuple[int, ...]
    hidden_of_member: tuple[int, ...]
    dropout: float
    embedding: str | None
    scaling: str
    max_epochs: int
    batch_size: int


def choose_sizes(
    n_rows: int | None, in_features: int, class_counts: Sequence[float] | None = None
) -> TabularSizes:
    """Return sizes that fit a number of rows and columns.

    Steps of training grow with the `effective_rows`, more slowly than these do: a rare class of few
    samples is learnt by heart in passes that a large one needs. With many columns they are fewer.

    Parameters
    ----------
    n_rows : int or None
        Training samples; None is taken for a few thousand.
    in_features : int
        Columns.
    class_counts : sequence of float or None, default=None
        Samples of each class; None takes classes of one size.

    Returns
    -------
    TabularSizes
        The sizes.

    Examples
    --------
    >>> from sklimb.backbones._tabular_sizes import choose_sizes
    >>> choose_sizes(5_000, 9).max_epochs, choose_sizes(5_000, 9, [4_900, 100]).max_epochs
    (38, 6)
    """
    n = _ROWS_UNKNOWN if n_rows is None else max(1, n_rows)
    effective = n if class_counts is None else effective_rows(class_counts)
    batch_size = _power_of_two(n / 256, 64, 1024)
    n_classes = 2 if class_counts is None else sum(count > 0 for count in class_counts)
    bits = max(1.0, math.log2(n_classes))
    embedded = in_features <= _COLUMNS_TO_EMBED
    for_columns = 1.0
    if embedded:
        low, high = _FOR_COLUMNS
        for_columns = min(high, max(low, math.sqrt(_USUAL / max(1, in_features))))
    steps = _STEPS * effective**_GROWTH * bits**_BITS * for_columns
    most = _MOST_STEPS * min(1.0, _COLUMNS / max(1, in_features))
    steps = max(_LEAST_STEPS, min(most, steps))
    return TabularSizes(
        hidden=(_WIDTHS[n >= _MANY_ROWS],) * 2,
        hidden_of_member=(_MEMBER_WIDTHS[n >= _MANY_ROWS],) * 2,
        dropout=0.1,
        embedding="periodic" if embedded else None,
        scaling="robust" if embedded else "standard",
        max_epochs=max(1, round(steps / math.ceil(n / batch_size))),
        batch_size=batch_size,
    )


def effective_rows(class_counts: Sequence[float]) -> float:
    r"""Return how many samples a balanced set would need to know each class as well.

    .. math:: C^2 / \sum_k n_k^{-1}

    on average over the C classes: for two of 10,000 and 100 samples it is 396. Balanced classes
    count in full.

    Parameters
    ----------
    class_counts : sequence of float
        Samples of each class; classes without any are left out.

    Returns
    -------
    float
        The number.

    Examples
    --------
    >>> from sklimb.backbones._tabular_sizes import effective_rows
    >>> effective_rows([50, 50]), round(effective_rows([10_000, 100]))
    (100.0, 396)
    """
    there = [float(n) for n in class_counts if n > 0]
    return len(there) ** 2 / sum(1.0 / n for n in there)


def _power_of_two(x: float, low: int, high: int) -> int:
    """Return the power of two that is nearest to a number, between two bounds."""
    return min(high, max(low, 2 ** round(math.log2(max(x, 1.0)))))
