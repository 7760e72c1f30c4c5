"""The decision of the model that learns from all samples, where smaller fits had chosen it.

A threshold goes with the scores of the fits that it was chosen by. Rounds on a part of the samples
keep 50 of a rare class, so that it is more frequent there, and small fits score otherwise anyway:
glued to a fit to all samples, their threshold may call every sample positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sklimb._compare.decisions.aims import Aim
from sklimb._compare.decisions.decision import Decision, decide
from sklimb._compare.decisions.held_out import HeldOut, held_out
from sklimb._compare.errors import InputError
from sklimb._compare.run.levels import N_DECIDING_FITS
from sklimb._compare.run.method import Method
from sklimb._compare.run.options import Options
from sklimb._compare.run.problems import Problem
from sklimb._compare.run.running import Outcome, Task, run_tasks
from sklimb._compare.run.scores import Scoring
from sklimb._compare.run.splits import Split


def learnt_from_part(outcomes: Sequence[Outcome], splits: Sequence[Split]) -> int | None:
    """Return from how many samples fits have learnt if that were not all of their splits.

    Parameters
    ----------
    outcomes : sequence of Outcome
    splits : sequence of Split
        All of the problem.

    Returns
    -------
    n_samples : int or None
        Of the smallest; None if all had all samples of their splits.
    """
    whole = {(split.repeat, split.fold): len(split.train) for split in splits}
    smaller = [o.n_rows for o in outcomes if o.n_rows < whole[o.repeat, o.fold]]
    return min(smaller, default=None)


def decide_by_whole_fits(
    method: Method,
    params: dict[str, Any],
    problem: Problem,
    options: Options,
    scoring: Scoring,
    aim: Aim,
) -> tuple[HeldOut, Decision | None]:
    """Choose the decision by fits to all samples of some splits.

    Parameters
    ----------
    method : Method
    params : dict
        Its parameters.
    problem : Problem
    options : Options
    scoring : Scoring
    aim : Aim

    Returns
    -------
    held : HeldOut
        What these fits said of what they had not learnt from.
    decision : Decision or None

    Raises
    ------
    InputError
        If one of the fits fails.
    KeyboardInterrupt
        On Ctrl-C.
    """
    first = problem.splits[0].repeat
    splits = [split for split in problem.splits if split.repeat == first][:N_DECIDING_FITS]
    candidate = [{f"classify__{key}": [value] for key, value in params.items()}]
    tasks = [
        Task(
            method.name,
            method.pipeline(problem.prepare, device=options.device, seed=split.seed),
            candidate,
            replace(split, inner=[]),
            "to decide",
        )
        for split in splits
    ]
    outcomes, interrupted = run_tasks(
        tasks, problem.X, problem.y, scoring, n_jobs=options.n_jobs, on_done=lambda outcome: None
    )
    if interrupted:
        raise KeyboardInterrupt
    for outcome in outcomes:
        if outcome.error:
            raise InputError(outcome.error)
    outcomes.sort(key=lambda outcome: outcome.fold)
    held = held_out(outcomes, problem.splits, problem.y, scoring.classes, scoring.metric)
    return held, decide(held, aim)
