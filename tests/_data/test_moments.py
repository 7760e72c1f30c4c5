"""Shift and scale of columns, against their definition."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

from sklimb._data.moments import ColumnScaling


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(5.0, 2.0, (200, 4))
    X[:, 1] *= rng.random(200) < 0.05  # rare events
    X[:, 2] = 0.0  # nothing
    X[:, 3] *= rng.random(200) < 0.5  # often 0, but no rarity
    return X, rng.integers(1, 4, 200).astype(float)


def scaling_of(pieces, weights):
    scaling = ColumnScaling()
    for piece, weight in zip(pieces, weights):
        scaling.update(piece, weight)
    return scaling.result()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("sparse", [False, True])
def test_against_the_definition(weighted, sparse, rows):
    X, weight = rows
    repeated = np.repeat(X, weight.astype(int), axis=0) if weighted else X
    given = scipy.sparse.csr_array(X) if sparse else X
    parts = [slice(0, 70), slice(70, 200)]
    weights = [weight[part] if weighted else None for part in parts]
    shift, scale = scaling_of([given[part] for part in parts], weights)
    for j in (0, 3):
        assert shift[j] == pytest.approx(repeated[:, j].mean())
        assert scale[j] == pytest.approx(repeated[:, j].std())
    there = repeated[repeated[:, 1] != 0, 1]
    assert len(there) < 0.1 * len(repeated)
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


def test_rare_values_are_not_blown_up(rows):
    shift, scale = scaling_of([rows[0]], [None])
    scaled = (rows[0][:, 1] - shift[1]) / scale[1]
    assert np.abs(scaled).max() < 2
    assert np.abs(rows[0][:, 1] / rows[0][:, 1].std()).max() > 4  # what it spares them


def test_columns_that_cannot_be_scaled_are_named():
    X = np.ones((4, 3))
    X[:, 1] = [1e200, -1e200, 1, 1]
    with pytest.raises(ValueError, match=r"Columns \[1\] of X cannot be scaled"):
        scaling_of([X], [None])
    X = np.zeros((40, 3))
    X[3, 2] = 1e200  # the square of a rare one
    with pytest.raises(ValueError, match=r"Columns \[2\] of X cannot be scaled"):
        scaling_of([X], [None])
