"""What all Displays draw alike: colours that everyone tells apart, and names of classes on an axis.

matplotlib is imported only when something is drawn, and its settings are never changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito's colours, but for their yellow, which is too light for a line on white. Each comes
# with a marker of its own, so that nothing hangs on colour alone.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vP*Xd"
GREY = "0.8"
# Beyond so many classes their names are unreadable on an axis, and ranks stand there.
MOST_NAMES = 40


def axes_for(display: Any, ax: Axes | None) -> tuple[Figure, Axes]:
    """Return a figure and axes, new where none are given."""
    check_matplotlib_support(f"{type(display).__name__}.plot")
    if ax is None:
        from matplotlib.pyplot import figure

        made = figure(layout="constrained")
        return made, made.subplots()
    return ax.figure, ax


def figure_for(display: Any, ax: Axes | None, size: tuple[float, float]) -> tuple[Any, Any, bool]:
    """Return a figure and a place in it that can be divided, and whether they are new.

    Given axes are emptied and divided: only their place stays.
    """
    check_matplotlib_support(f"{type(display).__name__}.plot")
    if ax is None:
        from matplotlib.pyplot import figure

        made = figure(figsize=size, layout="constrained")
        return made, made.add_gridspec(1, 1)[0], True
    ax.set_axis_off()
    return ax.figure, ax.get_subplotspec() or _whole(ax), False


def _whole(ax: Axes) -> Any:
    """Return the place of axes that were not made by a grid."""
    place = ax.get_position()
    grid = ax.figure.add_gridspec(
        1, 1, left=place.x0, right=place.x1, bottom=place.y0, top=place.y1
    )
    return grid[0]


def style(i: int) -> dict[str, Any]:
    """Return colour and marker of the i-th of several series."""
    return {"color": COLOURS[i % len(COLOURS)], "marker": MARKERS[i % len(MARKERS)]}


def n_labelled_lines(ax: Axes) -> int:
    """Return how many series stand in axes already, so that the next one looks otherwise."""
    return sum(not str(line.get_label()).startswith("_") for line in ax.get_lines())


def set_class_ticks(
    ax: Axes, classes: Sequence[Any], *, axis: str = "x", what: str = "class, the largest first"
) -> None:
    """Put the names of the classes at 0, 1, ... of an axis, or their ranks where they are many."""
    n = len(classes)
    set_ticks = ax.set_xticks if axis == "x" else ax.set_yticks
    set_label = ax.set_xlabel if axis == "x" else ax.set_ylabel
    if n > MOST_NAMES:
        step = int(np.ceil(n / 10 / 5) * 5)
        ranks = np.unique(np.append(np.arange(step, n + 1, step), 1))
        set_ticks(ranks - 1, [str(rank) for rank in ranks])
        set_label(f"{what} (rank of {n})")
        return
    names = [shortened(name) for name in classes]
    width = ax.get_window_extent().width / ax.figure.dpi
    crowded = axis == "x" and 0.09 * sum(len(name) + 1 for name in names) > width
    small = {"fontsize": 7} if n > 20 else {}
    set_ticks(np.arange(n), names, **({"rotation": 90} if crowded else {}), **small)
    set_label(what)


def shortened(name: Any, longest: int = 24) -> str:
    """Return a name that fits beside an axis.

    It is cut in the middle, for long names often differ at their ends alone.

    Examples
    --------
    >>> from sklimb.inspection._drawing import shortened
    >>> shortened("topic of the document, part 12")
    'topic of the doc…part 12'
    """
    text = str(name)
    if len(text) <= longest:
        return text
    end = (longest - 1) // 3
    return text[: longest - 1 - end].rstrip() + "…" + text[len(text) - end :].lstrip()


def draw_sizes(ax: Axes, counts: np.ndarray, of: str) -> Axes:
    """Draw the sizes of classes as grey bars behind axes, on a scale of their own at the right."""
    behind = ax.twinx()
    behind.bar(np.arange(len(counts)), counts, color=GREY, width=0.85, zorder=0)
    least = counts[counts > 0].min() if (counts > 0).any() else 1.0
    if counts.max() > 20 * least:
        behind.set_yscale("log")
        behind.set_ylim(bottom=0.5 * least)
    behind.set_ylabel(f"{of} (bars)")
    # the lines in front of the bars, and the bars seen through the axes
    ax.set_zorder(behind.get_zorder() + 1)
    ax.patch.set_visible(False)
    return behind
