"""Means of an epoch's losses over its batches."""

from __future__ import annotations

import numpy as np


def batch_means(values: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return means over batches by their sizes, NaN left out beside the first column, the loss."""
    values = values.reshape(len(values), -1)
    means = [(sizes / sizes.sum()) @ values[:, 0]]
    for column in values[:, 1:].T:
        there = ~np.isnan(column)
        n = sizes[there].sum()
        means.append(column[there] @ (sizes[there] / n) if n else np.nan)
    return np.asarray(means)
