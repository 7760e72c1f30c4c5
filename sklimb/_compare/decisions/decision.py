"""What is decided, and what that gives: counts that no choice has seen, with intervals."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sklimb._compare.decisions.aims import Aim
from sklimb._compare.decisions.held_out import HeldOut
from sklimb._compare.decisions.intervals import bootstrap_mean, wilson
from sklimb._compare.decisions.thresholds import best_threshold
from sklimb._compare.errors import InputError
from sklimb._compare.run.costs import cheapest, cross_fitted


@dataclass(frozen=True)
class Decision:
    """How a method's scores become classes.

    Parameters
    ----------
    aim : Aim or None
        None: as the method itself predicts.
    threshold : float or None
        With two classes, from which score on a row is called positive.
    power : float or None
        With more, the power of the class shares (see `run.costs`).
    response : str
        What the threshold is on.
    reached : bool
        Whether the aim was reached on all held-out rows together.
    table : ndarray of shape (n_classes, n_classes)
        How often each class was called which, truth by row, a mean over repeats.
    cost, cost_as_is : float or None
        Mean cost of a row, so decided and as the method predicts.
    cost_interval : (float, float) or None
        Of the first.
    """

    aim: Aim | None
    threshold: float | None
    power: float | None
    response: str
    reached: bool
    table: np.ndarray = field(compare=False)
    cost: float | None = None
    cost_as_is: float | None = None
    cost_interval: tuple[float, float] | None = None

    def recall(self, k: int) -> tuple[float, float, float]:
        """Return the recall of the class at position `k` of ``classes``, and its 95 % interval."""
        k = self._position(k)
        return _share(self.table[k, k], self.table[k].sum())

    def precision(self, k: int) -> tuple[float, float, float]:
        """Return the precision of that class, and its 95 % interval."""
        k = self._position(k)
        return _share(self.table[k, k], self.table[:, k].sum())

    def _position(self, k: int) -> int:
        try:
            return operator.index(k)
        except TypeError:
            raise InputError(
                f"a decision knows classes by their positions in comparison.classes, 0 to "
                f"{len(self.table) - 1}, not by labels: got {k!r}"
            ) from None


def _share(hits: float, n: float) -> tuple[float, float, float]:
    return (float(hits / n) if n else float("nan"), *wilson(hits, n))


def decide(held: HeldOut, aim: Aim | None) -> Decision | None:
    """Choose how to decide, from predictions alone.

    What is counted is cross-fitted: each part is decided by what the predictions of the other parts
    have chosen. What is chosen in the end is chosen by all.

    Parameters
    ----------
    held : HeldOut
    aim : Aim or None

    Returns
    -------
    decision : Decision or None
        None where it would need probabilities and there are none.
    """
    if aim is None:
        table = _table(held, held.predicted)
        return Decision(None, None, None, held.response, True, table)
    many = held.proba.shape[1] > 2
    if many and held.response != "predict_proba":
        return None
    if many:
        choose, apply = cheapest(held.truth, held.proba, aim.costs, aim.positive, held.prior)
        chosen, reached = choose(np.ones(len(held.truth), dtype=bool)), True
    else:
        scores, positive = held.proba[:, aim.positive], held.truth == aim.positive

        def choose(rows: np.ndarray) -> float:
            return best_threshold(scores[rows], positive[rows], aim)[0]

        def apply(threshold: float) -> np.ndarray:
            return np.where(scores >= threshold, aim.positive, 1 - aim.positive)

        chosen, reached = best_threshold(scores, positive, aim)
    decided = cross_fitted(_pairs(held, many), choose, apply, held.predicted.copy())
    return Decision(
        aim,
        None if many else chosen,
        chosen if many else None,
        held.response,
        reached,
        _table(held, decided),
        **_costs(held, decided, aim),
    )


def _pairs(held: HeldOut, many: bool) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield each part with what it is decided by: all, where the others say nothing."""
    for part in np.unique(held.part):
        others = held.others(part)
        classes = held.truth[others]
        enough = others.any() if many else len(np.unique(classes)) > 1
        yield held.part == part, others if enough else np.ones(len(others), dtype=bool)


def _table(held: HeldOut, decided: np.ndarray) -> np.ndarray:
    n = held.proba.shape[1]
    counts = np.bincount(held.truth * n + decided, minlength=n * n).reshape(n, n)
    return counts / held.n_repeats


def _costs(held: HeldOut, decided: np.ndarray, aim: Aim) -> dict[str, Any]:
    if aim.costs is None:
        return {}
    spent = aim.costs[held.truth, decided]
    return {
        "cost": float(spent.mean()),
        "cost_as_is": float(aim.costs[held.truth, held.predicted].mean()),
        "cost_interval": bootstrap_mean(spent),
    }
