"""Arrays as tensors: shared where that may be, copied once where nothing may write."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
import torch

from sklimb import DecoupledClassifier, RebalancedClassifier
from sklimb._data.tensors import as_tensor
from sklimb.backbones import MLP
from tests.shared import QUICK, Items, same_bits
from tests.shared import data as data


@pytest.fixture(autouse=True)
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


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "u1", "?"])
def test_values_types_and_memory(dtype):
    values = np.arange(6).reshape(2, 3).astype(dtype)
    shared, copied = as_tensor(values), as_tensor(frozen(values))
    assert shared.data_ptr() == values.ctypes.data
    assert shared.dtype == copied.dtype
    assert torch.equal(shared, copied)
    assert torch.equal(as_tensor(frozen(values), dtype=torch.float64), shared.double())
    assert as_tensor(shared) is shared


def test_a_copy_is_the_networks_own():
    values = frozen([1.0, 2.0])
    as_tensor(values).zero_()
    assert values.tolist() == [1.0, 2.0]


def given(X, y, weight):
    """The same in forms that must not be written to."""
    yield frozen(X), frozen(y), frozen(weight)
    yield pd.DataFrame(frozen(X)), pd.Series(frozen(y)), pd.Series(frozen(weight))


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


def test_a_dataset_of_read_only_arrays(data):
    X, y = data
    codes = np.unique(y, return_inverse=True)[1]
    model = RebalancedClassifier(**QUICK).set_params(module=MLP)
    expected = model.fit(Items([(x, int(k)) for x, k in zip(X, codes, strict=True)])).predict_proba(
        Items(list(X))
    )
    source = Items([(x, int(k)) for x, k in zip(frozen(X), codes, strict=True)])
    assert np.array_equal(model.fit(source).predict_proba(source), expected)
