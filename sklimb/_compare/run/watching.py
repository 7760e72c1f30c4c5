"""Worker processes that ignore Ctrl-C, and end when their parent does, however it ends."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker

from joblib.externals.loky.backend import resource_tracker as loky_tracker

# Seconds between two checks of the parent.
_INTERVAL = 1.0


def end_with(parent: int) -> None:
    """Let this child process end soon after its parent has.

    A parent that is killed outright, for lack of memory, say, cannot tell its workers, which would
    finish their fits and keep shared memory. If it has ended already, this process ends now.

    Parameters
    ----------
    parent : int
        Process id of the parent.
    """
    if os.name == "posix":
        threading.Thread(
            target=_end_with_parent, args=(parent,), daemon=True, name="sklimb-parent"
        ).start()


@contextmanager
def without_ctrl_c() -> Iterator[None]:
    """Start processes that ignore Ctrl-C; in this one it is raised after the ``with`` block.

    A terminal sends it to all of them. A worker that is still importing would print a traceback,
    and one at work would report an error. The parent ends them.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    # The trackers of shared memory are started first, for starting them unblocks signals.
    resource_tracker.ensure_running()
    loky_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_INTERVAL)
    os._exit(1)
