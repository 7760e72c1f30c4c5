from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.single_columns import almost_notes, says_class

RNG = np.random.default_rng(0)
N = 400
LABELS = np.array(["fine", "fraud"])
CODES = (np.arange(N) % 10 == 0).astype(int)
DAYS = pd.Series(pd.date_range("2024-01-01", periods=N)).dt.strftime("%Y-%m-%d")


def _said(values, codes=CODES, labels=LABELS):
    return says_class("x", pd.Series(values), codes, labels, 5)[0]


def test_a_column_filled_for_the_rare_class_alone():
    note = _said(DAYS.where(CODES == 1))
    assert "column x is filled only in rows of class fraud (in 40 of its 40)" in note
    some = (CODES == 1) & (RNG.random(N) < 0.8)
    note = _said(pd.Series(RNG.normal(size=N)).where(some))
    assert f"filled only in rows of class fraud (in {some.sum()} of its 40)" in note
    assert "column x is empty only in rows of class fraud" in _said(DAYS.where(CODES == 0))
    many = np.repeat([0, 1], [300, 100])
    nearly = np.r_[np.zeros(299), np.ones(101)].astype(bool)
    assert "filled nearly only in rows of class fraud (in 100 of" in _said(DAYS.where(nearly), many)


@pytest.mark.parametrize(
    "values",
    [
        RNG.normal(size=N) + 20 * CODES,
        np.where(CODES == 1, "closed", RNG.choice(["open", "new"], N)),
        np.where(CODES == 1, RNG.normal(size=N) / 9, RNG.choice([-2.0, 2.0], N)),  # in the middle
        pd.Series(pd.date_range("2024-01-01", periods=N)) + pd.to_timedelta(9000 * CODES, unit="D"),
    ],
)
def test_a_column_that_says_nearly_everything(values):
    assert "column x alone says the class nearly always (balanced accuracy" in _said(values)


@pytest.mark.parametrize(
    "values",
    [
        RNG.normal(size=N),
        RNG.normal(size=N) + 2 * CODES,
        pd.Series(RNG.normal(size=N)).where(RNG.random(N) < 0.5),
        RNG.choice(list("abc"), N),
        [f"n{i}" for i in range(N)],
        [f"n{i // 2}" for i in range(N)],
        DAYS,
        pd.Series([None] * (N - 3) + ["x"] * 3),
    ],
)
def test_ordinary_columns(values):
    assert _said(values) == ""


def test_missing_cells_of_a_class_that_most_rows_have_say_nothing():
    # 98 of 100 rows are of that class, so any cells are.
    codes = (np.arange(N) % 50 == 0).astype(int)
    assert _said(DAYS.where(np.arange(N) % 4 == 1), codes) == ""


def test_many_classes():
    codes = np.arange(N) % 12
    labels = np.arange(12)
    assert "nearly always" in _said(codes * 1.0 + RNG.random(N) / 2, codes, labels)
    assert _said(RNG.random(N), codes, labels) == ""


@pytest.mark.parametrize("n, every", [(4000, 10), (30_000, 300)])
def test_a_soft_leak_has_the_score_that_it_can_have(n, every):
    # 4 standard deviations apart, which is 97.7 %; of 100 in 30,000 rows a sample keeps all.
    codes = (np.arange(n) % every == 0).astype(int)
    values = pd.Series(RNG.normal(size=n) + 4 * codes)
    note, score = says_class("x", values, codes, LABELS, 5)
    assert 0.92 < score < 1 and (not note or score >= 0.98)


def test_a_class_of_two_rows_hides_nothing():
    codes = CODES.copy()
    codes[[1, 2]] = 2
    labels = np.array(["fine", "fraud", "frauds"])
    assert "nearly always" in _said(RNG.normal(size=N) + 20 * CODES, codes, labels)
    alone = np.arange(N) == 1
    assert _said(RNG.normal(size=N), alone.astype(int)) == ""


def test_a_column_that_stands_out_gets_a_softer_word():
    (note,) = almost_notes({"a": 0.7, "leak": 0.97, "b": 0.85})
    assert "column leak (97 %) alone says nearly as much" in note
    assert "the next column has 85 %): check that it is known" in note
    (note,) = almost_notes({"a": 0.7, "leak": 0.97, "too": 0.96})
    assert "columns leak (97 %), too (96 %) alone say" in note and "they are known" in note


@pytest.mark.parametrize(
    "scores",
    [{}, {"a": 0.97}, {"a": 0.95, "b": 0.5}, {"petal length": 0.96, "petal width": 0.94}],
)
def test_good_columns_that_need_no_word(scores):
    assert almost_notes(scores) == []
