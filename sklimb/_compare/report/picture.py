"""Recall by class, with class sizes, as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sklimb.inspection._drawing import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Beyond this many classes a name each is unreadable; beyond that, a number in each cell is.
_MOST_NAMES = 120
_MOST_NUMBERS = 45


def figure_size(recalls: pd.DataFrame) -> tuple[float, float]:
    """Return width and height in inches in which all names can be read.

    Parameters
    ----------
    recalls : DataFrame
        As `draw` takes it.

    Returns
    -------
    width, height : float
    """
    n_classes, n_methods = len(recalls), recalls.shape[1] - 1
    return float(np.clip(3.6 + 0.42 * n_classes, 7.5, 24)), 2.6 + 0.42 * max(n_methods, 2)


def draw(
    figure: Figure,
    recalls: pd.DataFrame,
    labels: dict[str, str],
    n_splits: Mapping[str, int] | None = None,
    noun: str = "row",
) -> tuple[Axes, Axes]:
    """Draw class sizes as bars and, below them, recall as one coloured row a method.

    Parameters
    ----------
    figure : matplotlib Figure
        Empty, with constrained layout.
    recalls : DataFrame
        One row a class, the largest first; column ``rows`` and one column a method, best first.
    labels : dict of str to str
        What to call the methods.
    n_splits : mapping or None, default=None
        Over how many splits the recalls of each method are a mean, for the title.
    noun : str, default="row"
        What a sample is called.

    Returns
    -------
    sizes, recall : matplotlib Axes
    """
    names = [shortened(name) for name in recalls.index]
    methods = [name for name in recalls.columns if name != "rows"]
    places = np.arange(len(names))
    upper, lower = figure.subplots(
        2, 1, sharex=True, height_ratios=[1.2, 0.42 * max(len(methods), 2)]
    )
    _draw_sizes(upper, recalls["rows"].to_numpy(), noun)
    # Over the whole figure, since the axes begin only behind the names of the methods.
    over = _over([(n_splits or {}).get(name, 1) for name in methods])
    figure.suptitle(f"Recall by class in percent{over}", x=0.01, ha="left")

    values = 100 * recalls[methods].to_numpy(dtype=float).T
    image = lower.imshow(values, aspect="auto", cmap="viridis", vmin=0, vmax=100)
    lower.set_yticks(np.arange(len(methods)), [labels[name] for name in methods])
    lower.set_xlabel("class, the largest first")
    if len(names) <= _MOST_NAMES:
        room = (figure.get_size_inches()[0] - 3.2) / len(names)
        crowded = 0.085 * max(map(len, names)) > room  # inches a letter, roughly
        size = 9 if len(names) <= 50 else 7
        lower.set_xticks(places, names, rotation=90 if crowded else 0, fontsize=size)
    else:
        lower.set_xlabel(f"rank of the class by size (1 to {len(names)})")
    lower.tick_params(length=0)
    if len(names) <= _MOST_NUMBERS:
        for (i, j), value in np.ndenumerate(values):
            text = "-" if np.isnan(value) else f"{value:.0f}"
            # viridis is dark up to about its middle.
            color = "black" if value > 55 or np.isnan(value) else "white"
            lower.text(j, i, text, ha="center", va="center", fontsize=8, color=color)
    figure.colorbar(image, ax=lower, label="recall", fraction=0.05, pad=0.01)
    return upper, lower


def _over(n_splits: list[int]) -> str:
    """Return what the recalls are a mean over, in words; of one split they are none."""
    fewest, most = min(n_splits, default=1), max(n_splits, default=1)
    if most == 1:
        return ""
    return f", mean over {most if fewest == most else f'{fewest} to {most}'} splits"


def _draw_sizes(axes: Axes, counts: np.ndarray, noun: str) -> None:
    axes.bar(np.arange(len(counts)), counts, color="0.55", width=0.8)
    if counts.max() > 20 * counts.min():
        axes.set_yscale("log")
        axes.set_ylim(bottom=min(0.7, 0.7 * counts.min()))
    axes.set_ylabel(f"{noun}s")
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.spines[["top", "right"]].set_visible(False)
    if len(counts) <= _MOST_NUMBERS:
        for place, count in enumerate(counts):
            axes.annotate(
                f"{count:,}" if len(counts) <= 12 else str(count),
                (place, count),
                (0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=8 if len(counts) <= 20 else 7,
            )
        axes.margins(y=0.25)
