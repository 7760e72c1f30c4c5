"""Batches to predict are padded, and what is added is cut off again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import sparse
from torch import nn

from sklimb import RebalancedClassifier
from sklimb._data.batches import sizes_of_batches
from sklimb._data.csr import from_scipy
from sklimb._data.training_data import ArrayData
from sklimb._training.padding import padded


def test_the_last_row_is_repeated_and_sparse_rows_are_empty():
    x = torch.arange(12.0).reshape(6, 2)
    more = padded(x)
    assert more.shape == (32, 2) and torch.equal(more[:6], x)
    assert torch.equal(more[6:], x[-1:].expand(26, 2))
    rows = from_scipy(sparse.csr_array(x.numpy()))
    assert torch.equal(padded(rows).to_dense()[:6], x) and not padded(rows).to_dense()[6:].any()
    whole = torch.zeros(32, 2)
    assert padded(whole) is whole


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((6,), lambda n: max(32, n)),  # a few rows more cost nothing
        ((3000,), lambda n: n + -n % 4),  # but of so many values they do
        ((1, 3, 3), lambda n: n + -n % 4),  # and images are for networks that take their time
    ],
    ids=["rows", "wide rows", "images"],
)
def test_run_pads_to_whole_kernels_and_cuts_the_padding_off(shape, expected):
    X = np.random.default_rng(0).normal(size=(43, *shape)).astype(np.float32)
    model = RebalancedClassifier(module=nn.Flatten(), max_epochs=1, batch_size=10)
    net = model.fit(X, np.arange(43) % 2).net_
    seen = []

    def what(module, x):
        assert not module.training
        assert not torch.is_grad_enabled()
        seen.append(len(x))
        return x.flatten(1)[:, :2]

    for n in (1, 2, 3, 4, 5, 10, 11, 23, 43):
        for batch_size in (10, 40):
            net.batch_size = batch_size
            seen.clear()
            result = net.run(ArrayData(X[:n]), what)
            assert np.array_equal(result.numpy(), X[:n].reshape(n, -1)[:, :2])
            assert seen == [expected(size) for size in sizes_of_batches(n, batch_size)]
