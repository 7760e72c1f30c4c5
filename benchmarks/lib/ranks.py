"""Methods beside each other over many tables: mean ranks, paired comparisons, and their picture.

Values come as a frame with a row for each table (or source of tables) and a column for each method,
without gaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats


@dataclass(frozen=True)
class Comparison:
    """What a method has over a reference, by table.

    Parameters
    ----------
    wins, ties, losses : int
    difference : float
        The mean of value minus the reference's.
    low, high : float
        The 95 % interval of that mean, by Student's t.
    p : float
        Of Wilcoxon's signed-rank test, two-sided.
    """

    wins: int
    ties: int
    losses: int
    difference: float
    low: float
    high: float
    p: float


def mean_ranks(values: pd.DataFrame, *, more_is_better: bool) -> pd.Series:
    """Return the mean rank of each method, the best first; 1 is the best, equal ones share."""
    return values.rank(axis=1, ascending=not more_is_better).mean().sort_values(kind="stable")


def signed_rank_p(difference: np.ndarray) -> float:
    """Return Wilcoxon's p; 1 where nothing differs."""
    if not np.any(difference):
        return 1.0
    return float(stats.wilcoxon(difference, zero_method="zsplit").pvalue)


def compare(
    value: pd.Series, reference: pd.Series, *, more_is_better: bool, tie: float = 5e-4
) -> Comparison:
    """Compare a method with a reference; what differs by less than `tie` is a tie."""
    difference = (value - reference).to_numpy()
    better = difference if more_is_better else -difference
    mean, n = float(difference.mean()), len(difference)
    half = np.nan
    if n > 1:
        half = stats.t.ppf(0.975, n - 1) * difference.std(ddof=1) / np.sqrt(n)
    return Comparison(
        wins=int((better >= tie).sum()),
        ties=int((np.abs(better) < tie).sum()),
        losses=int((better <= -tie).sum()),
        difference=mean,
        low=mean - half,
        high=mean + half,
        p=signed_rank_p(difference),
    )


def differing(values: pd.DataFrame) -> set[frozenset[str]]:
    """Return the pairs that Wilcoxon's test tells apart at 5 % after Holm's correction."""
    found = {
        frozenset(pair): signed_rank_p((values[pair[0]] - values[pair[1]]).to_numpy())
        for pair in combinations(values.columns, 2)
    }
    told: set[frozenset[str]] = set()
    for tested, (pair, p) in enumerate(sorted(found.items(), key=lambda item: item[1])):
        if p > 0.05 / (len(found) - tested):
            break
        told.add(pair)
    return told


def groups(order: list[str], told: set[frozenset[str]]) -> list[tuple[int, int]]:
    """Return the longest stretches (first, last) of an order in which no two are told apart."""
    found: list[tuple[int, int]] = []
    for first in range(len(order)):
        last = first
        while last + 1 < len(order) and not any(
            frozenset((order[other], order[last + 1])) in told for other in range(first, last + 1)
        ):
            last += 1
        if last > first and not (found and found[-1][1] >= last):
            found.append((first, last))
    return found


def draw(panels: dict[str, tuple[pd.DataFrame, bool]], path: Path, footnote: str) -> None:
    """Draw a critical-difference picture: mean ranks, and bars over what is not told apart.

    Parameters
    ----------
    panels : dict of str to (values, more_is_better)
        By title, all of the same methods.
    path : Path
        Where the picture goes.
    footnote : str
        What stands below it.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    n_methods = max(values.shape[1] for values, _ in panels.values())
    figure, axes = plt.subplots(
        1, len(panels), figsize=(4.6 * len(panels), 1.6 + 0.24 * n_methods), squeeze=False
    )
    for axis, (title, (values, more_is_better)) in zip(axes[0], panels.items(), strict=True):
        ranks = mean_ranks(values, more_is_better=more_is_better)
        order = list(ranks.index)
        places = np.arange(len(order))
        axis.plot(ranks, places, "o", color="tab:blue")
        axis.hlines(places, 1, ranks, color="0.85", zorder=0)
        stretches = groups(order, differing(values))
        for bar, (first, last) in enumerate(stretches):
            at = ranks.max() + (0.05 + 0.035 * bar) * len(order)
            axis.plot([at, at], [first - 0.25, last + 0.25], color="black", lw=2.5)
        axis.set_yticks(places, [f"{name}  {ranks[name]:.1f}" for name in order], fontsize=8)
        axis.set_ylim(len(order) - 0.4, -0.6)
        axis.set_xlim(left=1)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("mean rank", fontsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    figure.text(0.01, 0.005, footnote, fontsize=8)
    figure.tight_layout(rect=(0, 0.03, 1, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
