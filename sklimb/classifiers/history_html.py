"""The training history, folded away in scikit-learn's HTML display of a fitted classifier.

A curve of each loss, the score, and a short table, as HTML that needs nothing from elsewhere: no
script, no picture to load. Colours of text and lines are those of scikit-learn's box around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import BaggingClassifier
from sklearn.pipeline import Pipeline

from sklimb._training.history import (
    far_apart,
    history_frame,
    kept_epoch,
    losses_of,
    scores_of,
    starts_of,
    words_for,
)

if TYPE_CHECKING:
    import pandas as pd
    from jinja2 import Template

# Okabe & Ito's colours that show on white, each with dashes of its own.
_LOOKS = (
    ("#0072B2", ""),
    ("#D55E00", "6 3"),
    ("#009E73", "2 2"),
    ("#B5558E", "8 3 2 3"),
    ("#000000", "4 4"),
)
# Rows of a table, and points of a curve, at most.
_MOST_ROWS = 12
_MOST_POINTS = 200
# Histories of one classifier around others: of folds of several parts of a blend, say.
_MOST_HISTORIES = 20
# Places in the picture, in pixels: of the first and the last epoch, and of each panel.
_LEFT, _RIGHT = 56.0, 470.0
_HEIGHTS = {"loss": 130.0, "score": 70.0}
_GAP = 14.0


class Line(NamedTuple):
    """A curve: what it is called, its looks, and its path in the picture."""

    name: str
    colour: str
    dashes: str
    path: str


class Panel(NamedTuple):
    """One of the two parts of the picture, with its ticks (place, number)."""

    name: str
    top: float
    bottom: float
    ticks: list[tuple[float, str]]
    lines: list[Line]


def with_histories(model: BaseEstimator, attributes: Any) -> Any:
    """Let scikit-learn's table of a classifier's fitted attributes end with histories of training.

    Parameters
    ----------
    model : estimator
        A classifier, or one around others: then the histories of those that it has fitted.
    attributes : object
        What scikit-learn's `_get_fitted_attr_html` made of it; scikit-learn asks for that from 1.9
        on, for a classifier by itself and inside pipelines and searches.

    Returns
    -------
    object
        `attributes`, changed if something was trained.
    """
    trained = list(islice(trained_in(model), _MOST_HISTORIES))
    if trained:
        table = attributes._html_repr
        attributes._html_repr = lambda: (
            table()
            + "".join(
                html_of(fitted.history_, fitted.net_.rebalancer, ", ".join(names))
                for names, fitted in trained
            )
        )
    return attributes


def trained_in(model: Any, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the trained networks' classifiers in a classifier, with names from the outside in.

    Parameters
    ----------
    model : object
        A classifier of sklimb, what corrects, blends or bags such, or a pipeline that ends with one
        of these; anything else has none.
    names : tuple of str, default=()
        Of `model`.

    Yields
    ------
    tuple of str
        "fold 2 of 5", or a name in a blend.
    classifier

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb import PriorCorrectedClassifier, RebalancedClassifier
    >>> from sklimb.classifiers.history_html import trained_in
    >>> X, y = np.random.RandomState(0).rand(30, 2), np.arange(30) % 2
    >>> net = RebalancedClassifier(max_epochs=1)
    >>> [names for names, _ in trained_in(PriorCorrectedClassifier(net, cv=2).fit(X, y))]
    [('fold 1 of 2',), ('fold 2 of 2',)]
    """
    inside = getattr(model, "__dict__", {})
    named, several = inside.get("named_estimators_"), inside.get("estimators_")
    if "net_" in inside:
        yield names, model
    elif isinstance(model, Pipeline):
        yield from trained_in(model.steps[-1][1], names)
    elif named is not None:
        for name, part in named.items():
            yield from trained_in(part, (*names, name))
    elif isinstance(several, list):
        what = "copy" if isinstance(model, BaggingClassifier) else "fold"
        for number, part in enumerate(several, 1):
            yield from trained_in(part, (*names, f"{what} {number} of {len(several)}"))
    elif "estimator_" in inside:  # last: fold clones, if any, were cloned from it
        yield from trained_in(inside["estimator_"], names)


def html_of(history: Iterable[Mapping[str, Any]], rebalancer: Any, whose: str = "") -> str:
    """Return a history as a folded part of a page; nothing where there are no losses.

    Parameters
    ----------
    history : skorch History or list of dict
        A row an epoch.
    rebalancer : Rebalancer
        Of the trained net: it says when re-balancing began.
    whose : str, default=""
        What was trained, where there are several.

    Returns
    -------
    str
        HTML, escaped.
    """
    rows = [dict(row) for row in history]
    frame = history_frame(rows)
    losses, scores = losses_of(frame), scores_of(frame)
    if not losses:
        return ""
    kept, starts = kept_epoch(rows), starts_of(rebalancer, frame)
    looks = {name: _LOOKS[i % len(_LOOKS)] for i, name in enumerate([*losses, *scores])}
    across = _scale(1.0, max(float(len(frame)), 2.0), _LEFT, _RIGHT)
    panels = list(_panels(frame, {"loss": losses, "score": scores}, looks, across))
    notes = _notes(kept, starts)
    return _template().render(
        whose=whose,
        n_epochs=len(frame),
        kept=kept,
        panels=panels,
        left=_LEFT,
        right=_RIGHT,
        bottom=panels[-1].bottom,
        starts=[
            (across(epoch - 0.5), f"{what} from epoch {epoch}") for what, epoch in starts.items()
        ],
        kept_at=None if kept is None else across(kept),
        columns=[(words_for(name), *looks[name]) for name in looks],
        notes=notes,
        rows=[
            (
                epoch,
                [_number(value) for value in frame.loc[epoch, list(looks)]],
                notes.get(epoch, ""),
            )
            for epoch in shown_epochs(len(frame), notes)
        ],
    )


