from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.single_values import value_of_class

RNG = np.random.default_rng(0)
N = 400
LABELS = np.array(["fine", "fraud"])
CODES = (np.arange(N) % 10 == 0).astype(int)
HALF = (np.arange(N) % 20 == 0) & (CODES == 1)  # 20 of the 40 frauds
OPEN = RNG.choice(["open", "paid", "sent"], N)


def _said(values, codes=CODES, labels=LABELS):
    return value_of_class("x", pd.Series(values), codes, labels)


@pytest.mark.parametrize(
    "values, what",
    [
        (np.where(HALF, "chargeback", OPEN), "value 'chargeback'"),
        (pd.Series(np.where(HALF, "lost", OPEN), dtype="category"), "value 'lost'"),
        (HALF, "value True"),
        (HALF.astype(int), "value 1"),
        (~HALF, "value False"),
        (np.where(HALF, 1.0, np.where(np.arange(N) % 3, 0.0, np.nan)), "value 1"),
    ],
)
def test_a_value_that_half_of_the_rare_class_has(values, what):
    assert f"column x has {what} only in rows of class fraud (in 20 of its 40)" in _said(values)


@pytest.mark.parametrize("most, given, told", [(10, 7, True), (10, 99, True), (4, 4, False)])
def test_a_number_that_half_of_the_rare_class_has(most, given, told):
    """A code written as a number was taken for a step of a scale, and passed without a word."""
    others = RNG.integers(0, most, N)
    others[others == given] = 1
    said = _said(np.where(HALF, given, others))
    if told:
        assert f"has value {given} only in rows of class fraud (in 20 of its 40)" in said
    else:  # the end of a scale of four
        assert said == ""


def test_several_numbers_of_one_class_are_nothing_where_things_are_measured():
    values = np.where(HALF, 31 + 2 * (np.arange(N) // 20 % 3), 2 * RNG.integers(0, 40, N))
    assert _said(values) == ""


def test_several_values_that_are_of_the_rare_class_together():
    two = np.where(np.arange(N) % 60 == 0, "dispute", "chargeback")
    note = _said(np.where(HALF, two, OPEN))
    assert "has values 'chargeback', 'dispute' only in rows of class fraud (in 20 of" in note


def test_a_value_that_nearly_only_the_rare_class_has():
    codes = (np.arange(1000) % 5 == 0).astype(int)
    values = np.where((codes == 1) | (np.arange(1000) == 1), "chargeback", "open")
    assert "nearly only in rows of class fraud (in 200 of its 200)" in _said(values, codes)


def test_amounts_that_are_other_than_0_in_the_rare_class_alone():
    note = _said(np.where(HALF, RNG.gamma(2, size=N), 0.0))
    assert "column x is other than 0 only in rows of class fraud (in 20 of its 40)" in note
    names = [f"case {i}" if hit else "none" for i, hit in enumerate(HALF)]
    assert "is other than 'none' only in rows of class fraud" in _said(names)


def test_a_mark_among_several_in_a_cell():
    marks = pd.Series([f"A{i % 7}|B{i % 5}" for i in range(N)])
    marks = (marks + "; CB").where(HALF, marks)
    assert "has value 'CB' only in rows of class fraud (in 20 of its 40)" in _said(marks)
    assert _said(pd.Series([f"A{i % 7}|B{i % 5}" for i in range(N)])) == ""


@pytest.mark.parametrize(
    "values",
    [
        OPEN,
        np.where(HALF & (np.arange(N) < 80), "chargeback", OPEN),  # four of them
        np.where(HALF & (np.arange(N) < 160), "chargeback", OPEN),  # a fifth of the class
        np.where(HALF | (np.arange(N) % 100 == 1), "chargeback", OPEN),  # one in six is another's
        RNG.normal(size=N),
        CODES * 3 + RNG.integers(1, 4, N),  # a scale whose end one class has
        [f"n{i}" for i in range(N)],
        pd.Series(pd.date_range("2024-01-01", periods=N)),
        [None] * N,
        RNG.choice(["late parcel, again", "no parcel; refund", "thanks"], N),
    ],
)
def test_ordinary_columns(values):
    assert _said(values) == ""


def test_a_class_that_is_not_rare_may_have_values_of_its_own():
    codes = np.arange(N) % 2
    codes[0] = 0
    assert _said(np.where(codes == 1, "b", "a"), codes) == ""


def test_of_many_classes_few_rows_are_no_sign():
    codes = np.where(CODES == 1, 1, np.where(np.arange(N) % 40 == 1, 2, 0))
    labels = np.array(["a", "b", "c"])
    few = np.where((codes == 2) & (np.arange(N) < 360), "v", OPEN)  # 9 of 10
    assert _said(few, codes, labels) == ""
    assert "only in rows of class c (in 10 of its 10)" in _said(
        np.where(codes == 2, "v", OPEN), codes, labels
    )
