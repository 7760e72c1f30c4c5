from __future__ import annotations

import pandas as pd
import pytest

from sklimb._compare.data.spelling import (
    NumberFormat,
    choose_format,
    is_boolean,
    is_code,
    number_formats,
    truth,
)


def _read(cells, comma=None):
    formats = number_formats(cells)
    chosen, _ = choose_format(formats, cells, comma)
    return chosen.read(pd.Series(cells)).tolist()


@pytest.mark.parametrize(
    "cells, numbers",
    [
        (["1", "-2.5", "1e3"], [1, -2.5, 1000]),
        (["12.5 %", "3%"], [12.5, 3]),
        (["$3", "$1,234.50", "-$2"], [3, 1234.5, -2]),
        (["€ 1.200,50", "€ 3"], [1200.5, 3]),
        (["5 EUR", "EUR 7"], [5, 7]),
        (["US$ 5", "US$ 6.5"], [5, 6.5]),
        (["3,5", "2", ",5"], [3.5, 2, 0.5]),
        (["1,234,567", "12"], [1234567, 12]),
        (["1 234,5", "2"], [1234.5, 2]),
        (["1\u202f234", "2"], [1234, 2]),
        (["1'234.50", "7"], [1234.5, 7]),
        (["1.234.567", "1.234"], [1234567, 1234]),
        (["0,123", "1,234"], [0.123, 1.234]),
        (["\u22125", "3"], [-5, 3]),
        (["\u201318.2", "-3", "\u22122"], [-18.2, -3, -2]),
        (["\u2013 $1,000", "$5"], [-1000, 5]),
        (["(0.38)", "1.5"], [-0.38, 1.5]),
        (["($1,234.50)", "$2"], [-1234.5, 2]),
        (["$ (3.50)", "$ 2.00"], [-3.5, 2]),
        (["( 1,5 ) %", "2 %"], [-1.5, 2]),
        (["1.234,5-", "2", "3 -"], [-1234.5, 2, -3]),
        (["5\u2212", "-3"], [-5, -3]),
    ],
)
def test_numbers_with_what_people_put_beside_them(cells, numbers):
    assert _read(cells) == numbers


@pytest.mark.parametrize(
    "cells",
    [
        ["1.5", "2,5"],
        ["$3", "€3"],
        ["5 %", "0.05"],
        ["1,23,4"],
        ["v1.2"],
        ["2024-03-31"],
        ["12:30"],
        ["$5 EUR"],
        ["ABC 12"],
        ["(0.38)", "2-"],
        ["(-3)"],
        ["-(3)"],
        ["1 (2)"],
        ["(1) (2)"],
        ["3--"],
        ["()", "-"],
        ["1-2"],
        ["10\u201320", "3\u20135"],
        ["(\u20133)"],
        [],
    ],
)
def test_what_is_no_column_of_numbers(cells):
    assert number_formats(cells) == []


@pytest.mark.parametrize(
    "cells, comma, numbers, ambiguous",
    [
        (["1,234", "5"], None, [1234, 5], True),
        (["1,234", "5"], True, [1.234, 5], True),
        (["1,234", "5678"], None, [1.234, 5678], True),
        (["1.234", "5.678"], None, [1.234, 5.678], False),
        (["1.234", "5.678"], True, [1234, 5678], True),
        (["1.5", "2"], True, [1.5, 2], False),
    ],
)
def test_three_digits_behind_a_mark_are_told_by_the_rest_of_the_file(
    cells, comma, numbers, ambiguous
):
    formats = number_formats(cells)
    chosen, doubt = choose_format(formats, cells, comma)
    assert chosen.read(pd.Series(cells)).tolist() == numbers
    assert doubt == ambiguous


def test_formats_in_words():
    assert str(NumberFormat()) == "decimal point"
    assert str(NumberFormat(",", ".", "€")) == "€, decimal comma, points between thousands"


def test_codes_begin_with_zeros():
    assert is_code(["007", "12"])
    assert not is_code(["7", "12", "0"])
    assert not is_code(["007", "1.5"])
    assert is_code(["1" * 20])


def test_truth():
    assert is_boolean(["True", "FALSE"]) and not is_boolean(["yes"]) and not is_boolean([])
    assert [truth(t) for t in ("TRUE ", "no", "1", "perhaps")] == [True, False, True, None]


def test_thousands_as_in_india():
    """1,23,456 made a column of categories."""
    cells = ["1,23,456", "12,34,567.5", "1,23,45,678", "12,345", "999"]
    (way,) = number_formats(cells)
    assert way.read(pd.Series(cells)).tolist() == [123456, 1234567.5, 12345678, 12345, 999]
    assert not number_formats(["1,2,345", "1,23,456"]) and not number_formats(["1,23,45"])
