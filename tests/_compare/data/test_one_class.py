from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.one_class import away_note, make_classes, values_of_class

CODES = np.repeat([0, 1], [90, 10])
LABELS = np.array(["fine", "fraud"])
CLASSES = make_classes(CODES, LABELS)


def test_values_of_a_rare_class_with_the_rows_that_have_them():
    values = pd.Series(["a"] * 90 + ["x"] * 6 + ["y"] + [None] * 3)
    given, code, rows = values_of_class(values, CLASSES)
    assert given == ["x"] and code == 1
    np.testing.assert_array_equal(np.flatnonzero(rows), np.arange(90, 96))


@pytest.mark.parametrize("n_own, n_others, found", [(5, 0, True), (4, 0, False), (10, 1, False)])
def test_how_many_rows_are_enough(n_own, n_others, found):
    values = np.full(100, "a", dtype=object)
    values[90 : 90 + n_own] = values[:n_others] = "x"
    assert bool(values_of_class(pd.Series(values), CLASSES)) == found


def test_of_large_classes_values_say_nothing():
    halves = make_classes(np.repeat([0, 1], 50), LABELS)
    assert not halves.rare.any() and CLASSES.rare.tolist() == [False, True]
    assert values_of_class(pd.Series(["a"] * 50 + ["x"] * 50), halves) is None


def test_the_note_counts():
    rows = np.arange(100) >= 92
    assert away_note("column x has value 1", 1, rows, CLASSES).startswith(
        "column x has value 1 only in rows of class fraud (in 8 of its 10), which gives the class"
    )
    assert " nearly only in rows of class fraud (in 10 " in away_note(
        "column x", 1, np.arange(100) >= 89, CLASSES
    )
