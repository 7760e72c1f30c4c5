"""What a net's copies and pickles hold, and what a training that goes on from them lacks."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification
from torch import nn

from sklimb import RebalancedClassifier, RSGClassifier
from sklimb._training.training_state import has_state, shallow_copy, without_state
from sklimb.backbones import MLP
from tests.shared import QUICK, same_bits
from tests.shared import data as data


def stepped(cls, **settings):
    layer = nn.Linear(3, 2)
    optimizer = cls(layer.parameters(), lr=0.1, **settings)

    def closure():
        optimizer.zero_grad()
        loss = layer(torch.ones(4, 3)).square().mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    return layer, optimizer


@pytest.mark.parametrize(
    ("cls", "settings", "remembers"),
    [
        (torch.optim.SGD, {}, False),
        (torch.optim.SGD, {"momentum": 0.9}, True),
        (torch.optim.AdamW, {}, True),
        (torch.optim.LBFGS, {}, True),
    ],
)
def test_an_optimiser_without_its_state(cls, settings, remembers):
    layer, optimizer = stepped(cls, **settings)
    assert has_state(optimizer) == remembers
    new = without_state(optimizer, {id(layer.bias)})
    assert not has_state(new) and has_state(optimizer) == remembers
    assert new.param_groups[0]["lr"] == 0.1
    assert [id(p) for p in new.param_groups[0]["params"]] == [id(layer.weight)]
    assert len(optimizer.param_groups[0]["params"]) == 2


def test_a_twin_shares_everything():
    layer = nn.Linear(2, 2)
    other = shallow_copy(layer)
    assert type(other) is nn.Linear and other.weight is layer.weight
    other.weight = nn.Parameter(torch.zeros(2, 2))
    other.name = "other"
    assert not hasattr(layer, "name")


@pytest.mark.parametrize("keep", [False, True])
def test_a_deep_copy_goes_on_and_a_pickle_says_that_it_does_not(keep, data):
    model = RebalancedClassifier(keep_training_state=keep, **QUICK).fit(*data)
    deep = copy.deepcopy(model)
    loaded = pickle.loads(pickle.dumps(model))
    assert has_state(loaded.net_.optimizer_) == keep and has_state(deep.net_.optimizer_)
    model.partial_fit(*data)
    assert same_bits(deep.partial_fit(*data), model)
    if keep:
        assert same_bits(loaded.partial_fit(*data), model)
        return
    with pytest.warns(RuntimeWarning, match=r"optimiser.*keep_training_state=True") as caught:
        loaded.partial_fit(*data)
    assert caught[0].filename == __file__ and len(caught) == 1
    assert not same_bits(loaded, model)
    loaded.partial_fit(*data)  # said once


# LBFGS as it is meant: one batch, so one function, and steps that a line search keeps downhill.
# From batch to batch it may leave the finite numbers, by which kernels a processor takes.
STEADY = {
    "optimizer__line_search_fn": "strong_wolfe",
    "optimizer__max_iter": 4,
    "batch_size": 240,
    "lr": 0.1,
    "dtype": "float64",
}


@pytest.mark.parametrize(
    ("optimizer", "own"), [(torch.optim.SGD, {}), (torch.optim.LBFGS, STEADY)], ids=["SGD", "LBFGS"]
)
def test_where_nothing_is_lost_nothing_is_said(optimizer, own, data):
    """LBFGS has a memory, so it is kept here: what torch leaves out of its pickles is mended."""
    settings = QUICK | {"module__dropout": 0.0, "optimizer": optimizer, "max_epochs": 2} | own
    keep = optimizer is torch.optim.LBFGS
    model = RebalancedClassifier(keep_training_state=keep, **settings).fit(*data)
    for loaded in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        loaded.partial_fit(*data)
        assert same_bits(loaded, copy.deepcopy(model).partial_fit(*data))


def test_a_pickle_of_a_pickle_still_says_so(data):
    model = RebalancedClassifier(**QUICK).fit(*data)
    twice = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(model))))
    with pytest.warns(RuntimeWarning, match="optimiser"):
        twice.set_params(warm_start=True).fit(*data)


# --- the transform ----------------------------------------------------------------------------

X, Y = make_classification(60, 4, weights=[0.8], random_state=0)
RSG = {
    "module": MLP,
    "module__hidden": (8, 8),
    "n_centers": 2,
    "contrast_channels": 4,
    "max_epochs": 2,
    "random_state": 0,
}


def parameters_of(optimizer):
    return {id(p) for group in optimizer.param_groups for p in group["params"]}


def test_the_transform_is_dropped_with_its_share_of_the_optimiser():
    net = RSGClassifier(**RSG, keep_training_state=True).fit(X, Y).net_
    own = {id(p) for p in net._of_transform()}
    assert net.has_transform and own and own <= parameters_of(net.optimizer_)
    net.drop_transform()
    assert not net.has_transform and net._of_transform() == []
    assert not own & parameters_of(net.optimizer_)
    net.drop_transform()  # again changes nothing


def test_the_transform_is_built_anew_as_at_the_start():
    net = RSGClassifier(**RSG).fit(X, Y).net_
    assert not net.has_transform
    net.restore_transform()
    first = [p.detach().clone() for p in net._of_transform()]
    assert {id(p) for p in net._of_transform()} <= parameters_of(net.optimizer_)
    net.drop_transform()
    net.restore_transform()
    assert all(torch.equal(a, b) for a, b in zip(first, net._of_transform(), strict=True))


def test_building_the_transform_leaves_the_network_and_the_streams_alone():
    net = RSGClassifier(**RSG).fit(X, Y).net_
    before = [p.detach().clone() for p in net.module_.parameters()]
    state = torch.get_rng_state(), np.random.get_state()[1].copy()
    net.restore_transform()
    assert all(torch.equal(a, b) for a, b in zip(before, net.module_.parameters(), strict=True))
    assert torch.equal(state[0], torch.get_rng_state())
    assert np.array_equal(state[1], np.random.get_state()[1])
