from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.sanity import column_notes
from sklimb._compare.data.sentinels import sentinel_note

REST = np.linspace(0.5, 14, 60)


@pytest.mark.parametrize("mark", [-999, -99, 999, 9999, -99999.0])
@pytest.mark.parametrize("gaps", [0, 3])
def test_nines_far_from_all_else_are_named(mark, gaps):
    values = pd.Series(np.r_[REST, [mark] * 4, [np.nan] * gaps])
    note = sentinel_note("ph", values)
    assert note.startswith(
        f"column ph holds {mark:.0f} in 4 of {64 + gaps} rows, far from its other"
    )
    assert "(0.5 to 14)" in note and "empty these cells" in note


@pytest.mark.parametrize(
    "values",
    [
        np.r_[REST, -999],  # once
        np.r_[REST, [-998] * 4],  # no nines
        np.r_[REST, [9] * 4],  # one digit, and among the others
        np.r_[np.arange(99), [99] * 4],  # the next age
        np.r_[np.arange(0, 3000, 20), [9999] * 4, [5000]],  # others are as far apart
        np.r_[[1.0] * 60, [999] * 4],  # a column of two values
        np.r_[REST[:5], [-999] * 4],
        np.full(8, np.nan),
        np.array(["-999", "a"] * 30),
        np.array([True, False] * 30),
    ],
)
def test_what_may_be_a_number_like_others_is_not(values):
    assert sentinel_note("c", pd.Series(values)) == ""


def test_nullable_integers_and_the_notes_of_a_table():
    values = pd.Series([1, 2, 3, 4, 5, None] * 10 + [-999] * 4, dtype="Int64")
    y = np.repeat([0, 1], [50, 14])
    [note] = column_notes(pd.DataFrame({"a": np.tile(REST, 2)[:64], "n": values}), y)
    assert "column n holds -999 in 4 of 64 rows" in note
    assert column_notes(pd.DataFrame({"n": values, "a": np.tile(REST, 2)[:64]}), y, ["n"]) == []


DAYS = pd.Series(pd.date_range("2023-01-01", periods=30))


@pytest.mark.parametrize("mark", ["9999-12-31", "1900-01-01", "1970-01-01"])
def test_days_at_the_end_of_time_are_named(mark):
    """Open contracts that end in 9999 made of all other days one, without a word."""
    note = sentinel_note("ends", pd.concat([DAYS, pd.Series(pd.Timestamp(mark)).repeat(3)]))
    assert f"column ends holds {mark} in 3 of 33 rows, far from its other values" in note
    assert "(2023-01-01 to 2023-01-30)" in note


def test_days_among_others_are_no_marks():
    assert sentinel_note("x", DAYS) == ""
    assert sentinel_note("x", pd.concat([DAYS, DAYS + pd.Timedelta("9999 days")])) == ""
    assert sentinel_note("x", pd.concat([DAYS, pd.Series(pd.Timestamp("1970-01-01"))])) == ""
    assert sentinel_note("x", pd.concat([DAYS, DAYS - pd.Timedelta("365 days")])) == ""
