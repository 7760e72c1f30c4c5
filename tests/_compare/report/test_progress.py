from __future__ import annotations

import io
import os
import sys
import threading
import types

import pytest

from sklimb._compare.report.progress import Progress
from sklimb._compare.run.running import Outcome

DONE = Outcome("a", 0, 1, scores={"macro_f1": 0.5}, fit_seconds=1.0, search_seconds=2.0)
FAILED = Outcome("b", 1, 0, error="RuntimeError: no")
LABELS = {"a": "method A", "b": "method B"}


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def fileno(self):
        return 2


@pytest.fixture
def lines(monkeypatch):
    def run(stream, rounds=False, seconds=21.0):
        monkeypatch.setattr(sys, "stderr", stream)
        with Progress(LABELS, "macro_f1", heading=["about to begin"], rounds=rounds) as progress:
            progress.begin("2 methods on 1 split, untuned", 2, seconds)
            progress(DONE)
            progress(FAILED)
            progress.end()
            progress.say("so far")
        return stream.getvalue()

    return run


def test_lines_where_there_is_no_terminal(lines):
    assert lines(io.StringIO()) == (
        "about to begin\n"
        "2 runs, about 20 s\n"
        "[1/2] method A, repeat 1, fold 2: 50.0 in 3.0 s\n"
        "[2/2] method B, repeat 2, fold 1: failed: RuntimeError: no\n"
        "so far\n"
    )


def test_a_bar_on_a_terminal(lines, monkeypatch):
    monkeypatch.setattr(os, "get_terminal_size", lambda fd: os.terminal_size((100, 40)))
    text = lines(Terminal())
    assert text.startswith("about to begin\n")
    assert "100%" in text
    assert "2/2" in text
    assert "method B failed" in text
    assert "[1/2]" not in text


def test_lines_on_a_terminal_that_does_not_know_its_size(lines, monkeypatch):
    monkeypatch.setattr(os, "get_terminal_size", lambda fd: os.terminal_size((0, 0)))
    assert "[1/2] method A" in lines(Terminal())


def test_rounds_say_what_they_do(lines):
    text = lines(io.StringIO(), rounds=True, seconds=3.0)
    assert "Round 1: 2 methods on 1 split, untuned, about 5 s\n[1/2]" in text


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.1, "5 s"), (41, "40 s"), (100, "2 min"), (7200, "2.0 h")]
)
def test_estimates_are_as_exact_as_they_are_known(lines, seconds, said):
    assert f"2 runs, about {said}\n" in lines(io.StringIO(), seconds=seconds)


def test_a_round_of_which_all_is_known_says_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    progress = Progress(LABELS, "macro_f1", rounds=True)
    progress.begin("2 methods", 0, 0.0)
    progress.end()
    assert sys.stderr.getvalue() == ""


class Handle:
    """Stands for the display of a notebook that can be updated."""

    def __init__(self):
        self.shown, self.updated = [], threading.Event()

    def __call__(self, thing, display_id):
        self.shown.append(repr(thing))
        return self

    def update(self, thing):
        self.shown.append(repr(thing))
        self.updated.set()


@pytest.fixture
def notebook(monkeypatch):
    handle = Handle()
    shell = type("ZMQInteractiveShell", (), {})()
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: shell
    ipython.display = types.ModuleType("IPython.display")
    ipython.display.display = handle
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", ipython.display)
    return handle


def test_one_line_in_a_notebook_is_written_anew(lines, notebook):
    text = lines(io.StringIO())
    assert "[1/2]" not in text
    assert notebook.shown[0] == "0 of 2 runs, 00:00"
    assert any(line.startswith("1 of 2 runs, 00:0") for line in notebook.shown)
    assert notebook.shown[-1].endswith("last method B failed")


def test_the_clock_of_a_notebook_moves_without_a_finished_task(notebook, monkeypatch):
    monkeypatch.setattr("sklimb._compare.report.progress._TICK", 0.01)
    progress = Progress(LABELS, "macro_f1")
    progress.begin("2 methods", 2, 1.0)
    assert notebook.updated.wait(timeout=60)
    progress.end()
    assert threading.active_count() == 1 or not any(
        "_run" in thread.name for thread in threading.enumerate()
    )
