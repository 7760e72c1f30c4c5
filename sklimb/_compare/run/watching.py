"""Workers that end with the process that they work for, however that one ends."""

from __future__ import annotations

import os
import threading
import time
from functools import cache

# Seconds between two looks.
_EVERY = 1.0


def end_with(parent: int) -> None:
    """Let this process end soon after its parent has, if that is the one that is named.

    A parent that is killed outright (for want of memory, say) cannot tell its workers, which would
    go on to the end of their fits and hold what they share in memory.

    Parameters
    ----------
    parent : int
        Number of the process that the work is for. Where it is not the parent of this one, as in
        one process, or behind a scheduler, nothing is done.
    """
    if os.name == "posix" and os.getppid() == parent:
        _watch(parent)


@cache
def _watch(parent: int) -> None:
    threading.Thread(target=_look, args=(parent,), daemon=True, name="sklimb-parent").start()


def _look(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_EVERY)
    os._exit(1)
