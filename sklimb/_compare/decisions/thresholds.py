"""The threshold on a score that serves an aim, for two classes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sklimb._compare.decisions.aims import Aim
from sklimb._compare.run.costs import between, by_score, cheapest_threshold


def best_threshold(scores: np.ndarray, positive: np.ndarray, aim: Aim) -> tuple[float, bool]:
    """Return from which score on a row is called positive.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Higher for what is more likely positive.
    positive : ndarray of bool of shape (n,)
    aim : Aim
        Recall: the highest threshold that reaches it, which has the fewest alarms. Precision: the
        lowest one. Cost: the one that costs least.

    Returns
    -------
    threshold : float
        Between two scores where it can be, so that it depends on no last digit.
    reached : bool
        Whether the aim is reached by these scores; else the threshold is the nearest to it.
    """
    if aim.kind == "cost":
        return cheapest_threshold(scores, positive, aim.costs, aim.positive), True
    values, found, alarms = by_score(scores, positive)
    total, reached = found[-1], True
    if aim.kind == "recall":
        place = int(np.argmax(found >= aim.least * total - 1e-9))
    else:
        precision = found / np.maximum(alarms, 1)
        right = np.flatnonzero((precision >= aim.least) & (found > 0))
        reached = len(right) > 0
        most = len(precision) - 1 - int(np.argmax(precision[::-1]))
        place = int(right[-1]) if reached else most
    return between(values, place), reached


def precision_at(scores: np.ndarray, positive: np.ndarray, recalls) -> list[float]:
    """Return the best precision that goes with at least each of some recalls.

    Parameters
    ----------
    scores : ndarray of shape (n,)
    positive : ndarray of bool of shape (n,)
    recalls : sequence of float

    Returns
    -------
    precisions : list of float
    """
    _, found, alarms = by_score(scores, positive)
    precision = found / np.maximum(alarms, 1)
    return [
        float(precision[found >= recall * found[-1] - 1e-9].max()) if found[-1] else float("nan")
        for recall in recalls
    ]


class OperatingPoints(NamedTuple):
    """What each of some thresholds gives, from the highest on.

    Attributes
    ----------
    thresholds, found, called : ndarray of shape (n_points,)
        Rows of this score or a higher one are called positive: so many of them rightly, and so
        many.
    """

    thresholds: np.ndarray
    found: np.ndarray
    called: np.ndarray


def operating_points(
    scores: np.ndarray, positive: np.ndarray, most: int, called_at: int = 0
) -> tuple[OperatingPoints, int]:
    """Return what thresholds give, few enough to be written down.

    Parameters
    ----------
    scores : ndarray of shape (n,)
    positive : ndarray of bool of shape (n,)
    most : int
        At most so many, and one; those that are kept lie evenly over what is found and over what
        is called.
    called_at : int, default=0
        The point that calls this many is kept, or the nearest to it.

    Returns
    -------
    points : OperatingPoints
    place : int
        Of the point that is kept.
    """
    values, found, called = by_score(scores, positive)
    values, found, called = values[1:], found[1:], called[1:]  # infinity calls nothing
    place = int(np.argmin(np.abs(called - called_at)))
    if len(values) > most:
        half = most // 2
        by_found = np.searchsorted(found, np.linspace(found[0], found[-1], half))
        by_place = np.linspace(0, len(values) - 1, most - half).round().astype(int)
        kept = np.unique(np.concatenate([by_found, by_place, [place]]))
        place = int(np.searchsorted(kept, place))
        values, found, called = values[kept], found[kept], called[kept]
    return OperatingPoints(values, found, called), place
