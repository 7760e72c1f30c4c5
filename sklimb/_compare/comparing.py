"""`sklimb.compare`: which method to use on some data, and by how much it beats the others."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from sklimb._compare.errors import ComparisonInterrupted, InputError
from sklimb._compare.report.result import Comparison

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from sklimb._compare.run.methods import Method
    from sklimb._compare.run.options import Options
    from sklimb._compare.run.problems import Problem


def compare(
    X: Any = None,
    y: Any = None,
    *,
    X_test: Any = None,
    y_test: Any = None,
    methods: Sequence[str] | None = None,
    metric: str = "balanced_accuracy",
    folds: int = 5,
    repeats: int | None = None,
    grid: str = "quick",
    prepare: BaseEstimator | None = None,
    groups: Any = None,
    time: Any = None,
    text: Any = None,
    date: Any = None,
    category: Any = None,
    number: Any = None,
    drop: Any = None,
    device: str = "cpu",
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    refit: bool = True,
    progress: bool = False,
) -> Comparison:
    """Compare ways of learning from imbalanced classes on one data set.

    Each method is a pipeline: preparation of the columns, a sampler where there is one, a
    classifier. On each split it goes through a small grid search with the same number of
    candidates as every other method, on inner splits of the training part alone, and is scored on
    samples that neither the search nor the sampler nor the scaler has seen. All methods see the
    same splits.

    Parameters
    ----------
    X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features), default=None
        Numbers, and in a frame also categories, dates and texts; NaN means missing. Or a list of
        texts, which become a sparse matrix (TF-IDF), as texts in a frame do. Without it
        scikit-learn's digits are used, made long-tailed (ratio 50) anew in each repeat, with a
        balanced test part.
    y : array-like of shape (n_samples,), default=None
        Labels of any type; each class needs two samples (one, with a test part).
    X_test, y_test : like `X` and `y`, default=None
        A test part. Then nothing is cross-validated: each repeat has another seed. Columns of a
        frame are found by name and read as those of `X`: values that are written otherwise are
        taken as there, what does not fit is missing, and the notes name it.
    methods : sequence of str, default=None
        Of ``"plain"``, ``"reweight"``, ``"smote"``, ``"oversample"``, ``"logit_adjusted"``,
        ``"ldam_drw"``, ``"mixup_drw"``, ``"mixup_logit_adjusted"``, ``"decoupled"``,
        ``"prior_corrected"``, ``"prior_corrected_ensemble"``, ``"logistic"``, ``"linear_svc"``,
        ``"forest"``, ``"affinity"``, ``"offset"``, ``"rsg"``, ``"m2m"``, ``"m2m_sampler"``; None
        means all.
    metric : {"balanced_accuracy", "geometric_mean", "macro_f1", "average_precision"}, \
