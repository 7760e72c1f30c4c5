from __future__ import annotations

import io
import os
import sys

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
