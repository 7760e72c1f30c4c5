from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.columns import Column
from sklimb._compare.data.matching_numbers import read_numbers
from sklimb._compare.data.spelling import NumberFormat

POINT, COMMA = NumberFormat(), NumberFormat(",")
GROUPED = NumberFormat(".", ",")


@pytest.mark.parametrize(
    "rule, cells, comma, numbers, said",
    [
        (POINT, ["1.5", "2"], None, [1.5, 2], None),
        (COMMA, ["1,5", "2"], True, [1.5, 2], None),
        (COMMA, ["1.5", "2.25"], False, [1.5, 2.25], None),
        (POINT, ["1,5", "2"], True, [1.5, 2], None),
        (COMMA, ["1,234", "2"], None, [1.234, 2], None),
        (GROUPED, ["1,234", "2"], None, [1234, 2], None),
        (GROUPED, ["1234", "2"], None, [1234, 2], None),
        (POINT, ["3,5", "2.5", "7"], None, [3.5, 2.5, 7], "'3,5', read as 3.5"),
        (POINT, ["1,234", "2"], None, [1234, 2], "'1,234' of the test part was read as 1234"),
        (POINT, ["1,234", "2"], True, [1.234, 2], "was read as 1.234"),
        (POINT, ["1.234", "2"], True, [1234, 2], "was read as 1234"),
        (POINT, ["(0.5)", "2", "3-"], None, [-0.5, 2, -3], None),
        (NumberFormat(negative="()"), ["-0.5", "(2)"], None, [-0.5, -2], None),
        (POINT, ["x", "2.5"], None, [np.nan, 2.5], None),
        (POINT, ["5 %", "7 %"], None, [5, 7], "per cent in the test part"),
        (NumberFormat(affix="%"), ["5", "7"], None, [5, 7], "per cent in the training part"),
        (NumberFormat(affix="$"), ["$5", "7"], None, [5, 7], None),
    ],
)
def test_numbers_by_the_first_rule_else_by_their_own(rule, cells, comma, numbers, said):
    read, notes = read_numbers(pd.Series(cells), Column("a", "number", rule), comma)
    np.testing.assert_array_equal(read.astype(float), numbers)
    if said is None:
        assert notes == []
    else:
        assert len(notes) == 1 and said in notes[0] and "column a" in notes[0]


def test_another_currency_is_named():
    rule = Column("price", "number", NumberFormat(affix="$"))
    numbers, notes = read_numbers(pd.Series(["\u20ac3", "\u20ac4.50"]), rule, None)
    assert numbers.tolist() == [3, 4.5]
    assert notes == [
        "column price is in $ in the training part and in \u20ac in the test part: the numbers "
        "were taken as they are written"
    ]
    assert read_numbers(pd.Series(["$3", "4.50"]), rule, None)[1] == []
