"""Workers that leave Ctrl-C to the process that they work for, and end with it, however it ends."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker

from joblib.externals.loky.backend import resource_tracker as loky_tracker

# Seconds between two looks.
_EVERY = 1.0


def end_with(parent: int) -> None:
    """Let this process, a child of another, end soon after that one has.

    A parent that is killed outright (for want of memory, say) cannot tell its workers, which would
    go on to the end of their fits and hold what they share in memory. If it has ended already, this
    process ends now.

    Parameters
    ----------
    parent : int
        Number of the process that the work is for.
    """
    if os.name == "posix":
        threading.Thread(target=_look, args=(parent,), daemon=True, name="sklimb-parent").start()


@contextmanager
def without_ctrl_c() -> Iterator[None]:
    """Start processes to which Ctrl-C says nothing; to this one it comes after the ``with`` block.

    A terminal sends it to all of them. A worker that is still importing would print a traceback,
    and one that works would tell of an error. The process that they work for ends them.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    # What keeps account of shared memory is begun first: it lets signals in again on the way.
    resource_tracker.ensure_running()
    loky_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _look(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_EVERY)
    os._exit(1)
