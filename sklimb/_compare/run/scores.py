"""How a fitted classifier is scored on samples that it has not seen.

Every score is taken over the classes that the scored samples contain: a class that a test part
lacks has no recall, so it is left out there, for every method alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from sklearn.metrics import average_precision_score, recall_score

from sklimb._compare.run.costs import decided_within

# What can be chosen by and ranked by, with the words for it.
METRICS = {
    "balanced_accuracy": "balanced accuracy",
    "geometric_mean": "geometric mean",
    "macro_f1": "macro F1",
    "average_precision": "average precision",
}
# What can be ranked by where costs are given; of the scores it alone is better the less it is.
COST = "cost"
RANKED_BY = {**METRICS, COST: "cost"}
# What is reported. Recall or precision of one class alone is no goal: it can be had for nothing.
SCORES = {
    **METRICS,
    "rare_precision": "precision, rarest class",
    "rare_recall": "recall, rarest class",
}


def score_names(metric: str) -> list[str]:
    """Return the names of the scores that are reported where `metric` is ranked by."""
    return [COST, *SCORES] if metric == COST else list(SCORES)


def direction(metric: str) -> int:
    """Return 1 where more of a score is better, -1 where less is."""
    return -1 if metric == COST else 1


def rarest_class(y) -> object:
    """Return the label with the fewest samples; of equals, the first in sorted order.

    Parameters
    ----------
    y : array-like of shape (n_samples,)

    Returns
    -------
    label : scalar
    """
    labels, counts = np.unique(y, return_counts=True)
    return labels[counts.argmin()]


def class_recalls(y_true, y_pred, classes) -> np.ndarray:
    """Return the recall of each class, NaN for those that `y_true` lacks.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,)
    classes : array-like of shape (n_classes,)
        All labels, sorted.

    Returns
    -------
    recalls : ndarray of shape (n_classes,)
    """
    return recall_score(y_true, y_pred, labels=classes, average=None, zero_division=np.nan)


def aligned_scores(estimator, X, classes) -> np.ndarray:
    """Return what ranks samples within each class, with one column for each of `classes`.

    Probabilities, or the decision function of a classifier that has none: only the order within a
    column counts, so they need not be compared across columns.

    Parameters
    ----------
    estimator : classifier
        Fitted, possibly on samples that lacked some of `classes`: their columns are 0, which ranks
        nothing.
    X : array-like of shape (n_samples, n_features)
    classes : array-like of shape (n_classes,)
        All labels, sorted.

    Returns
    -------
    scores : ndarray of shape (n_samples, n_classes)
    """
    if hasattr(estimator, "predict_proba"):
        known = estimator.predict_proba(X)
    else:
        known = estimator.decision_function(X)
        if known.ndim == 1:
            known = np.column_stack([-known, known])
    scores = np.zeros((known.shape[0], len(classes)))
    scores[:, np.searchsorted(classes, estimator.classes_)] = known
    return scores


def average_precision(y_true, probabilities, classes, rare) -> float:
    """Return the average precision, as a mean over classes or of the rarer of two.

    Two classes: average precision (the area under the precision-recall steps) with the rarer one
    as positive. More: the unweighted mean of each class against the rest, over the classes in
    `y_true`. NaN where `y_true` has fewer than two classes, since there is nothing to rank.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
    probabilities : ndarray of shape (n_samples, n_classes)
        Only the order within a column matters.
    classes : array-like of shape (n_classes,)
        All labels, sorted.
    rare : scalar
        The rarest label.

    Returns
    -------
    score : float
    """
    present = np.unique(y_true)
    if len(present) < 2:
        return float("nan")
    wanted = [rare] if len(classes) == 2 else present
    columns = np.searchsorted(classes, wanted)
    return float(
        np.mean(
            [
                average_precision_score(y_true == label, probabilities[:, column])
                for label, column in zip(wanted, columns, strict=True)
            ]
        )
    )


def score(y_true, y_pred, probabilities, classes, rare) -> dict[str, float]:
    """Return all of `SCORES` for one scored part.

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n_samples,)
    probabilities : ndarray of shape (n_samples, n_classes)
    classes : ndarray of shape (n_classes,)
        All labels of the problem, sorted.
    rare : scalar
        The rarest label of the problem.

    Returns
    -------
    scores : dict of str to float
        Between 0 and 1; the two of the rarest class are NaN where `y_true` has no sample of it.
        A class that is never predicted has precision 0.
    """
    ranking = average_precision(y_true, probabilities, classes, rare)
    found = confusion_scores(y_true, y_pred, classes, rare) | {"average_precision": ranking}
    return {name: found[name] for name in SCORES}


def confusion_scores(y_true, y_pred, classes, rare) -> dict[str, float]:
    """Return those of `SCORES` that follow from how often each class is called which.

    Parameters
    ----------
    y_true, y_pred, classes, rare
        As `score` takes them.

    Returns
    -------
    scores : dict of str to float
    """
    n = len(classes)
    true, given_as = np.searchsorted(classes, y_true), np.searchsorted(classes, y_pred)
    table = np.bincount(true * n + given_as, minlength=n * n).reshape(n, n)
    hits, asked, given = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    present = asked > 0
    recall = hits[present] / asked[present]
    # F1 = 2 hits / (samples of the class + samples called so), defined for every present class.
    f1 = 2 * hits[present] / (asked + given)[present]
    k = int(np.searchsorted(classes, rare))
    nan = float("nan")
    return {
        "balanced_accuracy": float(recall.mean()),
        # as sklimb.metrics.geometric_mean_score, which checks labels a hundred times where this is
        # asked for as many draws
        "geometric_mean": float(np.exp(np.log(np.maximum(recall, 0.001)).mean())),
        "macro_f1": float(f1.mean()),
        "rare_precision": float(hits[k] / max(given[k], 1)) if present[k] else nan,
        "rare_recall": float(hits[k] / asked[k]) if present[k] else nan,
    }


@dataclass(frozen=True)
class Scoring:
    """A scorer for the inner search that does not mind a part without some class.

    Parameters
    ----------
    metric : str
        One of `RANKED_BY`.
    classes : ndarray of shape (n_classes,)
        All labels, sorted.
    rare : scalar
        The rarest label.
    costs : ndarray of shape (n_classes, n_classes) or None, default=None
        Of each error, truth by row, where they are what is ranked by.
    prior : ndarray of shape (n_classes,) or None, default=None
        Class shares of the samples that are learnt from, where there are costs.
    """

    metric: str
    classes: np.ndarray
    rare: object
    costs: np.ndarray | None = None
    prior: np.ndarray | None = None

    def learning_from(self, y) -> Scoring:
        """Return the same scorer, that knows the labels which are learnt from."""
        if self.costs is None:
            return self
        counts = np.bincount(np.searchsorted(self.classes, y), minlength=len(self.classes))
        return replace(self, prior=counts / counts.sum())

    def decided(self, y_true, y_pred, probabilities) -> np.ndarray:
        """Return classes as the costs decide, no sample by a choice that has seen it.

        Parameters
        ----------
        y_true, y_pred : ndarray of shape (n_samples,)
        probabilities : ndarray of shape (n_samples, n_classes)
            With two classes whatever ranks.

        Returns
        -------
        y_decided : ndarray of shape (n_samples,)
        """
        true, given_as = (np.searchsorted(self.classes, labels) for labels in (y_true, y_pred))
        k = int(np.searchsorted(self.classes, self.rare))
        codes = decided_within(true, probabilities, given_as, self.costs, k, self.prior)
        return self.classes[codes]

    def __call__(self, estimator, X, y) -> float:
        """Return the metric of a fitted `estimator` on `X`, `y`; of costs what they are below 0."""
        y = np.asarray(y)
        if self.metric == COST:
            ranks = aligned_scores(estimator, X, self.classes)
            return self.of(y, self.decided(y, np.ravel(estimator.predict(X)), ranks), None)
        if self.metric == "average_precision":
            return self.of(y, None, aligned_scores(estimator, X, self.classes))
        # The other metrics need no probabilities, and a prediction costs less.
        return self.of(y, np.ravel(estimator.predict(X)), None)

    def of(self, y_true, y_pred, probabilities) -> float:
        """Return the metric of what was predicted.

        Parameters
        ----------
        y_true : ndarray of shape (n_samples,)
        y_pred : ndarray of shape (n_samples,) or None
            None where the metric is one of ranks. What the costs decided, where it is costs.
        probabilities : ndarray of shape (n_samples, n_classes) or None
            None where it is not.

        Returns
        -------
        score : float
            More is better: of costs the mean of a sample, below 0.
        """
        if self.metric == COST:
            true, called = (np.searchsorted(self.classes, labels) for labels in (y_true, y_pred))
            return -float(self.costs[true, called].mean())
        if self.metric == "average_precision":
            return average_precision(y_true, probabilities, self.classes, self.rare)
        return confusion_scores(y_true, y_pred, self.classes, self.rare)[self.metric]
