from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.preparing import check_columns
from sklimb._compare.data.text_columns import MAX_CATEGORIES, text_column_notes
from sklimb._compare.data.times import as_times

DAYS = pd.date_range("2024-01-05", periods=70, freq="13h")


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"])
@pytest.mark.parametrize("n", [10, 70])
def test_dates_that_sort_can_be_split_by(form, n):
    texts = pd.Series(DAYS[:n].strftime(form))
    (note,) = text_column_notes("day", texts)
    assert "column day holds dates as text" in note and "(--time day)" in note
    as_times(texts, "time")
    assert check_columns(pd.DataFrame({"day": texts, "a": 1.5}))[1] == [note]


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%m/%d/%Y", "%m/%d/%Y %I:%M %p", "%d-%m-%y"])
def test_other_dates_cannot(form):
    (note,) = text_column_notes("day", pd.Series(DAYS.strftime(form)))
    assert "holds dates as text" in note and "time" not in note and "such as the month" in note


def test_numbers_but_for_some_cells_are_more_than_many_values():
    numbers = pd.Series([*map(str, range(80)), "unknown"])
    (note,) = text_column_notes("a", numbers)
    assert "holds numbers but for 1 of 81 values (the first: row 81, 'unknown')" in note


@pytest.mark.parametrize("make", [list, pd.Categorical, lambda texts: pd.array(texts, "string")])
def test_many_values_are_named(make):
    texts = pd.Series(make([f"n{i}" for i in range(MAX_CATEGORIES + 1)]))
    (note,) = text_column_notes("who", texts)
    assert "column who holds text with 51 different values: the 49 most frequent" in note
    (note,) = text_column_notes("zip", texts.astype(str).str.replace("n", "0"))
    assert "holds text with" in note


@pytest.mark.parametrize(
    "values",
    [[True, False] * 4, ["u", "v", None] * 9, [None] * 5, [np.nan] * 5, pd.Categorical([3, 1] * 9)],
)
def test_ordinary_columns_need_no_word(values):
    assert text_column_notes("a", pd.Series(values)) == []
