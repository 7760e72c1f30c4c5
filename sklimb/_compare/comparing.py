"""`sklimb.compare`: which method to use on some data, and by how much it beats the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sklimb._compare import answering
from sklimb._compare.errors import InputError
from sklimb._compare.report.result import Comparison

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


def compare(
    X: Any = None,
    y: Any = None,
    *,
    X_test: Any = None,
    y_test: Any = None,
    methods: Sequence[str] | None = None,
    metric: str | None = None,
    folds: int = 5,
    repeats: int | None = None,
    grid: str = "quick",
    budget: float | None = None,
    aim: str | Mapping[str, float] | None = None,
    costs: Any = None,
    prepare: BaseEstimator | None = None,
    groups: Any = None,
    time: Any = None,
    text: Any = None,
    category: Any = None,
    number: Any = None,
    drop: Any = None,
    date: Any = None,
    drop_unlabelled: bool = False,
    device: str = "cpu",
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    refit: bool = True,
    progress: bool = False,
    on_round: Callable[[Comparison], Any] | None = None,
    checkpoint: str | Path | None = None,
    resume: bool = True,
) -> Comparison:
    """Compare ways of learning from imbalanced classes on one data set.

    Each method is a pipeline: preparation of the columns, a sampler where there is one, a
    classifier. On each split it goes through a small grid search with the same number of
    candidates as every other method, on inner splits of the training part alone, and is scored on
    samples that neither the search nor the sampler nor the scaler has seen. All methods see the
    same splits.

    With a ``budget`` this is done in rounds, and there is an answer after each: cheap and strong
    methods first, with their defaults, on one split, of a large file on a part of the rows; then
    more methods, splits and rows and at last the grid searches, for those that are not clearly
    behind.

    Parameters
    ----------
    X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features), images of shape \
            (n_samples, n_channels, height, width) or (n_samples, height, width), default=None
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
        ``"prior_corrected"``, ``"prior_corrected_ensemble"``, ``"cross_fitted"``, ``"blend"``,
        ``"blend_of_three"``, ``"logistic"``, ``"linear_svc"``, ``"forest"``, ``"affinity"``,
        ``"offset"``, ``"rsg"``, ``"m2m"``, ``"m2m_sampler"``, ``"boosting"``,
        ``"boosting_corrected"`` and, with the extra ``sklimb[boosting]``, ``"lightgbm"``,
        ``"lightgbm_corrected"``, ``"xgboost"``, ``"xgboost_corrected"``, ``"catboost"``,
        ``"catboost_corrected"``; None means all. ``"cross_fitted"`` and the nets in the blends are
        eight networks that leave folds out, all other nets are one network (``cross_fit=False``).
        Histogram boosting, alone and in the blend of three, takes dense columns: of texts it gets
        the 300 most frequent words, and of sparse columns and texts alone it is left out. Images
        have methods of their own: ``"plain"``, ``"reweight"``, ``"logit_adjusted"``,
        ``"ldam_drw"``, ``"rsg"``, ``"m2m"``, ``"offset"``, ``"affinity"`` and
        ``"prior_corrected"`` with a small convolutional net, and ``"logistic"`` and ``"forest"`` on
        their pixels.
    metric : {"balanced_accuracy", "geometric_mean", "macro_f1", "average_precision", "cost"}, \
            default=None
        What the searches choose by and the table is sorted by. Average precision is that of the
        rarer of two classes, else the mean over classes, each against the rest. Cost, beside
        ``costs``, is the mean of a sample, decided by a threshold (of many classes, by expected
        costs) that was chosen on other samples; less is better. None is balanced accuracy, and
        average precision where two classes are decided by ``aim`` or ``costs``: it does not depend
        on a threshold.
    folds : int, default=5
        Folds of the stratified cross-validation; fewer where a class has fewer samples.
    repeats : int, default=None
        Repetitions with another seed: None means 1 for cross-validation (its folds already give a
        spread), 5 for a test part, where there would be none, and 3 for the digits.
    grid : {"quick", "full"}, default="quick"
        4 candidates a method on 3 inner folds, or 12 on 5. For texts the nets have grids of their
        own: one wide layer, more dropout, fewer epochs.
    budget : float, default=None
        Seconds after which no further round starts (the first one always does). The rounds
        themselves depend on data and seed alone, so that those that were finished give the same
        answer on any machine. None does all that can be done: every method on every split.
    aim : str or dict, default=None
        ``"recall=0.8"``, ``{"precision": 0.9}``: what to reach on the rarer of two classes. The
        threshold that serves it best is chosen by predictions of samples that were not learnt
        from, and is part of ``best_estimator_`` and ``code``.
    costs : str, dict or array-like, default=None
        What errors cost, to be decided by: ``"miss=50,alarm=1"`` for two classes, or a matrix as
        :class:`sklimb.PriorCorrectedClassifier` takes it, true classes by row.
    prepare : transformer, default=None
        First step of every pipeline, cloned and fitted inside the folds: what turns `X` into
        numbers. None chooses it by the types of the columns. With it `X` may be anything that can
        be indexed by sample and that it knows what to do with.
    groups : array-like of shape (n_samples,) or str, default=None
        Samples of one group are never on both sides of a split, inner ones included. The name of a
        column of `X` takes it, and it is not learnt from.
    time : array-like of shape (n_samples,) or str, default=None
        Anything that sorts, or the name of a column of `X`, which is not learnt from; text must be
        numbers or ISO dates, in a column any dates. The samples are cut into
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
    drop_unlabelled : bool, default=False
        Whether samples whose label is missing are left out; else they are an error.
    device : str, default="cpu"
        For the nets: ``"cpu"``, ``"cuda"``, ``"mps"`` or ``"auto"``.
    n_jobs : int, default=None
        Processes. None means one for each core on the CPU, and one on any other device.
    random_state : int, RandomState instance or None, default=None
        Decides splits, samplers and nets. The results do not depend on `n_jobs`.
    refit : bool, default=True
        Whether to fit the best method on all samples in the end.
    progress : bool, default=False
        Whether to show progress on standard error, in a notebook in its output.
    on_round : callable, default=None
        Called with the result so far, a `Comparison` without a fitted estimator, after each round
        but the last.
    checkpoint : str or Path, default=None
        Folder in which each finished fit is kept as a file. Those that are there already are not
        run again; they must be of the same data, splits, options and versions.
    resume : bool, default=True
        Whether those are read that are there; else they are deleted.

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
    from sklimb._compare.data.images import is_images
    from sklimb._compare.data.preparing import as_arrays
    from sklimb._compare.decisions.aims import make_aim
    from sklimb._compare.run.image_methods import image_methods
    from sklimb._compare.run.methods import chosen_methods
    from sklimb._compare.run.options import make_options
    from sklimb._compare.run.problems import digits_problem, make_problem
    from sklimb._compare.run.scores import COST, rarest_class

    started = answering.clock()
    X, y, X_test, y_test, groups, time = (
        as_arrays(values, name)
        for name, values in {
            "X": X, "y": y, "X_test": X_test, "y_test": y_test, "groups": groups, "time": time,
        }.items()
    )  # fmt: skip
    images = prepare is None and is_images(X)
    entries = chosen_methods(methods, image_methods() if images else None)
    if prepare is not None and not (hasattr(prepare, "fit") and hasattr(prepare, "transform")):
        raise InputError(f"prepare must be a transformer (fit, transform), not {prepare!r}")
    flags = {
        "refit": refit, "progress": progress, "resume": resume, "drop_unlabelled": drop_unlabelled
    }  # fmt: skip
    for name, value in flags.items():
        if not isinstance(value, (bool, np.bool_)):
            raise InputError(f"{name} must be True or False, not {value!r}")
    if on_round is not None and not callable(on_round):
        raise InputError(f"on_round must be a function of the result so far, not {on_round!r}")
    if checkpoint is not None and not isinstance(checkpoint, (str, PathLike)):
        raise InputError(f"checkpoint must be a folder, not {checkpoint!r}")
    options = make_options(
        metric=metric or "balanced_accuracy",
        folds=folds,
        repeats=repeats,
        grid=grid,
        device=device,
        n_jobs=n_jobs,
        random_state=random_state,
        budget=budget,
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
            drop_unlabelled=drop_unlabelled,
        )
    classes, sizes = np.unique(problem.y, return_counts=True)
    counts = dict(zip(classes.tolist(), sizes.tolist(), strict=True))
    wanted = make_aim(aim, costs, classes, rarest_class(problem.y[problem.final]), counts)
    by_costs = wanted is not None and wanted.kind == "cost"
    if options.metric == COST and not by_costs:
        raise InputError(
            "metric 'cost' needs to know what errors cost: --cost miss=50,alarm=1 "
            "(costs= in Python)"
        )
    if metric is None and wanted is not None and len(classes) == 2:
        options = replace(options, metric="average_precision")
        note = "ranked by average precision, which no threshold changes; the threshold comes after"
        if by_costs:
            note += " (--metric cost, in Python metric='cost', ranks by what the errors cost)"
        problem.notes.append(note)
    named = methods is not None
    entries = answering.suitable(entries, problem, wanted, asked_for=named)
    plan = answering.Plan(problem, entries, options, wanted, named, refit, started)
    return answering.run(plan, progress, on_round, checkpoint, resume=resume)
