"""scikit-learn's `score`, for labels in any container that `fit` takes.

A function that classifiers take as their method, so that no base of ours lies behind theirs.
"""

from __future__ import annotations

from typing import Any

from sklearn.base import ClassifierMixin

from sklimb._data.from_tensors import without_tensors
from sklimb._data.labels import label_array


def score(self: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
    """Return the share of samples that are predicted right.

    Where classes differ in size, that of the largest one is most of it: see
    `sklimb.metrics`.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features), images or Dataset
        Data.
    y : array-like of shape (n_samples,)
        True labels.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples.

    Returns
    -------
    float
        Accuracy.
    """
    y, weight = label_array(y), without_tensors(sample_weight, "sample_weight")
    return ClassifierMixin.score(self, X, y, sample_weight=weight)
