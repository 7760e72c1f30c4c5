"""Copies that a sampler makes are seen, rows that are alike by themselves are not copies."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import torch

from sklimb._data import repeats
from sklimb._data.repeats import copied_from, row_hashes

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 4)), np.repeat([0, 1], [50, 10])
# each rare row six times or so
ROWS = np.concatenate([np.arange(60), RNG.integers(50, 60, 50)])


def as_images(X):
    return X.reshape(len(X), 1, 2, 2)


@pytest.mark.parametrize(
    "form",
    [np.asarray, np.float32, np.float16, pd.DataFrame, pl.DataFrame, torch.from_numpy, as_images,
     scipy.sparse.csr_array, scipy.sparse.coo_matrix,
     lambda X: torch.from_numpy(X).to_sparse_csr(),
     lambda X: torch.from_numpy(X).bfloat16(),
     lambda X: X.astype(str).astype(object)],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta state")
def test_copies_of_rare_rows_in_any_form(form):
    found = copied_from(form(X[ROWS]), Y[ROWS])
    first_of = {row: i for i, row in reversed(list(enumerate(ROWS)))}
    assert found.tolist() == [first_of[row] for row in ROWS]
    assert copied_from(form(X), Y) is None


def test_forms_that_are_not_looked_into():
    assert copied_from(X[ROWS].tolist(), Y[ROWS]) is None
    lists = pd.DataFrame({"a": [[1], [2]]})
    assert copied_from(lists, Y[:2]) is None
    assert copied_from(X[:0], Y[:0]) is None


def test_hashes_of_chunks_are_those_of_the_whole(monkeypatch):
    whole = row_hashes(X)
    assert len(np.unique(whole)) == len(X)
    monkeypatch.setattr(repeats, "_VALUES_AT_ONCE", 9)
    np.testing.assert_array_equal(row_hashes(X), whole)


def test_the_order_of_values_matters_and_the_sign_of_zero_does_not():
    first, second, third = row_hashes(np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]]))
    assert first == third != second
    assert len(np.unique(row_hashes(np.array([[0.0, 1.0], [-0.0, 1.0]])))) == 1
    # numbers of few bits are told apart, too
    grid = np.stack(np.meshgrid(*[np.arange(7.0)] * 4), axis=-1).reshape(-1, 4)
    for dtype in (np.float64, np.float32, np.int8, np.uint8, bool):
        values = grid.astype(dtype)
        assert len(np.unique(row_hashes(values))) == len(np.unique(values, axis=0))
    sparse = scipy.sparse.csr_array(grid)
    assert len(np.unique(row_hashes(sparse))) == len(grid)


def test_entries_of_a_sparse_matrix_in_another_order_are_the_same_row():
    one = scipy.sparse.csr_array(([1.0, 2.0], [0, 3], [0, 2]), shape=(1, 4))
    other = scipy.sparse.csr_array(([2.0, 0.5, 0.5], [3, 0, 0], [0, 3]), shape=(1, 4))
    assert row_hashes(one) == row_hashes(other)
    assert other.nnz == 3  # it stays as it was


def test_rows_of_two_classes_are_no_copies():
    X_twice = np.concatenate([X[:50], X[:10]])
    assert copied_from(X_twice, Y) is None


def test_rows_of_few_categories_are_samples_of_their_own():
    rng = np.random.default_rng(1)
    n = 2_000
    y = (rng.random(n) < 0.1).astype(int)
    # skewed, as categories are: some rows very often, most of them once
    categories = rng.geometric(0.6, size=(n, 4)) + y[:, None]
    assert len(np.unique(categories, axis=0)) < n / 4
    assert copied_from(categories.astype(float), y) is None


def test_a_class_that_repeats_itself_by_nature_has_no_copies():
    # one row of an attack is there 200 times, the others once
    rare = np.concatenate([np.tile(X[50], (200, 1)), X[51:]])
    y = np.repeat([0, 1], [50, len(rare)])
    assert copied_from(np.concatenate([X[:50], rare]), y) is None


def test_few_arrays_of_a_number_a_sample_are_there_at_a_time(monkeypatch):
    monkeypatch.setattr(repeats, "_VALUES_AT_ONCE", 2**12)
    X, y = RNG.normal(size=(100_000, 2)).astype(np.float32), np.arange(100_000) % 3
    tracemalloc.start()
    assert copied_from(X, y) is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * 8 * len(y)
