"""What torch imports when the first optimiser is built, imported whole before a training.

Those are hundreds of modules and take a second. A Ctrl-C in the middle of them leaves halves behind
that no second import mends: nothing could be trained in that process any more.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

_PARTS = ("torch._dynamo",)


def import_lazy_parts() -> None:
    """Import what torch would import in the middle of a training; a Ctrl-C waits for it."""
    missing = [name for name in _PARTS if name not in sys.modules]
    if not missing:
        return
    with interrupted_later():
        for name in missing:
            with suppress(ImportError):  # torch says by itself what it lacks, where it needs it
                importlib.import_module(name)


@contextmanager
def interrupted_later() -> Iterator[None]:
    """Run a block to its end although there is a Ctrl-C, which comes into force then.

    Only the main thread gets one; in any other the block just runs.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or handler is None:
        yield
        return
    came: list[tuple[Any, ...]] = []
    signal.signal(signal.SIGINT, lambda *args: came.append(args))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if came:
            handler(*came[0]) if callable(handler) else os.kill(os.getpid(), signal.SIGINT)
