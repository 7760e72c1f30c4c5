"""Which rows: those that weigh something, some of each class, those held back."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from sklimb._data.datasets import is_dataset
from sklimb._random import Streams


def take_rows(X: Any, rows: np.ndarray) -> Any:
    """Return some rows of an array or items of a torch Dataset."""
    return torch.utils.data.Subset(X, rows.tolist()) if is_dataset(X) else X[rows]


def stratified_subsample(y_encoded: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return some n samples in order, drawn from each class alike as far as it has them."""
    if len(y_encoded) <= n:
        return np.arange(len(y_encoded))
    classes = np.unique(y_encoded)
    share = max(1, n // len(classes))
    chosen = []
    for code in classes:
        rows = np.flatnonzero(y_encoded == code)
        chosen.append(rows if len(rows) <= share else rng.choice(rows, share, replace=False))
    return np.sort(np.concatenate(chosen))


def stratified_split(
    y_encoded: np.ndarray, fraction: float, streams: Streams
) -> tuple[np.ndarray, np.ndarray]:
    """Hold back a fraction of each class, at least a row and never all of them.

    Parameters
    ----------
    y_encoded : ndarray of int, shape (n,)
        Class indices.
    fraction : float
        Share of each class to hold back, rounded. A class of one row stays in training.
    streams : Streams
        Source of randomness.

    Returns
    -------
    train, held : ndarray of int
        Rows, in order.
    """
    rng = streams.generator("validation")
    held = []
    for code in np.unique(y_encoded):
        rows = np.flatnonzero(y_encoded == code)
        if len(rows) > 1:
            n_held = int(np.clip(round(fraction * len(rows)), 1, len(rows) - 1))
            held.append(rng.permutation(rows)[:n_held])
    if not held:
        raise ValueError(
            f"No rows can be held back: each of {len(y_encoded)} classes has one row. Set "
            "early_stopping=False."
        )
    held_rows = np.sort(np.concatenate(held))
    return np.setdiff1d(np.arange(len(y_encoded)), held_rows), held_rows
