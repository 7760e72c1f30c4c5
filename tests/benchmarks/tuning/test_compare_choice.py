"""The rule by which `sklimb compare` names a method, as the search for it applies it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tuning import compare_choice
from tuning.compare_choice import named, summarise


def row(method, mean, ahead, error, test):
    given = {"set": "a", "fold": "0", "method": method, "test": str(test)}
    own = {"mean": mean, "ahead": ahead, "error": error}
    more = {f"{what}_{n}": str(v) for n in compare_choice.N_SPLITS for what, v in own.items()}
    return given | more


ROWS = [row("blend", 0.80, 0, 0, 0.82), row("forest", 0.83, 0.03, 0.02, 0.70)]


@pytest.mark.parametrize(("errors", "name"), [(0, "forest"), (1, "forest"), (2, "blend")])
def test_the_favourite_is_named_unless_another_is_ahead_by_so_many_errors(errors, name):
    assert named(ROWS, 3, errors)["method"] == name


def test_the_favourite_on_top_is_named_whatever_the_errors():
    rows = [ROWS[0], row("forest", 0.7, -0.1, 0.02, 0.70)]
    assert {named(rows, 1, errors)["method"] for errors in (0.0, 1.0)} == {"blend"}


def test_the_summary_says_what_each_choice_was_worth(monkeypatch, capsys):
    monkeypatch.setattr(compare_choice, "METHODS", ("blend", "forest"))
    monkeypatch.setattr(compare_choice, "source_of", lambda name, home: name)
    other = [{**r, "set": "b"} for r in ROWS]
    summarise([*ROWS, *other], Path("none"))
    text = capsys.readouterr().out
    assert "2 comparisons, 2 sources" in text
    assert "always blend" in text and " 82.0 +12.0 +- 0.0" in text
