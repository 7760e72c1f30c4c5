from __future__ import annotations

import io

import pandas as pd
import pytest

from sklimb._compare.data.deciding import cells_of, decide, file_has_commas, number_notes
from sklimb._compare.data.spelling import NumberFormat


def _cells(values, doubt=False):
    text = "c;d\n" + "".join(f'"{value}";1\n' for value in values)
    typed = pd.read_csv(io.StringIO(text), sep=";", na_values=["?"])["c"]
    return cells_of("c", typed, pd.Series(values, dtype=str), doubt)


@pytest.mark.parametrize(
    "values, kind, number, said",
    [
        (["1", "2"], "i", None, None),
        (["1.5", ""], "f", None, None),
        (["1.5", "NA "], "f", None, None),
        (["3,5", "2"], "f", NumberFormat(","), None),
        (["5 %", "7 %"], "i", NumberFormat(affix="%", spaced=True), "per cent, such as '5 %'"),
        (["1,234", "12"], "i", NumberFormat(".", ","), "'1,234' was read as 1234"),
        (["True", "False"], "b", None, None),
        (["True ", "False"], "b", None, None),
        (["x", "y"], "O", None, None),
        (["007", "123"], "O", None, "codes with leading zeros ('007')"),
        (["1" * 20, "2" * 20], "O", None, "more digits than a number has"),
        (["\u0663\u0665", "\u0660\u0661"], "O", None, None),
        (["None", "low"], "O", None, "'None' (1 rows) was taken as missing"),
        (["1.5", "2,5"], "O", None, None),
        (["1.5", "-", "2", "3"], "f", NumberFormat(), "'-' in 1 of 4 values, taken as missing"),
        (["1", "2", "--", "-", "5", "-", "4"], "f", NumberFormat(), "'-' in 2, '--' in 1 of 7"),
        (["1,5", "2", "\u2013", "3"], "f", NumberFormat(","), "'\u2013' in 1 of 4 values"),
        (["1", "-", "1", "2"], "O", None, None),  # too few numbers to know
        (["1", "2", "3", "-", "-", "-", "-"], "O", None, None),
        (["007", "008", "009", "-"], "O", None, None),
        (["a", "b", "c", "-"], "O", None, None),
        ([*map(str, range(20)), "x"], "O", None, None),  # `text_columns` has a note
    ],
)
def test_what_becomes_of_a_column(values, kind, number, said):
    decision = decide(_cells(values), None)
    assert decision.series.dtype.kind == kind
    assert decision.number == number
    assert decision.notes == [] if said is None else said in decision.notes[0]


def test_marks_that_are_called_values_stay():
    values = ["1.5", "-", "2", "3"]
    cells = _cells(values)
    assert cells.blanks == {"-": 1} and cells.values == ["1.5", "2", "3"]
    cells = cells_of("c", cells.typed, cells.raw, as_values=True)
    assert cells.blanks == {} and decide(cells, None).series.tolist() == values


FEW = ["1", "2", "3", "4"] * 10
MANY = [*map(str, range(20))] * 2


@pytest.mark.parametrize(
    "values, said",
    [
        ([*map(str, range(20)), "x"], "but for 1 of 21 values ('x' in 1)"),
        ([*MANY, "unknown", "n/a?", "unknown"], "3 of 43 values ('unknown' in 2, 'n/a?' in 1)"),
        ([*MANY, *["unknown"] * 9], "9 of 49 values"),
        ([*FEW, "none", "-"], "2 of 42 values ('none' in 1, '-' in 1)"),
        ([*FEW, *["A", "B"] * 3], ""),  # grades
        ([*MANY, *["unknown"] * 20], "20 of 60 values"),
        (["1", "x"] * 9, ""),
        (["a", "b"] * 9, ""),
        (["01", "02", "13", "04"] * 10 + ["none"], ""),  # codes, which are no numbers
    ],
)
def test_columns_of_text_that_are_nearly_numbers(values, said):
    notes = number_notes("c", list(dict.fromkeys(values)), pd.Series(values))
    if not said:
        assert notes == []
    else:
        assert len(notes) == 1 and said in notes[0] and "--number c" in notes[0]


def test_numbers_written_in_several_ways():
    (note,) = number_notes("c", ["1.5", "2,5"], pd.Series(["1.5", "2,5"]))
    assert "written in several ways ('1.5' and '2,5')" in note


def test_what_is_mostly_no_numbers_is_not_told_to_be_called_so():
    values = [*MANY, *["none"] * 50]
    (note,) = number_notes("c", list(dict.fromkeys(values)), pd.Series(values))
    assert "50 of 90 values" in note and note.endswith("empty these cells")


def test_spaces_behind_values_go():
    decision = decide(_cells(["red ", "red", "blue"]), None)
    assert decision.strip and decision.series.tolist() == ["red", "red", "blue"]


def test_points_between_thousands_where_the_file_has_commas():
    decision = decide(_cells(["1.234", "5.678"], doubt=True), True)
    assert decision.series.tolist() == [1234, 5678]
    assert decision.as_text and "was read as 1234" in decision.notes[0]


@pytest.mark.parametrize(
    "columns, separator, answer",
    [
        ([["3,5"]], ",", True),
        ([["3,5"], ["€ 2.50"]], ";", False),
        ([["1,234"]], ";", True),
        ([["1,234"]], ",", None),
        ([["x"]], ",", None),
    ],
)
def test_whether_a_file_has_decimal_commas(columns, separator, answer):
    cells = [_cells(values) for values in columns]
    assert file_has_commas(cells, separator, pd.DataFrame()) is answer


def test_numbers_with_points_speak_against_decimal_commas():
    plain = pd.DataFrame({"a": [1.5, 2.0]})
    assert file_has_commas([_cells(["1,234"])], ";", plain) is False
