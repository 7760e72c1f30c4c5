from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklimb._compare.data.repeated_rows import repeated_notes

RNG = np.random.default_rng(0)
N = 100
ROWS = np.arange(N)
HALVES = [(ROWS[:50], ROWS[50:]), (ROWS[50:], ROWS[:50])]
Y = np.tile(RNG.integers(0, 2, 50), 2)
TWICE = np.tile(RNG.normal(size=(50, 3)), (2, 1))


@pytest.mark.parametrize(
    "make",
    [
        lambda X: X,
        sparse.csr_matrix,
        lambda X: pd.DataFrame(X, columns=list("abc")),
        lambda X: pd.DataFrame(X, columns=list("abc")).assign(c="x", d=pd.Timestamp("2024")),
        lambda X: np.array([f"text {row[0]}" for row in X], dtype=object),
    ],
)
def test_copies_on_both_sides_are_counted(make):
    (note,) = repeated_notes(make(TWICE), Y, HALVES)
    assert note.startswith("100% of the scored rows are the same in every column")
    assert "all of them with its class" in note and "--groups" in note
    assert repeated_notes(make(TWICE + RNG.normal(size=TWICE.shape)), Y, HALVES) == []


def test_a_few_copies_and_their_classes():
    X = np.random.default_rng(1).normal(size=(N, 3))
    X[50:55] = X[:5]
    other = np.r_[Y[:50], 1 - Y[:5], Y[55:]]
    (note,) = repeated_notes(X, other, HALVES)
    assert note.startswith("10% of the scored rows") and "0% of them with its class" in note
    assert repeated_notes(X, other, [(ROWS[:60], ROWS[60:])]) == []


def test_columns_that_number_rows_do_not_hide_copies():
    X = pd.DataFrame(TWICE).assign(row=ROWS)
    assert repeated_notes(X, Y, HALVES) == []
    assert len(repeated_notes(X, Y, HALVES, left_out=["row"])) == 1


def test_rows_of_few_values_are_equal_by_chance():
    X = pd.DataFrame({"a": RNG.choice(list("uvw"), N), "b": RNG.integers(0, 2, N)})
    X["c"] = RNG.integers(0, 9, N)
    hit = np.mean([tuple(row) in set(map(tuple, X[:90].values)) for row in X[90:].values])
    notes = repeated_notes(X, Y, [(ROWS[:90], ROWS[90:])])
    assert bool(notes) == (hit >= 0.2)
