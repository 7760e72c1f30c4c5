"""Running the methods over the splits: one task a method and split, in parallel."""

from __future__ import annotations

import os
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import joblib
import numpy as np
from joblib.parallel import BACKENDS, get_active_backend
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_limits

from sklimb._compare.data.preparing import take
from sklimb._compare.errors import InputError
from sklimb._compare.run.scores import COST, Scoring, aligned_scores, class_recalls, score
from sklimb._compare.run.splits import Split
from sklimb._compare.run.watching import end_with, without_ctrl_c
from sklimb.feature_extraction import NewCategoryWarning

# The only error for which another try may help.
DIED = "its process died"
# Method, setting, repeat, fold.
Key = tuple[str, str, int, int]


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
        For GridSearchCV; where it is one, nothing is searched.
    split : Split
        Its training part may be a part of that of the problem's split.
    setting : str, default="tuned"
        How it is fitted, in words (`Level.setting`).
    """

    method: str
    pipeline: BaseEstimator
    candidates: list[dict[str, list]]
    split: Split
    setting: str = "tuned"

    @property
    def key(self) -> Key:
        """Which of all tasks it is."""
        return self.method, self.setting, self.split.repeat, self.split.fold


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
    setting : str
        As the task has it.
    n_rows : int
        Rows that were learnt from.
    proba : ndarray of shape (n_scored, n_classes) or None
        What `aligned_scores` says of the scored rows.
    predicted : ndarray of int of shape (n_scored,) or None
        Predicted classes, by position.
    response : {"predict_proba", "decision_function"}
        What `proba` is.
    decided : ndarray of int of shape (n_scored,) or None
        Classes as costs decide, by position, where methods are ranked by these.
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
    setting: str = "tuned"
    n_rows: int = 0
    proba: np.ndarray | None = None
    predicted: np.ndarray | None = None
    response: str = "predict_proba"
    decided: np.ndarray | None = None

    @property
    def key(self) -> Key:
        """Of the task that it came of."""
        return self.method, self.setting, self.repeat, self.fold

    @property
    def seconds(self) -> float:
        """All that the task took, NaN for one that failed."""
        return self.search_seconds + self.fit_seconds


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
    if "module" in {name.rpartition("__")[2] for name in task.pipeline.get_params()}:
        _import_all_that_training_needs()
    outcome = Outcome(task.method, split.repeat, split.fold, setting=task.setting)
    outcome.n_rows = len(split.train)
    started = time.perf_counter()
    # One thread for what goes by the process's number of them, so that sums are taken in the same
    # order whatever the number of processes; our nets choose their own by the data's shape.
    with (
        warnings.catch_warnings(record=True) as caught,
        threadpool_limits(1),
        # A worker of a cluster would pass the fits of a search on to others, which are busy.
        joblib.parallel_config("sequential"),
    ):
        warnings.simplefilter("always")
        # Of a table whose categories are all known here, and noted.
        warnings.simplefilter("ignore", NewCategoryWarning)
        try:
            candidates, inner = task.candidates, split.inner
            X_train, y_train = take(X, split.train), y[split.train]
            scoring = scoring.learning_from(y_train)
            outcome.inner_scores = np.full(len(candidates), np.nan)
            if len(candidates) == 1 or not inner:
                # One candidate, or too few samples to hold any back: the first, without a search.
                chosen = {key: value for key, (value,) in candidates[0].items()}
                best = clone(task.pipeline).set_params(**chosen).fit(X_train, y_train)
                outcome.fit_seconds = time.perf_counter() - started
                outcome.search_seconds = 0.0
                outcome.inner_scores[0] = 0.0
            else:
                found = search(task.pipeline, candidates, inner, scoring, X_train, y_train)
                best, chosen = found.best_estimator_, found.best_params_
                outcome.inner_scores[:] = found.cv_results_["mean_test_score"]
                outcome.fit_seconds = found.refit_time_
                outcome.search_seconds = time.perf_counter() - started - found.refit_time_
            outcome.params = short_params(chosen)
            X_test, y_test = take(X, split.test), y[split.test]
            classes = scoring.classes
            predicted = np.ravel(best.predict(X_test))  # CatBoost's are a column
            ranks = aligned_scores(best, X_test, classes)
            outcome.proba = ranks
            if not hasattr(best, "predict_proba"):
                outcome.response = "decision_function"
            outcome.predicted = np.searchsorted(classes, predicted)
            outcome.scores = score(y_test, predicted, ranks, classes, scoring.rare)
            if scoring.metric == COST:
                decided = scoring.decided(y_test, predicted, ranks)
                outcome.scores[COST] = -scoring.of(y_test, decided, None)
                outcome.decided = np.searchsorted(classes, decided)
            outcome.recalls = class_recalls(y_test, predicted, classes)
        except Exception as error:
            outcome.error = reason(error)
    outcome.warnings = Counter(
        f"{w.category.__name__}: {first_line(str(w.message))}" for w in caught
    )
    return outcome


@cache
def _import_all_that_training_needs() -> None:
    """Train once in this process: torch then imports much of itself, which must not be timed."""
    from sklimb.classifiers import RebalancedClassifier

    X = np.arange(16, dtype=np.float32)[:, None]
    RebalancedClassifier(max_epochs=1, random_state=0).fit(X, X[:, 0] > 7)


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
        try:
            on_done(outcome)
        except InputError as error:
            raise _Stopped(error) from error

    try:
        try:
            for outcome in _in_parallel(tasks, X, y, scoring, n_jobs):
                keep(outcome)
        except _Stopped:
            raise
        except Exception:
            # run_task turns errors into outcomes, so a process has died, for lack of memory as a
            # rule, and joblib has ended the others.
            done = {outcome.key for outcome in outcomes}
            for task in tasks:
                if task.key not in done:
                    keep(_alone(task, X, y, scoring))
    except KeyboardInterrupt:
        return outcomes, True
    except _Stopped as stopped:
        raise stopped.error from None
    return outcomes, False


class _Stopped(Exception):
    """An outcome could not be stored or shown; the tasks are not to blame."""

    def __init__(self, error: InputError):
        super().__init__(str(error))
        self.error = error


def _in_parallel(tasks, X, y, scoring, n_jobs):
    own: dict[str, Any] = {}
    # Child processes end with this one, from their start on and even without a task; workers of a
    # cluster do not, nor do threads.
    if isinstance(get_active_backend()[0], BACKENDS["loky"]):
        own = {"initializer": end_with, "initargs": (os.getpid(),)}
    parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered", batch_size=1, **own)
    with without_ctrl_c():
        return parallel(joblib.delayed(run_task)(task, X, y, scoring) for task in tasks)


def _alone(task: Task, X, y, scoring: Scoring) -> Outcome:
    """Run one task while no other runs; if its process dies, the outcome says so."""
    try:
        # Two jobs for one task, because with one job it would run in this process.
        return next(iter(_in_parallel([task], X, y, scoring, n_jobs=2)))
    except Exception as error:
        split = task.split
        line = f"{DIED}, as a rule for want of memory ({type(error).__name__})"
        return Outcome(task.method, split.repeat, split.fold, error=line, setting=task.setting)
