"""Features brought into the plane, and a subset of samples that shows every class."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

_METHODS = ("auto", "pca", "tsne")


def project(
    features: np.ndarray,
    marks: np.ndarray,
    method: str = "auto",
    random_state: Any = 0,
) -> tuple[np.ndarray, np.ndarray, str]:
    """Bring features, and points among them, into the plane.

    Parameters
    ----------
    features : ndarray of shape (n_samples, d)
        Features of samples.
    marks : ndarray of shape (n_marks, d)
        Points to be brought along: t-SNE embeds them together with the samples.
    method : {"auto", "pca", "tsne"}, default="auto"
        "auto" leaves two features as they are and takes the principal components of more.
    random_state : int, RandomState or None, default=0
        Of t-SNE.

    Returns
    -------
    points : ndarray of shape (n_samples, 2)
    marked : ndarray of shape (n_marks, 2)
    method : {"none", "pca", "tsne"}
        What was done.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.inspection._projection import project
    >>> points, marks, method = project(np.eye(4), np.zeros((1, 4)))
    >>> points.shape, marks.shape, method
    ((4, 2), (1, 2), 'pca')
    """
    if method not in _METHODS:
        raise ValueError(f"method must be one of {list(_METHODS)}, got {method!r}.")
    n, d = features.shape
    if d == 2 and method == "auto":
        return features, marks, "none"
    if d == 1:
        flat = [np.column_stack([part, np.zeros(len(part))]) for part in (features, marks)]
        return flat[0], flat[1], "none"
    if n < 3:
        raise ValueError(f"{n} samples make no picture of {d} features: give three or more.")
    if method == "tsne":
        both = np.concatenate([features, marks])
        perplexity = min(30.0, (len(both) - 1) / 3)
        embedded = TSNE(perplexity=perplexity, random_state=random_state).fit_transform(both)
        return embedded[:n], embedded[n:], "tsne"
    pca = PCA(2).fit(features)
    moved = pca.transform(marks) if len(marks) else np.empty((0, 2))
    return pca.transform(features), moved, "pca"


def balanced_subset(y: np.ndarray, most: int, rng: np.random.RandomState) -> np.ndarray:
    """Return which samples to show: every class as evenly as it can be, in the order of `y`.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
    most : int
    rng : numpy RandomState

    Returns
    -------
    ndarray of int
        Positions, at most `most`, but one of each class at least.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.inspection._projection import balanced_subset
    >>> y = np.repeat(["a", "b"], [100, 3])
    >>> np.unique(y[balanced_subset(y, 10, np.random.RandomState(0))], return_counts=True)[1]
    array([7, 3])
    """
    if len(y) <= most:
        return np.arange(len(y))
    classes, counts = np.unique(y, return_counts=True)
    left, room = most, {}
    for rank, i in enumerate(np.argsort(counts, kind="stable")):
        room[i] = max(1, min(counts[i], left // (len(classes) - rank)))
        left -= room[i]
    kept = [
        rng.permutation(np.flatnonzero(y == label))[: room[i]] for i, label in enumerate(classes)
    ]
    return np.sort(np.concatenate(kept))
