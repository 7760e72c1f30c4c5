from __future__ import annotations

import pytest

from sklimb._compare.data.header import is_header, is_header_of_numbers, one_line, with_names


@pytest.mark.parametrize(
    "rows, answer",
    [
        ([["x", "y"], ["1", "2"]], True),
        ([["1", "y"], ["1", "2"]], False),
        ([["", "y"], ["0", "2"]], True),
        ([["x", "?"], ["1", "2"]], False),
        ([["0", "1"], ["5", "6"]], True),
        ([["red", "no"], ["red", "yes"]], False),
        ([["x", "3,5"], ["a", "4,5"]], False),
    ],
)
def test_whether_the_first_row_holds_names(rows, answer):
    assert is_header(rows) == answer


@pytest.mark.parametrize("name, single", [(" a\r\nb ", "a b"), ("a  b", "a b"), ("a", "a")])
def test_names_on_one_line(name, single):
    assert one_line(name) == single


YEARS = [["2019", "2020", "t"], ["1", "2", "a"], ["3", "4", "b"], ["5", "6", "a"]]


@pytest.mark.parametrize(
    "rows, target, answer",
    [
        (YEARS, "-1", True),
        (YEARS, "2", True),
        (YEARS, "0", False),
        (YEARS, "t", False),
        (YEARS, "7", False),
        ([["2020", "2019", "t"], *YEARS[1:]], "-1", False),
        ([["2019.5", "2020", "t"], *YEARS[1:]], "-1", False),
        ([["2019", "2020", "a"], *YEARS[1:]], "-1", False),
        ([["2019", "2020", ""], *YEARS[1:]], "-1", False),
        (YEARS[:3], "-1", False),
    ],
)
def test_years_and_the_name_of_the_target(rows, target, answer):
    assert is_header_of_numbers(rows, target) == answer


@pytest.mark.parametrize(
    "cells, names, said",
    [
        (["0", "1", "2"], ["b", "t"], None),  # a saved index
        (["7", "8", "9"], ["b", "t"], None),
        (["2", "0", "1"], ["b", "t"], "was taken for row names and left out"),
        (["r1", "r2", "r3"], ["b", "t"], None),
        (["2020-01-01", "2020-01-02", "2020-01-03"], ["b", "t"], "('2020-01-01', ...)"),
        (["0.5", "1", "2"], ["Unnamed: 0", "b", "t"], "is called 'Unnamed: 0'"),
        (["-1", "1", "2"], ["Unnamed: 0", "b", "t"], "is called 'Unnamed: 0'"),
        (["1", "1", "2"], ["Unnamed: 0", "b", "t"], "is called 'Unnamed: 0'"),
    ],
)
def test_a_first_column_without_a_name_is_left_out_only_as_row_names(cells, names, said):
    """A column of measures, all different, was left out without a word."""
    made = with_names([["", "b", "t"], *([cell, "1", "x"] for cell in cells)], "a.csv")
    assert made["names"] == names
    notes = made.get("notes", [])
    assert notes == [] if said is None else said in notes[0]
