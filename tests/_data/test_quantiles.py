"""Quantiles of weighted columns."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
import torch

from sklimb._data.csr import from_scipy
from sklimb._data.quantiles import column_quantiles, weighted_quantiles

SHARES = np.linspace(0, 1, 13)


def naive(values, share):
    """The definition, value by value: where the share is met exactly, half-way to the next."""
    ordered = sorted(values)
    n = len(ordered)
    for k, value in enumerate(ordered, 1):
        if abs(k - share * n) < 1e-9:
            return (value + ordered[min(k, n - 1)]) / 2
        if k > share * n:
            return value if share > 0 else ordered[0]
    raise AssertionError


def test_against_the_definition():
    values = np.random.default_rng(0).normal(size=24).round(1)
    expected = [naive(values.tolist(), share) for share in SHARES]
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
