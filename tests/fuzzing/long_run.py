"""Many tries in processes of their own, so that one that hangs or dies is counted like the rest."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import tempfile
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from hypothesis import HealthCheck, Phase, given, seed, settings

# Seconds of the processor that a try may take: on a shared machine a clock on the wall says less.
LIMIT = 5.0
# Seconds without an answer after which a process hangs, and is ended.
_PATIENCE = 60.0


@dataclass
class Tally:
    """What came of the tries of an area.

    Parameters
    ----------
    tried : int
    answered, refused : int
        Those that gave a finite result, and those that were refused in the right words.
    wrong : list of (str, str)
        What was tried, and what was wrong with what came of it.
    slowest : float
        Seconds of the processor.
    """

    tried: int = 0
    answered: int = 0
    refused: int = 0
    wrong: list[tuple[str, str]] = field(default_factory=list)
    slowest: float = 0.0


def run_area(name: str, n_tries: int, first_seed: int) -> Tally:
    """Try so often, in a new process with another seed wherever one was ended or died."""
    tally, number = Tally(), first_seed
    while tally.tried < n_tries:
        before = tally.tried
        _run_once(name, n_tries - tally.tried, number, tally)
        number += 1
        if tally.tried == before:
            raise RuntimeError(f"no try of {name!r} was made with the seed {number - 1}")
    return tally


def _run_once(name: str, n_tries: int, number: int, tally: Tally) -> None:
    here, there = multiprocessing.get_context("spawn").Pipe()
    worker = multiprocessing.get_context("spawn").Process(
        target=_work, args=(there, name, n_tries, number), daemon=True
    )
    worker.start()
    there.close()
    try:
        _listen(here, tally)
    finally:
        worker.kill()
        worker.join()


def _listen(here: Connection, tally: Tally) -> None:
    """Count what a process reports, until it ends, dies, or is late."""
    doing = None
    while True:
        if not here.poll(None if doing is None else _PATIENCE):
            _count(tally, doing, f"no answer in {_PATIENCE:.0f} s", _PATIENCE)
            return
        try:
            message = here.recv()
        except EOFError:
            if doing is not None:
                _count(tally, doing, "ended the process", 0.0)
            return
        if message is None:
            return
        if isinstance(message, str):
            doing = message
            continue
        wrong, was_refused, seconds = message
        if wrong is None and seconds > LIMIT:
            wrong = f"took {seconds:.1f} s"
        tally.refused += was_refused and wrong is None
        _count(tally, doing, wrong, seconds)
        doing = None


def _count(tally: Tally, doing: str, wrong: str | None, seconds: float) -> None:
    tally.tried += 1
    tally.slowest = max(tally.slowest, seconds)
    if wrong is not None:
        tally.wrong.append((doing, wrong))
    tally.answered = tally.tried - tally.refused - len(tally.wrong)


def _work(there: Connection, name: str, n_tries: int, number: int) -> None:
    """Make tries and report each before and after; in a process of its own."""
    # A folder of its own, in which a try would leave what it should not.
    os.chdir(tempfile.mkdtemp(prefix="sklimb-fuzzing-"))
    from tests.fuzzing.areas import AREAS
    from tests.fuzzing.tries import judge, warm_up

    warm_up()

    @seed(number)
    @settings(
        max_examples=n_tries,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(AREAS[name].tries)
    def tries(attempt):
        there.send(repr(attempt))
        started = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            wrong = judge(attempt)
        there.send((wrong, attempt.refused, time.process_time() - started))

    tries()
    there.send(None)
