"""From outcomes to frames: one row a method and split, one row a method, recall by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sklimb._compare.run.method import Method
from sklimb._compare.run.running import Outcome, short_params
from sklimb._compare.run.scores import SCORES, direction, score_names


def fold_frame(
    methods: Sequence[Method],
    outcomes: Sequence[Outcome],
    settings: Sequence[str] = ("tuned",),
    scores: Sequence[str] = tuple(SCORES),
) -> pd.DataFrame:
    """Return one row for each finished method and split, methods in their given order.

    Parameters
    ----------
    methods : sequence of Method
    outcomes : sequence of Outcome
    settings : sequence of str, default=("tuned",)
        All ways of measuring, the closest look last; they order the column ``setting``.
    scores : sequence of str, default=all of `SCORES`
        As `score_names` returns them.

    Returns
    -------
    folds : DataFrame
        Columns method, setting, repeat, fold, the scores, fit_seconds, search_seconds, params,
        error.
    """
    place = {method.name: i for i, method in enumerate(methods)}
    rows = [
        {
            "method": o.method,
            "setting": o.setting,
            "repeat": o.repeat,
            "fold": o.fold,
            **{name: o.scores.get(name, float("nan")) for name in scores},
            "fit_seconds": o.fit_seconds,
            "search_seconds": o.search_seconds,
            "params": written(o.params),
            "error": o.error or "",
        }
        for o in sorted(
            outcomes, key=lambda o: (place[o.method], settings.index(o.setting), o.repeat, o.fold)
        )
    ]
    seconds = ("fit_seconds", "search_seconds")
    frame = pd.DataFrame(
        rows, columns=["method", "setting", "repeat", "fold", *scores, *seconds, "params", "error"]
    )
    frame["setting"] = pd.Categorical(frame["setting"], settings, ordered=True)
    return frame


def written(params: dict) -> str:
    """Return parameters as ``a=1, b=2``, classes by their names."""
    shown = {
        key.removeprefix("module__"): value.__name__ if isinstance(value, type) else repr(value)
        for key, value in params.items()
    }
    return ", ".join(f"{key}={value}" for key, value in shown.items())


def best_candidate(method: Method, grid: str, outcomes: Sequence[Outcome]) -> tuple[dict, int]:
    """Return the candidate that did best on the inner splits of all splits together.

    Parameters
    ----------
    method : Method
    grid : {"quick", "full"}
    outcomes : sequence of Outcome
        Of this method, without errors.

    Returns
    -------
    params : dict
        Without the step's prefix.
    times : int
        In how many splits it was the one chosen.
    """
    candidates = method.candidates(grid)
    if any(len(o.inner_scores) != len(candidates) for o in outcomes):  # nothing was searched
        return outcomes[0].params, len(outcomes)
    # A candidate that failed somewhere (NaN) is not to be relied on.
    means = np.mean([o.inner_scores for o in outcomes], axis=0)
    best = int(np.argmax(np.nan_to_num(means, nan=-np.inf)))
    params = short_params({k: v for k, (v,) in candidates[best].items()})
    return params, sum(o.params == params for o in outcomes)


def method_frame(
    methods: Sequence[Method],
    outcomes: Sequence[Outcome],
    metric: str,
    grid: str,
    stages: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """Return one row a method, the best mean of `metric` first; failed ones come last.

    Only methods with the same splits, measured alike, are ranked together: those of a later stage
    come before those of an earlier one.

    A method that failed in some split has no means: over fewer splits they would not compare.

    Parameters
    ----------
    methods : sequence of Method
    outcomes : sequence of Outcome
        Those of a method of one setting.
    metric : str
    grid : {"quick", "full"}
    stages : mapping or None, default=None
        How far each method came, from its name to a number; None where all are of one stage.

    Returns
    -------
    results : DataFrame
        Columns method, label, stage (counted from 1), setting, each score with its ``_std`` (n - 1
        in the denominator; NaN for one split), fit_seconds, search_seconds, n_splits, best_params,
        times_chosen, error.
    """
    rows, names = [], score_names(metric)
    for method in methods:
        own = sorted(
            (o for o in outcomes if o.method == method.name), key=lambda o: (o.repeat, o.fold)
        )
        if not own:
            continue
        failed = [o for o in own if o.error]
        stage = (stages or {}).get(method.name, 0) + 1
        row = {"method": method.name, "label": method.label, "stage": stage}
        row["setting"] = own[0].setting
        kept = [] if failed else own
        values = pd.DataFrame([o.scores for o in kept], columns=names, dtype=float)
        for name in names:
            row[name] = values[name].mean()
            row[f"{name}_std"] = values[name].std()
        row["fit_seconds"] = np.mean([o.fit_seconds for o in kept]) if kept else float("nan")
        row["search_seconds"] = np.mean([o.search_seconds for o in kept]) if kept else float("nan")
        row["n_splits"] = len(own)
        params, times = best_candidate(method, grid, kept) if kept else ({}, 0)
        row["best_params"] = written(params)
        row["times_chosen"] = times
        row["error"] = f"{failed[0].error} ({len(failed)} of {len(own)} splits)" if failed else ""
        rows.append(row)
    frame = pd.DataFrame(rows)
    if len(frame):
        frame["failed"] = frame["error"] != ""
        order, ascending = ["failed", "stage", metric], [True, False, direction(metric) < 0]
        frame = frame.sort_values(order, ascending=ascending, kind="stable", na_position="last")
        frame = frame.drop(columns="failed")
    return frame.reset_index(drop=True)


def recall_frame(results: pd.DataFrame, outcomes: Sequence[Outcome], classes, counts):
    """Return recall by class and method, with the class sizes.

    Parameters
    ----------
    results : DataFrame
        As `method_frame` returns it; methods with an error are left out.
    outcomes : sequence of Outcome
    classes : ndarray of shape (n_classes,)
    counts : ndarray of shape (n_classes,)

    Returns
    -------
    recalls : DataFrame
        One row a class, the largest first; column ``rows`` and one column a method: the mean over
        the splits that scored the class.
    """
    columns = {"rows": counts}
    for name in results.loc[results["error"] == "", "method"] if len(results) else []:
        # pandas' mean leaves NaN out, and NumPy's warns of a class that no split has scored.
        table = pd.DataFrame([o.recalls for o in outcomes if o.method == name])
        columns[name] = table.mean().to_numpy()
    frame = pd.DataFrame(columns, index=pd.Index(classes, name="class"))
    return frame.sort_values("rows", ascending=False, kind="stable")


def lead(folds: pd.DataFrame, metric: str, ahead: str, behind: str) -> tuple[float, float, int]:
    """Return by how much one method beats another, on the splits that both have.

    Where both were measured in several ways, that of the last setting counts.

    Parameters
    ----------
    folds : DataFrame
        As `fold_frame` returns it.
    metric : str
    ahead, behind : str
        Names of methods.

    Returns
    -------
    mean : float
        Of the differences, split by split; above 0 where the one ahead is better.
    spread : float
        Their standard deviation (n - 1); NaN for one split. Differences, because what makes one
        split harder than another is the same for both methods and no reason to doubt the lead.
    n_splits : int
    """
    both = folds[folds["method"].isin([ahead, behind])]
    table = both.pivot(index=["setting", "repeat", "fold"], columns="method", values=metric)
    if not {ahead, behind} <= set(table.columns):
        return float("nan"), float("nan"), 0
    difference = direction(metric) * (table[ahead] - table[behind]).dropna()
    # Measured alike in more than one way: the closest look, which came last, counts.
    for setting in reversed(folds["setting"].cat.categories):
        own = difference[difference.index.get_level_values("setting") == setting]
        if len(own):
            return float(own.mean()), float(own.std()), len(own)
    return float("nan"), float("nan"), 0
