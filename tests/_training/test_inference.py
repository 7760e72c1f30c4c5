"""Batches to predict are padded, results that are not finite are told."""

from __future__ import annotations

import weakref

import numpy as np
import pytest
import torch
from scipy import sparse
from torch import nn

from sklimb import OffsetDebiasedClassifier, RebalancedClassifier
from sklimb._data.batches import sizes_of_batches
from sklimb._data.tensors import from_scipy
from sklimb._data.training_data import ArrayData
from sklimb._training.inference import class_means, finite_samples, not_finite, padded, run
from sklimb.backbones import MLP
from tests.shared import data as data


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
            net.iterator_valid__batch_size = batch_size
            seen.clear()
            result = run(net, ArrayData(X[:n]), what)
            assert np.array_equal(result.numpy(), X[:n].reshape(n, -1)[:, :2])
            assert seen == [expected(size) for size in sizes_of_batches(n, batch_size)]


def test_no_batch_of_before_is_kept():
    """Small results that lie between what batches give back let memory grow with their number."""
    X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    model = RebalancedClassifier(module=nn.Flatten(), max_epochs=1, batch_size=10)
    net = model.fit(X, np.arange(60) % 2).net_
    net.iterator_valid__batch_size = 10
    results = []

    def what(module, x):
        assert all(result() is None for result in results[:-1])
        scores = x[:, :2].clone()
        results.append(weakref.ref(scores.untyped_storage()))
        return scores

    assert np.array_equal(run(net, ArrayData(X), what).numpy(), X[:, :2])
    assert len(results) == 6


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_samples_are_finite_if_all_their_values_are(shape):
    values = torch.zeros(4, *shape)
    values[1], values[3] = torch.nan, -torch.inf
    assert finite_samples(values).tolist() == [True, False, True, False]
    if shape:
        values[2, ..., -1] = torch.inf
        assert finite_samples(values).tolist() == [True, False, False, False]


def test_the_first_sample_is_named():
    said = not_finite(torch.tensor([True, False, False]), torch.float32)
    assert "2 of 3 samples (the first: sample 1)" in said and "too large for float32" in said


def sizes_seen(X, **settings):
    """Return the batch sizes of a prediction of X."""
    sizes = []
    model = RebalancedClassifier(module=MLP, max_epochs=1, random_state=0, **settings)
    model.fit(X[:40], np.arange(40) % 2)
    model.module_.register_forward_pre_hook(lambda module, args: sizes.append(len(args[0])))
    model.predict(X)
    return sizes


def test_rows_are_predicted_in_larger_batches_than_they_are_trained_in():
    narrow, wide = np.zeros((1500, 2), dtype=np.float32), np.zeros((1500, 600), dtype=np.float32)
    assert sizes_seen(narrow, batch_size=20) == [1024, 476]
    assert sizes_seen(narrow, batch_size=1200) == [1200, 300]
    assert sizes_seen(narrow, batch_size=20, n_members=2)[0] == 512
    assert max(sizes_seen(wide, batch_size=20)) * 600 <= 2**18
    assert sizes_seen(narrow, batch_size=20, iterator_valid__batch_size=700) == [700, 700, 100]


@pytest.mark.parametrize("weighted", [False, True])
def test_means_of_classes_are_those_of_a_loop(weighted, data):
    X, y = data
    model = OffsetDebiasedClassifier(
        max_epochs=1, batch_size=50, dtype="float64", random_state=0
    ).fit(X, y)
    codes = np.searchsorted(model.classes_, y)
    weight = np.random.default_rng(0).uniform(0.1, 4, len(y)) if weighted else None
    kept = codes != 1  # a class without samples has no mean
    part = ArrayData(X[kept], codes[kept], None if weight is None else weight[kept])
    means, present = class_means(model.net_, part, 3)
    assert present.tolist() == [True, False, True] and means.shape[:2] == (1, 3)
    with torch.no_grad():
        features = model.module_.eval().backbone(torch.from_numpy(X)).numpy()
    for k in (0, 2):
        total, mass = np.zeros(features.shape[1]), 0.0
        for row, code, w in zip(features, codes, np.ones(len(y)) if weight is None else weight):
            if code == k:
                total, mass = total + w * row, mass + w
        np.testing.assert_allclose(means[0, k], total / mass, rtol=1e-10)