def _notes(kept: int | None, starts: Mapping[str, int]) -> dict[int, str]:
    """Return what is to be said of an epoch."""
    said: dict[int, list[str]] = {}
    for what, epoch in starts.items():
        said.setdefault(epoch, []).append(f"{what} begin" + ("" if what.endswith("s") else "s"))
    if kept is not None:
        said.setdefault(kept, []).append("kept")
    return {epoch: ", ".join(words) for epoch, words in said.items()}


def shown_epochs(n_epochs: int, important: Iterable[int], most: int = _MOST_ROWS) -> list[int]:
    """Return which epochs the table has: the first, the last, important ones, some between.

    Examples
    --------
    >>> from sklimb.classifiers.history_html import shown_epochs
    >>> shown_epochs(60, [43], most=5)
    [1, 21, 40, 43, 60]
    """
    must = {1, n_epochs, *important}
    between = np.linspace(1, n_epochs, max(2, min(n_epochs, most - len(must - {1, n_epochs}))))
    return sorted(must | {int(epoch) for epoch in between.round()})


def path_of(xs: Sequence[float], ys: Sequence[float]) -> str:
    """Return a curve as SVG has it, through the points that are there.

    Examples
    --------
    >>> from sklimb.classifiers.history_html import path_of
    >>> path_of([0.0, 1.0, 2.0], [5.0, float("nan"), 7.0])
    'M0.0 5.0L2.0 7.0'
    """
    there = [(x, y) for x, y in zip(xs, ys, strict=True) if np.isfinite(y)]
    if len(there) > _MOST_POINTS:
        kept = np.linspace(0, len(there) - 1, _MOST_POINTS).round().astype(int)
        there = [there[i] for i in kept]
    # one point alone is a line of no length, whose round ends are a dot
    points = there * 2 if len(there) == 1 else there
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in points).join(["M" if points else "", ""])


def _scale(low: float, high: float, first: float, last: float) -> Any:
    """Return what takes numbers between two to places between two."""
    return lambda value: first + (value - low) / (high - low) * (last - first)


def _panels(
    frame: pd.DataFrame, names: dict[str, list[str]], looks: Mapping[str, Any], across: Any
) -> Iterable[Panel]:
    """Yield the parts of the picture from the top."""
    top = _GAP
    for what, columns in names.items():
        # as NaN, infinity is a gap in the curve
        values = frame[columns].replace([np.inf, -np.inf], np.nan)
        if not values.notna().any(axis=None):
            continue
        bottom = top + _HEIGHTS[what]
        logs = what == "loss" and far_apart(values.to_numpy())
        (low, high), ticks = axis_of(values.min(axis=None), values.max(axis=None), logs)
        change = np.log if logs else np.asarray
        up = _scale(change(low), change(high), bottom, top)
        xs = [across(epoch) for epoch in frame.index]
        lines = [
            Line(words_for(name), *looks[name], path_of(xs, up(change(values[name]))))
            for name in columns
        ]
        yield Panel(what, top, bottom, [(float(up(change(t))), f"{t:g}") for t in ticks], lines)
        top = bottom + _GAP


def axis_of(low: float, high: float, logs: bool) -> tuple[tuple[float, float], list[float]]:
    """Return the ends of an axis that holds a range, and a few round numbers on it.

    Examples
    --------
    >>> from sklimb.classifiers.history_html import axis_of
    >>> axis_of(0.5, 1.0, logs=False)[1]
    [0.6, 0.8, 1.0]
    >>> axis_of(0.05, 20.0, logs=True)[1]
    [0.1, 1.0, 10.0]
    """
    if logs:
        powers = np.arange(np.ceil(np.log10(low)), np.floor(np.log10(high)) + 1)
        return (low, high), (10.0**powers).tolist()
    from matplotlib.ticker import MaxNLocator

    around = max(0.02 * (high - low), 1e-3 * abs(high), 1e-6)
    low, high = low - around, high + around
    ticks = MaxNLocator(nbins=4, steps=[1, 2, 5, 10]).tick_values(low, high).round(12)
    return (low, high), [tick for tick in ticks.tolist() if low <= tick <= high]


def _number(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else ""


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader(__package__, ".")
    made = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return made.get_template("history.html.j2")
