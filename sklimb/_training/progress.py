"""What ``verbose=1`` prints: one line an epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from skorch.callbacks import Callback

if TYPE_CHECKING:
    from sklimb._training.net import Net

# What stands first, under shorter names; the other figures of an epoch follow by their own.
_FIRST = {
    "train_loss": "loss",
    "valid_loss": "held-back loss",
    "valid_score": "score",
    "out_of_fold_loss": "left-out loss",
}
# The time comes last, by itself.
_LEFT_OUT = ("epoch", "batches", "dur")


def epoch_line(row: Mapping[str, Any]) -> str:
    """Return what is printed of an epoch.

    Parameters
    ----------
    row : mapping
        Its row of the history.

    Returns
    -------
    str
        Figures that the epoch does not have (NaN) are left out.

    Examples
    --------
    >>> from sklimb._training.progress import epoch_line
    >>> epoch_line({"epoch": 3, "train_center": 0.25, "train_loss": 1.5, "dur": 0.2})
    'epoch   3  loss 1.5000  center 0.2500  0.2 s'
    """
    figures = {
        name: row[name]
        for name in [*_FIRST, *sorted(row)]
        if name in row
        and name not in _LEFT_OUT
        and not name.startswith("event_")
        and not name.endswith(("_best", "_batch_count"))
        and isinstance(row[name], (int, float, np.number))
        and not np.isnan(row[name])
    }
    words = [f"epoch {row['epoch']:3d}"]
    for name, value in figures.items():
        short = _FIRST.get(name, name.removeprefix("train_").replace("_", " "))
        number = isinstance(value, (int, np.integer))
        words.append(f"{short} {value}" if number else f"{short} {value:.4f}")
    if "dur" in row:
        words.append(f"{row['dur']:.1f} s")
    return "  ".join(words)


class EpochLines(Callback):
    """Print a line after each epoch.

    Parameters
    ----------
    sink : callable, default=print
        Takes the line.
    prefix : str, default=""
        What the line begins with, where several networks are trained for one.
    """

    def __init__(self, sink: Callable[[str], Any] = print, prefix: str = "") -> None:
        self.sink = sink
        self.prefix = prefix

    def on_epoch_end(self, net: Net, **kwargs: Any) -> None:
        """Print the line of the epoch that has ended."""
        self.sink(self.prefix + epoch_line(net.history[-1]))