default="balanced_accuracy"
        What the searches choose by and the table is sorted by. Average precision is that of the
        rarer of two classes, else the mean over classes, each against the rest.
    folds : int, default=5
        Folds of the stratified cross-validation; fewer where a class has fewer samples.
    repeats : int, default=None
        Repetitions with another seed: None means 1 for cross-validation (its folds already give a
        spread), 5 for a test part, where there would be none, and 3 for the digits.
    grid : {"quick", "full"}, default="quick"
        4 candidates a method on 3 inner folds, or 12 on 5. For texts the nets have grids of their
        own: one wide layer, more dropout, fewer epochs.
    prepare : transformer, default=None
        First step of every pipeline, cloned and fitted inside the folds: what turns `X` into
        numbers. None chooses it by the types of the columns. With it `X` may be anything that can
        be indexed by sample and that it knows what to do with.
    groups : array-like of shape (n_samples,) or str, default=None
        Samples of one group are never on both sides of a split, inner ones included. The name of a
        column of `X` takes it, and it is not learnt from.
    time : array-like of shape (n_samples,) or str, default=None
        Anything that sorts, or the name of a column of `X`, which is not learnt from; text must be
        numbers or dates. The samples are cut into
        ``folds + 1`` blocks of time; each block but the first is scored by what was learnt from all
        blocks before it, and inner splits are ordered too. A class that has not come up yet has
        recall 0 where it first does; one that a block lacks is left out of the averages there; a
        block before which only one class was seen is left out. The notes say so.
    text, category, number, drop : str or sequence of str, default=None
        Columns of `X` that are texts (TF-IDF), categories, numbers, or to be left out, whatever
        they look like. What each column was taken for is in ``comparison.columns``.
    date : str, sequence of str or mapping, default=None
        Columns of dates; ``{"paid": "%d.%m.%Y"}`` says how they are written too, as
        :func:`pandas.to_datetime` has it, or which unit they count since 1970 (``"s"``, ``"ms"``).
    device : str, default="cpu"
        For the nets: ``"cpu"``, ``"cuda"``, ``"mps"`` or ``"auto"``.
    n_jobs : int, default=None
        Processes. None means one for each core on the CPU, and one on any other device.
    random_state : int, RandomState instance or None, default=None
        Decides splits, samplers and nets. The results do not depend on `n_jobs`.
    refit : bool, default=True
        Whether to fit the best method on all samples in the end.
    progress : bool, default=False
        Whether to show progress on standard error.

    Returns
    -------
    comparison : Comparison
        Frames, the best estimator, the verdict, a picture, a report.

    Raises
    ------
    ValueError
        If the data or an argument cannot be used; the message says why in one line.
    KeyboardInterrupt
        On Ctrl-C; what is finished is in its attribute ``comparison``.

    Notes
    -----
    SMOTE takes at most as many neighbours as a class has other samples (see
    :class:`sklimb.over_sampling.SmallClassSMOTE`). A method that fails in some split gets no
    figures, and the column ``error`` of the results says why.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> import sklimb
    >>> X, y = make_classification(300, weights=[0.9], random_state=0)
    >>> comparison = sklimb.compare(
    ...     X, y, methods=["logistic", "forest"], folds=2, n_jobs=1, random_state=0
    ... )
    >>> comparison.best_method
    'forest'
    >>> comparison.best_estimator_.predict(X[:3]).shape
    (3,)
    """
    from sklimb._compare.run.methods import chosen_methods
    from sklimb._compare.run.options import make_options
    from sklimb._compare.run.problems import digits_problem, make_problem

    entries = chosen_methods(methods)
    if prepare is not None and not (hasattr(prepare, "fit") and hasattr(prepare, "transform")):
        raise InputError(f"prepare must be a transformer (fit, transform), not {prepare!r}")
    options = make_options(
        metric=metric,
        folds=folds,
        repeats=repeats,
        grid=grid,
        device=device,
        n_jobs=n_jobs,
        random_state=random_state,
    )
    if X is None:
        if y is not None or X_test is not None or groups is not None or time is not None:
            raise InputError("X is missing: without it there is no y, test part, group or time")
        problem = digits_problem(repeats or 3, options.inner_folds, options.seed)
        problem.prepare = prepare
    else:
        problem = make_problem(
            X,
            y,
            X_test=X_test,
            y_test=y_test,
            folds=folds,
            repeats=repeats,
            inner_folds=options.inner_folds,
            groups=groups,
            time=time,
            seed=options.seed,
            prepare=prepare,
            text=text,
            date=date,
            category=category,
            number=number,
            drop=drop,
        )
    return _run(problem, entries, options, refit, progress)


def _run(
    problem: Problem, entries: list[Method], options: Options, refit: bool, progress: bool
) -> Comparison:
    """Run all methods on a problem."""
    from sklimb._compare.data.describing import column_lines
    from sklimb._compare.data.first_step import has_text, make_preparation
    from sklimb._compare.report.progress import Progress
    from sklimb._compare.run.running import Task, run_tasks
    from sklimb._compare.run.scores import Scoring, rarest_class

    X, y, splits = problem.X, problem.y, problem.splits
    if problem.prepare is None:
        problem.prepare = make_preparation(X, problem.columns)
    if has_text(X, problem.columns):
        entries = [method.for_text() for method in entries]
    scoring = Scoring(options.metric, np.unique(y), rarest_class(y[problem.final]))
    # Split by split, so that an interrupted run has all methods on the same splits.
    tasks = [
        Task(
            method.name,
            method.pipeline(problem.prepare, device=options.device, seed=split.seed),
            method.candidates(options.grid),
            split,
        )
        for split in splits
        for method in entries
    ]
    labels = {method.name: method.label for method in entries}
    notes = [*problem.notes, *_smote_notes(entries, y, splits)]
    if not all(split.inner for split in splits):
        notes.append(
            "some parts have too few rows of each class to search in: the first candidate of each "
            "method is taken there"
        )
    lines = column_lines(problem.columns) if problem.columns is not None else []
    heading = [problem.words, *lines, *problem.cautions, *notes]
    with Progress(len(tasks), labels, options.metric, heading) if progress else nullcontext() as on:
        outcomes, interrupted = run_tasks(
            tasks, X, y, scoring, n_jobs=options.n_jobs, on_done=on or (lambda _: None)
        )
    if interrupted and not outcomes:
        raise KeyboardInterrupt("interrupted before any method was finished")
    comparison = _collect(problem, entries, outcomes, scoring, options, interrupted)
    comparison.columns = lines
    comparison.notes[:0] = [*problem.cautions, *notes]
    comparison.add_cautions(problem.cautions)  # behind those of the figures
    if comparison.best_method is not None:
        _refit(comparison, problem, entries, options, refit and not interrupted)
    if interrupted:
        raise ComparisonInterrupted(comparison)
    return comparison


def _collect(problem, entries, outcomes, scoring, options, interrupted) -> Comparison:
    """Make the result object, but for the estimator."""
    from sklimb._compare.report import wording
    from sklimb._compare.report.cautions import any_better_than_chance, chance_line, few_rare_line
    from sklimb._compare.report.summary import (
        best_candidate,
        fold_frame,
        method_frame,
        recall_frame,
    )
    from sklimb._compare.run.scores import METRICS

    y, metric, grid = problem.y, options.metric, options.grid
    results = method_frame(entries, outcomes, metric, grid)
    folds = fold_frame(entries, outcomes)
    final = y[problem.final]
    counts = np.array([(final == label).sum() for label in scoring.classes])
    done = results[(results["error"] == "") & results[metric].notna()]
    best = done["method"].iloc[0] if len(done) else None
    recalls = recall_frame(results, outcomes, scoring.classes, counts)
    scored = _scored(problem)
    lines = []
    if not any_better_than_chance(results, recalls, scored):
        lines, best = [chance_line(results, metric, len(scored))], None
    elif best is not None:
        lines = few_rare_line(done["rare_recall"].iloc[0], scoring.rare, scored[scoring.rare])
    params = {}
    if best is not None:
        method = next(m for m in entries if m.name == best)
        params, _ = best_candidate(method, grid, [o for o in outcomes if o.method == best])
    labels = {method.name: method.label for method in entries}
    notes = _warning_notes(outcomes, labels)
    if interrupted:
        n_tasks = len(problem.splits) * len(entries)
        notes.append(f"interrupted: {len(outcomes)} of {n_tasks} runs are finished")
    return Comparison(
        results=results,
        folds=folds,
        recalls=recalls,
        metric=metric,
        verdict=wording.verdict(results, folds, metric, scoring.rare, interrupted)
        if best is not None or not lines
        else wording.sentence(lines[0]),
        problem=problem.words,
        how=(
            f"Measured on {problem.how}; seed {options.seed}. Each method chose among "
            f"{options.n_candidates} candidates by {METRICS[metric]} on {options.inner_folds} "
            "inner folds of the rows to learn from."
        ),
        legend=wording.legend(
            results, len(scoring.classes), scoring.rare, int(counts.min()), len(final)
        ),
        labels=labels,
        n_splits=len(problem.splits),
        best_method=best,
        best_params_=params,
        notes=notes,
        interrupted=interrupted,
        cautions=lines,
    )


def _scored(problem) -> dict[Any, int]:
    """Return how many samples of each class are scored, each once."""
    first = problem.splits[0].repeat
    tests = [split.test for split in problem.splits if split.repeat == first]
    labels, counts = np.unique(problem.y[np.concatenate(tests)], return_counts=True)
    return Counter(dict(zip(labels, counts.tolist(), strict=True)))


def _refit(comparison, problem, entries, options, fit) -> None:
    """Add the code of the best method and, if wanted, fit it."""
    from sklimb._compare import snippet
    from sklimb._compare.data.preparing import take

    method = next(m for m in entries if m.name == comparison.best_method)
    model = method.pipeline(problem.prepare, device=options.device, seed=options.seed)
    params = comparison.best_params_
    model.set_params(**{f"classify__{key}": value for key, value in params.items()})
    comparison.code = snippet.joined(
        problem.code, snippet.construction(model) + "\nmodel.fit(X, y)"
    )
    if not fit:
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            comparison.best_estimator_ = model.fit(
                take(problem.X, problem.final), problem.y[problem.final]
            )
        except KeyboardInterrupt:
            raise ComparisonInterrupted(comparison) from None
    for text in sorted({f"{w.category.__name__}: {w.message}".splitlines()[0] for w in caught}):
        comparison.notes.append(f"the last fit of {method.label} warned: {text}")


def _smote_notes(entries, y, splits) -> list[str]:
    from sklimb._compare.run.splits import smallest_part

    if not any(method.name == "smote" for method in entries):
        return []
    label, n_samples = smallest_part(y, splits)
    if n_samples > 5:
        return []
    if n_samples == 1:
        return [
            f"class {label!s} has in some part only one row to learn from: there SMOTE repeats it"
        ]
    neighbours = "1 neighbour" if n_samples == 2 else f"{n_samples - 1} neighbours"
    return [
        f"class {label!s} has in some part only {n_samples} rows to learn from: there SMOTE takes "
        f"{neighbours} instead of 5"
    ]


def _warning_notes(outcomes, labels) -> list[str]:
    counts: dict[str, Counter] = {}
    for outcome in outcomes:
        counts.setdefault(outcome.method, Counter()).update(outcome.warnings)
    notes = []
    for name, found in counts.items():
        if found:
            text, times = found.most_common(1)[0]
            others = f", and {len(found) - 1} other kinds" if len(found) > 1 else ""
            notes.append(
                f"{labels[name]} warned {found.total()} times: {text[:160]} ({times} times{others})"
            )
    return notes
