"""What a backbone is told of the columns before training, and what a head starts from."""

from __future__ import annotations

import weakref
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse
import torch
from sklearn.base import clone
from torch import nn

from sklimb import AffinityClassifier, OffsetDebiasedClassifier, RebalancedClassifier
from sklimb._data.columns import column_quantiles
from sklimb._training import training
from sklimb.backbones import MLP
from sklimb.heads import LinearHead
from sklimb.heads.members import MemberHeads
from tests.shared import QUICK
from tests.shared import data as data

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(50, 3)), np.arange(50) % 2
WEIGHT = RNG.uniform(0.2, 2.0, 50)
SHARES = np.array([0.0, 0.3, 1.0])


class Asks(nn.Linear):
    """Keeps what it is told, in the order that it is told."""

    wants_quantiles = SHARES

    def __init__(self, in_features):
        super().__init__(in_features, 4)
        self.told = []

    def set_input_scaling(self, mean, scale):
        self.told.append(("moments", mean))

    def set_input_quantiles(self, quantiles):
        self.told.append(("quantiles", quantiles))


class AsksForQuantilesAlone(Asks):
    wants_scaling = False


def told(rows, weight=None, module=Asks, **params):
    model = RebalancedClassifier(module=module, max_epochs=1, random_state=0, **params)
    return model.fit(rows, Y, weight).module_.backbone.told


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_moments_first_then_quantiles_of_the_weighted_rows(weight):
    for rows in (X, scipy.sparse.csr_array(X)):
        (first, mean), (second, quantiles) = told(rows, weight)
        assert (first, second) == ("moments", "quantiles")
        np.testing.assert_allclose(mean, np.average(X, axis=0, weights=weight))
        np.testing.assert_array_equal(quantiles, column_quantiles(X, weight, SHARES))


def test_only_what_is_asked_for():
    ((name, _),) = told(X, module=AsksForQuantilesAlone)
    assert name == "quantiles"


def test_rows_that_are_held_back_do_not_count():
    (_, (_, quantiles)) = told(X, early_stopping=True, validation_fraction=0.4)
    assert not np.array_equal(quantiles, column_quantiles(X, None, SHARES))


def test_of_a_large_dataset_some_rows_drawn_once(monkeypatch):
    items = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    (_, (_, whole)) = told(items, WEIGHT)
    np.testing.assert_array_equal(whole, column_quantiles(X, WEIGHT, SHARES))
    monkeypatch.setattr(training, "_SAMPLES_FOR_QUANTILES", 20)
    (_, (_, some)) = told(items, WEIGHT)
    (_, (_, again)) = told(items, WEIGHT)
    np.testing.assert_array_equal(some, again)
    assert not np.array_equal(some, whole)
    assert np.isin(some[:, 0], X).all()


# --- the head -----------------------------------------------------------------------------------


class AsksForSamples(LinearHead):
    """A linear head that keeps what it was given."""

    def init_from_data(self, features, y, weight, generator):
        assert not torch.is_grad_enabled() and not self.training
        self.given = features.clone(), y, weight, torch.rand(3, generator=generator)


class Asking(RebalancedClassifier):
    def _recipe(self, plan, data):
        return replace(
            super()._recipe(plan, data), head=lambda n_features: AsksForSamples(n_features, 3)
        )


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
    monkeypatch.setattr(training, "_SAMPLES_FOR_HEAD", 30)
    first, second = (Asking(**QUICK).fit(*data).module_.head.given for _ in range(2))
    assert np.bincount(first[1]).tolist() == [10, 10, 10]
    assert torch.equal(first[0], second[0]) and torch.equal(first[3], second[3])
    model = Asking(**QUICK).partial_fit(*data)
    drawn = model.module_.head.given[3]
    assert not torch.equal(model.partial_fit(*data).module_.head.given[3], drawn)


STARTING = {"max_epochs": 1, "n_members": 3, "lr": 1e-30, "random_state": 0}
HEADS = [
    AffinityClassifier(**STARTING),
    AffinityClassifier(n_prototypes=2, cross_fit=True, **STARTING),
    OffsetDebiasedClassifier(cross_fit=True, **STARTING),
]


@pytest.mark.parametrize("model", HEADS, ids=["affinity", "drawn", "offset"])
def test_features_of_a_few_members_are_there_at_a_time(model, data, monkeypatch):
    X, y = data
    whole = clone(model).fit(X, y).module_.state_dict()
    of_one = len(y) * model.fit(X, y).module_.head.members[0].n_features_out
    monkeypatch.setattr(training, "_VALUES_FOR_HEAD", 2 * of_one)
    given = []
    init_from_data = MemberHeads.init_from_data

    def look(self, features, *args):
        assert all(before() is None for before in given)
        assert features.numel() == features.untyped_storage().size() / 4 <= 2 * of_one
        given.append(weakref.ref(features.untyped_storage()))
        init_from_data(self, features, *args)

    monkeypatch.setattr(MemberHeads, "init_from_data", look)
    in_parts = model.fit(X, y).module_.state_dict()
    assert len(given) == 2
    assert all(torch.equal(whole[name], value) for name, value in in_parts.items())


def test_a_dataset_is_gone_through_once_for_the_heads_of_all_members(data, monkeypatch):
    monkeypatch.setattr(training, "_VALUES_FOR_HEAD", 1)
    X, y = (torch.as_tensor(part) for part in (data[0], np.unique(data[1], return_inverse=True)[1]))
    opened = []

    class Items(torch.utils.data.TensorDataset):
        def __getitem__(self, index):
            opened.append(index)
            return super().__getitem__(index)

    counts = []
    start_head = training.start_head

    def count(*args):
        before = len(opened)
        start_head(*args)
        counts.append(len(opened) - before)

    monkeypatch.setattr(training, "start_head", count)
    model = AffinityClassifier(module=MLP, module__in_features=X.shape[1], **STARTING)
    model.fit(Items(X, y))
    assert counts == [len(y)]


def test_a_head_that_does_not_ask_costs_nothing(data, monkeypatch):
    monkeypatch.setattr(
        "sklimb._data.training_data.TrainingData.stratified_subsample",
        lambda *args: pytest.fail("samples were chosen for nobody"),
    )
    RebalancedClassifier(**QUICK).fit(*data)
