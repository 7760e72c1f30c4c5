"""Running the methods over the splits: one task a method and split, in parallel."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import joblib
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV

from sklimb._compare.data.preparing import take
from sklimb._compare.run.scores import Scoring, aligned_scores, class_recalls, score
from sklimb._compare.run.splits import Split


@dataclass(frozen=True)
class Task:
    """One method on one split.

    Parameters
    ----------
    method : str
        Its name.
    pipeline : estimator
        Unfitted.
    candidates : list of dict
        For GridSearchCV.
    split : Split
    """

    method: str
    pipeline: BaseEstimator
    candidates: list[dict[str, list]]
    split: Split


@dataclass
class Outcome:
    """What came of a task.

    Parameters
    ----------
    method : str
    repeat, fold : int
    scores : dict of str to float
    recalls : ndarray of shape (n_classes,) or None
    params : dict
        Of the chosen candidate, without the step's prefix.
    inner_scores : ndarray of shape (n_candidates,) or None
        Mean score of each candidate on the inner splits; NaN for one that failed.
    fit_seconds : float
        Fitting the chosen candidate on the whole training part.
    search_seconds : float
        Choosing it.
    warnings : Counter
        Texts of the warnings and how often each came.
    error : str or None
        Why there are no scores.
    """

    method: str
    repeat: int
    fold: int
    scores: dict[str, float] = field(default_factory=dict)
    recalls: np.ndarray | None = None
    params: dict[str, Any] = field(default_factory=dict)
    inner_scores: np.ndarray | None = None
    fit_seconds: float = float("nan")
    search_seconds: float = float("nan")
    warnings: Counter = field(default_factory=Counter)
    error: str | None = None


def search(
    pipeline: BaseEstimator, candidates: list[dict], inner: list, scoring: Scoring, X: Any, y: Any
) -> GridSearchCV:
    """Choose among the candidates on the inner splits and fit the chosen one on all samples.

    Parameters
    ----------
    pipeline : estimator
    candidates : list of dict
    inner : list of (train, validation)
        Positions within `X`.
    scoring : Scoring
    X, y : samples to learn from

    Returns
    -------
    search : GridSearchCV
        Fitted.
    """
    grid = GridSearchCV(pipeline, candidates, scoring=scoring, cv=inner, error_score=np.nan)
    return grid.fit(X, y)


def short_params(params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters without ``classify__`` in front."""
    return {key.removeprefix("classify__"): value for key, value in params.items()}


def run_task(task: Task, X: Any, y: np.ndarray, scoring: Scoring) -> Outcome:
    """Search on the training part, score on the scored part; an exception becomes a line.

    Parameters
    ----------
    task : Task
    X : frame, ndarray or CSR matrix
        All samples.
    y : ndarray of shape (n_samples,)
    scoring : Scoring

    Returns
    -------
    outcome : Outcome
    """
    split = task.split
    outcome = Outcome(task.method, split.repeat, split.fold)
    started = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            candidates, inner = task.candidates, split.inner
            if not inner:
                # Too few samples to hold any back: the first candidate, unsearched.
                everything = np.arange(len(split.train))
                candidates, inner = candidates[:1], [(everything, everything)]
            found = search(
                task.pipeline, candidates, inner, scoring, take(X, split.train), y[split.train]
            )
            outcome.params = short_params(found.best_params_)
            outcome.inner_scores = np.full(len(task.candidates), np.nan)
            outcome.inner_scores[: len(candidates)] = found.cv_results_["mean_test_score"]
            outcome.fit_seconds = found.refit_time_
            outcome.search_seconds = time.perf_counter() - started - found.refit_time_
            X_test, y_test = take(X, split.test), y[split.test]
            best, classes = found.best_estimator_, scoring.classes
            predicted = best.predict(X_test)
            ranks = aligned_scores(best, X_test, classes)
            outcome.scores = score(y_test, predicted, ranks, classes, scoring.rare)
            outcome.recalls = class_recalls(y_test, predicted, classes)
        except Exception as error:
            outcome.error = reason(error)
    outcome.warnings = Counter(
        f"{w.category.__name__}: {first_line(str(w.message))}" for w in caught
    )
    return outcome


def first_line(text: str) -> str:
    """Return the first line of a text that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def reason(error: BaseException) -> str:
    """Return an exception as one line.

    GridSearchCV reports candidates that all failed as a long text with their tracebacks; of that
    the line behind the last traceback is what went wrong.

    Parameters
    ----------
    error : exception

    Returns
    -------
    line : str
    """
    text = str(error)
    _, found, last = text.rpartition("Traceback (most recent call last):\n")
    if found and "fits failed" in text:
        # The frames are indented, the exception is not.
        return next(line for line in last.splitlines() if line and not line[0].isspace())
    return f"{type(error).__name__}: {first_line(text)}".rstrip(": ")


def run_tasks(
    tasks: Iterable[Task],
    X: Any,
    y: np.ndarray,
    scoring: Scoring,
    *,
    n_jobs: int,
    on_done: Callable[[Outcome], None],
) -> tuple[list[Outcome], bool]:
    """Run tasks in `n_jobs` processes; Ctrl-C and a dead process keep what is finished.

    Parameters
    ----------
    tasks : iterable of Task
    X, y, scoring
        See `run_task`.
    n_jobs : int
        As joblib counts: -1 is one for each core.
    on_done : callable
        Called here with each outcome as it comes.

    Returns
    -------
    outcomes : list of Outcome
        In the order of finishing.
    interrupted : bool
        Whether Ctrl-C came before the end.
    """
    tasks, outcomes = list(tasks), []

    def keep(outcome: Outcome) -> None:
        outcomes.append(outcome)
        on_done(outcome)

    try:
        try:
            for outcome in _in_parallel(tasks, X, y, scoring, n_jobs):
                keep(outcome)
        except Exception:
            # run_task turns errors into outcomes, so this is a process that died, for want of
            # memory as a rule, and took its neighbours with it.
            done = {(o.method, o.repeat, o.fold) for o in outcomes}
            for task in tasks:
                if (task.method, task.split.repeat, task.split.fold) not in done:
                    keep(_alone(task, X, y, scoring))
    except KeyboardInterrupt:
        return outcomes, True
    return outcomes, False


def _in_parallel(tasks, X, y, scoring, n_jobs):
    parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered", batch_size=1)
    return parallel(joblib.delayed(run_task)(task, X, y, scoring) for task in tasks)


def _alone(task: Task, X, y, scoring: Scoring) -> Outcome:
    """Run one task while no other is running; if its process dies, that is its outcome."""
    try:
        # Two jobs for one task, because one job would mean this very process.
        return next(iter(_in_parallel([task], X, y, scoring, n_jobs=2)))
    except Exception as error:
        split = task.split
        line = f"its process died, as a rule for want of memory ({type(error).__name__})"
        return Outcome(task.method, split.repeat, split.fold, error=line)
