"""Mixup and Remix against their definitions, row by row."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification

from sklimb import RebalancedClassifier
from sklimb._data.training_data import ArrayData
from sklimb._training.mixup import label_share, mix_rows, mixed_loss
from sklimb._training.objective import LossTerms
from sklimb.backbones import MLP, SparseInputLinear

QUICK = {"module": MLP, "max_epochs": 4, "module__hidden": (16,), "random_state": 0}


@pytest.fixture(scope="module")
def data():
    return make_classification(
        300, 6, n_informative=5, n_redundant=0, weights=[0.9], random_state=0
    )


def naive_share(share, n, m, kappa, tau):
    # Chou et al. 2020, Eq. 8
    if n / m >= kappa and share < tau:
        return 0.0
    if n / m <= 1 / kappa and 1 - share < tau:
        return 1.0
    return share


@pytest.mark.parametrize("share", [0.0, 0.1, 0.49, 0.5, 0.51, 0.9, 1.0])
@pytest.mark.parametrize("tau", [0.0, 0.3, 0.5, 0.9])
def test_label_share(share, tau):
    n = torch.tensor([900.0, 300.0, 100.0, 100.0, 299.0, 100.0], dtype=torch.float64)
    m = torch.tensor([100.0, 100.0, 300.0, 900.0, 100.0, 100.0], dtype=torch.float64)
    expected = [naive_share(share, a, b, 3.0, tau) for a, b in zip(n.tolist(), m.tolist())]
    assert label_share(share, n, m, kappa=3.0, tau=tau).tolist() == expected


def test_sparse_rows_are_mixed_as_dense_ones():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(7, 5, dtype=torch.float64, generator=generator)
    x = x * (torch.rand(7, 5, generator=generator) < 0.4)
    x[2] = 0
    partner = torch.tensor([2, 2, 0, 6, 5, 4, 6])
    mixed = mix_rows(x.to_sparse_csr(), partner, 0.3)
    # a product, since a place may be given twice
    layer = SparseInputLinear(5, 3).double()
    torch.testing.assert_close(layer(mixed), layer(mix_rows(x, partner, 0.3)))
    assert mixed.values().numel() == (x != 0).sum() + (x[partner] != 0).sum()


def test_mix_rows():
    x = torch.arange(6, dtype=torch.uint8).view(3, 2)
    mixed = mix_rows(x, torch.tensor([2, 1, 0]), 0.75)
    torch.testing.assert_close(mixed, 0.75 * x.float() + 0.25 * x.float()[[2, 1, 0]])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("remix", [False, True])
def test_the_loss_of_a_mixed_batch(data, weighted, remix):
    X, y = data
    rng = np.random.default_rng(1)
    weight = rng.uniform(0.5, 2, len(y)) if weighted else None
    model = RebalancedClassifier(
        mixup=0.7, remix=remix, batch_size=300, dtype="float64", module__dropout=0.0, **QUICK
    ).fit(X, y, sample_weight=weight)
    net = model.net_
    batches = net.get_iterator(ArrayData(X, y.astype(int), weight))
    if weighted:
        batches.weight = torch.from_numpy(weight)
    (batch,) = batches
    counts = torch.from_numpy(net.counts_)
    mixing = {"counts": counts, "rng": net.streams.generator("mixup", 99)}
    loss = mixed_loss(net.module_, net.criterion_, batch, net.mixup, **mixing)["loss"].item()

    rng = net.streams.generator("mixup", 99)
    share, partner = rng.beta(0.7, 0.7), rng.permutation(300)
    with torch.no_grad():
        scores = model.module_(torch.from_numpy(share * X + (1 - share) * X[partner]))
    log_proba = scores.log_softmax(1).numpy()
    total = mass = 0.0
    counts = np.bincount(y, weight)
    for i, j in enumerate(partner):
        own = naive_share(share, counts[y[i]], counts[y[j]], 3.0, 0.5) if remix else share
        wi, wj = (1.0, 1.0) if weight is None else (weight[i], weight[j])
        total -= own * wi * log_proba[i, y[i]] + (1 - own) * wj * log_proba[i, y[j]]
        mass += own * wi + (1 - own) * wj
    assert loss == pytest.approx(total / mass, rel=1e-9)
    by_number = LossTerms(net.criterion_.terms, "mean")
    mixing["rng"] = net.streams.generator("mixup", 99)
    loss = mixed_loss(net.module_, by_number, batch, net.mixup, **mixing)["loss"].item()
    assert loss == pytest.approx(total / len(y), rel=1e-9)  # a pair is one sample


def test_off_is_the_plain_net_bit_for_bit(data):
    X, y = data
    plain, off, on = (
        RebalancedClassifier(**QUICK, **params).fit(X, y).predict_proba(X)
        for params in ({}, {"mixup": 0.0}, {"mixup": 1.0})
    )
    assert np.array_equal(plain, off)
    assert not np.allclose(plain, on, atol=1e-3)


def test_errors(data):
    with pytest.raises(ValueError, match=r"'mixup' parameter .* Got -1"):
        RebalancedClassifier(mixup=-1).fit(*data)
    with pytest.raises(ValueError, match="remix=True needs mixup above 0"):
        RebalancedClassifier(remix=True).fit(*data)
