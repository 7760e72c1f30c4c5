"""How far a comparison is: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from sklimb._compare.report.wording import percent
from sklimb._compare.run.running import Outcome


class Progress:
    """A progress bar on standard error, or one line a finished task where that is no terminal.

    Parameters
    ----------
    total : int
        Number of tasks.
    labels : mapping
        Name of a method to its label.
    metric : str
        What to show of each outcome.
    heading : sequence of str
        Lines to begin with: what is about to be done, and what differently than asked.
    """

    def __init__(
        self, total: int, labels: Mapping[str, str], metric: str, heading: Sequence[str] = ()
    ):
        from tqdm import tqdm

        for line in heading:
            print(line, file=sys.stderr, flush=True)

        self.labels, self.metric, self.total, self.done = labels, metric, total, 0
        self.is_terminal = _is_terminal(sys.stderr)
        self.bar = tqdm(
            total=total,
            file=sys.stderr,
            disable=not self.is_terminal,
            unit="run",
            dynamic_ncols=True,
            # A task can take long; the clock should move meanwhile at least at every end of one.
            miniters=1,
        )

    def __call__(self, outcome: Outcome) -> None:
        """Count one finished task."""
        self.done += 1
        where = f"repeat {outcome.repeat + 1}, fold {outcome.fold + 1}"
        if outcome.error:
            text = f"failed: {outcome.error}"
        else:
            seconds = outcome.search_seconds + outcome.fit_seconds
            text = f"{percent(outcome.scores[self.metric])} in {seconds:.1f} s"
        label = self.labels[outcome.method]
        if self.is_terminal:
            self.bar.set_postfix_str(label if not outcome.error else f"{label} failed", False)
            self.bar.update()
        else:
            line = f"[{self.done}/{self.total}] {label}, {where}: {text}"
            print(line, file=sys.stderr, flush=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the bar as it is and end its line."""
        self.bar.close()


def _is_terminal(stream) -> bool:
    """Return whether a bar can be drawn: a terminal that knows its size."""
    try:
        size = os.get_terminal_size(stream.fileno()) if stream.isatty() else (0, 0)
    except (OSError, ValueError):  # closed, or no file at all
        return False
    return min(size) > 0
