"""Why the figures of a comparison may mean less than they seem to: chance, and few samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from sklimb._compare.phrases import counted
from sklimb._compare.report.wording import percent
from sklimb._compare.run.scores import COST, RANKED_BY

# How seldom luck alone may make some method look better than chance.
_LEVEL = 0.05
# An interval of the rare recall that is wider than this is worth a word.
_WIDTH = 0.2
_LEAST_SPLITS = 3


def any_better_than_chance(
    results: pd.DataFrame, recalls: pd.DataFrame, scored: Mapping[Any, int]
) -> bool:
    """Return whether some method does more than guess.

    Balanced accuracy has to be above 1 / n_classes by more than the luck of so many scored samples
    explains, or average precision above that of a random order by more than its spread over the
    splits does; in either case by more the more methods were tried (Bonferroni).

    Parameters
    ----------
    results, recalls : DataFrame
        As `summary.method_frame` and `summary.recall_frame` return them.
    scored : mapping
        From each class to how many of its samples were scored (once each).

    Returns
    -------
    answer : bool
        True also where no method finished, which is another trouble.
    """
    done = results[(results["error"] == "") & results["balanced_accuracy"].notna()]
    if not len(done):
        return True
    level = 1 - _LEVEL / len(done)
    return any(
        _recalls_beat_chance(recalls[row.method], scored, level)
        or _order_beats_chance(row, scored, level)
        for row in done.itertuples()
    )


def _recalls_beat_chance(recalls: pd.Series, scored: Mapping[Any, int], level: float) -> bool:
    recalls = recalls.dropna()
    n = np.array([max(1, scored.get(label, 1)) for label in recalls.index], dtype=float)
    # Two successes and two failures more, for of few samples all or none are hits by luck.
    shrunk = (recalls.to_numpy() * n + 2) / (n + 4)
    error = np.sqrt((shrunk * (1 - shrunk) / (n + 4)).sum()) / len(n)
    return bool(recalls.mean() > 1 / len(n) + stats.norm.ppf(level) * error)


def _order_beats_chance(row: Any, scored: Mapping[Any, int], level: float) -> bool:
    n_splits = row.n_splits
    if n_splits < _LEAST_SPLITS:
        return False
    counts = np.array(list(scored.values()), dtype=float)
    chance = counts.min() / counts.sum() if len(counts) == 2 else 1 / len(counts)
    lead = row.average_precision - chance
    bound = stats.t.ppf(level, n_splits - 1) * row.average_precision_std / np.sqrt(n_splits)
    return bool(lead > max(bound, 0.1 * chance))


def chance_line(results: pd.DataFrame, metric: str, n_classes: int) -> str:
    """Return the line that says that no method is better than chance.

    Parameters
    ----------
    results : DataFrame
        Sorted by `metric`.
    metric : str
    n_classes : int

    Returns
    -------
    line : str
    """
    if n_classes == 1:
        return (
            "one class only is among what is scored, so no figure says how well a method tells "
            "classes apart; no method is recommended: score samples of each class"
        )
    best = results[results["error"] == ""].iloc[0]
    also = (
        ""
        if metric in ("balanced_accuracy", COST)
        else f"{RANKED_BY[metric]} {percent(best[metric])} % and "
    )
    return (
        f"no method is better than chance: {best['label']}, on top, has {also}balanced accuracy "
        f"{percent(best['balanced_accuracy'])} %, and guessing has {percent(1 / n_classes)} %; no "
        "method is recommended: do the columns say anything of the class?"
    )


def few_rare_line(recall: float, label: Any, n_rare: int, noun: str = "row") -> list[str]:
    """Say that the recall of the rarest class rests on few samples.

    Parameters
    ----------
    recall : float
        Of the best method.
    label : scalar
        The rarest class.
    n_rare : int
        Its scored samples.
    noun : str, default="row"
        What a sample is called.

    Returns
    -------
    lines : list of str
        At most one, with the 95 % interval of Wilson.
    """
    if recall != recall or n_rare < 1:
        return []
    low, high = stats.binomtest(round(recall * n_rare), n_rare).proportion_ci(method="wilson")
    if high - low <= _WIDTH:
        return []
    return [
        f"class {label!s} has {counted(n_rare, f'scored {noun}')}, which is few: its "
        f"recall of {percent(recall)} % is somewhere from {100 * low:.0f} to {100 * high:.0f} % "
        "(95 % interval), so small leads in it mean nothing"
    ]
