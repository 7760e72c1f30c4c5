"""The training step: what a head's own rule is given, and when."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification

from sklimb import RebalancedClassifier
from sklimb.heads import LinearHead

QUICK = {"max_epochs": 1, "module__hidden": (8,), "module__dropout": 0.0, "random_state": 0}


class WatchedHead(LinearHead):
    """Keeps what `after_step` is called with, and the weights at that moment."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.calls, self.passes = [], 0

    def forward(self, embedded):
        if self.training:
            self.passes += 1
            self.last = embedded.detach().clone()
        return super().forward(embedded)

    def after_step(self, embedded, y, weight):
        self.calls.append((embedded, y, weight, self.last, self.weight.detach().clone()))


class Watched(RebalancedClassifier):
    def _make_head(self, n_features, n_classes):
        return WatchedHead(n_features, n_classes)


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(90, 5, n_informative=4, n_redundant=0, weights=[0.8], random_state=0)
    return X, y, np.random.default_rng(0).uniform(0.2, 3.0, 90)


def calls_of(data, **settings):
    X, y, weight = data
    model = Watched(**QUICK | settings).fit(X, y, sample_weight=weight)
    return model, model.module_.head.calls


def test_a_head_is_given_the_batch_with_its_weights_after_the_step(data):
    X, y, weight = data
    start = Watched(**QUICK, lr=1e-30, optimizer=torch.optim.SGD).fit(X, y).module_.head.weight
    model, calls = calls_of(data, batch_size=30)
    order = model.net_.streams.generator("shuffling", 0).permutation(90)
    assert len(calls) == 3
    for rows, (embedded, codes, given, scored, _) in zip(order.reshape(3, 30), calls, strict=True):
        assert codes.tolist() == y[rows].tolist()
        np.testing.assert_allclose(given, weight[rows] / weight.mean(), rtol=1e-5)
        assert torch.equal(embedded, scored)
        assert not embedded.requires_grad
    # the first call already sees weights that the optimiser has moved
    assert not torch.allclose(calls[0][4], start)


def test_weights_are_none_where_there_are_none_and_hold_those_of_classes(data):
    X, y, _ = data
    _, calls = calls_of((X, y, None))
    assert calls[0][2] is None
    _, calls = calls_of((X, y, None), class_weight="balanced", batch_size=90)
    _, codes, given, *_ = calls[0]
    share = [given[codes == code].sum().item() for code in (0, 1)]
    assert share[0] == pytest.approx(share[1], rel=1e-5)


def test_lbfgs_scores_several_times_and_moves_the_head_once(data):
    search = {"optimizer": torch.optim.LBFGS, "lr": 0.1, "module__dropout": 0.0}
    model, calls = calls_of(data, batch_size=90, **search)
    assert len(calls) == 1
    assert model.module_.head.passes > 1
    np.testing.assert_allclose(calls[0][2].mean(), 1.0, rtol=1e-5)


def test_a_head_without_a_rule_takes_the_same_steps(data):
    X, y, weight = data
    watched, _ = calls_of(data)
    plain = RebalancedClassifier(**QUICK).fit(X, y, sample_weight=weight)
    assert torch.equal(watched.module_.head.weight, plain.module_.head.weight)
