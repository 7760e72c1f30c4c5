"""How far a comparison is: a bar on a terminal, a line in a notebook, lines elsewhere."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

from sklimb._compare.report.harmless import shown
from sklimb._compare.report.wording import figure
from sklimb._compare.run.running import Outcome

# How often the clock moves, in seconds.
_TICK = 1.0


class Progress:
    """A progress bar on standard error, or one line a finished task where that is no terminal.

    Parameters
    ----------
    labels : mapping
        Name of a method to its label.
    metric : str
        What to show of each outcome.
    heading : sequence of str
        Lines to begin with: what is about to be done, and what differently than asked.
    rounds : bool, default=False
        Whether there is more than one round, so that each says what it is.
    """

    def __init__(
        self,
        labels: Mapping[str, str],
        metric: str,
        heading: Sequence[str] = (),
        *,
        rounds: bool = False,
    ):
        self.labels, self.metric, self.rounds = labels, metric, rounds
        self.total = self.done = self.n_rounds = 0
        for line in heading:
            print(line, file=sys.stderr, flush=True)
        self.show = _in_notebook() or (_Bar() if _is_terminal(sys.stderr) else _Lines())

    def begin(self, words: str, total: int, seconds: float) -> None:
        """Say what a round does and about how long it will take."""
        self.done, self.total = 0, total
        self.n_rounds += 1
        if not total:
            return
        about = f"about {rounded(seconds)}"
        if self.rounds:
            print(f"Round {self.n_rounds}: {words}, {about}", file=sys.stderr, flush=True)
        else:
            print(f"{total:,} runs, {about}", file=sys.stderr, flush=True)
        self.show.begin(total)

    def __call__(self, outcome: Outcome) -> None:
        """Count one finished task."""
        self.done += 1
        where = f"repeat {outcome.repeat + 1}, fold {outcome.fold + 1}"
        if outcome.error:
            text = f"failed: {shown(outcome.error)}"
        else:
            text = f"{figure(self.metric, outcome.scores[self.metric])} in {outcome.seconds:.1f} s"
        label = self.labels[outcome.method]
        self.show.step(
            f"[{self.done}/{self.total}] {label}, {where}: {text}",
            label if not outcome.error else f"{label} failed",
        )

    def end(self) -> None:
        """Leave the bar of a round as it is and end its line."""
        self.show.end()

    def say(self, text: str) -> None:
        """Say a sentence between two rounds; nothing, where it is empty."""
        if text:
            print(shown(text), file=sys.stderr, flush=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        """End the line."""
        self.show.end()


class _Lines:
    """A line for each finished task."""

    def begin(self, total: int) -> None:
        pass

    def step(self, line: str, short: str) -> None:
        print(line, file=sys.stderr, flush=True)

    def end(self) -> None:
        pass


class _Ticking:
    """Calls a function once a second until it is stopped, so that a clock moves."""

    def __init__(self, tick: Callable[[], None]):
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(tick,), daemon=True)
        self._thread.start()

    def _run(self, tick: Callable[[], None]) -> None:
        while not self._stop.wait(_TICK):
            tick()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


class _Bar:
    """A bar on a terminal."""

    def __init__(self):
        self.bar = self.ticking = None

    def begin(self, total: int) -> None:
        from tqdm import tqdm

        self.bar = tqdm(total=total, file=sys.stderr, unit="run", dynamic_ncols=True, miniters=1)
        self.ticking = _Ticking(self.bar.refresh)

    def step(self, line: str, short: str) -> None:
        self.bar.set_postfix_str(short, False)
        self.bar.update()

    def end(self) -> None:
        if self.bar is not None:
            self.ticking.stop()
            self.bar.close()
            self.bar = None


class _Notebook:
    """One line of a notebook's output that is written anew."""

    def __init__(self, display: Callable):
        self.display, self.handle, self.ticking = display, None, None
        self.total = self.done = 0
        self.last, self.started = "", 0.0

    def begin(self, total: int) -> None:
        self.total, self.done, self.last = total, 0, ""
        self.started = time.monotonic()
        self.handle = self.display(self._line(), display_id=True)
        self.ticking = _Ticking(self._update)

    def step(self, line: str, short: str) -> None:
        self.done, self.last = self.done + 1, short
        self._update()

    def end(self) -> None:
        if self.ticking is not None:
            self.ticking.stop()
            self._update()
            self.ticking = None

    def _update(self) -> None:
        self.handle.update(self._line())

    def _line(self) -> _Text:
        clock = time.strftime("%M:%S", time.gmtime(time.monotonic() - self.started))
        last = f", last {self.last}" if self.last else ""
        return _Text(f"{self.done} of {self.total} runs, {clock}{last}")


class _Text:
    """Text that a notebook shows without quotes."""

    def __init__(self, text: str):
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _in_notebook() -> _Notebook | None:
    """Return what writes into a notebook's output, None elsewhere; IPython is not imported."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if type(shell).__name__ != "ZMQInteractiveShell":
        return None
    # Not a package that is needed anywhere else: where it is not, this is no notebook.
    return _Notebook(import_module("IPython.display").display)


def rounded(seconds: float) -> str:
    """Return seconds as a reader counts them: fives, minutes, hours."""
    if seconds < 90:
        return f"{max(5, 5 * round(seconds / 5)):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _is_terminal(stream) -> bool:
    """Return whether a bar can be drawn: a terminal that knows its size."""
    try:
        size = os.get_terminal_size(stream.fileno()) if stream.isatty() else (0, 0)
    except (OSError, ValueError):  # closed, or no file at all
        return False
    return min(size) > 0
