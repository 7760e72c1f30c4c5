"""Standard deviation, least and greatest value of columns, against loops with exact sums."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.sparse

from sklimb._data.spread import ColumnSpread

# pieces of unequal size, one of a single row
EDGES = [0, 1, 40, 47, 120]


def naive(columns):
    """Return the three for a list of columns, each a list of numbers."""
    spread = []
    for values in columns:
        mean = math.fsum(values) / len(values)
        variance = math.fsum((v - mean) ** 2 for v in values) / len(values)
        spread.append(math.sqrt(variance) if max(values) > min(values) else 1.0)
    return spread, [min(values) for values in columns], [max(values) for values in columns]


def in_pieces(rows, edges=(0, None)):
    spread = ColumnSpread()
    for first, last in itertools.pairwise(edges):
        spread.update(rows[first:last])
    return spread.result()


def check(found, columns, rtol=1e-12):
    spread, low, high = naive(columns)
    np.testing.assert_allclose(found[0], spread, rtol=rtol)
    np.testing.assert_array_equal(found[1], low)
    np.testing.assert_array_equal(found[2], high)
    assert {x.dtype for x in found} == {np.dtype(np.float64)}


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(2.0, 3.0, (120, 8))
    X[:, 1] *= rng.random(120) < 0.1
    X[:, 2] = -1 - rng.random(120) * (rng.random(120) < 0.5)  # never 0
    X[:, 3] = -(X[:, 3] ** 2) * (rng.random(120) < 0.4)  # 0 is its greatest value
    X[:, 4] = X[:, 4] ** 2 * (rng.random(120) < 0.4)  # 0 is its least value
    X[:, 5] = 0.0
    X[:, 6] = 0.1  # a mean of many of it is not quite 0.1
    X[:, 7] = 0.0  # the last column, so that a sparse matrix says nowhere how many there are
    return X


@pytest.mark.parametrize("edges", [[0, 120], EDGES])
@pytest.mark.parametrize("make", [np.asarray, scipy.sparse.csr_array, scipy.sparse.csr_matrix])
def test_against_a_loop(make, edges, rows):
    check(in_pieces(make(rows), edges), rows.T.tolist())


def test_pieces_may_be_dense_and_sparse_and_of_other_formats(rows):
    spread = ColumnSpread()
    spread.update(rows[:30])
    spread.update(scipy.sparse.csc_array(rows[30:50]))
    spread.update(scipy.sparse.coo_array(rows[50:]))
    check(spread.result(), rows.T.tolist())


def test_entries_that_are_stored_zeros_are_zeros(rows):
    given = scipy.sparse.csr_array(rows)
    given.data[::3] = 0.0
    check(in_pieces(given, EDGES), given.toarray().T.tolist())


@pytest.mark.parametrize("make", [np.asarray, scipy.sparse.csr_array])
def test_large_offsets_keep_the_digits_of_the_spread(make):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(300, 3)) * [1.0, 0.1, 1e3] + [1e9, -1e9, 1e12]
    # sums of squares would be off by their rounding, 100 times the variance and more
    check(in_pieces(make(X), [0, 7, 200, 201, 300]), X.T.tolist(), rtol=1e-6)


@pytest.mark.parametrize("make", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("value", [0.0, 0.1, -1e9 / 3, 1e-300])
def test_constant_columns_have_a_spread_of_one(make, value):
    X = np.full((37, 2), value)
    X[:, 1] += 1.0 * np.arange(37)
    found = in_pieces(make(X), [0, 10, 37])
    assert found[0][0] == 1.0 and found[1][0] == found[2][0] == value
    assert found[0][1] == pytest.approx(np.std(np.arange(37)))


def test_a_column_that_is_constant_in_each_piece_spreads():
    X = np.repeat([[3.0], [5.0]], [10, 30], axis=0)
    spread, low, high = in_pieces(X, [0, 10, 40])
    assert spread.item() == pytest.approx(math.sqrt(0.25 * 0.75 * 4))
    assert (low.item(), high.item()) == (3.0, 5.0)


def test_a_spread_that_cannot_be_squared_is_one():
    spread, low, high = in_pieces(np.array([[1e-200], [2e-200]]))
    assert spread.item() == 1.0 and low.item() < high.item()


def test_no_rows_and_one_row_have_no_spread():
    assert ColumnSpread().result() == (1.0, np.inf, -np.inf)
    for make in (np.asarray, scipy.sparse.csr_array):
        spread, low, high = in_pieces(make(np.array([[4.0, 0.0]])))
        assert spread.tolist() == [1.0, 1.0] and low.tolist() == high.tolist() == [4.0, 0.0]


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.int16, np.int64, bool])
@pytest.mark.parametrize("make", [np.asarray, scipy.sparse.csr_array])
def test_types(make, dtype):
    X = (np.random.default_rng(0).random((500, 3)) * [250, 90, 1.5]).astype(dtype)
    check(in_pieces(make(X), [0, 3, 500]), X.astype(float).T.tolist(), rtol=1e-12)


def test_single_precision_is_summed_in_double():
    X = np.random.default_rng(0).normal(1000.0, 1e-2, (5000, 1)).astype(np.float32)
    for make in (np.asarray, scipy.sparse.csr_array):
        check(in_pieces(make(X)), X.astype(np.float64).T.tolist(), rtol=1e-9)


@pytest.mark.parametrize("edges", [[0, 20], [0, 1, 13, 20]])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_of_images_the_channels_are_the_columns(dtype, edges):
    X = np.random.default_rng(0).integers(0, 256, (20, 3, 4, 5)).astype(dtype)
    X[:, 1] //= 9
    channels = [X[:, channel].astype(float).ravel().tolist() for channel in range(3)]
    check(in_pieces(X, edges), channels)


@pytest.mark.parametrize("make", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("edges", [[0, 6], [0, 2, 6], [0, 4, 6]])
def test_squares_that_overflow_leave_a_spread_of_one_without_a_word(make, edges):
    # a column of 1e200 is a number to a network that goes by quartiles, so it must be one to M2m
    X = np.column_stack([[1.0, 2.0, 3.0, -4e200, 5e200, 1e308], np.arange(6)])
    spread, low, high = in_pieces(make(X), edges)
    np.testing.assert_allclose(spread, [1.0, np.std(np.arange(6))])
    assert low.tolist() == [-4e200, 0.0] and high.tolist() == [1e308, 5.0]
