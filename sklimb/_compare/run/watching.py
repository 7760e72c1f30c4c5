"""Workers that end with the process that they work for, however that one ends."""

from __future__ import annotations

import os
import threading
import time

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


def _look(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_EVERY)
    os._exit(1)
