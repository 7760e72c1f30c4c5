from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.text_columns import MAX_CATEGORIES, text_column_notes

DAYS = pd.date_range("2024-01-05", periods=70, freq="13h")


def test_dates_but_for_some_cells_are_named():
    texts = pd.Series([*DAYS.strftime("%d.%m.%Y"), "unknown", "none yet"])
    (note,) = text_column_notes("day", texts)
    assert "column day holds dates but for 2 of 72 values (the first: row 71, 'unknown')" in note
    assert "--date day" in note


def test_dates_written_in_several_ways_are_named():
    texts = pd.Series([*DAYS.strftime("%d.%m.%Y"), *DAYS.strftime("%Y-%m-%d")])
    (note,) = text_column_notes("day", texts)
    assert "holds dates written in several ways (such as '05.01.2024')" in note


def test_numbers_but_for_some_cells_are_more_than_many_values():
    numbers = pd.Series([*map(str, range(80)), "unknown"])
    (note,) = text_column_notes("a", numbers)
    assert "holds numbers but for 1 of 81 values ('unknown' in 1)" in note


def test_that_there_are_many_values_is_left_out_where_that_is_known():
    texts = pd.Series([f"n{i}" for i in range(MAX_CATEGORIES + 1)])
    assert text_column_notes("who", texts, counted=False) == []


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


@pytest.mark.parametrize("zero", ["\u0660", "\uff10"])
def test_numbers_in_digits_of_another_script_are_named(zero):
    texts = pd.Series([chr(ord(zero) + i % 9) for i in range(20)])
    (note,) = text_column_notes("a", texts)
    assert "column a holds numbers whose digits are not 0 to 9" in note
