"""Metrics of classification under class imbalance, and scorers made of them.

All of them are built on the recall of each class (its correct samples over its samples) and go
through scikit-learn's own checks of labels.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import make_scorer
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import type_of_target, unique_labels
from sklearn.utils.validation import _num_samples

from sklimb._data.by_class import by_label
from sklimb._data.from_tensors import without_tensors
from sklimb._data.labels import check_sortable, label_array

__all__ = [
    "balanced_accuracy_scorer",
    "cumulative_false_positives",
    "geometric_mean_score",
    "geometric_mean_scorer",
    "shot_accuracies",
]


def geometric_mean_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    epsilon: float = 0.001,
    *,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    r"""Geometric mean of the classes' recalls.

    .. math:: GM = \Big(\prod_{k=1}^{K} r_k\Big)^{1/K}, \qquad
              r_k = \begin{cases} \text{recall}_k & \text{if above } 0 \\
              \epsilon & \text{else} \end{cases}

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, of any type that scikit-learn takes.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    epsilon : float, default=0.001
        What a recall of zero counts as, in [0, 1]. With 0, one class that is never found makes
        the score 0, and says nothing of the others; [1]_ takes 0.001.
    labels : array-like of shape (n_labels,), default=None
        Score only these classes. Samples of other classes are left out, but predictions of other
        classes are still errors. None takes all classes of `y_true`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples.

    Returns
    -------
    float
        The score, in [0, 1].

    Raises
    ------
    ValueError
        If the labels are not those of a binary or multiclass problem, lengths differ, `epsilon`
        lies outside [0, 1], a weight is negative, or none of the classes is in `y_true`.

    Notes
    -----
    A class without samples in `y_true` (or with samples of weight 0 only) has no recall. It is left
    out, as in :func:`sklearn.metrics.balanced_accuracy_score`, without a warning; predicting it
    still is an error for the sample's true class.
    :func:`imblearn.metrics.geometric_mean_score` with ``correction=epsilon`` agrees while every
    predicted class is in `y_true`; it counts other predicted classes as recalls of zero.

    References
    ----------
    .. [1] B. Kim, H. G. Hong and J. Kim, "De-biasing Neural Networks with Estimated Offset for
       Class Imbalanced Learning", ICCV Workshops 2021, section 4.4.
    .. [2] M. Kubat and S. Matwin, "Addressing the curse of imbalanced training sets: one-sided
       selection", ICML 1997.

    Examples
    --------
    >>> from sklimb.metrics import geometric_mean_score
    >>> round(geometric_mean_score([0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 0]), 4)
    0.7071
    >>> round(geometric_mean_score([0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 0, 0]), 4)
    0.0316
    """
    if not (isinstance(epsilon, Real) and 0 <= epsilon <= 1):
        raise ValueError(f"epsilon must be a number in [0, 1], got {epsilon!r}.")
    classes, recalls = _recalls(y_true, y_pred, sample_weight)
    if labels is not None:
        wanted = label_array(labels, "labels")
        none = isinstance(labels, (str, bytes, set, frozenset, Mapping)) or np.ndim(wanted) != 1
        if none or np.iscomplexobj(wanted):
            raise ValueError(f"labels must be a list of classes, got {labels!r}.")
        recalls = recalls[np.isin(classes, column_or_1d(wanted))]
        if recalls.size == 0:
            raise ValueError(
                f"None of labels={labels!r} is in y_true, which holds {classes.tolist()}. "
                "Name at least one of those."
            )
    recalls = np.where(recalls > 0, recalls, epsilon)
    # Through logarithms, since the product of a thousand classes' recalls underflows.
    return float(np.exp(np.log(recalls).mean())) if recalls.all() else 0.0


def _balanced_accuracy(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Mean of the classes' recalls: scikit-learn's, but silent on a class absent from y_true."""
    return float(_recalls(y_true, y_pred, sample_weight)[1].mean())


#: Scorer of balanced accuracy, the mean of the classes' recalls: the same value as
#: ``scoring="balanced_accuracy"``, without its warning where a fold lacks a predicted class.
balanced_accuracy_scorer = make_scorer(_balanced_accuracy)

#: Scorer of `geometric_mean_score` with its default epsilon. For another one, or for some labels:
#: ``sklearn.metrics.make_scorer(geometric_mean_score, epsilon=0.01)``.
geometric_mean_scorer = make_scorer(geometric_mean_score)


