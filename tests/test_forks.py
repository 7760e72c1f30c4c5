"""Forks wait for threads that multiply, and never for ever."""

from __future__ import annotations

import pathlib
import threading

import pytest

from sklimb import _forks
from sklimb._forks import Gate


def started(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_a_fork_waits_for_who_is_inside_and_keeps_others_out():
    gate, order = Gate(), []
    inside, may_leave, forked, may_end = (threading.Event() for _ in range(4))

    def multiplies():
        with gate.open():
            inside.set()
            may_leave.wait()
            order.append("left")

    def forks():
        gate.close()
        order.append("forked")
        forked.set()
        may_end.wait()

    first = started(multiplies)
    inside.wait()
    fork = started(forks)
    may_leave.set()
    first.join()
    forked.wait()
    assert order == ["left", "forked"]

    def comes_late():
        with gate.open():
            order.append("late")

    late = started(comes_late)
    late.join(0.05)
    assert late.is_alive()
    gate.reopen()
    may_end.set()
    late.join()
    fork.join()
    assert order == ["left", "forked", "late"]


def test_a_thread_may_fork_and_go_in_again_while_it_is_inside():
    gate = Gate()
    with gate.open():
        gate.close()
        with gate.open():
            pass
        gate.reopen()
    gate.close()  # nobody is left inside
    gate.reopen()


def test_a_fork_does_not_wait_for_ever(monkeypatch):
    monkeypatch.setattr(_forks, "_LONGEST_WAIT", 0.05)
    gate, inside, may_leave = Gate(), threading.Event(), threading.Event()

    def multiplies():
        with gate.open():
            inside.set()
            may_leave.wait()

    thread = started(multiplies)
    inside.wait()
    gate.close()
    gate.reopen()
    may_leave.set()
    thread.join()


def test_a_block_ends_in_a_child_whatever_was_locked():
    gate = Gate()
    with gate.open():
        gate.abandon()
        gate._condition.acquire()  # by a thread that the child does not have


def test_an_error_inside_opens_the_way():
    gate = Gate()
    with pytest.raises(ValueError, match="inside"), gate.open():
        raise ValueError("inside")
    assert gate._depths == {}


@pytest.mark.parametrize("after", [1, 2, 3], ids=["count", "lock", "leaving"])
def test_ctrl_c_on_the_way_in_or_out_leaves_nobody_inside(after):
    """It comes when the lock is let go: behind the count, and once more on the way out."""

    class Lock:
        left = 0

        def __enter__(self):
            return self

        def __exit__(self, *args):
            Lock.left += 1
            if Lock.left == after:
                raise KeyboardInterrupt

    gate = Gate()
    gate._condition = Lock()
    with pytest.raises(KeyboardInterrupt):
        for _ in range(2):
            with gate.open():
                pass
    assert not any(gate._depths.values())


def test_what_is_kept_is_computed_without_a_lock():
    class Slow:
        def __init__(self):
            self.computing, self.may_end = threading.Event(), threading.Event()

        @_forks.kept_property
        def value(self):
            self.computing.set()
            self.may_end.wait()
            return 1

    first, second = Slow(), Slow()
    thread = started(lambda: first.value)
    first.computing.wait()
    second.may_end.set()
    assert second.value == 1  # a lock of the class, as that of functools, would be held by first
    first.may_end.set()
    thread.join()
    assert vars(first)["value"] == vars(second)["value"] == 1


def test_no_lock_of_functools_is_held_while_something_is_computed():
    files = pathlib.Path(_forks.__file__).parent.rglob("*.py")
    assert [f.name for f in files if "import cached_property" in f.read_text("utf-8")] == []
