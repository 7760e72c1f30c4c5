"""What a decision is for: enough recall, enough precision, or the least cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.data.labels import case_notes
from sklimb._compare.errors import InputError
from sklimb._compare.phrases import first_few
from sklimb.classifiers.costs import cost_matrix_of

_SHARES = ("recall", "precision")
_SIDES = ("miss", "alarm")


@dataclass(frozen=True)
class Aim:
    """An aim that has been checked against the classes.

    Parameters
    ----------
    kind : {"recall", "precision", "cost"}
    least : float or None
        The recall or precision to reach.
    costs : ndarray of shape (n_classes, n_classes) or None
        Of each error, truth by row.
    positive : int
        Position of the class that is looked for, the rarest.
    """

    kind: str
    least: float | None
    costs: np.ndarray | None = field(compare=False)
    positive: int

    @property
    def words(self) -> str:
        """The aim in words."""
        if self.kind != "cost":
            return f"{self.kind} of at least {100 * self.least:g} %"
        if len(self.costs) > 2:
            return "least cost"
        other = 1 - self.positive
        miss, alarm = self.costs[self.positive, other], self.costs[other, self.positive]
        return f"least cost, a miss at {miss:g} and a false alarm at {alarm:g}"


def make_aim(
    aim: Any,
    costs: Any,
    classes: np.ndarray,
    rare: Any,
    counts: Mapping[Any, int] | None = None,
) -> Aim | None:
    """Check what a user wants to decide by.

    Parameters
    ----------
    aim : str, mapping or None
        ``"recall=0.8"``, ``{"precision": 0.9}`` or the like; for two classes.
    costs : str, mapping, array-like or None
        For two classes ``"miss=50,alarm=1"`` or ``{"miss": 50, "alarm": 1}``; for any number a
        matrix as `sklimb.PriorCorrectedClassifier` takes it as ``cost_matrix``.
    classes : ndarray of shape (n_classes,)
    rare : scalar
        The rarest class, which recall and precision are of.
    counts : mapping or None, default=None
        How many samples each class has, for errors.

    Returns
    -------
    aim : Aim or None
        None where nothing was asked for.

    Raises
    ------
    InputError
        If it cannot be meant.
    """
    if aim is None and costs is None:
        return None
    if aim is not None and costs is not None:
        raise InputError("an aim and costs are two ways to decide: give one of them")
    positive = int(np.searchsorted(classes, rare))
    if costs is not None:
        return Aim("cost", None, _matrix(costs, classes, positive, counts), positive)
    given = _pairs(aim, "aim")
    if len(given) != 1 or next(iter(given)) not in _SHARES:
        raise InputError(f"the aim must be recall=0.8, precision=0.9 or the like, not {aim!r}")
    (kind, least), *_ = given.items()
    if not 0 < least <= 1:
        raise InputError(f"the aim {kind}={least:g} must be above 0 and at most 1 (100 %)")
    if len(classes) > 2:
        raise InputError(f"the aim {kind}={least:g} is {_of_two_classes(classes, counts)}")
    return Aim(kind, least, None, positive)


def _of_two_classes(classes: np.ndarray, counts: Mapping[Any, int] | None) -> str:
    """Return what is wrong where an aim of two classes meets more: which they are, what to do."""
    if counts is None:
        shown = list(map(repr, classes.tolist()))
    else:
        by_size = sorted(counts, key=lambda label: -counts[label])
        shown = [f"{label!r} ({counts[label]:,})" for label in by_size]
    alike = case_notes(classes, stay="need one spelling, to be one class")
    remedy = "; ".join(alike) or "leave two, with the others in one of them"
    return (
        f"for two classes, and there are {len(classes)}: {first_few(shown, 8)}; {remedy}; for more "
        "than two give a matrix of costs (costs= in Python)"
    )


def _matrix(
    costs: Any, classes: np.ndarray, positive: int, counts: Mapping[Any, int] | None
) -> np.ndarray:
    named = costs.index if hasattr(costs, "iloc") and not hasattr(costs, "columns") else costs
    by_name = isinstance(named, (Mapping, pd.Index)) and {str(n).strip().lower() for n in named}
    if isinstance(costs, str) or (by_name and by_name <= set(_SIDES)):
        given = _pairs(costs, "cost")
        if set(given) != set(_SIDES) or any(not 0 < c < np.inf for c in given.values()):
            raise InputError(
                "the costs must be miss=50,alarm=1 or the like, both above 0 and finite, "
                f"not {costs!r}"
            )
        if len(classes) > 2:
            what = "the costs of a miss and an alarm are"
            raise InputError(f"{what} {_of_two_classes(classes, counts)}")
        matrix = np.zeros((2, 2))
        matrix[positive, 1 - positive] = given["miss"]
        matrix[1 - positive, positive] = given["alarm"]
        return matrix
    try:
        return cost_matrix_of(costs, classes)
    except ValueError as error:
        raise InputError(" ".join(str(error).replace("cost_matrix", "costs").split())) from None


def _pairs(given: Any, name: str) -> dict[str, float]:
    """Return ``a=1,b=2`` or a mapping as numbers by name."""
    pairs = given
    try:
        if isinstance(given, str):
            pairs = dict(part.split("=") for part in given.split(",") if part.strip())
        return {str(key).strip().lower(): float(value) for key, value in dict(pairs).items()}
    except (TypeError, ValueError):
        example = "recall=0.8" if name == "aim" else "miss=50,alarm=1.5"
        raise InputError(
            f"the {name} must be name=number, with a decimal point and nothing behind the number, "
            f"as in {example}, not {given!r}"
        ) from None
