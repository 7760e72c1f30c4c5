"""Which rows: those that weigh something, some of each class, those held back."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.model_selection import StratifiedShuffleSplit

from sklimb._inputs import is_dataset
from sklimb._random import Streams


def without_weightless(
    X: Any, codes: np.ndarray, weight: np.ndarray | None
) -> tuple[Any, np.ndarray, np.ndarray | None]:
    """Leave out rows of weight 0: they must not fill batches or be drawn."""
    if weight is None or np.all(weight > 0):
        return X, codes, weight
    kept = np.flatnonzero(weight > 0)
    X = torch.utils.data.Subset(X, kept.tolist()) if is_dataset(X) else X[kept]
    weight = weight[kept]
    return X, codes[kept], None if np.ptp(weight) == 0 else weight


def some_of_each(codes: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return some n rows in order, drawn from each class alike as far as it has them."""
    if len(codes) <= n:
        return np.arange(len(codes))
    classes = np.unique(codes)
    share = max(1, n // len(classes))
    chosen = []
    for code in classes:
        rows = np.flatnonzero(codes == code)
        chosen.append(rows if len(rows) <= share else rng.choice(rows, share, replace=False))
    return np.sort(np.concatenate(chosen))


def stratified_split(
    codes: np.ndarray, fraction: float, streams: Streams
) -> tuple[np.ndarray, np.ndarray]:
    """Hold back a fraction of each class; a class of one row stays in training."""
    rng = np.random.RandomState(streams.seed("validation") % 2**32)
    counts = np.bincount(codes)
    alone = counts[codes] == 1
    rows = np.flatnonzero(~alone)
    n_classes = len(np.unique(codes[rows]))
    n_held = max(n_classes, round(fraction * len(codes)))
    if len(rows) - n_held < n_classes:
        raise ValueError(
            f"early_stopping cannot hold back {n_held} of {len(codes)} rows with {n_classes} "
            "classes: a row of each class must stay on either side. Set early_stopping=False or "
            "lower validation_fraction."
        )
    split = StratifiedShuffleSplit(1, test_size=n_held, random_state=rng)
    train, held = next(split.split(rows, codes[rows]))
    return np.sort(np.concatenate([rows[train], np.flatnonzero(alone)])), np.sort(rows[held])
