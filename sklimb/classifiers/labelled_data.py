"""Training data of meta-estimators: X, labels, weights and class counts.

X stays as it was passed in; the classifiers inside check it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_y, check_consistent_length

from sklimb._data.labels import plain_labels
from sklimb._data.remedies import check_takes_samples
from sklimb._data.sparse_form import check_sparse
from sklimb._data.validation import is_dataset, labels_within
from sklimb._data.weights import check_weights
from sklimb.classifiers.fold_clones import in_rows
from sklimb.classifiers.priors import counts_of


@dataclass(frozen=True)
class LabelledData:
    """Training data of which some samples can be taken.

    Parameters
    ----------
    X : object
        As of `in_rows`.
    y : ndarray, shape (n_samples,)
        Labels.
    weight : ndarray of shape (n_samples,) or None
        Sample weights; None where they are all equal.
    classes : ndarray, shape (C,)
        All labels, sorted.
    y_encoded : ndarray of int, shape (n_samples,)
        Labels as positions in `classes`.
    counts : ndarray of float, shape (C,)
        (Weighted) number of samples of each class.
    """

    X: Any
    y: np.ndarray
    weight: np.ndarray | None
    classes: np.ndarray
    y_encoded: np.ndarray
    counts: np.ndarray


def labels_of(X: Any, y: Any) -> Any:
    """Return y, or the labels of a Dataset.

    Raises
    ------
    ValueError
        If y is None and X has none, a label is missing or of another type than the others, or X is
        a malformed sparse matrix.
    """
    check_sparse(X)
    if y is None:
        y = labels_within(X)
    if y is None:
        raise ValueError("This estimator requires y to be passed, but the target y is None.")
    return plain_labels(y)


def labelled_data(estimator: BaseEstimator, X: Any, y: Any, sample_weight: Any) -> LabelledData:
    """Check labels and weights, and count the classes.

    Parameters
    ----------
    estimator : classifier
        For messages.
    X : object
        Training data in any form.
    y : array-like, shape (n_samples,)
    sample_weight : array-like of shape (n_samples,) or None

    Returns
    -------
    LabelledData

    Raises
    ------
    TypeError
        If no samples can be taken of X: a dict of columns, a lazy frame, None.
    ValueError
        If y holds no classes, lengths differ, or weights are negative, not finite or all 0.
    """
    check_takes_samples(X)
    X, y = in_rows(X), _check_y(y, estimator=estimator)
    check_classification_targets(y)
    if not is_dataset(X):
        check_consistent_length(X, y)
    weight = check_weights(sample_weight, len(y))
    classes, y_encoded = np.unique(y, return_inverse=True)
    return LabelledData(X, y, weight, classes, y_encoded, counts_of(y, classes, weight))
