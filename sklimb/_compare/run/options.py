"""How to compare, apart from the data: what a user asks for, checked once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sklimb._compare.errors import InputError
from sklimb._compare.phrases import nearest
from sklimb._compare.run.method import INNER_FOLDS, N_CANDIDATES
from sklimb._compare.run.scores import RANKED_BY
from sklimb._training import plan


@dataclass(frozen=True)
class Options:
    """The checked options of a comparison.

    Parameters
    ----------
    metric, grid, device : str
        As `sklimb.compare` takes them.
    folds : int
    repeats : int or None
    n_jobs : int
        As joblib counts.
    seed : int
        Not negative.
    budget : float or None
        Seconds; None is no limit.
    """

    metric: str
    folds: int
    repeats: int | None
    grid: str
    device: str
    n_jobs: int
    seed: int
    budget: float | None = None

    @property
    def inner_folds(self) -> int:
        """Folds of the search within a training part."""
        return INNER_FOLDS[self.grid]

    @property
    def n_candidates(self) -> int:
        """Candidates that each method chooses among."""
        return N_CANDIDATES[self.grid]


def make_options(
    *,
    metric: str,
    folds: int,
    repeats: int | None,
    grid: str,
    device: str,
    n_jobs: int | None,
    random_state: Any,
    budget: Any = None,
) -> Options:
    """Check what `sklimb.compare` was given, and decide what was left open.

    Raises
    ------
    InputError
        If an option cannot be used.
    """
    if not isinstance(metric, str) or metric not in RANKED_BY:
        raise InputError(f"there is no metric {metric!r}: {nearest(metric, RANKED_BY)}")
    if not isinstance(grid, str) or grid not in INNER_FOLDS:
        raise InputError(f"grid must be 'quick' or 'full', not {grid!r}")
    for name, value, least in [("folds", folds, 2), ("repeats", repeats, 1)]:
        if value is None and name == "repeats":
            continue
        if not _is_whole(value) or value < least:
            raise InputError(f"{name} must be a whole number, at least {least}, not {value!r}")
    if budget is not None and not (
        isinstance(budget, (int, float, np.integer, np.floating))
        and not isinstance(budget, bool)
        and budget > 0
    ):
        raise InputError(f"budget must be a number of seconds above 0, or None, not {budget!r}")
    return Options(
        metric,
        folds,
        repeats,
        grid,
        device,
        _jobs(n_jobs, device),
        _base_seed(random_state),
        None if budget is None else float(budget),
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _jobs(n_jobs: int | None, device: str) -> int:
    try:
        resolved = plan.resolve_device(device)
    except ValueError as error:
        raise InputError(str(error)) from None
    if n_jobs is None:
        return -1 if resolved == "cpu" else 1
    if not _is_whole(n_jobs) or n_jobs == 0:
        raise InputError(f"n_jobs must be a whole number other than 0, not {n_jobs!r}")
    return int(n_jobs)


def _base_seed(random_state: Any) -> int:
    """Return a seed that is not negative, without touching global generators."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0] >> 1)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if _is_whole(random_state) and 0 <= random_state < 2**32:
        return int(random_state)
    raise InputError(
        f"random_state must be a whole number from 0 to {2**32 - 1}, not {random_state!r}"
    )
