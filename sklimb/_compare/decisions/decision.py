"""What is decided, and what that gives: counts that no choice has seen, with intervals."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sklimb._compare.decisions.aims import Aim
from sklimb._compare.decisions.held_out import HeldOut
from sklimb._compare.decisions.intervals import bootstrap_mean, wilson
from sklimb._compare.decisions.thresholds import best_threshold
from sklimb._compare.errors import InputError
from sklimb.classifiers.costs import expected_costs

# Powers of the class shares that probabilities are multiplied by before costs are expected: 1 turns
# those of a method that was trained on balanced classes into those of the data, 0 leaves them.
_POWERS = (0.0, 0.25, 0.5, 0.75, 1.0)


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
        With more, the power of the class shares (see `_POWERS`).
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
    if aim.kind == "cost" and len(aim.costs) > 2:
        if held.response != "predict_proba":
            return None
        return _by_costs(held, aim)
    scores, positive = held.proba[:, aim.positive], held.truth == aim.positive
    called = np.zeros(len(scores), dtype=bool)
    for part in np.unique(held.part):
        own, others = held.part == part, held.others(part)
        if not (positive[others].any() and (~positive[others]).any()):
            others = np.ones(len(scores), dtype=bool)
        called[own] = scores[own] >= best_threshold(scores[others], positive[others], aim)[0]
    threshold, reached = best_threshold(scores, positive, aim)
    decided = np.where(called, aim.positive, 1 - aim.positive)
    return Decision(
        aim,
        threshold,
        None,
        held.response,
        reached,
        _table(held, decided),
        **_costs(held, decided, aim),
    )


def _by_costs(held: HeldOut, aim: Aim) -> Decision:
    decided = np.zeros(len(held.truth), dtype=int)
    choices = {power: _cheapest(held, aim.costs, power) for power in _POWERS}
    for part in np.unique(held.part):
        own, others = held.part == part, held.others(part)
        rows = others if others.any() else np.ones(len(own), dtype=bool)
        decided[own] = choices[_best_power(held, aim.costs, choices, rows)][own]
    power = _best_power(held, aim.costs, choices, np.ones(len(decided), dtype=bool))
    table = _table(held, decided)
    return Decision(aim, None, power, held.response, True, table, **_costs(held, decided, aim))


def _cheapest(held: HeldOut, costs: np.ndarray, power: float) -> np.ndarray:
    return expected_costs(held.proba * held.prior**power, costs).argmin(axis=1)


def _best_power(held: HeldOut, costs: np.ndarray, choices: dict, rows: np.ndarray) -> float:
    spent = {p: costs[held.truth[rows], called[rows]].sum() for p, called in choices.items()}
    return min(spent, key=spent.get)


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
