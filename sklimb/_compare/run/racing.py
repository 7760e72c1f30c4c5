"""Running the rounds of a comparison until there are no more, or no time, or Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import joblib
import numpy as np

from sklimb._compare.run.estimates import last_seconds, pace_of, round_seconds, task_seconds
from sklimb._compare.run.levels import thinned
from sklimb._compare.run.options import Options
from sklimb._compare.run.problems import Problem
from sklimb._compare.run.rounds import Course, Round
from sklimb._compare.run.running import Outcome, Task, run_tasks
from sklimb._compare.run.store import Store

# Seconds for the end, beside the last fit: frames, picture, page.
_CLOSING = 3.0


@dataclass
class Ending:
    """How far a comparison came.

    Parameters
    ----------
    done : list of Round
        Finished rounds.
    seconds : list of float
        How long each took.
    n_read : int
        Tasks that were read from a store.
    interrupted : Round or None
        That in which Ctrl-C came.
    left : Round or None
        The next one, for which the budget was too short.
    left_seconds : float
        How long it was expected to take.
    """

    done: list[Round] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    n_read: int = 0
    interrupted: Round | None = None
    left: Round | None = None
    left_seconds: float = 0.0


class Watcher(Protocol):
    """What is told of the progress."""

    def begin(self, words: str, total: int, seconds: float) -> None:
        """Take note of a round that begins: how many tasks, about how many seconds."""

    def __call__(self, outcome: Outcome) -> None:
        """Take note of a finished task."""

    def end(self) -> None:
        """Take note that the round has ended."""


class Silent:
    """A watcher that says nothing."""

    def begin(self, words: str, total: int, seconds: float) -> None:
        """Say nothing."""

    def __call__(self, outcome: Outcome) -> None:
        """Say nothing."""

    def end(self) -> None:
        """Say nothing."""


def race(
    course: Course,
    problem: Problem,
    options: Options,
    *,
    clock: Callable[[], float],
    started: float,
    store: Store | None = None,
    watcher: Watcher | None = None,
    on_round: Callable[[Ending], Any] = lambda ending: None,
    refit: bool = True,
    deciding: bool = False,
) -> Ending:
    """Run a course; what is found is in ``course.found``.

    Parameters
    ----------
    course : Course
    problem : Problem
    options : Options
    clock : callable
        Returns seconds.
    started : float
        What the clock said at the beginning of the budget.
    store : Store or None, default=None
        Where finished tasks are kept and looked for.
    watcher : Watcher or None, default=None
    on_round : callable
        Called after each round but the last with how far it is.
    refit : bool, default=True
        Whether the best method is fitted on all rows in the end, which is part of the budget.
    deciding : bool, default=False
        Whether, after rounds on a part of the samples, it is fitted to all of some splits to choose
        a threshold by, which is part of it, too.

    Returns
    -------
    ending : Ending
    """
    watcher, ending = watcher or Silent(), Ending()
    n_workers = joblib.effective_n_jobs(options.n_jobs)
    fresh = True
    for this in course.rounds():
        if ending.done:
            try:
                on_round(ending)
            except KeyboardInterrupt:
                ending.interrupted = this
                return ending
        tasks = round_tasks(this, course, problem, options)
        todo = [task for task in tasks if not _known(task, course, store, ending)]
        by_name = {method.name: method for method in this.methods}
        columns, classes = _width(problem.X), len(course.scoring.classes)
        measured = list(course.found.values())
        pace = pace_of(measured, {m.name: m for m in course.methods}, columns, classes)
        each = [
            task_seconds(task, by_name[task.method], columns, classes, measured, pace)
            for task in todo
        ]
        expected = round_seconds(each, n_workers, fresh=fresh)
        spent = clock() - started
        # The first round is run whatever the budget: without it there is no answer.
        if todo and ending.done and options.budget is not None:
            levels = [done.level for done in ending.done]
            top = max(levels, key=course.levels.index)
            after = max(top, this.level, key=course.levels.index)
            leader = course.leader(top)  # it draws samples anew: once
            closing = _CLOSING + last_seconds(
                [o for o in measured if o.method == leader],
                len(problem.final),
                n_workers,
                refit=refit,
                deciding=deciding and after.rows is not None,
            )
            if spent + expected + closing > options.budget:
                ending.left, ending.left_seconds = this, expected
                return ending
        watcher.begin(this.words, len(todo), expected)
        interrupted = _run(todo, course, problem, options, store, watcher)
        watcher.end()
        fresh = fresh and not todo
        if interrupted:
            ending.interrupted = this
            return ending
        ending.done.append(this)
        ending.seconds.append(clock() - started - spent)
    return ending


def round_tasks(this: Round, course: Course, problem: Problem, options: Options) -> list[Task]:
    """Return the tasks of a round, split by split, so that a cut one has all methods on the same.

    Parameters
    ----------
    this : Round
    course : Course
    problem : Problem
    options : Options

    Returns
    -------
    tasks : list of Task
    """
    level, tasks = this.level, []
    for split in course.splits[: level.n_splits]:
        part = thinned(split, course.y, level.rows)
        for method in this.methods:
            pipeline = method.pipeline(problem.prepare, device=options.device, seed=split.seed)
            tuned = method.candidates(options.grid) if level.tuned else method.only_candidate()
            tasks.append(Task(method.name, pipeline, tuned, part, level.setting))
    return tasks


def _known(task: Task, course: Course, store: Store | None, ending: Ending) -> bool:
    if task.key in course.found:
        return True
    outcome = None if store is None else store.read(task)
    if outcome is None:
        return False
    course.found[task.key] = outcome
    ending.n_read += 1
    return True


def _run(
    todo: Sequence[Task],
    course: Course,
    problem: Problem,
    options: Options,
    store: Store | None,
    watcher: Watcher,
) -> bool:
    by_key = {task.key: task for task in todo}

    def keep(outcome: Outcome) -> None:
        course.found[outcome.key] = outcome
        if store is not None:
            store.write(by_key[outcome.key], outcome)
        watcher(outcome)

    if not todo:
        return False
    _, interrupted = run_tasks(
        todo, problem.X, problem.y, course.scoring, n_jobs=options.n_jobs, on_done=keep
    )
    return interrupted


def _width(X: Any) -> int:
    # Of texts the number of words is not known yet; some thousand as a rule, most of them 0.
    return 200 if np.ndim(X) == 1 else int(np.prod(X.shape[1:]))