def shot_accuracies(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    class_counts: Mapping[Hashable, float] | ArrayLike,
) -> dict[str, float]:
    """Accuracy on classes with many, a medium number of and few training samples.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels of the test part.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    class_counts : mapping of label to count, or array-like of shape (n_classes,)
        Training samples of each class. A mapping (or a pandas Series, such as
        ``y_train.value_counts()``) may name more classes than the test part has. An array, or a
        Series without an index of its own beside labels that are no positions, is taken in the
        order of the sorted labels of `y_true` and `y_pred` together, and must have as many
        entries.

    Returns
    -------
    dict
        ``"many"``: the mean recall of classes with more than 100 training samples; ``"few"``: with
        fewer than 20; ``"medium"``: with 20 to 100, both included; ``"all"``: of all. A group
        without a class in `y_true` is NaN.

    Raises
    ------
    TypeError
        If `class_counts` is a frame.
    ValueError
        If the labels are not those of a binary or multiclass problem, lengths differ, a class has
        no count, a count is negative or not finite, or they are shares.

    Notes
    -----
    The thresholds are those of Table 1 in [1]_, which leaves 20 itself open. The groups are means
    over classes, not samples: on the papers' class-balanced test parts the two are equal, and on
    others a large class does not drown the rest of its group. So ``"all"`` is the balanced
    accuracy. Classes without samples in `y_true` are left out, as in `geometric_mean_score`.

    References
    ----------
    .. [1] B. Kim, H. G. Hong and J. Kim, "De-biasing Neural Networks with Estimated Offset for
       Class Imbalanced Learning", ICCV Workshops 2021, Table 1.

    Examples
    --------
    >>> from sklimb.metrics import shot_accuracies
    >>> y_true = ["cat", "cat", "dog", "dog", "emu", "emu"]
    >>> y_pred = ["cat", "cat", "dog", "cat", "cat", "emu"]
    >>> shot_accuracies(y_true, y_pred, {"cat": 500, "dog": 100, "emu": 19})
    {'many': 1.0, 'medium': 0.5, 'few': 0.5, 'all': 0.6666666666666666}
    """
    y_true, y_pred = check_labels(y_true, y_pred)
    classes, recalls = _recalls(y_true, y_pred)
    position, counts = _align_counts(class_counts, y_true, y_pred)
    if (counts % 1).any() and np.isclose(counts.sum(), 1):
        shown = dict(zip(position, counts.tolist(), strict=True))
        raise ValueError(
            f"class_counts sum to 1, as shares do ({shown}), but "
            "many, medium and few are numbers of samples: pass counts, such as "
            "y_train.value_counts() without normalize=True."
        )
    sizes = counts[[position[label] for label in classes.tolist()]]
    groups = {
        "many": sizes > 100,
        "medium": (sizes >= 20) & (sizes <= 100),
        "few": sizes < 20,
        "all": np.ones(len(sizes), dtype=bool),
    }
    return {
        name: float(recalls[group].mean()) if group.any() else float("nan")
        for name, group in groups.items()
    }


def cumulative_false_positives(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    class_counts: Mapping[Hashable, float] | ArrayLike,
) -> NDArray[np.int64]:
    r"""Numbers of false positives, summed over classes from the most frequent to the least.

    :math:`\sum_{k} \text{FP}_k`, with :math:`\text{FP}_k` the samples wrongly predicted to be of
    class k (Figure 5 of [1]_ and of [2]_). On a class-balanced test part an unbiased classifier
    draws a straight line; a bend upwards at the left means that rare classes are mistaken for
    frequent ones.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels of the test part.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    class_counts : mapping of label to count, or array-like of shape (n_classes,)
        Training samples of each class, as in `shot_accuracies`.

    Returns
    -------
    ndarray of shape (n_classes,), int64
        One value for each class of `class_counts`, in order of falling counts, equal counts in
        the order of their labels. The last is the number of all mistakes.

    Raises
    ------
    TypeError
        If `class_counts` is a frame.
    ValueError
        If the labels are not those of a binary or multiclass problem, lengths differ, a class has
        no count, or a count is negative or not finite.

    References
    ----------
    .. [1] J. Kim, J. Jeong and J. Shin, "M2m: Imbalanced Classification via Major-to-minor
       Translation", CVPR 2020.
    .. [2] B. Kim, H. G. Hong and J. Kim, "De-biasing Neural Networks with Estimated Offset for
       Class Imbalanced Learning", ICCV Workshops 2021.

    Examples
    --------
    >>> from sklimb.metrics import cumulative_false_positives
    >>> y_true = ["cat", "cat", "dog", "dog", "emu", "emu"]
    >>> y_pred = ["cat", "cat", "dog", "cat", "cat", "dog"]
    >>> cumulative_false_positives(y_true, y_pred, {"emu": 19, "cat": 500, "dog": 100})
    array([2, 3, 3])
    """
    true, predicted = check_labels(y_true, y_pred)
    position, counts = _align_counts(class_counts, true, predicted)
    wrong, false_positives = np.unique(predicted[predicted != true], return_counts=True)
    per_class = np.zeros(len(counts), dtype=np.int64)
    per_class[[position[label] for label in wrong.tolist()]] = false_positives
    return per_class[np.argsort(-counts, kind="stable")].cumsum()


