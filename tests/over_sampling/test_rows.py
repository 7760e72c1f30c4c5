"""Rows of tables: dense and sparse alike, put behind each other, in the types that they had."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy import sparse

from sklimb.over_sampling import _rows as module
from sklimb.over_sampling._rows import (
    TableRows,
    integer_columns,
    integers_as_floats,
    is_polars,
    polars_followed_by,
)

SPARSE = [sparse.csr_matrix, sparse.csr_array, sparse.csc_matrix, sparse.csc_array]
each_form = pytest.mark.parametrize("make", [np.array, *SPARSE])
each_sparse = pytest.mark.parametrize("make", SPARSE)
SOME = np.array([4, 0, 4, 2])


def dense(rows):
    return rows.toarray() if sparse.issparse(rows) else rows


@pytest.fixture
def X():
    rng = np.random.default_rng(0)
    return rng.normal(size=(6, 5)) * (rng.random((6, 5)) < 0.5)


def table(X, whole=()):
    return TableRows(X, np.isin(np.arange(X.shape[1]), whole))


def repeated_entries(X, make):
    """The matrix with a half of each value in front of its row or column and one behind."""
    by_column = make in (sparse.csc_matrix, sparse.csc_array)
    halves = 0.5 * (X.T if by_column else X)
    n, d = halves.shape
    data = np.concatenate([halves, halves], axis=1).ravel()
    return make((data, np.tile(np.arange(d), 2 * n), 2 * d * np.arange(n + 1)), shape=X.shape)


# --- some of them, and what they spread ---------------------------------------------------------


@each_form
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16])
def test_some_rows(make, dtype, X):
    given = (10 * X).astype(dtype)
    rows = table(make(given))
    taken, as_floats = rows.take(SOME), rows.dense(SOME)
    assert taken.dtype == dtype
    assert rows.n_columns == 5
    assert type(as_floats) is np.ndarray and as_floats.dtype == np.float64
    for i, row in enumerate(SOME):
        assert dense(taken)[i].tolist() == as_floats[i].tolist() == given[row].tolist()


@each_form
def test_what_is_changed_in_them_does_not_reach_x(make, X):
    given = make(X)
    rows = table(given, whole=range(5))
    part = rows.dense(np.array([1, 2]))
    part += 100
    rows.rounded(part)
    replaced = rows.replaced(rows.take(np.arange(6)), np.array([0]), [rows.like_x(part[:1])])
    assert (dense(replaced)[0] != X[0]).all()
    np.testing.assert_array_equal(dense(given), X)


@each_form
def test_spread_and_limits(make, X):
    X[:, 2] = 7.25
    spread, low, high = table(make(X.astype(np.float32))).spread_and_limits()
    X = X.astype(np.float32).astype(np.float64)
    for j in range(5):
        mean = sum(X[:, j]) / 6
        deviation = (sum((X[:, j] - mean) ** 2) / 6) ** 0.5
        assert spread[j] == pytest.approx(1.0 if j == 2 else deviation, rel=1e-12)
        assert (low[j], high[j]) == (min(X[:, j]), max(X[:, j]))


@each_sparse
def test_entries_of_one_place_add_up(make, X):
    given = repeated_entries(X, make)
    assert given.nnz == 2 * X.size and not given.has_canonical_format
    before = given.data.copy()
    rows = table(given)
    np.testing.assert_allclose(rows.dense(np.arange(6)), X, rtol=1e-15)
    np.testing.assert_allclose(rows.spread_and_limits(), table(X).spread_and_limits(), rtol=1e-12)
    assert rows.X.has_canonical_format
    np.testing.assert_array_equal(given.data, before)  # the user's own matrix is as it was


def test_a_matrix_in_order_is_not_copied(X):
    given = sparse.csr_array(X)
    assert table(given).X is given


@each_form
def test_what_networks_are_fitted_to(make, X, monkeypatch):
    small = table(make(X)).to_fit()
    assert type(small) is np.ndarray
    np.testing.assert_array_equal(small, X)
    monkeypatch.setattr(module, "_VALUES_DENSE", 30)
    assert type(table(make(X)).to_fit()) is np.ndarray
    monkeypatch.setattr(module, "_VALUES_DENSE", 29)
    large = table(make(X)).to_fit()
    assert large.format == "csr" if sparse.issparse(make(X)) else type(large) is np.ndarray
    np.testing.assert_array_equal(dense(large), X)


def test_how_much_may_be_made_dense():
    assert module._VALUES_DENSE * np.dtype(np.float64).itemsize == 32 * 2**20


# --- back to what X is --------------------------------------------------------------------------


@pytest.mark.parametrize("whole", [(), (1, 3), range(5)])
def test_columns_of_integers_are_rounded(whole):
    new = np.linspace(-2.6, 2.7, 15).reshape(3, 5)
    expected = [[round(v) if j in whole else v for j, v in enumerate(row)] for row in new.tolist()]
    assert table(np.zeros((1, 5)), whole).rounded(new).tolist() == expected


@each_form
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32])
def test_rows_like_x(make, dtype, X):
    given = make(X.astype(dtype))
    new = np.array([[0.0, 2.0, 0.0, -3.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0]])
    for part in (new, new[:0]):
        made = table(given).like_x(part)
        assert made.dtype == dtype and made.shape == part.shape
        np.testing.assert_array_equal(dense(made), part)
        if sparse.issparse(given):
            assert made.format == "csr" and made.nnz == (part != 0).sum()
            assert isinstance(made, sparse.sparray) == isinstance(given, sparse.sparray)


@each_form
def test_rows_are_replaced_in_order(make, X):
    rows = table(make(X))
    new = rows.take(np.arange(6))
    pieces = [rows.like_x(np.full((n, 5), value)) for n, value in ((2, 7.0), (0, 0.0), (1, 9.0))]
    found = rows.replaced(new, np.array([5, 0, 3]), pieces)
    expected = X.copy()
    for place, value in ((5, 7.0), (0, 7.0), (3, 9.0)):
        expected[place] = value
    assert found.shape == (6, 5) and found.dtype == X.dtype
    np.testing.assert_array_equal(dense(found), expected)
    assert not sparse.issparse(found) or found.has_canonical_format
    none = rows.replaced(rows.take(np.arange(6)), np.array([], dtype=int), pieces[1:2])
    np.testing.assert_array_equal(dense(none), X)


@each_form
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16, bool])
def test_new_rows_come_behind_x(make, dtype, X):
    given = make((10 * X).astype(dtype))
    rows = table(given)
    for n in (2, 0):
        new = rows.like_x(np.ones((n, 5)))
        whole = rows.followed_by(new)
        assert type(whole) is type(given) and whole.dtype == dtype
        np.testing.assert_array_equal(dense(whole)[:6], dense(given))
        assert whole.shape == (6 + n, 5) and (dense(whole)[6:] == 1).all()


# --- columns of integers ------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.uint8, bool])
def test_an_array_has_one_answer(dtype, X):
    whole = np.dtype(dtype).kind in "iub"
    given = (10 * X).astype(dtype)
    forms = [given, given.tolist(), torch.from_numpy(given), *(make(given) for make in SPARSE)]
    for form in forms:
        assert integer_columns(form).tolist() == [whole]
        floats = integers_as_floats(form, np.array([whole]))
        if not whole:
            assert floats is form
        else:
            assert integer_columns(floats).tolist() == [False]
            values = np.asarray(dense(floats))
            assert values.dtype == np.float64
            np.testing.assert_array_equal(values, given)
        # a list stays one, as imbalanced-learn has it, and a sparse matrix keeps its format
        assert isinstance(floats, list) == isinstance(form, list)
        assert getattr(floats, "format", None) == getattr(form, "format", None)


def test_columns_of_a_pandas_frame():
    frame = pd.DataFrame(
        {
            "float": [0.5, 1.5],
            "int": [1, 2],
            "single": np.array([0.5, 1.5], dtype=np.float32),
            "byte": np.array([1, 2], dtype=np.uint8),
            "bool": [True, False],
            "object": pd.Series([1, 2], dtype=object),
            "nullable": pd.array([1, 2], dtype="Int64"),
            "masked": pd.array([True, False], dtype="boolean"),
            "real": pd.array([0.5, 1.5], dtype="Float64"),
        },
        index=[7, 9],
    )
    whole = integer_columns(frame)
    expected = ["int", "byte", "bool", "nullable", "masked"]
    assert whole.dtype == bool and list(frame.columns[whole]) == expected
    before = frame.copy()
    floats = integers_as_floats(frame, whole)
    assert list(floats.columns) == list(frame.columns) and floats.index.tolist() == [7, 9]
    for name in frame.columns:
        kept = name not in expected
        assert floats[name].dtype == (frame[name].dtype if kept else np.float64)
        assert floats[name].tolist() == frame[name].tolist()
    pd.testing.assert_frame_equal(frame, before)
    assert integers_as_floats(frame, np.zeros(9, dtype=bool)) is frame


@pytest.fixture
def polars_frame():
    return pl.DataFrame(
        {
            "float": [0.5, 1.5, 2.5],
            "int": [1, 2, 3],
            "single": pl.Series([0.5, 1.5, 2.5], dtype=pl.Float32),
            "byte": pl.Series([1, 2, 3], dtype=pl.UInt8),
            "bool": [True, False, True],
        }
    )


def test_columns_of_a_polars_frame(polars_frame):
    whole = integer_columns(polars_frame)
    assert whole.dtype == bool and whole.tolist() == [False, True, False, True, True]
    floats = integers_as_floats(polars_frame, whole)
    assert floats.dtypes == [pl.Float64, pl.Float64, pl.Float32, pl.Float64, pl.Float64]
    np.testing.assert_array_equal(floats.to_numpy(), polars_frame.to_numpy())
    assert integers_as_floats(polars_frame, np.zeros(5, dtype=bool)) is polars_frame


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(pd.Categorical([1, 2])),
        pl.Series(["x", "y"], dtype=pl.Categorical),
        pl.Series(["x", "y"], dtype=pl.Enum(["x", "y"])),
    ],
    ids=["pandas", "polars", "enum"],
)
def test_categories_are_refused(column):
    frame = (pd if isinstance(column, pd.Series) else pl).DataFrame(
        {"a": [1.0, 2.0]} | {f"c{i}": column for i in range(12)}
    )
    with pytest.raises(TypeError, match=r"Columns \['c0', .*'c9'\] are categorical.*OneHotEncoder"):
        integer_columns(frame)


# --- polars -------------------------------------------------------------------------------------


def test_what_is_polars(polars_frame, monkeypatch):
    assert is_polars(polars_frame) and is_polars(polars_frame["int"])
    for other in (pd.DataFrame({"a": [1]}), pd.Series([1]), np.ones(2), [1], None):
        assert not is_polars(other)
    monkeypatch.delitem(module.sys.modules, "polars")  # as where nobody has imported it
    assert not is_polars(polars_frame)


def test_new_rows_behind_a_polars_frame(polars_frame):
    new = np.array([[0.25, 7.0, 0.75, 255.0, 0.0], [-0.25, -7.0, 1.25, 0.0, 1.0]])
    longer = polars_followed_by(polars_frame, new)
    assert longer.schema == polars_frame.schema
    assert longer.head(3).equals(polars_frame)
    assert longer.tail(2).rows() == [(0.25, 7, 0.75, 255, False), (-0.25, -7, 1.25, 0, True)]
    assert polars_followed_by(polars_frame, new[:0]).equals(polars_frame)
    for order in "CF":
        as_given = polars_followed_by(polars_frame, np.array(new, order=order))
        assert as_given.equals(longer)
