from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.kinds import columns_of
from sklimb._compare.data.ranges import range_notes

KNOWN = pd.DataFrame({"a": np.linspace(1, 9, 40), "b": np.arange(40.0)})


@pytest.mark.parametrize("as_array", [False, True])
@pytest.mark.parametrize(
    "change, said",
    [
        (lambda a: a, None),
        (lambda a: a * 1000, "40 of 40 values"),
        (lambda a: np.where(np.arange(40) % 4, -999.0, a), "30 of 40 values"),
        (lambda a: np.where(np.arange(40) % 4, a, -999.0), None),  # a tail
        (lambda a: np.where(np.arange(40) % 4, np.nan, 1000.0), "10 of 10 values"),
        (lambda a: np.where(np.arange(40) % 5, np.nan, 1000.0), None),  # too few
        (lambda a: np.full(40, np.nan), None),  # which is told elsewhere
    ],
)
def test_numbers_mostly_outside_of_what_was_learnt_from(change, said, as_array):
    """A test part in grams, learnt from in kilograms, was scored without a word."""
    new = KNOWN.assign(a=change(KNOWN["a"].to_numpy()))
    parts = [part.to_numpy() if as_array else part for part in (KNOWN, new)]
    notes = range_notes(*parts, [])
    assert len(notes) == (said is not None)
    for note in notes:
        assert note.startswith(f"column {0 if as_array else 'a'}: {said}")
        assert "(1 to 9; the first: row" in note


def test_only_columns_that_are_learnt_from_and_only_some():
    new = KNOWN + 1000
    assert len(range_notes(KNOWN, new, ["a"])) == 1
    wide = np.ones((20, 9)) * np.arange(20)[:, None]
    notes = range_notes(wide, wide + 100, [])
    assert len(notes) == 4 and notes[3] == "so it is with 6 more columns"
    text = pd.DataFrame({"a": list("xy") * 10})
    assert range_notes(text, text, []) == range_notes(["x"], ["y"], []) == []


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y", None])
def test_dates_mostly_outside_of_what_was_learnt_from(form):
    """Test rows of ten years later were at chance, without a word."""
    days = pd.Series(pd.date_range("2020-01-01", periods=60))
    late = pd.Series(pd.date_range("2031-01-30", periods=60))

    def frame(values):
        written = values if form is None else values.dt.strftime(form)
        return pd.DataFrame({"d": written, "n": np.arange(60) % 7 / 4})

    columns = columns_of(frame(days))
    [note] = range_notes(frame(days), frame(late), [], columns)
    assert note.startswith("column d: 60 of 60 dates of the test part lie outside those of the")
    assert "(2020-01-01 to 2020-02-29; the first: row 1, 2031-01-30)" in note
    assert note.endswith("(--drop d)")
    assert range_notes(frame(days), frame(days), [], columns) == []
    some = pd.concat([late[:20], days[:40]], ignore_index=True)  # a tail
    assert range_notes(frame(days), frame(some), [], columns) == []
