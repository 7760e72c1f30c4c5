"""What each threshold on the scores of two classes gives."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted


class CostCurve(NamedTuple):
    """What each threshold gives.

    Attributes
    ----------
    thresholds : ndarray of shape (n_thresholds,)
        From the lowest; samples of this score or a higher one are called positive. The last is
        above all scores, so that none is.
    precision, recall : ndarray of shape (n_thresholds,)
        Precision is NaN where nothing is called positive.
    cost : ndarray of shape (n_thresholds,) or None
        Mean cost of a sample.
    """

    thresholds: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    cost: np.ndarray | None


def cost_curve(
    positive: np.ndarray, scores: np.ndarray, costs: np.ndarray | None = None
) -> CostCurve:
    """Return precision, recall and mean cost at every threshold that makes a difference.

    Parameters
    ----------
    positive : ndarray of bool, shape (n_samples,)
    scores : ndarray of shape (n_samples,)
        Higher for what is more likely positive.
    costs : ndarray of shape (2, 2) or None, default=None
        Row: the truth, column: what is predicted; positive is the second of each.

    Returns
    -------
    CostCurve

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.inspection._thresholds import cost_curve
    >>> curve = cost_curve(
    ...     np.array([False, False, True]), np.array([0.1, 0.6, 0.5]), np.array([[0, 1], [10, 0]])
    ... )
    >>> curve.thresholds.round(2).tolist(), curve.cost.round(2).tolist()
    ([0.1, 0.5, 0.6, 1.0], [0.67, 0.33, 3.67, 3.33])
    """
    thresholds, place = np.unique(scores, return_inverse=True)
    found = _from(np.bincount(place, weights=positive, minlength=len(thresholds)))
    called = _from(np.bincount(place, minlength=len(thresholds)).astype(float))
    above = 1.0 if thresholds[-1] < 1 else np.nextafter(thresholds[-1], np.inf)
    n, total = len(scores), positive.sum()
    with np.errstate(invalid="ignore"):
        precision, recall = found / called, found / total
    cost = None
    if costs is not None:
        false = called - found
        cost = costs[1, 1] * found + costs[1, 0] * (total - found)
        cost = (cost + costs[0, 1] * false + costs[0, 0] * (n - total - false)) / n
    return CostCurve(np.append(thresholds, above), precision, recall, cost)


def _from(counts: np.ndarray) -> np.ndarray:
    """Return sums from each threshold on, and 0 above them all."""
    return np.append(counts[::-1].cumsum()[::-1], 0.0)


def scores_of(
    estimator: Any, X: Any, pos_label: Any, *, by_decision: bool = False
) -> tuple[np.ndarray, str]:
    """Return a binary classifier's scores for a label, and what they are.

    Parameters
    ----------
    estimator : fitted classifier
    X : samples
    pos_label : label
    by_decision : bool, default=False
        Whether ``decision_function`` is asked where there are probabilities too.

    Returns
    -------
    scores : ndarray of shape (n_samples,)
    what : {"probability", "decision_function"}
    """
    check_is_fitted(estimator)
    classes = np.asarray(estimator.classes_).tolist()
    if len(classes) != 2 or pos_label not in classes:
        raise ValueError(
            f"A threshold is one of two classes, and pos_label={pos_label!r} must be one of the "
            f"classifier's: {classes}."
        )
    place = classes.index(pos_label)
    if hasattr(estimator, "predict_proba") and not by_decision:
        return np.asarray(estimator.predict_proba(X))[:, place], "probability"
    scores = np.asarray(estimator.decision_function(X))
    return (scores if place else -scores), "decision_function"


def decides_by_decision(estimator: Any) -> bool:
    """Return whether the threshold of a `TunedThresholdClassifierCV` is on a decision function."""
    return getattr(estimator, "response_method", None) == "decision_function"


def own_threshold(estimator: Any, X: Any, scores: np.ndarray, what: str, pos_label: Any) -> float:
    """Return a tuned classifier's threshold as one on the scores of a label.

    ``best_threshold_`` is on the scores of the label that its metric calls positive, which only
    scikit-learn's inside knows; so it is the one by which the classifier's predictions come.

    Parameters
    ----------
    estimator : TunedThresholdClassifierCV
        Fitted, to two classes.
    X : samples
    scores : ndarray of shape (n_samples,)
        As `scores_of` gives them.
    what : {"probability", "decision_function"}
    pos_label : label
        Whose scores they are.

    Returns
    -------
    float
    """
    threshold, classes = float(estimator.best_threshold_), np.asarray(estimator.classes_)
    other = 1 - threshold if what == "probability" else -threshold
    called = np.asarray(estimator.predict(X)) == pos_label
    # a score of just the other threshold is at it for that label, and so not called this one
    by_label, by_other = np.sum(called == (scores >= threshold)), np.sum(called == (scores > other))
    if by_label == by_other:
        return threshold if pos_label == classes[1] else other
    return threshold if by_label > by_other else other


def positive_label(true: np.ndarray, pos_label: Any) -> Any:
    """Return the positive class of two."""
    classes, counts = np.unique(true, return_counts=True)
    if len(classes) != 2:
        raise ValueError(
            f"A threshold is one of two classes, but y holds {len(classes)}: "
            f"{classes.tolist()[:10]}. For one of many against the rest pass y == label."
        )
    if pos_label is None:
        return classes.tolist()[int(counts.argmin()) if counts[0] != counts[1] else 1]
    if pos_label not in classes.tolist():
        raise ValueError(f"pos_label={pos_label!r} is not in y, which holds {classes.tolist()}.")
    return pos_label
