"""Compressed sparse rows against the same rows dense."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
import torch

from sklimb import _csr


@pytest.fixture(scope="module", params=[np.int32, np.int64])
def matrix(request):
    dense = np.random.default_rng(0).random((9, 7))
    dense[dense > 0.3] = 0
    dense[4] = 0
    X = scipy.sparse.csr_array(dense)
    X.indices, X.indptr = X.indices.astype(request.param), X.indptr.astype(request.param)
    return X


@pytest.fixture(scope="module")
def rows(matrix):
    return _csr.from_scipy(matrix)


def test_conversions_keep_the_numbers(matrix, rows):
    assert _csr.is_csr(rows) and not _csr.is_csr(rows.to_dense())
    np.testing.assert_array_equal(rows.to_dense().numpy(), matrix.toarray())
    np.testing.assert_array_equal(_csr.to_scipy(rows).toarray(), matrix.toarray())
    assert _csr.to_float(rows, torch.float64) is rows
    single = _csr.to_float(rows, torch.float32)
    assert single.dtype == torch.float32
    np.testing.assert_array_equal(single.to_dense().numpy(), matrix.toarray().astype(np.float32))
    doubled = _csr.with_values(rows, 2 * rows.values())
    np.testing.assert_array_equal(doubled.to_dense().numpy(), 2 * matrix.toarray())


def test_memory_is_shared_where_it_may_be_written(matrix):
    assert np.shares_memory(_csr.from_scipy(matrix).values().numpy(), matrix.data)
    frozen = matrix.copy()
    frozen.data.flags.writeable = False
    np.testing.assert_array_equal(_csr.from_scipy(frozen).to_dense().numpy(), matrix.toarray())


@pytest.mark.parametrize("chosen", [[0], [8, 0, 0, 4, 3], [], list(range(9))])
def test_rows_are_taken_in_order_and_repeatedly(chosen, matrix, rows):
    taken = _csr.take_rows(rows, torch.tensor(chosen, dtype=torch.long))
    np.testing.assert_array_equal(taken.to_dense().numpy(), matrix.toarray()[chosen])


@pytest.mark.parametrize("chosen", [slice(0, 9), slice(2, 5), slice(4, 5), slice(8, 9)])
def test_slices_are_views(chosen, matrix, rows):
    taken = _csr.take_rows(rows, chosen)
    np.testing.assert_array_equal(taken.to_dense().numpy(), matrix.toarray()[chosen])
    if len(taken.values()):
        whole = rows.values().numpy()
        assert np.shares_memory(taken.values().numpy(), whole)


@pytest.mark.parametrize("sizes", [[9], [4, 5], [1, 3, 1, 4], [4, 1]])
def test_split(sizes, matrix, rows):
    parts = list(_csr.split_rows(rows, sizes))
    assert [len(part) for part in parts] == sizes
    together = torch.cat([part.to_dense() for part in parts]).numpy()
    np.testing.assert_array_equal(together, matrix.toarray()[: sum(sizes)])


def test_rows_behind(matrix, rows):
    padded = _csr.pad_rows(rows, 3).to_dense().numpy()
    np.testing.assert_array_equal(padded, np.vstack([matrix.toarray(), np.zeros((3, 7))]))


def test_columns_apart(matrix, rows):
    columns = torch.tensor([5, 0, 3])
    rest, dense = _csr.split_columns(rows, columns)
    expected = matrix.toarray()
    np.testing.assert_array_equal(dense.numpy(), expected[:, [5, 0, 3]])
    np.testing.assert_array_equal(
        _csr.from_columns(dense, columns, rest).to_dense().numpy()[:, [5, 0, 3]], dense.numpy()
    )
    expected[:, [5, 0, 3]] = 0
    np.testing.assert_array_equal(rest.to_dense().numpy(), expected)
    assert not set(rest.col_indices().tolist()) & {5, 0, 3}
    # a place given twice counts once with its sum
    _, dense = _csr.split_columns(_csr.add_rows(rows, rows), columns)
    np.testing.assert_array_equal(dense.numpy(), 2 * matrix.toarray()[:, [5, 0, 3]])
    rest, dense = _csr.split_columns(rows, torch.tensor([], dtype=torch.long))
    assert dense.shape == (9, 0)
    np.testing.assert_array_equal(rest.to_dense().numpy(), matrix.toarray())


def test_values_a_row(rows):
    assert _csr.values_a_row(rows) == max(1, len(rows.values()) // 9)
    assert _csr.values_a_row(torch.zeros(5, 3, 4)) == 12
    assert _csr.values_a_row(torch.zeros(0, 3)) == 1
