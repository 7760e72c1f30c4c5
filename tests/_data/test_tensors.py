"""Arrays as tensors, shared where that may be; sparse rows against the same rows dense."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

from sklimb import DecoupledClassifier, RebalancedClassifier
from sklimb._data import tensors
from sklimb._data.tensors import as_tensor, blank_like, from_scipy
from sklimb.backbones import MLP
from tests.shared import QUICK, Items, same_bits
from tests.shared import data as data


@pytest.fixture
def each_time() -> Iterator[None]:
    """Let torch warn each time, not once in a process; a warning fails a test here."""
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(before)


def frozen(values):
    values = np.array(values)
    values.flags.writeable = False
    return values


@pytest.mark.usefixtures("each_time")
@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "u1", "?"])
def test_values_types_and_memory(dtype):
    values = np.arange(6).reshape(2, 3).astype(dtype)
    shared, copied = as_tensor(values), as_tensor(frozen(values))
    assert shared.data_ptr() == values.ctypes.data
    assert shared.dtype == copied.dtype
    assert torch.equal(shared, copied)
    assert torch.equal(as_tensor(frozen(values), dtype=torch.float64), shared.double())
    assert as_tensor(shared) is shared


@pytest.mark.usefixtures("each_time")
def test_a_copy_is_the_networks_own():
    values = frozen([1.0, 2.0])
    as_tensor(values).zero_()
    assert values.tolist() == [1.0, 2.0]


def given(X, y, weight):
    """The same in forms that must not be written to."""
    yield frozen(X), frozen(y), frozen(weight)
    yield pd.DataFrame(frozen(X)), pd.Series(frozen(y)), pd.Series(frozen(weight))


@pytest.mark.usefixtures("each_time")
@pytest.mark.parametrize(
    "model",
    [
        RebalancedClassifier(),
        *(DecoupledClassifier(method=m) for m in ("crt", "lws", "tau_norm", "ncm")),
    ],
    ids=lambda model: getattr(model, "method", "plain"),
)
def test_read_only_data_fit_as_others_do(model, data):
    X, y = data
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(y))
    model.set_params(**QUICK)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = type(model)(**model.get_params()).fit(X, y, sample_weight=weight)
        for rows in given(X, y, weight):
            assert same_bits(model.fit(*rows), expected)
            assert np.array_equal(model.predict_proba(rows[0]), expected.predict_proba(X))


@pytest.mark.usefixtures("each_time")
def test_a_dataset_of_read_only_arrays(data):
    X, y = data
    codes = np.unique(y, return_inverse=True)[1]
    model = RebalancedClassifier(**QUICK).set_params(module=MLP)
    expected = model.fit(Items([(x, int(k)) for x, k in zip(X, codes, strict=True)])).predict_proba(
        Items(list(X))
    )
    source = Items([(x, int(k)) for x, k in zip(frozen(X), codes, strict=True)])
    assert np.array_equal(model.fit(source).predict_proba(source), expected)


# --- compressed sparse rows ---------------------------------------------------------------------


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
    return tensors.from_scipy(matrix)


def test_conversions_keep_the_numbers(matrix, rows):
    assert tensors.is_csr(rows) and not tensors.is_csr(rows.to_dense())
    np.testing.assert_array_equal(rows.to_dense().numpy(), matrix.toarray())
    np.testing.assert_array_equal(tensors.to_scipy(rows).toarray(), matrix.toarray())
    assert tensors.to_float(rows, torch.float64) is rows
    single = tensors.to_float(rows, torch.float32)
    assert single.dtype == torch.float32
    np.testing.assert_array_equal(single.to_dense().numpy(), matrix.toarray().astype(np.float32))
    doubled = tensors.with_values(rows, 2 * rows.values())
    np.testing.assert_array_equal(doubled.to_dense().numpy(), 2 * matrix.toarray())


def test_memory_is_shared_where_it_may_be_written(matrix):
    assert np.shares_memory(tensors.from_scipy(matrix).values().numpy(), matrix.data)
    frozen = matrix.copy()
    frozen.data.flags.writeable = False
    np.testing.assert_array_equal(tensors.from_scipy(frozen).to_dense().numpy(), matrix.toarray())


@pytest.mark.parametrize("chosen", [[0], [8, 0, 0, 4, 3], [], list(range(9))])
def test_rows_are_taken_in_order_and_repeatedly(chosen, matrix, rows):
    taken = tensors.take_rows(rows, torch.tensor(chosen, dtype=torch.long))
    np.testing.assert_array_equal(taken.to_dense().numpy(), matrix.toarray()[chosen])


@pytest.mark.parametrize("chosen", [slice(0, 9), slice(2, 5), slice(4, 5), slice(8, 9)])
def test_slices_are_views(chosen, matrix, rows):
    taken = tensors.take_rows(rows, chosen)
    np.testing.assert_array_equal(taken.to_dense().numpy(), matrix.toarray()[chosen])
    if len(taken.values()):
        whole = rows.values().numpy()
        assert np.shares_memory(taken.values().numpy(), whole)


@pytest.mark.parametrize("sizes", [[9], [4, 5], [1, 3, 1, 4], [4, 1]])
def test_split(sizes, matrix, rows):
    parts = list(tensors.split_rows(rows, sizes))
    assert [len(part) for part in parts] == sizes
    together = torch.cat([part.to_dense() for part in parts]).numpy()
    np.testing.assert_array_equal(together, matrix.toarray()[: sum(sizes)])


def test_rows_behind(matrix, rows):
    padded = tensors.pad_rows(rows, 3).to_dense().numpy()
    np.testing.assert_array_equal(padded, np.vstack([matrix.toarray(), np.zeros((3, 7))]))


def test_columns_apart(matrix, rows):
    columns = torch.tensor([5, 0, 3])
    rest, dense = tensors.split_columns(rows, columns)
    expected = matrix.toarray()
    np.testing.assert_array_equal(dense.numpy(), expected[:, [5, 0, 3]])
    np.testing.assert_array_equal(
        tensors.from_columns(dense, columns, rest).to_dense().numpy()[:, [5, 0, 3]], dense.numpy()
    )
    expected[:, [5, 0, 3]] = 0
    np.testing.assert_array_equal(rest.to_dense().numpy(), expected)
    assert not set(rest.col_indices().tolist()) & {5, 0, 3}
    # a place given twice counts once with its sum
    _, dense = tensors.split_columns(tensors.add_rows(rows, rows), columns)
    np.testing.assert_array_equal(dense.numpy(), 2 * matrix.toarray()[:, [5, 0, 3]])
    rest, dense = tensors.split_columns(rows, torch.tensor([], dtype=torch.long))
    assert dense.shape == (9, 0)
    np.testing.assert_array_equal(rest.to_dense().numpy(), matrix.toarray())


def test_mean_nnz(rows):
    assert tensors.mean_nnz(rows) == max(1, len(rows.values()) // 9)
    assert tensors.mean_nnz(torch.zeros(5, 3, 4)) == 12
    assert tensors.mean_nnz(torch.zeros(0, 3)) == 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.uint8])
def test_a_blank_has_shape_and_type_and_no_value(dtype):
    x = torch.arange(1, 7).reshape(2, 3).to(dtype)
    blank = blank_like(x)
    assert blank.shape == x.shape and blank.dtype == dtype and not blank.any()
    if dtype.is_floating_point:
        sparse = blank_like(from_scipy(scipy.sparse.csr_array(x.numpy())))
        assert sparse.layout == torch.sparse_csr and sparse.dtype == dtype
        assert sparse.shape == x.shape and len(sparse.values()) == 0
        assert not sparse.to_dense().any()
