"""From the outcomes of a comparison to the object that holds its answer."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.decisions.aims import Aim
from sklimb._compare.decisions.decision import Decision, decide
from sklimb._compare.decisions.held_out import HeldOut, held_out
from sklimb._compare.decisions.intervals import average_precision_interval
from sklimb._compare.decisions.redeciding import learnt_from_part
from sklimb._compare.phrases import counted
from sklimb._compare.report import wording
from sklimb._compare.report.cautions import any_better_than_chance, chance_line, few_rare_line
from sklimb._compare.report.deciding import decision_words
from sklimb._compare.report.result import Comparison
from sklimb._compare.report.standing import standing
from sklimb._compare.report.summary import (
    best_candidate,
    fold_frame,
    method_frame,
    recall_frame,
)
from sklimb._compare.report.wording import amount
from sklimb._compare.run.method import Method
from sklimb._compare.run.options import Options
from sklimb._compare.run.problems import Problem
from sklimb._compare.run.racing import Ending
from sklimb._compare.run.rounds import Course
from sklimb._compare.run.scores import COST, RANKED_BY, score_names
from sklimb._compare.run.splits import smallest_part


def collect(
    problem: Problem,
    course: Course,
    options: Options,
    ending: Ending,
    aim: Aim | None,
    *,
    provisional: bool = False,
) -> Comparison:
    """Return the result, but for the estimator.

    Parameters
    ----------
    problem : Problem
    course : Course
    options : Options
    ending : Ending
    aim : Aim or None
    provisional : bool, default=False
        Whether more is to come; more could have come after Ctrl-C or a short budget, too.

    Returns
    -------
    comparison : Comparison
    """
    entries, scoring, metric, grid = course.methods, course.scoring, options.metric, options.grid
    shown = standing(course, ending.done)
    every = course.judged(list(course.found.values()))
    settings = list(dict.fromkeys(level.setting for level in course.levels))
    results = method_frame(entries, shown.outcomes, metric, grid, shown.stages)
    folds = fold_frame(entries, every, settings, score_names(metric))
    final = problem.y[problem.final]
    counts = np.array([(final == label).sum() for label in scoring.classes])
    done = results[(results["error"] == "") & results[metric].notna()] if len(results) else results
    top = done[done["stage"] == done["stage"].iloc[0]] if len(done) else done
    best = top["method"].iloc[0] if len(top) else None
    if best is not None and ending.done:
        best = course.leader(shown.levels[top["stage"].iloc[0] - 1])
    recalls = recall_frame(results, shown.outcomes, scoring.classes, counts)
    predictions = {
        name: held_out(own, problem.splits, problem.y, scoring.classes, metric)
        for name, own in _finished(shown.outcomes).items()
    }
    cautions, last = [], results[:0]
    if best is not None:
        scored = _scored(predictions[best].rows, problem.y)
        last = results[results["stage"] == done["stage"].iloc[0]]
        if not any_better_than_chance(last, recalls, scored):
            cautions, best = [chance_line(last, metric, len(scored))], None
        else:
            rare = top.loc[top["method"] == best, "rare_recall"].iloc[0]
            cautions = few_rare_line(rare, scoring.rare, scored[scoring.rare], problem.noun)
    params, decision, decided_from, interval = {}, None, None, None
    if best is not None:
        method = next(m for m in entries if m.name == best)
        own = [o for o in shown.outcomes if o.method == best]
        params, _ = best_candidate(method, grid, own)
        # Of many classes it takes as many times as long, so only where it is asked for.
        if len(scoring.classes) == 2 or metric == "average_precision":
            interval = average_precision_interval(
                own, problem.splits, problem.y, scoring.classes, scoring.rare
            )
        decision = decide(predictions[best], aim)
        if decision is not None and aim is not None:
            decided_from = learnt_from_part(own, problem.splits)
            if aim.kind == "cost":
                held = predictions[best]
                cautions += costly_line(decision, held, scoring.classes, method.label, problem.noun)
    labels = {method.name: method.label for method in entries}
    provisional |= ending.interrupted is not None or ending.left is not None
    gives, more = decision_words(decision, scoring.classes, scoring.rare, problem.noun, metric)
    if best is None and cautions:
        closing = wording.sentence(f"so far, {cautions[0]}" if provisional else cautions[0])
        reasons = ""
    else:
        closing, reasons = wording.verdict(
            results,
            folds,
            metric,
            best,
            provisional=provisional,
            interval=interval,
            noun=problem.noun,
            luck=course.luck(),
            by_mean=not any(m.favourite for m in entries if m.name == best),
        )
    stages = {stage + 1: shown.words(stage) for stage in sorted(set(shown.stages.values()))}
    return Comparison(
        results=results,
        folds=folds,
        recalls=recalls,
        metric=metric,
        verdict=wording.joined(closing, gives),
        reasons=wording.joined(reasons, more),
        problem=problem.words,
        how=_how(problem, options, course),
        legend=wording.legend(
            results, len(scoring.classes), scoring.rare, int(counts.min()), len(final), problem.noun
        ),
        labels=labels,
        n_splits=len(problem.splits),
        best_method=best,
        best_params_=params,
        notes=[
            *_warning_notes(every, labels),
            *_cost_notes(
                predictions, last, labels, aim, scoring.classes, decided_from, metric, problem.noun
            ),
            *_ending_notes(ending, course),
        ],
        interrupted=ending.interrupted is not None,
        provisional=provisional,
        stages=stages,
        classes=scoring.classes,
        decision=decision,
        decided_from=decided_from,
        average_precision_interval=interval,
        predictions=predictions,
        cautions=cautions,
        noun=problem.noun,
    )


def _scored(rows: np.ndarray, y: np.ndarray) -> Counter:
    """Return how many samples of each class are scored, each once."""
    labels, counts = np.unique(y[np.unique(rows)], return_counts=True)
    return Counter(dict(zip(labels.tolist(), counts.tolist(), strict=True)))


def _finished(outcomes) -> dict[str, list]:
    by_method: dict[str, list] = {}
    for outcome in outcomes:
        by_method.setdefault(outcome.method, []).append(outcome)
    return {name: own for name, own in by_method.items() if not any(o.error for o in own)}


def _how(problem: Problem, options: Options, course: Course) -> str:
    searched = (
        f"among {options.n_candidates} candidates by {RANKED_BY[options.metric]} on "
        f"{options.inner_folds} inner folds of the {problem.noun}s to learn from."
    )
    measured = f"Measured on {problem.how}; seed {options.seed}."
    if len(course.levels) == 1:
        return f"{measured} Each method chose {searched}"
    return (
        f"{measured} In rounds: methods that are not clearly behind go on to more splits and "
        f"{problem.noun}s. A tuned method chose {searched}"
    )


def _ending_notes(ending: Ending, course: Course) -> list[str]:
    notes = []
    if ending.n_read:
        notes.append(f"{counted(ending.n_read, 'finished run')} read, not run again")
    if ending.interrupted is not None and not ending.done:
        keys = [
            key
            for method in ending.interrupted.methods
            for key in course.keys(ending.interrupted.level, method)
        ]
        n = sum(key in course.found for key in keys)
        notes.append(f"interrupted: {n} of {len(keys)} runs are finished")
    elif ending.interrupted is not None:
        notes.append(
            f"interrupted in round {len(ending.done) + 1} ({ending.interrupted.words}): the "
            "figures are those of the rounds before it"
        )
    if ending.left is not None:
        notes.append(
            f"the budget was enough for {counted(len(ending.done), 'round')}; the next "
            f"({ending.left.words}) would have taken about {ending.left_seconds:.0f} s: a longer "
            "budget (--budget, with --resume) tells more"
        )
    return notes


def _cost_notes(
    predictions: Mapping[str, HeldOut],
    last: pd.DataFrame,
    labels: Mapping[str, str],
    aim: Aim | None,
    classes: np.ndarray,
    decided_from: int | None,
    metric: str,
    noun: str,
) -> list[str]:
    """Return what the methods of the last stage cost, each as it would decide, and doing nothing.

    The former where they are ranked by another score, which no decision changes.
    """
    if aim is None or aim.kind != "cost":
        return []
    costs = {}
    for name in last["method"]:
        decision = decide(predictions[name], aim) if name in predictions else None
        if decision is not None:
            costs[labels[name]] = decision.cost
    if not costs:
        return []
    alike, nothing = _all_alike(predictions[next(iter(predictions))], aim, classes)
    said = [f"{label} {amount(cost)}" for label, cost in sorted(costs.items(), key=lambda c: c[1])]
    if metric == COST:  # the table has what each costs
        return [f"100 {noun}s cost {amount(nothing)} if all are called {alike!s}"]
    part = "" if decided_from is None else f", learnt from {decided_from:,} samples"
    return [
        f"100 {noun}s cost, each method at its own choice by the costs{part}: {', '.join(said)}; "
        f"if all are called {alike!s}: {amount(nothing)}"
    ]


def _all_alike(held: HeldOut, aim: Aim, classes: np.ndarray) -> tuple[Any, float]:
    """Return the class that it costs least to call all samples, and what one costs then."""
    spent = aim.costs[held.truth].mean(axis=0)
    return classes[spent.argmin()], float(spent.min())


def costly_line(
    decision: Decision, held: HeldOut, classes: np.ndarray, label: str, noun: str
) -> list[str]:
    """Say that the best method costs no less than none would.

    Parameters
    ----------
    decision : Decision
        By costs.
    held : HeldOut
    classes : ndarray of shape (n_classes,)
    label : str
        Of the method.
    noun : str
        What a sample is called.

    Returns
    -------
    lines : list of str
        At most one.
    """
    alike, nothing = _all_alike(held, decision.aim, classes)
    if decision.cost < nothing:
        return []
    return [
        f"{label} saves nothing by these costs: 100 {noun}s cost {amount(decision.cost)}, and "
        f"{amount(nothing)} if all are called {alike!s}"
    ]


def _warning_notes(outcomes, labels) -> list[str]:
    counts: dict[str, Counter] = {}
    for outcome in outcomes:
        counts.setdefault(outcome.method, Counter()).update(outcome.warnings)
    notes = []
    for name, found in counts.items():
        if found:
            text, times = found.most_common(1)[0]
            said = f"{labels[name]} warned {_times(found.total())}: {_cut(text)}"
            if len(found) > 1:
                others = counted(len(found) - 1, "other kind")
                said += f" ({_times(times)}, and {others})"
            notes.append(said)
    return notes


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n:,} times"


def _cut(text: str, longest: int = 200) -> str:
    """Return a message up to a word's end, without the lines that it was broken into."""
    return textwrap.shorten(text, longest, placeholder=" …")


def first_notes(entries: Sequence[Method], problem: Problem) -> list[str]:
    """Return what can be said before anything is fitted.

    Parameters
    ----------
    entries : sequence of Method
    problem : Problem

    Returns
    -------
    notes : list of str
    """
    notes = [*problem.notes, *_smote_notes(entries, problem)]
    if not all(split.inner for split in problem.splits):
        notes.append(
            f"some parts have too few {problem.noun}s of each class to search in: the first "
            "candidate of each method is taken there"
        )
    return notes


def _smote_notes(entries: Sequence[Method], problem: Problem) -> list[str]:
    if not any(method.name == "smote" for method in entries):
        return []
    label, n_samples = smallest_part(problem.y, problem.splits)
    if n_samples > 5:
        return []
    if n_samples == 1:
        return [
            f"class {label!s} has in some part only one {problem.noun} to learn from: there SMOTE "
            "repeats it"
        ]
    neighbours = "1 neighbour" if n_samples == 2 else f"{n_samples - 1} neighbours"
    return [
        f"class {label!s} has in some part only {n_samples} {problem.noun}s to learn from: there "
        f"SMOTE takes {neighbours} instead of 5"
    ]
