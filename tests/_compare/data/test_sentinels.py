from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.kinds import columns_of
from sklimb._compare.data.sanity import column_notes
from sklimb._compare.data.sentinels import date_sentinel_note, sentinel_note

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


DAYS = pd.date_range("2015-01-01", periods=300)


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%Y-%m-%dT%H:%M:%S", None])
@pytest.mark.parametrize("mark", ["1900-01-01", "1970-01-01", "9999-12-31", "2099-12-31"])
def test_a_day_that_stands_for_none_is_named(form, mark):
    """Methods learnt from 8,000 years between two rows without a word."""
    dates = pd.Series([*DAYS, *[pd.Timestamp(mark)] * 4]).astype("datetime64[us]")
    values = dates if form is None else dates.dt.strftime(form)
    if form == "%Y%m%d":
        values = values.astype("int64")
    column = columns_of(pd.DataFrame({"paid": values}))["paid"]
    assert column.kind == "date"
    [note] = column.notes
    assert note.startswith(f"column paid holds {mark} in 4 of 304 rows, far from its other dates")
    assert "(2015-01-01 to 2015-10-27)" in note and "empty these cells" in note


def test_two_such_days_are_one_note():
    dates = [*DAYS, *[pd.Timestamp("9999-12-31")] * 3, *[pd.Timestamp("0001-01-01")] * 2]
    note = date_sentinel_note("c", pd.Series(dates).astype("datetime64[us]"))
    assert "0001-01-01 in 2 and 9999-12-31 in 3 of 305 rows" in note


def test_a_day_among_others_that_is_there_many_times_is_named():
    births = pd.Series([*pd.date_range("1950-01-01", "1999-01-01", 90), *[pd.Timestamp(0)] * 9])
    assert "1970-01-01 in 9 of 99 rows, far more often than any" in date_sentinel_note("c", births)


@pytest.mark.parametrize(
    "dates",
    [
        [*DAYS, pd.Timestamp("1900-01-01")],  # once
        [*DAYS, *[pd.Timestamp("1899-05-07")] * 3],  # a day like others
        [*pd.date_range("1900-01-01", periods=300), *[pd.Timestamp("1900-01-01")] * 2],
        [*DAYS[:4], *[pd.Timestamp("1900-01-01")] * 3],  # few others
        [*pd.date_range("1969-12-01", periods=90), *[pd.Timestamp(0)] * 2],
        [pd.NaT] * 20,
    ],
)
def test_days_that_may_be_such_are_not(dates):
    assert date_sentinel_note("c", pd.Series(dates, dtype="datetime64[us]")) == ""


def test_the_only_negative_number_of_counts_is_named():
    values = pd.Series([*range(30), -1, -1, -1])
    note = sentinel_note("days", values)
    assert note.startswith("column days holds -1 in 3 of 33 rows, its only negative value")


@pytest.mark.parametrize(
    "values",
    [
        [*range(30), -1],  # once
        [*range(300), -1, -1],  # of so many, hardly
        [*range(30), -1, -1, -2, -2],
        [*range(30), 0.5, -1, -1, -1],
        [-1, 1] * 20,
        [-1, 0, 1] * 20,
        [*range(30), -3, -3, -3],
    ],
)
def test_negative_numbers_that_may_be_such_are_not(values):
    assert sentinel_note("c", pd.Series(values)) == ""
