"""A decision in words, as a model, and as tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.model_selection import FixedThresholdClassifier

from sklimb._compare.decisions.decision import Decision
from sklimb._compare.decisions.held_out import HeldOut
from sklimb._compare.decisions.thresholds import precision_at
from sklimb._compare.report.wording import amount, in_words
from sklimb._compare.run.scores import COST
from sklimb.classifiers import PriorCorrectedClassifier

RECALLS = (0.5, 0.7, 0.8, 0.9, 0.95)
# So many of the classes that are found worst are named.
_N_WORST = 3


def decision_words(
    decision: Decision | None,
    classes: np.ndarray,
    rare: Any,
    noun: str = "row",
    metric: str | None = None,
) -> tuple[str, str]:
    """Return what a decision gives, and what else is known of it.

    Parameters
    ----------
    decision : Decision or None
    classes : ndarray of shape (n_classes,)
    rare : scalar
        The class that is looked for.
    noun : str, default="row"
        What a sample is called.
    metric : str or None, default=None
        What methods are ranked by: where that is the cost, another sentence has told it.

    Returns
    -------
    first, more : str
        A sentence each; both are empty without a decision. Of two classes the first is about the
        one that is looked for, of more about the mean recall and the classes that are found worst.
    """
    if decision is None:
        return "", ""
    if len(classes) > 2:
        found, right = _of_many(decision.table, classes)
    else:
        k = int(np.searchsorted(classes, rare))
        if not decision.table[k].sum():
            return "", ""
        found = _of_hundred(*decision.recall(k), f"{noun}s of class {rare!s}")
        right = "it raises no alarm"
        if decision.table[:, k].sum():
            right = f"{_of_hundred(*decision.precision(k), 'alarms')} are right"
    gives = f"it finds {found}; {right}"
    cost, as_is = "", ""
    if decision.cost is not None:
        low, high = decision.cost_interval
        cost = f"100 {noun}s cost {amount(decision.cost)} ({amount(low)} to {amount(high)})"
        as_is = amount(decision.cost_as_is)
    if not cost:
        more = ""
    elif metric == COST:
        more = f"{cost}, {as_is} as the method itself predicts."
    else:
        gives += f"; {cost}"
        more = f"As the method itself predicts, 100 {noun}s cost {as_is}."
    return f"{_by(decision)} {gives}.", more


def _by(decision: Decision) -> str:
    """Return what is decided by."""
    if decision.aim is None:
        return "As it stands"
    if decision.threshold is None:
        return "Decided by the costs"
    # A linear SVM, say: its distance from the boundary carries a threshold as well.
    ranks = decision.response == "decision_function"
    on = " on its decision function, for it has no probabilities" if ranks else ""
    words = decision.aim.words
    if not decision.reached:
        words = f"the nearest to a {words}, which none reaches"
    return f"At a threshold of {decision.threshold:.4g}{on} ({words})"


def _of_many(table: np.ndarray, classes: np.ndarray) -> tuple[str, str]:
    """Return the mean recall in words, and the classes below it that are found worst."""
    sizes, hits = table.sum(axis=1), np.diag(table)
    scored = np.flatnonzero(sizes)
    recalls = hits[scored] / sizes[scored]
    mean = recalls.mean()
    order = np.argsort(recalls, kind="stable")
    worst = [scored[i] for i in order[:_N_WORST] if recalls[i] < mean]
    found = f"{100 * mean:.0f} % of a class on average"
    if not worst:
        return found, "no class is found less often than the others"
    named = [f"{classes[k]!s} ({hits[k]:,.0f} of {sizes[k]:,.0f})" for k in worst]
    return found, f"least of class{'es' if len(named) > 1 else ''} {', '.join(named)}"


def _of_hundred(share: float, low: float, high: float, noun: str) -> str:
    return f"{100 * share:.0f} of 100 {noun}{in_words((low, high))}"


def decided_model(
    model: BaseEstimator, decision: Decision | None, y: np.ndarray, classes: np.ndarray
) -> BaseEstimator:
    """Return the unfitted model that predicts as was decided.

    Parameters
    ----------
    model : classifier
        Unfitted.
    decision : Decision or None
    y : ndarray of shape (n_samples,)
        Labels that the model will be fitted to.
    classes : ndarray of shape (n_classes,)

    Returns
    -------
    model : classifier
        With two classes scikit-learn's FixedThresholdClassifier around it; with more, a
        PriorCorrectedClassifier that expects costs.
    """
    if decision is None or decision.aim is None:
        return model
    names = classes.tolist()
    if decision.threshold is not None:
        return FixedThresholdClassifier(
            model,
            threshold=decision.threshold,
            pos_label=names[decision.aim.positive],
            response_method=decision.response,
        )
    # p * (target / source) = p * source^power
    shares = np.array([(y == label).mean() for label in classes]) ** (1 + decision.power)
    target = dict(zip(names, (shares / shares.sum()).tolist(), strict=True))
    costs = {
        (true, called): float(decision.aim.costs[i, j])
        for i, true in enumerate(names)
        for j, called in enumerate(names)
        if i != j or decision.aim.costs[i, j]
    }
    return PriorCorrectedClassifier(model, target_prior=target, cost_matrix=costs)


def confusion_frame(decision: Decision, classes: np.ndarray) -> pd.DataFrame:
    """Return how often each class was called which, truth by row, a mean over repeats."""
    names = pd.Index(classes, name="class")
    return pd.DataFrame(decision.table, index=names, columns=pd.Index(classes, name="called"))


def precision_frame(predictions: dict[str, HeldOut], classes: np.ndarray, rare: Any):
    """Return the best precision of each method that goes with some recalls.

    Parameters
    ----------
    predictions : dict of str to HeldOut
    classes : ndarray of shape (n_classes,)
    rare : scalar
        The class that is looked for.

    Returns
    -------
    frame : DataFrame
        One row a method, one column a recall. A mean over parts would hide those that lack the
        class: it is of all held-out rows together.
    """
    k = int(np.searchsorted(classes, rare))
    rows = {
        name: precision_at(held.proba[:, k], held.truth == k, RECALLS)
        for name, held in predictions.items()
    }
    columns = pd.Index([f"at recall {100 * r:g} %" for r in RECALLS], name="precision")
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("method")
