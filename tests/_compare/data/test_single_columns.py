from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.single_columns import says_class

RNG = np.random.default_rng(0)
N = 400
LABELS = np.array(["fine", "fraud"])
CODES = (np.arange(N) % 10 == 0).astype(int)
DAYS = pd.Series(pd.date_range("2024-01-01", periods=N)).dt.strftime("%Y-%m-%d")


def _said(values, codes=CODES, labels=LABELS):
    return says_class("x", pd.Series(values), codes, labels, 5)


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