def check_labels(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both label vectors as arrays, after scikit-learn's checks."""
    y_true, y_pred = label_array(y_true, "y_true"), label_array(y_pred, "y_pred")
    for name, y in (("y_true", y_true), ("y_pred", y_pred)):
        if np.ndim(y) == 0:
            raise ValueError(f"{name} must hold a class label for each sample, got {y!r}.")
        check_sortable(y, name)
    n_true, n_pred = _num_samples(y_true), _num_samples(y_pred)
    if n_true != n_pred:
        raise ValueError(f"y_true has {n_true} labels and y_pred has {n_pred}.")
    for name, y in (("y_true", y_true), ("y_pred", y_pred)):
        with np.errstate(invalid="ignore"):  # it casts NaN to an integer before refusing it
            kind = type_of_target(y, input_name=name)
        if kind not in ("binary", "multiclass"):
            raise ValueError(
                f"{name} must hold one class label a sample (binary or multiclass), got {kind!r}."
            )
    true, predicted = column_or_1d(y_true), column_or_1d(y_pred)
    if true.size == 0:
        raise ValueError("y_true and y_pred are empty: a score needs at least one sample.")
    unique_labels(true, predicted)  # refuses numbers beside strings
    return true, predicted


def _recalls(
    y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Sorted classes of `y_true` that have weight, and the recall of each."""
    true, predicted = check_labels(y_true, y_pred)
    weight = None
    if sample_weight is not None:
        weight = check_numbers(sample_weight, "sample_weight")
        if len(weight) != len(true):
            raise ValueError(f"sample_weight has {len(weight)} weights for {len(true)} labels.")
        if not (np.isfinite(weight.sum()) and (weight >= 0).all() and weight.any()):
            raise ValueError(
                "sample_weight must be finite, also in sum, not negative, and above 0 somewhere; "
                f"got values from {weight.min()} to {weight.max()}."
            )
    classes, index = np.unique(true, return_inverse=True)
    found = true == predicted
    support = np.bincount(index, weights=weight, minlength=len(classes))
    hits = np.bincount(
        index[found], weights=None if weight is None else weight[found], minlength=len(classes)
    )
    present = support > 0
    return classes[present], hits[present] / support[present]


def check_numbers(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """One number a sample or a class, as an array."""
    values = without_tensors(values, name)
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must hold numbers, got {values!r}.") from None
    if array.ndim == 0:
        raise ValueError(f"{name} must be a sequence of numbers, got {values!r}.")
    return column_or_1d(array)


def _align_counts(
    class_counts: Mapping[Hashable, float] | ArrayLike, y_true: ArrayLike, y_pred: ArrayLike
) -> tuple[dict[Any, int], NDArray[np.float64]]:
    """Position of each label, and counts in that order: that of the sorted labels."""
    seen = unique_labels(column_or_1d(y_true), column_or_1d(y_pred)).tolist()
    given = by_label(class_counts, "class_counts", or_position=seen)
    if given is not None:
        missing = [label for label in seen if label not in given]
        if missing:
            raise ValueError(
                f"class_counts has no count for {missing}, but they are in y_true or y_pred. "
                "Add them, with 0 for a class that training did not see."
            )
        labels = _sorted(given)
        counts = check_numbers([given[label] for label in labels], "class_counts")
    else:
        labels, counts = seen, check_numbers(class_counts, "class_counts")
        if len(counts) != len(labels):
            raise ValueError(
                f"class_counts has {len(counts)} entries, but y_true and y_pred hold "
                f"{len(labels)} classes: {labels}. Give a mapping of label to count instead, such "
                "as dict(zip(classifier.classes_, classifier.class_counts_))."
            )
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        got = dict(zip(labels, counts.tolist(), strict=True))
        raise ValueError(f"class_counts must be finite and not negative, got {got}.")
    return {label: place for place, label in enumerate(labels)}, counts


def _sorted(labels: Iterable[Any]) -> list[Any]:
    """Labels in order; of several types, which cannot be compared, type by type."""
    try:
        return sorted(labels)
    except TypeError:
        return sorted(labels, key=lambda label: (type(label).__name__, label))
