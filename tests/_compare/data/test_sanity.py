from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_iris

from sklimb._compare.data.sanity import column_notes

RNG = np.random.default_rng(0)
Y = np.repeat(["many", "few"], [25, 15])
PLAIN = pd.DataFrame({"a": RNG.normal(size=40), "b": RNG.integers(0, 5, 40)})


def test_ordinary_columns_need_no_word():
    assert column_notes(PLAIN, Y) == []


@pytest.mark.parametrize(
    "values", [Y, Y == "few", np.where(Y == "few", 3, 7), np.where(Y == "few", None, "x")]
)
def test_a_copy_of_the_labels(values):
    notes = column_notes(PLAIN.assign(copy=values), Y)
    assert len(notes) == 1 and "column copy says the class in every row" in notes[0]


def test_a_column_that_is_wrong_too_often_is_no_copy():
    values = Y.copy()
    values[0] = "few"  # more than one in a hundred
    assert not any("says the class in" in n for n in column_notes(PLAIN.assign(near=values), Y))


LONG = np.repeat(["many", "few"], [370, 30])


@pytest.mark.parametrize("rows", [[0], [399], [0, 1, 398, 399]])
def test_a_copy_with_slips(rows):
    values = LONG.copy()
    values[rows] = np.where(values[rows] == "few", "many", "few")
    notes = column_notes(pd.DataFrame({"near": values}), LONG)
    assert len(notes) == 1
    assert f"column near says the class in all but {len(rows)} of 400 rows" in notes[0]


def test_few_slips_may_be_all_of_a_class():
    y = np.repeat(["many", "few"], [396, 4])
    assert column_notes(pd.DataFrame({"x": ["a"] * 395 + ["b"] * 5}), y) != []
    (note,) = column_notes(pd.DataFrame({"x": ["a"] * 390 + ["b"] * 10}), y)
    assert "says the class in" not in note
    assert column_notes(pd.DataFrame({"x": np.arange(400) % 2}), y) == []


def test_a_soft_leak():
    y = np.arange(4000) % 10 == 0
    frame = pd.DataFrame(RNG.normal(size=(4000, 3)), columns=list("abc"))
    frame["leak"] = RNG.normal(size=4000) + 4 * y
    (note,) = column_notes(frame, y)
    assert (
        "column leak (97 %) alone says" in note or "leak (98 %)" in note or "nearly always" in note
    )


@pytest.mark.parametrize("label", [None, 1, 2])
def test_the_iris_has_no_leak(label):
    X, y = load_iris(return_X_y=True, as_frame=True)
    assert column_notes(X, y.to_numpy() if label is None else y == label) == []


@pytest.mark.parametrize("kind", [str, float, "category"])
def test_a_finer_copy(kind):
    finer = 2 * (LONG == "few") + RNG.integers(0, 2, 400)
    notes = column_notes(pd.DataFrame({"finer": pd.Series(finer).astype(kind)}), LONG)
    assert len(notes) == 1
    assert "column finer says the class in every row, several values for each" in notes[0]


def test_values_that_hardly_repeat_say_each_class_by_chance():
    codes = RNG.permutation(np.arange(400) // 3)
    assert column_notes(pd.DataFrame({"x": codes.astype(str)}), LONG) == []


@pytest.mark.parametrize(
    "name, values",
    [
        ("Unnamed: 0", np.arange(40)),
        ("x", 100 - np.arange(40)),
        ("row", np.cumsum(RNG.integers(1, 50, 40))),
        ("x", np.delete(np.arange(42), [7, 20])),
        ("x", np.r_[np.arange(39.0), np.nan]),
        ("x", np.r_[0, np.arange(39)]),
        ("x", RNG.permutation(40) + 1000),
        ("customer_id", RNG.choice(10**7, 40, replace=False)),
        ("x", np.arange(40.0)),
    ],
)
def test_numbers_of_rows(name, values):
    notes = column_notes(PLAIN.assign(**{name: values}), Y)
    assert len(notes) == 1 and f"column {name} numbers the rows" in notes[0]


@pytest.mark.parametrize(
    "values",
    [
        RNG.choice(10**7, 40, replace=False),
        np.arange(40) // 2,
        np.linspace(0, 1, 40),
        1_700_000_000 + np.cumsum(RNG.integers(1, 50, 40)),  # moments, in order
        RNG.permutation(80)[:40],  # a score that never repeats
        np.r_[np.arange(30.0), [np.nan] * 10],
    ],
)
def test_numbers_that_name_no_rows(values):
    mixed = RNG.permutation(Y)  # in order, moments say the class
    assert column_notes(PLAIN.assign(x=values), mixed) == []


def test_constant_columns_share_a_line():
    constant = {f"c{i}": i for i in range(8)}
    notes = column_notes(PLAIN.assign(**constant, t="x"), Y)
    assert notes == [
        "columns c0, c1, c2, c3, c4, c5 and 3 more hold the same value in all rows",
    ]


def test_arrays_are_looked_at_and_sparse_matrices_and_texts_are_not():
    X = np.c_[PLAIN.to_numpy(), np.arange(40)]
    assert "column 2 numbers the rows" in column_notes(X, Y)[0]
    assert column_notes(sparse.csr_matrix(X), Y) == []
    assert column_notes(np.array(["one text"] * 40, dtype=object), Y) == []
