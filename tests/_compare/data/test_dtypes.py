from __future__ import annotations

import datetime
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklimb._compare.data.dtypes import as_pandas, plain_frame
from sklimb._compare.data.first_step import make_preparation
from sklimb._compare.data.preparing import check_columns
from sklimb._compare.errors import InputError

N = 12
ROWS = range(N)


def _gaps(values):
    return [None if i % 5 == 0 else value for i, value in enumerate(values)]


@pytest.mark.parametrize(
    "column",
    [
        pd.array(_gaps("uv" * 6), dtype="string"),
        pd.array(_gaps(ROWS), dtype="Int64"),
        pd.array(_gaps(ROWS), dtype="Float32"),
        pd.array(_gaps([True, False] * 6), dtype="boolean"),
        pd.array([True, False] * 6, dtype="boolean"),
        pd.Series(_gaps([True, False] * 6), dtype=object),
        pd.arrays.SparseArray([0.0, 1.0] * 6),
        pd.arrays.SparseArray([True, False] * 6),
        pd.Categorical(_gaps(i % 3 for i in ROWS)),
        pd.cut(np.arange(N), 3),
        pd.Series(pd.cut(np.arange(N), 3)).astype("interval"),
        pd.Series([Decimal(i) for i in ROWS], dtype=object),
        pd.Series(_gaps(Decimal(i) for i in ROWS), dtype=object),
        pd.Series([pd.NA if i % 5 == 0 else i for i in ROWS], dtype=object),
        pd.Series([None, np.nan, "u", "v"] * 3, dtype=object),
        pd.Series([pd.NA] * N, dtype=object),
        pd.Series([pd.NA, None, pd.NaT] * 4, dtype=object),
        pd.Series([None] * N, dtype=object),
        pd.Series([True, 3] * 6, dtype=object),
        np.linspace(0, 1, N).astype(np.longdouble),
        pd.Series(np.linspace(0, 1, N).astype(">f8")),
        pd.Series(np.arange(N).astype(">i4")),
        pd.Series([uuid.UUID(int=i % 3) for i in ROWS], dtype=object),
    ],
    ids=lambda column: f"{column.dtype}",
)
def test_a_column_is_taken_once_and_the_code_does_the_same(column):
    frame = pd.DataFrame({"n": np.arange(N) / 3, "c": column})
    before = frame.copy()
    X, code = plain_frame(frame)
    pd.testing.assert_frame_equal(frame, before)
    checked = check_columns(frame)
    made = make_preparation(checked).fit_transform(checked)
    assert np.isfinite(made).all()
    space = {"X": frame, "pd": pd}
    exec("\n".join(code), space)
    again = check_columns(space["X"])
    np.testing.assert_array_equal(make_preparation(again).fit_transform(again), made)
    pd.testing.assert_frame_equal(frame, before)
    assert plain_frame(X)[1] == []  # nothing is left to do


def test_columns_that_are_taken_alike_share_a_loop():
    frame = pd.get_dummies(pd.DataFrame({"a": list("xyz") * 4}), sparse=True, dtype=float)
    assert plain_frame(frame)[1] == [
        "X = X.copy()",
        'for name in ["a_x", "a_y", "a_z"]:',
        "    X[name] = X[name].sparse.to_dense()",
    ]


@pytest.mark.parametrize(
    "column, said",
    [
        (pd.to_timedelta(list(ROWS), unit="h"), "durations: .*total_seconds"),
        (pd.Series([datetime.time(9, 30)] * N, dtype=object), "times of day: .*the hour"),
        (pd.Series([datetime.timedelta(1)] * N, dtype=object), "durations"),
        (np.arange(N) * 1j, "complex numbers"),
        ([[1, 2]] * N, r"holds lists \(such as \[1, 2\]\)"),
        ([{"a": 1}] * N, "holds dicts"),
        ([b"x"] * N, "holds bytes"),
        (pd.Series(["a", 1] * 6, dtype=object), r"mixes types \(int, str\)"),
        (pd.Categorical(["a", 1] * 6, categories=["a", 1]), "mixes types"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused_in_one_line(column, said):
    with pytest.raises(InputError, match=said) as caught:
        plain_frame(pd.DataFrame({"n": ROWS, "c": column}))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "column",
    [
        [datetime.date(2020, 1, 1)] * N,
        _gaps([datetime.date(2020, 1, 1)] * N),
        pd.Series([pd.Timestamp("2020")] * N, dtype=object),
        pd.Series([datetime.datetime(2020, 1, 1)] * N, dtype=object),
        pd.date_range("2020", periods=N, tz="UTC"),
        pd.Series([datetime.date(2020, 1, 1)] * N, dtype="date32[pyarrow]"),
        pd.Series(_gaps([datetime.date(2020, 1, 1)] * N), dtype="date64[pyarrow]"),
        pd.period_range("2020-01", periods=N, freq="M"),
        pd.Series(list(pd.period_range("2020", periods=N)), dtype=object),
        pd.Categorical(pd.date_range("2020", periods=N)),
    ],
)
def test_dates_of_all_kinds_are_dates(column):
    frame = pd.DataFrame({"n": ROWS, "c": column})
    X, code = plain_frame(frame)
    assert X["c"].dtype.kind == "M" and X["c"].dt.tz is None and code == []
    made = make_preparation(X).fit(X).transform(frame)  # as it came, too
    assert np.isfinite(made).all()


def test_names_of_several_levels_are_refused():
    frame = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    with pytest.raises(InputError, match="several levels"):
        plain_frame(frame)


def test_polars_frames_become_pandas_frames():
    frame = pl.DataFrame({"a": [1.5, None], "s": ["x", None], "f": [True, False]})
    X, code = as_pandas(frame)
    space = {"X": frame}
    exec(code, space)
    pd.testing.assert_frame_equal(space["X"], X)
    assert plain_frame(X)[0].dtypes.astype(str).to_list()[::2] == ["float64", "bool"]
    with pytest.raises(InputError, match=r"X\.collect"):
        as_pandas(frame.lazy())
    same = np.zeros((2, 2))
    assert as_pandas(same) == (same, "")
