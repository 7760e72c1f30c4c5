"""Running a comparison that is ready to begin, and what comes of it round by round."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np

from sklimb._compare.errors import ComparisonInterrupted, InputError
from sklimb._compare.report.result import Comparison

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from sklimb._compare.decisions.aims import Aim
    from sklimb._compare.run.method import Method
    from sklimb._compare.run.options import Options
    from sklimb._compare.run.problems import Problem
    from sklimb._compare.run.running import Outcome
    from sklimb._compare.run.scores import Scoring
    from sklimb._compare.run.store import Store

# A name of its own, so that tests can have another clock.
clock = monotonic
# As many methods as start in the first round if none are named.
_HANDFUL = 6
# The end is announced if it takes at least this many seconds.
_LEAST_ANNOUNCED = 5.0


@dataclass(frozen=True)
class Plan:
    """A comparison that is ready to begin.

    Parameters
    ----------
    problem : Problem
    entries : list of Method
        As `suitable` returns them.
    options : Options
    aim : Aim or None
    asked_for : bool
        Whether the methods were named.
    refit : bool
    started : float
        Time of the clock when the budget began.
    """

    problem: Problem
    entries: list[Method]
    options: Options
    aim: Aim | None
    asked_for: bool
    refit: bool
    started: float


def suitable(
    entries: list[Method], problem: Problem, aim: Aim | None, *, asked_for: bool
) -> list[Method]:
    """Return the methods that can learn from these columns and decide in this way.

    Parameters
    ----------
    entries : list of Method
    problem : Problem
        Gets a note of what is left out.
    aim : Aim or None
    asked_for : bool
        Whether the methods were named.

    Returns
    -------
    entries : list of Method
        With the grids for texts where the rows are texts, and with categories as they are where
        a method takes them.

    Raises
    ------
    InputError
        If none is left.
    """
    from scipy import sparse

    from sklimb._compare.data.first_step import (
        has_text,
        make_native_preparation,
        make_preparation,
        texts_alone,
    )

    X, columns = problem.X, problem.columns
    if has_text(X, columns):
        entries = [method.for_text() for method in entries]
    wide = sparse.issparse(X) or texts_alone(X, columns)
    if wide and not asked_for:
        left = [method.name for method in entries if not method.takes_sparse]
        entries = [method for method in entries if method.takes_sparse]
        problem.notes.append(f"left out, for they take no sparse columns: {', '.join(left)}")
    if columns is not None and problem.prepare is None:
        native = make_native_preparation(X, columns)
        if native is not None:
            usual = make_preparation(X, columns)
            entries = [method.with_own_columns(*native, usual) for method in entries]
    if aim is not None and aim.kind == "cost" and len(aim.costs) > 2:
        able = [method for method in entries if hasattr(method.classify(), "predict_proba")]
        left = [method.name for method in entries if method not in able]
        if not able:
            raise InputError(f"costs of many classes need probabilities: {left[0]} has none")
        if left:
            problem.notes.append(
                f"left out, for costs of many classes need probabilities: {', '.join(left)}"
            )
        entries = able
    return entries


def run(
    plan: Plan,
    progress: bool,
    on_round: Callable[[Comparison], Any] | None,
    checkpoint: str | Path | None,
    *,
    resume: bool = True,
) -> Comparison:
    """Run the rounds of a comparison.

    Parameters
    ----------
    plan : Plan
    progress : bool
    on_round : callable or None
        Called with the result so far after each round but the last.
    checkpoint : str, Path or None
        Folder of finished fits.
    resume : bool, default=True
        Whether those that are there are read; else they are deleted.

    Returns
    -------
    comparison : Comparison

    Raises
    ------
    ComparisonInterrupted
        On Ctrl-C, with what is finished.
    """
    from sklimb._compare.data.describing import column_lines
    from sklimb._compare.data.first_step import make_preparation
    from sklimb._compare.report.collecting import collect, first_notes
    from sklimb._compare.report.harmless import shown as shown_text
    from sklimb._compare.report.progress import Progress
    from sklimb._compare.report.wording import sentence
    from sklimb._compare.run.levels import exhaustive, ladder
    from sklimb._compare.run.racing import race
    from sklimb._compare.run.rounds import Course
    from sklimb._compare.run.scores import COST, Scoring, rarest_class

    problem, options = plan.problem, plan.options
    if problem.prepare is None:
        problem.prepare = make_preparation(problem.X, problem.columns)
    classes, y = np.unique(problem.y), problem.y
    costs = plan.aim.costs if options.metric == COST else None
    scoring = Scoring(options.metric, classes, rarest_class(y[problem.final]), costs)
    if options.budget is None:
        levels = exhaustive(problem.splits)
    else:
        n_columns = 1 if np.ndim(problem.X) == 1 else int(np.prod(problem.X.shape[1:]))
        levels = ladder(problem.splits, n_columns, len(classes))
    # A handful that was named is compared whole; a long list, as a named set brings, takes turns.
    handful = plan.asked_for and len(plan.entries) <= _HANDFUL
    course = Course(plan.entries, levels, problem.splits, y, scoring, asked_for=handful)
    store = None if checkpoint is None else _store(plan, checkpoint, resume)
    notes = first_notes(plan.entries, problem)
    labels = {method.name: method.label for method in plan.entries}
    lines = column_lines(problem.columns) if problem.columns is not None else []
    heading = list(map(shown_text, [problem.words, *lines, *problem.cautions, *notes]))

    def answer(ending, provisional: bool = False) -> Comparison:
        comparison = collect(problem, course, options, ending, plan.aim, provisional=provisional)
        comparison.columns = lines
        comparison.notes[:0] = [*problem.cautions, *notes]
        comparison.add_cautions(problem.cautions)  # behind those of the figures
        if comparison.best_method is not None:
            _write_code(comparison, plan)
        if provisional and comparison.decided_from is not None:
            comparison.add_cautions([_for_now(comparison)])
        return comparison

    shown = nullcontext()
    if progress:
        shown = Progress(labels, options.metric, heading, rounds=len(levels) > 1)
    with closing(store) if store is not None else nullcontext(), shown as watcher:

        def after(ending) -> None:
            if watcher is None and on_round is None:
                return
            comparison = answer(ending, provisional=True)
            if watcher is not None:
                said = f"After {clock() - plan.started:.0f} s: {comparison.verdict}"
                if comparison.decided_from is not None:
                    said += f" {sentence(_for_now(comparison))}"
                watcher.say(said)
            if on_round is not None:
                on_round(comparison)

        ending = race(
            course,
            problem,
            options,
            clock=clock,
            started=plan.started,
            store=store,
            watcher=watcher,
            on_round=after,
            refit=plan.refit,
            deciding=plan.aim is not None,
        )
        if ending.interrupted is not None and not course.found:
            raise KeyboardInterrupt("interrupted before any method was finished")
        comparison = answer(ending)
        if watcher is not None and not comparison.interrupted:
            watcher.say(_last_words(comparison, plan, list(course.found.values())))
        if comparison.decided_from is not None:
            _decide_anew(comparison, plan, scoring)
    if plan.refit and comparison.best_method is not None and not comparison.interrupted:
        _refit(comparison, plan)
    if comparison.interrupted:
        raise ComparisonInterrupted(comparison)
    return comparison


def _for_now(comparison: Comparison) -> str:
    """Return a note that the decision may change as long as more rounds are to come."""
    return (
        f"what decides is chosen by fits to {comparison.decided_from:,} samples for now, in the "
        "end by fits to all"
    )


def _last_words(comparison: Comparison, plan: Plan, outcomes: list[Outcome]) -> str:
    """Return what will be fitted at the end and how far beyond the budget; empty if little."""
    from sklimb._compare.report.progress import rounded
    from sklimb._compare.run.estimates import last_seconds

    best, deciding = comparison.best_method, comparison.decided_from is not None
    purposes = ["to choose what it decides by"] * deciding + ["for the model"] * plan.refit
    if best is None or not purposes:
        return ""
    seconds = last_seconds(
        [o for o in outcomes if o.method == best],
        len(plan.problem.final),
        joblib.effective_n_jobs(plan.options.n_jobs),
        refit=plan.refit,
        deciding=deciding,
    )
    budget = plan.options.budget
    over = 0.0 if budget is None else clock() - plan.started + seconds - budget
    if not deciding and max(seconds, over) < _LEAST_ANNOUNCED:
        return ""
    what = "fits" if deciding else "a fit"
    words = f"Last: {what} of {comparison.labels[best]} to all samples, {' and '.join(purposes)}"
    words += f", about {rounded(seconds)}"
    return words + (
        f": about {rounded(over)} more than the budget" if over >= _LEAST_ANNOUNCED else ""
    )


def _store(plan: Plan, folder: str | Path, resume: bool) -> Store:
    from sklimb import __version__
    from sklimb._compare.run.scores import COST
    from sklimb._compare.run.store import Store, fingerprint

    problem, options = plan.problem, plan.options
    decides = {
        "metric": options.metric,
        "grid": options.grid,
        "device": options.device,
        "version of sklimb": __version__,
    }
    if options.metric == COST:  # fits are chosen by them
        decides["costs"] = plan.aim.costs.tolist()
    key = fingerprint(problem.X, problem.y, problem.splits, decides)
    return Store(folder, key, problem.words, fresh=not resume)


def _best_model(comparison: Comparison, plan: Plan) -> BaseEstimator:
    """Return the best method, unfitted, with its parameters and its decision."""
    from sklimb._compare.report.deciding import decided_model

    problem, options = plan.problem, plan.options
    method = next(m for m in plan.entries if m.name == comparison.best_method)
    model = method.pipeline(problem.prepare, device=options.device, seed=options.seed)
    params = comparison.best_params_
    model.set_params(**{f"classify__{key}": value for key, value in params.items()})
    return decided_model(model, comparison.decision, problem.y[problem.final], comparison.classes)


def _decide_anew(comparison: Comparison, plan: Plan, scoring: Scoring) -> None:
    """Choose the decision by fits to all samples; where that cannot be, say whose it is."""
    from sklimb._compare.decisions.redeciding import decide_by_whole_fits
    from sklimb._compare.report.collecting import costly_line
    from sklimb._compare.report.deciding import decision_words
    from sklimb._compare.report.wording import joined

    rare, n_samples = comparison.rare_class, comparison.decided_from
    first, first_held = comparison.decision, comparison.predictions[comparison.best_method]
    said = (comparison.classes, rare, comparison.noun, comparison.metric)
    before = decision_words(first, *said)
    method = next(m for m in plan.entries if m.name == comparison.best_method)
    failed = "Ctrl-C came before"
    if not comparison.interrupted:
        try:
            held, decision = decide_by_whole_fits(
                method, comparison.best_params_, plan.problem, plan.options, scoring, plan.aim
            )
        except InputError as error:
            failed = f"a fit to all failed ({error})"
        except KeyboardInterrupt:
            comparison.interrupted = comparison.provisional = True
        else:
            comparison.predictions = {**comparison.predictions, method.name: held}
            comparison.decision, comparison.decided_from = decision, None
            after = decision_words(decision, *said)
            if plan.aim.kind == "cost":
                whose = (comparison.classes, method.label, comparison.noun)
                stale = costly_line(first, first_held, *whose)
                kept = [line for line in comparison.cautions if line not in stale]
                comparison.cautions = [*kept, *costly_line(decision, held, *whose)]
            for told, old, new in zip(("verdict", "reasons"), before, after, strict=True):
                kept = getattr(comparison, told).removesuffix(old).rstrip()
                setattr(comparison, told, joined(kept, new))
            comparison.notes.append(
                f"the table's fits of {method.label} learnt from {n_samples:,} samples; what it "
                "decides by was chosen by fits to all"
            )
            _write_code(comparison, plan)
            return
    warning = (
        f"what decides was chosen by fits to {n_samples:,} samples, for {failed}; a fit to all "
        "scores otherwise, so do not decide by it: go on (--resume), or choose it anew"
    )
    comparison.cautions = [warning, *comparison.cautions]


def _write_code(comparison: Comparison, plan: Plan) -> None:
    """Add the Python that makes the best method."""
    from sklimb._compare import snippet

    code = snippet.construction(_best_model(comparison, plan)) + "\nmodel.fit(X, y)"
    comparison.code = snippet.joined(plan.problem.code, code)


def _refit(comparison: Comparison, plan: Plan) -> None:
    """Fit the best method on all samples to learn from."""
    from sklimb._compare.data.preparing import take
    from sklimb.feature_extraction import NewCategoryWarning

    model, problem = _best_model(comparison, plan), plan.problem
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", NewCategoryWarning)
        try:
            comparison.best_estimator_ = model.fit(
                take(problem.X, problem.final), problem.y[problem.final]
            )
        except KeyboardInterrupt:
            raise ComparisonInterrupted(comparison) from None
    label = comparison.labels[comparison.best_method]
    for text in sorted({f"{w.category.__name__}: {w.message}".splitlines()[0] for w in caught}):
        comparison.notes.append(f"the last fit of {label} warned: {text}")
