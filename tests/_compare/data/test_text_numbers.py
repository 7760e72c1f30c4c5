from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.roles import Roles, make_roles
from sklimb._compare.data.text_numbers import read_text_numbers
from sklimb._compare.errors import InputError

X = pd.DataFrame(
    {
        "share": ["12.5 %", "3 %", None, "100 %"] * 20,
        "price": ["$1,234", "$3", "$7.5", "$12"] * 20,
        "comma": ["1,5", "2,25", "n/a", "-3"] * 20,
        "digits": ["1", "2", "3", "2"] * 20,
        "many": [str(i) for i in range(80)],
        "code": [f"0{i}" for i in range(10, 90)],
        "kind": ["a", "b", "c", "1"] * 20,
        "n": np.arange(80) / 4,
    }
)


def _run(read, frame):
    space = {"X": frame, "pd": pd}
    exec("\n".join(read.code), space)
    pd.testing.assert_frame_equal(space["X"], read.X, check_dtype=False)


def test_text_that_is_all_numbers_becomes_numbers():
    before = X.copy()
    read = read_text_numbers(X, Roles())
    assert sorted(read.formats) == ["comma", "many", "price", "share"]
    assert read.X["share"].tolist()[:2] == [12.5, 3] and np.isnan(read.X["share"][2])
    assert read.X["price"].tolist()[:4] == [1234, 3, 7.5, 12]
    assert read.X["comma"].tolist()[:2] == [1.5, 2.25] and read.X["comma"][3] == -3
    assert read.X["many"].tolist() == list(range(80))
    for name in ("digits", "code", "kind"):
        pd.testing.assert_series_equal(read.X[name], X[name])
    assert any("column share holds numbers (per cent" in note for note in read.notes)
    pd.testing.assert_frame_equal(X, before)
    _run(read, X)


def test_the_user_has_the_last_word():
    roles = make_roles(X.columns, text="share", category=["price", "many"], number=["digits"])
    read = read_text_numbers(X[["share", "price", "many", "digits"]], roles)
    assert list(read.formats) == ["digits"] and read.X["digits"][2] == 3


def test_strays_of_a_column_that_is_called_one_of_numbers_are_missing():
    frame = pd.DataFrame({"a": ["1.5", "2", "soon", None, "7"]})
    read = read_text_numbers(frame, make_roles(["a"], number="a"))
    np.testing.assert_array_equal(read.X["a"], [1.5, 2, np.nan, np.nan, 7])
    assert "column a: 1 of 5 values are no numbers" in read.notes[0] and "row 3" in read.notes[0]
    _run(read, frame)
    with pytest.raises(InputError, match="column 'a' is called one of numbers, but 2 of 3"):
        read_text_numbers(pd.DataFrame({"a": ["x", "y", "1"]}), make_roles(["a"], number="a"))


def test_a_frame_without_such_text_is_as_it_was():
    frame = X[["n", "kind"]]
    read = read_text_numbers(frame, Roles())
    assert read.X is frame and read.code == [] and read.notes == []


def test_dashes_among_numbers_are_missing_and_the_code_does_the_same():
    frame = pd.DataFrame({"a": ["1", "2", "-", "3"] * 9, "b": ["1,5", "--", "2,5", "3"] * 9})
    read = read_text_numbers(frame, Roles())
    np.testing.assert_array_equal(read.X["a"][:4], [1, 2, np.nan, 3])
    np.testing.assert_array_equal(read.X["b"][:4], [1.5, np.nan, 2.5, 3])
    assert "column a holds numbers, and '-' in 9 of 36 values, taken as missing" in read.notes[0]
    _run(read, frame)
    kept = read_text_numbers(frame, make_roles(frame.columns, category="a"))
    assert kept.X["a"].tolist() == frame["a"].tolist()
