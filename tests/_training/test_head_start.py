"""What a head is given to start from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from sklimb import RebalancedClassifier
from sklimb._training import head_start
from sklimb.heads import LinearHead
from tests.shared import QUICK
from tests.shared import data as data


class Asks(LinearHead):
    """A linear head that keeps what it was given."""

    def init_from_data(self, features, y, weight, generator):
        assert not torch.is_grad_enabled() and not self.training
        self.given = features.clone(), y, weight, torch.rand(3, generator=generator)


class Asking(RebalancedClassifier):
    def _recipe(self, plan, data):
        return replace(super()._recipe(plan, data), head=lambda n_features: Asks(n_features, 3))


@pytest.mark.parametrize("weighted", [False, True])
def test_features_labels_and_weights_of_the_samples(weighted, data):
    X, y = data
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y)) if weighted else None
    model = Asking(**QUICK | {"lr": 1e-30, "max_epochs": 1}, module__dropout=0.5)
    model.fit(X, y, sample_weight=weight)
    features, codes, given, _ = model.module_.head.given
    assert codes.tolist() == np.unique(y, return_inverse=True)[1].tolist()
    np.testing.assert_allclose(features, model.transform(X), rtol=1e-4, atol=1e-5)
    assert given is None if weight is None else np.allclose(given, weight)


def test_some_of_each_class_where_there_are_many(data, monkeypatch):
    monkeypatch.setattr(head_start, "_SAMPLES_TO_START_FROM", 30)
    first, second = (Asking(**QUICK).fit(*data).module_.head.given for _ in range(2))
    assert np.bincount(first[1]).tolist() == [10, 10, 10]
    assert torch.equal(first[0], second[0]) and torch.equal(first[3], second[3])
    model = Asking(**QUICK).partial_fit(*data)
    drawn = model.module_.head.given[3]
    assert not torch.equal(model.partial_fit(*data).module_.head.given[3], drawn)


def test_a_head_that_does_not_ask_costs_nothing(data, monkeypatch):
    monkeypatch.setattr(
        "sklimb._data.training_data.TrainingData.stratified_subsample",
        lambda *args: pytest.fail("samples were chosen for nobody"),
    )
    RebalancedClassifier(**QUICK).fit(*data)
