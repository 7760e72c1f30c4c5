"""Classes in order of their sizes, and what a classifier says, as all Displays need them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import check_is_fitted

from sklimb._data.by_class import by_label, for_classes
from sklimb.metrics import check_labels, check_numbers

Counts = Mapping[Hashable, float] | ArrayLike | None


class ClassSizes(NamedTuple):
    """Classes from the largest to the smallest, equal ones in the order of their labels.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
    counts : ndarray of float, shape (n_classes,)
    of : str
        What was counted, for the axis.
    """

    classes: np.ndarray
    counts: np.ndarray
    of: str


def class_sizes(y_true: Any, predictions: Mapping[str, Any], class_counts: Counts) -> ClassSizes:
    """Return the classes of true and predicted labels by size.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
    predictions : mapping of str to array-like of shape (n_samples,)
        Predicted labels of some classifiers.
    class_counts : mapping of label to count, array-like of shape (n_classes,) or None
        An array goes by the sorted labels. None counts `y_true`. Classes that a mapping names and
        nobody has or predicts are there too.

    Raises
    ------
    ValueError
        If labels are not those of classes, lengths differ, or counts do not fit the classes.

    Examples
    --------
    >>> from sklimb.inspection._classes import class_sizes
    >>> class_sizes(["a", "b", "b"], {"mine": ["a", "a", "b"]}, None).classes.tolist()
    ['b', 'a']
    """
    checked = [check_labels(y_true, y_pred) for y_pred in predictions.values()]
    true = checked[0][0]
    labels = unique_labels(true, *(predicted for _, predicted in checked))
    if class_counts is None:
        counts, of = (
            np.array([(true == label).sum() for label in labels], dtype=float),
            "samples in y",
        )
    else:
        labels, counts = _given(class_counts, labels)
        of = "training samples"
    order = np.argsort(-counts, kind="stable")
    return ClassSizes(labels[order], counts[order], of)


def _given(class_counts: Counts, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return labels, those of the counts among them, and their counts."""
    given = by_label(class_counts, "class_counts", or_position=labels.tolist())
    if given is None:
        counts = check_numbers(class_counts, "class_counts")
        if len(counts) != len(labels):
            raise ValueError(
                f"class_counts has {len(counts)} entries, but y_true and y_pred hold "
                f"{len(labels)} classes: {labels.tolist()}. Give a mapping of label to count."
            )
    else:
        # classes that were trained on keep their place where the test part has none of them
        extra = [label for label in given if label not in set(labels.tolist())]
        if extra:
            labels = unique_labels(labels, extra)
        counts = np.array(for_classes(given, labels, "class_counts"), dtype=float)
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise ValueError(f"class_counts must be finite and not negative, got {counts.tolist()}.")
    return labels, counts


def training_counts(estimator: Any) -> dict[Any, float] | None:
    """Return how many samples of each class a fitted classifier has learnt from, where it says so.

    It is asked through searches, pipelines and frozen estimators. Behind a sampler the counts are
    those after the sampling, which do not say which class is rare: None then.
    """
    inner = last_step(estimator)
    if inner is None or not hasattr(inner, "class_counts_"):
        return None
    counts = np.asarray(inner.class_counts_, dtype=float)
    return dict(zip(np.asarray(inner.classes_).tolist(), counts.tolist(), strict=True))


def last_step(estimator: Any, *, behind_samplers: bool = False) -> Any:
    """Return the classifier inside searches, pipelines and frozen estimators.

    Parameters
    ----------
    estimator : estimator
    behind_samplers : bool, default=False
        Whether a classifier behind a sampler counts; else it is None.
    """
    while True:
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif hasattr(estimator, "steps") and hasattr(estimator, "named_steps"):
            samplers = any(hasattr(step, "fit_resample") for _, step in estimator.steps)
            if samplers and not behind_samplers:
                return None
            estimator = estimator.steps[-1][1]
        elif type(estimator).__name__ == "FrozenEstimator":
            estimator = estimator.estimator
        else:
            return estimator


def named(thing: Any, name: str | None, default: str) -> dict[str, Any]:
    """Return several things by name: a mapping as it is, one thing under its name."""
    if isinstance(thing, Mapping):
        if name is not None:
            raise ValueError(
                f"name={name!r} names one classifier, but {len(thing)} are given by name: "
                f"{list(map(str, thing))}. Leave name out."
            )
        if not thing:
            raise ValueError("An empty dict was given: name at least one classifier.")
        return {str(key): value for key, value in thing.items()}
    return {default if name is None else name: thing}


def predictions_of(
    estimator: Any, X: Any, name: str | None, *, sizes_are_given: bool
) -> tuple[dict[str, Any], dict[Any, float] | None]:
    """Return what one or several fitted classifiers predict, by name, and the training counts.

    Raises
    ------
    ValueError
        If the classifiers were trained on classes of different sizes.
    """
    default = "" if isinstance(estimator, Mapping) else type(estimator).__name__
    estimators = named(estimator, name, default)
    for each in estimators.values():
        check_is_fitted(each)
    said = [training_counts(each) for each in estimators.values()]
    known = [counts for counts in said if counts is not None]
    if not sizes_are_given and any(counts != known[0] for counts in known):
        raise ValueError(
            "The classifiers were trained on classes of different sizes, so the classes have no "
            "one order. Say the sizes: class_counts={label: count}."
        )
    return {key: each.predict(X) for key, each in estimators.items()}, known[0] if known else None
