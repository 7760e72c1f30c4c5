"""Which samples to translate, and what has changed in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy import sparse

from sklimb._data.from_tensors import without_tensors
from sklimb.classifiers.m2m import M2mClassifier
from sklimb.transforms.m2m import seed_class_probabilities


def largest_changes(
    seed: np.ndarray, result: np.ndarray, spread: np.ndarray, most: int = 12
) -> np.ndarray:
    """Return which columns change most, in their own spread, the most changed one first.

    Parameters
    ----------
    seed, result, spread : ndarray of shape (n_features,)
    most : int, default=12

    Returns
    -------
    ndarray of int
        Columns that change at all, at most `most`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.inspection._translated import largest_changes
    >>> largest_changes(
    ...     np.zeros(3), np.array([0.0, 50.0, 2.0]), np.array([1.0, 100.0, 1.0])
    ... ).tolist()
    [2, 1]
    """
    change = np.abs(result - seed) / np.where(spread > 0, spread, 1)
    order = np.argsort(-change, kind="stable")
    return order[change[order] > 0][:most]


def draw_seeds(
    codes: np.ndarray,
    counts: np.ndarray,
    target: int,
    estimator: M2mClassifier,
    rng: np.random.RandomState,
    n_samples: int,
) -> np.ndarray:
    """Return which samples to translate: their classes by Eq. 5, among those that there are."""
    share = seed_class_probabilities(torch.from_numpy(counts), target, estimator.beta).numpy()
    share = share * (np.bincount(codes, minlength=len(counts)) > 0)
    if not share.sum():
        label = estimator.classes_.tolist()[target]
        raise ValueError(
            f"No sample of y is of a class that is larger than {label!r}, so there is nothing to "
            "translate from."
        )
    weight = share[codes] / np.bincount(codes, minlength=len(counts))[codes]
    possible = int((weight > 0).sum())
    drawn = rng.choice(len(codes), min(n_samples, possible), replace=False, p=weight / weight.sum())
    return np.sort(drawn)


def as_rows(X: Any) -> Any:
    X = without_tensors(X, "X")
    if sparse.issparse(X):
        return X.tocsr()
    return X.to_numpy() if hasattr(X, "to_numpy") else np.asarray(X)


def column_spread(rows: Any) -> np.ndarray:
    if sparse.issparse(rows):
        mean = np.asarray(rows.mean(axis=0)).ravel()
        squares = np.asarray(rows.multiply(rows).mean(axis=0)).ravel()
        return np.sqrt(np.maximum(squares - mean**2, 0))
    return np.asarray(rows, dtype=float).std(axis=0)
