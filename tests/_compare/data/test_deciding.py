from __future__ import annotations

import io

import pandas as pd
import pytest

from sklimb._compare.data.deciding import cells_of, decide, file_has_commas
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
        (["1.5", "2,5"], "O", None, "written in several ways"),
        ([*map(str, range(20)), "x"], "O", None, "but for 1 of 21 values (the first: row 21, 'x')"),
    ],
)
def test_what_becomes_of_a_column(values, kind, number, said):
    decision = decide(_cells(values), None)
    assert decision.series.dtype.kind == kind
    assert decision.number == number
    assert decision.notes == [] if said is None else said in decision.notes[0]


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
