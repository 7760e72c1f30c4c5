"""What the pictures of the page show, as numbers: places on an axis, operating points, names."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sklimb._compare.decisions.thresholds import operating_points
from sklimb._compare.report import labels
from sklimb._compare.run.scores import COST
from sklimb.inspection._drawing import shortened

if TYPE_CHECKING:
    from sklimb._compare.report.result import Comparison

# The drawing of times: where its axes are, how wide a digit is and how large a point, in pixels.
_LEFT, _TOP, _WIDTH, _HEIGHT, _DIGIT, _RADIUS = 40, 10, 270, 190, 7.0, 4.5


def axis_of(low: float, high: float, *, most_ticks: int = 6, least: int = -2) -> list[float]:
    """Return round ticks that hold a range of shares, or of costs.

    Parameters
    ----------
    low, high : float
    most_ticks : int, default=6
    least : int, default=-2
        Ticks are at least 10 to this power apart: a percent.

    Returns
    -------
    ticks : list of float

    Examples
    --------
    >>> from sklimb._compare.report.charts import axis_of
    >>> axis_of(0.713, 0.88)
    [0.7, 0.75, 0.8, 0.85, 0.9]
    >>> axis_of(31.2, 1180.0)
    [0.0, 500.0, 1000.0, 1500.0]
    """
    for step in (float(f"{digit}e{power}") for power in count(least) for digit in (1, 2, 5)):
        first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
        last = max(last, first + 1)
        if last - first < most_ticks:
            break
    return [round(float(k * step), 2 - least) for k in np.arange(first, last + 1)]


def dots(comparison: Comparison) -> dict[str, Any] | None:
    """Return each finished method's mean and spread, as places on an axis in percent.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    chart : dict or None
        ``ticks`` (share and place), and ``rows``: ``method``, ``label``, ``value``, ``spread`` (NaN
        on one split), ``stage`` and the places ``at``, ``low``, ``high``. None if none finished.
    """
    metric = comparison.metric
    done = comparison.results
    done = done[(done["error"] == "") & done[metric].notna()]
    if not len(done):
        return None
    spread = done[f"{metric}_std"].fillna(0)
    low, high = (done[metric] - spread).clip(lower=0), done[metric] + spread
    if metric != COST:
        high = high.clip(upper=1)
    ticks = _ticks(metric, low, high)

    def place(share: float) -> float:
        return round(100 * (share - ticks[0]) / (ticks[-1] - ticks[0]), 2)

    rows = [
        {
            "method": row.method, "label": row.label, "stage": row.stage,
            "value": getattr(row, metric), "spread": getattr(row, f"{metric}_std"),
            "at": place(getattr(row, metric)), "low": place(start), "high": place(end),
        }
        for row, start, end in zip(done.itertuples(), low, high, strict=True)
    ]  # fmt: skip
    return {"ticks": [(tick, place(tick)) for tick in ticks], "rows": rows}


def _ticks(metric: str, low: pd.Series, high: pd.Series) -> list[float]:
    return axis_of(float(low.min()), float(high.max()), least=-6 if metric == COST else -2)


def curves(comparison: Comparison, most: int = 200) -> dict[str, Any] | None:
    """Return what each threshold on the held-out scores of the rarest class gives, by method.

    Parameters
    ----------
    comparison : Comparison
    most : int, default=200
        At most so many thresholds a method.

    Returns
    -------
    found : dict or None
        Plain numbers for the page's script: ``rare`` (and ``short``), ``noun``, and ``methods``,
        the best first, with ``label``, ``positive`` and ``total`` (samples), ``thresholds``,
        ``found`` and ``called`` from the highest threshold on, and ``start``, the place that is
        shown first: that of the decision, or where the method itself decides. None where no method
        has been scored.
    """
    if comparison.decision is None:
        return None
    k = int(np.searchsorted(comparison.classes, comparison.rare_class))
    first = comparison.results["stage"].max()
    last = comparison.results.loc[comparison.results["stage"] == first, "method"]
    # The one that the verdict names is what the page opens with.
    last = sorted(last, key=lambda name: name != comparison.best_method)
    methods = []
    for name in last:
        if name not in comparison.predictions:
            continue
        held = comparison.predictions[name]
        positive = held.truth == k
        if not positive.any():
            continue
        scores = held.proba[:, k]
        called = int((held.predicted == k).sum())
        if name == comparison.best_method and comparison.decision.threshold is not None:
            called = int((scores >= comparison.decision.threshold).sum())
        points, start = operating_points(scores, positive, most, called)
        methods.append(
            {
                "label": comparison.labels[name],
                "positive": int(positive.sum()),
                "total": len(positive),
                "thresholds": [float(f"{value:.6g}") for value in points.thresholds],
                "found": points.found.astype(int).tolist(),
                "called": points.called.astype(int).tolist(),
                "start": start,
            }
        )
    rare = str(comparison.rare_class)
    named = {"rare": rare, "short": shortened(rare, 20), "noun": comparison.noun}
    return {**named, "methods": methods} if methods else None


def times(comparison: Comparison) -> dict[str, Any] | None:
    """Return each finished method's seconds for a fit and its score, as places in percent.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    chart : dict or None
        ``x`` and ``y`` (ticks with their places) and ``points``: ``label``, ``number``,
        ``seconds``, ``value``, and in pixels of the drawing ``x``, ``y`` and ``at``, the middle of
        the number.
        Seconds go by logarithms. None if none finished.
    """
    metric, done = comparison.metric, comparison.results
    done = done[(done["error"] == "") & done[metric].notna() & (done["fit_seconds"] > 0)]
    if not len(done):
        return None
    logs = np.log10(done["fit_seconds"].to_numpy(dtype=float))
    first, last = int(np.floor(logs.min())), int(np.ceil(logs.max()))
    last = max(last, first + 1)
    ticks = _ticks(metric, done[metric], done[metric])

    def across(log: float) -> float:
        return round(_LEFT + _WIDTH * (log - first) / (last - first), 1)

    def up(share: float) -> float:
        return round(_TOP + _HEIGHT * (ticks[-1] - share) / (ticks[-1] - ticks[0]), 1)

    points = np.column_stack([[across(log) for log in logs], [up(share) for share in done[metric]]])
    sizes = np.array([(_DIGIT * len(str(i + 1)) + 4, 9.0) for i in range(len(done))])
    room = (_LEFT + 1, 0, _LEFT + _WIDTH + 18, _TOP + _HEIGHT - 1)
    rows = done[[metric, "label", "fit_seconds"]].itertuples(index=False)
    return {
        "x": [(f"{10.0**k:g}", across(k)) for k in range(first, last + 1)],
        "y": [(tick, up(tick)) for tick in ticks],
        "points": [
            {
                "number": i + 1, "label": row.label, "seconds": row.fit_seconds, "value": row[0],
                "x": float(x), "y": float(y), "at": [round(float(place), 1) for place in middle],
            }
            for i, (row, (x, y), middle) in enumerate(
                zip(rows, points, labels.placed(points, sizes, room, _RADIUS), strict=True)
            )
        ],
    }  # fmt: skip


def largest_confusions(
    confusion: pd.DataFrame, most: int = 10
) -> list[tuple[Any, Any, float, float]]:
    """Return which class was called which other most often.

    Parameters
    ----------
    confusion : DataFrame
        Truth by row.
    most : int, default=10

    Returns
    -------
    confusions : list of (truth, called, rows, share of the truth)
        The largest share first.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklimb._compare.report.charts import largest_confusions
    >>> largest_confusions(pd.DataFrame([[8, 2], [1, 1]], index=list("ab"), columns=list("ab")))
    [('b', 'a', 1.0, 0.5), ('a', 'b', 2.0, 0.2)]
    """
    totals = confusion.sum(axis=1)
    found = [
        (truth, called, float(confusion.iat[i, j]), float(confusion.iat[i, j] / totals.iat[i]))
        for i, truth in enumerate(confusion.index)
        for j, called in enumerate(confusion.columns)
        if i != j and confusion.iat[i, j] > 0
    ]
    return sorted(found, key=lambda entry: -entry[3])[:most]


def in_groups(names: Any, size: int = 5) -> list[list[Any]]:
    """Return names a few at a time, so that a table of them fits on a page."""
    names = list(names)
    return [names[i : i + size] for i in range(0, len(names), size)]
