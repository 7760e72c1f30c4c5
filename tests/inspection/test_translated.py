from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklimb.inspection._translated import as_rows, column_spread, draw_seeds, largest_changes


def test_the_largest_changes_go_by_the_spread_of_the_columns():
    seed, result = np.zeros(4), np.array([5.0, 0.0, -50.0, 1.0])
    spread = np.array([1.0, 1.0, 100.0, 0.0])
    assert largest_changes(seed, result, spread).tolist() == [0, 3, 2]
    assert largest_changes(seed, result, spread, 1).tolist() == [0]


def test_spread_is_the_same_sparse():
    X = np.random.default_rng(0).normal(size=(20, 3)) * [1, 0, 9]
    assert np.allclose(column_spread(X), column_spread(sparse.csr_array(X)))


def test_rows_of_any_table():
    X = np.eye(3)
    for table in (X, X.tolist(), pd.DataFrame(X), sparse.coo_array(X)):
        rows = as_rows(table)[np.array([2, 0])]
        dense = rows.toarray() if sparse.issparse(rows) else rows
        assert np.array_equal(dense, X[[2, 0]])


class Asked:
    beta = 0.5
    classes_ = np.array(["big", "middle", "small"])


def test_seeds_come_from_larger_classes_alone():
    codes, counts = np.repeat([0, 1, 2], [50, 20, 5]), np.array([50.0, 20.0, 5.0])
    rng = np.random.RandomState(0)
    assert set(codes[draw_seeds(codes, counts, 1, Asked, rng, 10)]) == {0}
    drawn = draw_seeds(codes, counts, 2, Asked, rng, 30)
    assert set(codes[drawn]) == {0, 1} and len(set(drawn)) == 30
    assert len(draw_seeds(codes, counts, 1, Asked, rng, 99)) == 50
    with pytest.raises(ValueError, match="larger than 'big'"):
        draw_seeds(codes, counts, 0, Asked, rng, 3)
