"""Children that a process forks of itself, which have its memory and none of its other threads.

What another thread has locked at that moment stays locked in a child for ever. So a fork waits
until no thread of ours is in a product of matrices, whose library keeps account of its buffers
behind a lock; these are few milliseconds as a rule. A child has a lock of its own for fits, and one
thread.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import torch

_Value = TypeVar("_Value")
# A fork waits no longer for a product that takes so many seconds: it is better made than not.
_LONGEST_WAIT = 10.0


class kept_property(Generic[_Value]):
    """A property that is computed once, and kept in the object.

    `functools.cached_property` locks a lock of its class meanwhile before Python 3.12. A child that
    is forked at that moment would wait for it for ever.

    Parameters
    ----------
    compute : callable
        The method.

    Examples
    --------
    >>> from sklimb._forks import kept_property
    >>> class Square:
    ...     def __init__(self, side):
    ...         self.side = side
    ...
    ...     @kept_property
    ...     def area(self):
    ...         return self.side**2
    >>> square = Square(3)
    >>> square.area, vars(square)
    (9, {'side': 3, 'area': 9})
    """

    def __init__(self, compute: Callable[[Any], _Value]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    def __get__(self, instance: Any, owner: type | None = None) -> _Value:
        """Compute and keep; what is kept is found before this is asked."""
        value = vars(instance)[self._name] = self._compute(instance)
        return value


class Gate:
    """What threads go through to multiply matrices, and a fork closes while it lasts."""

    def __init__(self) -> None:
        self._condition = threading.Condition(threading.Lock())
        # In how many blocks each thread is.
        self._depths: dict[int, int] = {}
        self._closed_by: int | None = None
        self._is_copy = False

    @contextmanager
    def open(self) -> Iterator[None]:
        """Be inside for a ``with`` block, after any fork that is being made."""
        own = threading.get_ident()
        before = self._depths.get(own, 0)
        try:
            with self._condition:
                # a fork from within a block cannot wait for it
                while self._closed_by not in (None, own) and not before:
                    self._condition.wait()
                self._depths[own] = before + 1
            yield
        finally:
            # It counts as left whenever Ctrl-C came: before the count, behind it, or here.
            self._depths[own] = before
            self._leave(own)

    def _leave(self, own: int) -> None:
        if self._is_copy:
            return
        with self._condition:
            if not self._depths[own]:
                del self._depths[own]
            if self._closed_by is not None:
                self._condition.notify_all()

    def close(self) -> None:
        """Let none in, and wait until no other thread is inside; at most `_LONGEST_WAIT` s."""
        own = threading.get_ident()
        with self._condition:
            self._condition.wait_for(lambda: self._closed_by in (None, own), _LONGEST_WAIT)
            self._closed_by = own
            self._condition.wait_for(lambda: self._is_alone(own), _LONGEST_WAIT)

    def reopen(self) -> None:
        """Let all in again."""
        with self._condition:
            self._closed_by = None
            self._condition.notify_all()

    def abandon(self) -> None:
        """Let a block that a fork was made in end in the child too, whatever was locked then."""
        self._is_copy = True

    def _is_alone(self, own: int) -> bool:
        return not any(depth for thread, depth in list(self._depths.items()) if thread != own)


# Both are new ones in a forked child.
fit_lock = threading.RLock()
gate = Gate()
# Whether this process is a copy that another made of itself.
forked = False


def _mkl_free_buffers() -> Callable[[], object] | None:
    """Return what frees the buffers of MKL that no product of matrices uses, where torch has MKL.

    MKL keeps account of buffers by thread. What threads that have ended left there can make a
    forked child's first product search for ever (8 of 100 children of a process whose threads had
    fitted); of an account that is empty it does not.
    """
    library = os.path.join(os.path.dirname(torch.__file__), "lib", "libtorch_cpu.so")
    try:
        return ctypes.CDLL(library).mkl_serv_free_buffers
    except (OSError, AttributeError):
        return None


_free_buffers = _mkl_free_buffers()


def _before_fork() -> None:
    gate.close()
    if _free_buffers is not None:
        _free_buffers()


def _after_fork_in_parent() -> None:
    gate.reopen()


def _start_as_child() -> None:
    """Give a forked child its own locks, and one thread.

    A thread that held the old lock is not there, and neither are those that OpenMP believes to
    have: it would wait for them for ever.
    """
    global fit_lock, gate, forked
    gate.abandon()
    fit_lock, gate, forked = threading.RLock(), Gate(), True
    torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_start_as_child,
    )
