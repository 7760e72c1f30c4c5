"""Statistics of columns, against their definitions."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.sparse
import torch

from sklimb._data.columns import ColumnScaling, ColumnSpread, column_quantiles, weighted_quantiles
from sklimb._data.tensors import from_scipy

# pieces of unequal size, one of a single row


@pytest.fixture(scope="module")
def scaled_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(5.0, 2.0, (200, 4))
    X[:, 1] *= rng.random(200) < 0.3  # events
    X[:, 2] = 0.0  # nothing
    X[:, 3] *= rng.random(200) < 0.8  # often 0, but not mostly
    return X, rng.integers(1, 4, 200).astype(float)


def scaling_of(pieces, weights):
    scaling = ColumnScaling()
    for piece, weight in zip(pieces, weights):
        scaling.update(piece, weight)
    return scaling.result()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("sparse", [False, True])
def test_scaling_against_the_definition(weighted, sparse, scaled_rows):
    X, weight = scaled_rows
    repeated = np.repeat(X, weight.astype(int), axis=0) if weighted else X
    given = scipy.sparse.csr_array(X) if sparse else X
    parts = [slice(0, 70), slice(70, 200)]
    weights = [weight[part] if weighted else None for part in parts]
    shift, scale = scaling_of([given[part] for part in parts], weights)
    for j in (0, 3):
        assert shift[j] == pytest.approx(repeated[:, j].mean())
        assert scale[j] == pytest.approx(repeated[:, j].std())
    there = repeated[repeated[:, 1] != 0, 1]
    assert len(there) < 0.5 * len(repeated)
    assert shift[1] == 0 and scale[1] == pytest.approx(np.sqrt(np.mean(there**2)))
    assert shift[2] == 0 and scale[2] == 1


def test_rare_columns_share_a_scale_unless_their_unit_differs():
    rng = np.random.default_rng(1)
    X = rng.uniform(0.5, 1.5, (500, 6)) * (rng.random((500, 6)) < 0.04)
    X *= np.array([1, 2, 4, 3, 1e4, 1e-3])
    shift, scale = scaling_of([X], [None])
    alike = X[:, :4]
    np.testing.assert_allclose(scale[:4], np.sqrt(np.mean(alike[alike != 0] ** 2)))
    for j in (4, 5):
        assert scale[j] == pytest.approx(np.sqrt(np.mean(X[X[:, j] != 0, j] ** 2)))
    np.testing.assert_array_equal(shift, 0)


def test_rare_values_are_not_blown_up(scaled_rows):
    shift, scale = scaling_of([scaled_rows[0]], [None])
    scaled = (scaled_rows[0][:, 1] - shift[1]) / scale[1]
    assert np.abs(scaled).max() < 2
    # what it spares them
    assert np.abs(scaled_rows[0][:, 1] / scaled_rows[0][:, 1].std()).max() > 3


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("sparse", [False, True])
def test_norm_against_the_definition(weighted, sparse, scaled_rows):
    X, weight = scaled_rows
    scaling = ColumnScaling()
    for part in (slice(0, 70), slice(70, 200)):
        piece = scipy.sparse.csr_array(X[part]) if sparse else X[part]
        scaling.update(piece, weight[part] if weighted else None)
    shift, scale = scaling.result()
    squares = (((X - shift) / scale) ** 2).sum(axis=1)
    mean = np.average(squares, weights=weight if weighted else None)
    assert scaling.norm() == pytest.approx(np.sqrt(mean))


def test_the_norm_of_nothing_is_one():
    scaling = ColumnScaling()
    scaling.update(np.full((5, 2), 3.0), None)
    assert scaling.norm() == pytest.approx(1.0)


def test_columns_that_cannot_be_scaled_are_named():
    X = np.ones((4, 3))
    X[:, 1] = [1e200, -1e200, 1, 1]
    with pytest.raises(ValueError, match=r"Columns \[1\] of X cannot be scaled"):
        scaling_of([X], [None])
    X = np.zeros((40, 3))
    X[3, 2] = 1e200  # the square of a rare one
    with pytest.raises(ValueError, match=r"Columns \[2\] of X cannot be scaled"):
        scaling_of([X], [None])


# --- spread -------------------------------------------------------------------------------------

EDGES = [0, 1, 40, 47, 120]


def naive_spread(columns):
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
    spread, low, high = naive_spread(columns)
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


# --- quantiles ----------------------------------------------------------------------------------

SHARES = np.linspace(0, 1, 13)


def naive_quantile(values, share):
    """The definition, value by value: where the share is met exactly, half-way to the next."""
    ordered = sorted(values)
    n = len(ordered)
    for k, value in enumerate(ordered, 1):
        if abs(k - share * n) < 1e-9:
            return (value + ordered[min(k, n - 1)]) / 2
        if k > share * n:
            return value if share > 0 else ordered[0]
    raise AssertionError


def test_quantiles_against_the_definition():
    values = np.random.default_rng(0).normal(size=24).round(1)
    expected = [naive_quantile(values.tolist(), share) for share in SHARES]
    np.testing.assert_allclose(weighted_quantiles(values, None, SHARES), expected, rtol=1e-12)
    assert weighted_quantiles(values, None, [0.5])[0] == pytest.approx(np.median(values))


def test_a_weight_is_a_number_of_rows_and_zero_leaves_out():
    rng = np.random.default_rng(1)
    values, weight = rng.normal(size=30), rng.integers(0, 4, 30).astype(float)
    repeated = weighted_quantiles(np.repeat(values, weight.astype(int)), None, SHARES)
    np.testing.assert_array_equal(weighted_quantiles(values, weight, SHARES), repeated)
    # whatever unit weights are in, and however their sum rounds
    for unit in (1e-30, 1 / 3, 0.1):
        np.testing.assert_allclose(
            weighted_quantiles(values, unit * weight, SHARES), repeated, rtol=1e-12
        )


def test_the_ends_are_the_least_and_the_greatest():
    values = np.array([3.0, -1.0, 7.0])
    assert weighted_quantiles(values, None, [0.0, 1.0]).tolist() == [-1.0, 7.0]
    assert weighted_quantiles(values, np.array([1.0, 0.0, 5.0]), [0.0, 1.0]).tolist() == [3.0, 7.0]
    assert weighted_quantiles(np.array([4.0]), None, SHARES).tolist() == [4.0] * 13


def test_columns_dense_and_sparse_alike():
    X = np.random.default_rng(2).normal(size=(40, 5)) * (np.arange(200).reshape(40, 5) % 3 == 0)
    weight = np.random.default_rng(3).uniform(0.1, 2, 40)
    expected = np.stack([weighted_quantiles(column, weight, SHARES) for column in X.T])
    for x in (X, torch.from_numpy(X), from_scipy(scipy.sparse.csr_array(X))):
        np.testing.assert_array_equal(column_quantiles(x, weight, SHARES), expected)


def test_what_is_not_finite_is_said():
    with pytest.raises(ValueError, match="Column 1 of X holds NaN or infinity"):
        column_quantiles(np.array([[1.0, np.inf]]), None, SHARES)
