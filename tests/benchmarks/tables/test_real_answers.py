"""What the answer of `sklimb compare` was worth: rows that count, and means over sources."""

from __future__ import annotations

from pathlib import Path

from tables import real_answers
from tables.real_answers import FIXED, SCORED, summarise


def row(name, answer, others, fold=2, seconds=60.0, top="0.5"):
    given = {"set": name, "fold": str(fold), "seconds": str(seconds), "expected": "0.9"}
    given |= dict.fromkeys(FIXED, str(others))
    return given | {"answer": str(answer), "top": top}


def test_means_are_over_sources_and_rows_without_an_answer_do_not_count(monkeypatch, capsys):
    monkeypatch.setattr(real_answers, "source_of", lambda name, home: name[0])
    rows = [
        row("a1", 0.6, 0.5), row("a2", 0.8, 0.5), row("b1", 0.9, 0.6),
        row("c1", "", 0.1), row("c2", 0.1, 0.1, top=""),
        row("c3", 0.1, 0.1, fold=0), row("c4", 0.1, 0.1, seconds=5.0),
    ]  # fmt: skip
    summarise(rows, [2], 60.0, Path("none"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "3 answers, 3 tables, 2 sources"
    assert lines[2].split()[:2] == ["answer", "80.0"]  # of 70 and 90
    assert [line.split()[0] for line in lines[2:]] == list(SCORED)
    assert "55.0   answer minus it +25.0" in lines[4]
