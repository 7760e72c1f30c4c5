"""The transform of a net comes with it, goes when its work is done, and can come again."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.datasets import make_classification

from sklimb import RSGClassifier
from sklimb.backbones import MLP

X, Y = make_classification(60, 4, weights=[0.8], random_state=0)
SETTINGS = {
    "module": MLP,
    "module__hidden": (8, 8),
    "n_centers": 2,
    "contrast_channels": 4,
    "max_epochs": 2,
    "random_state": 0,
}


def parameters_of(optimizer):
    return {id(p) for group in optimizer.param_groups for p in group["params"]}


def test_it_is_dropped_with_its_share_of_the_optimiser():
    net = RSGClassifier(**SETTINGS, keep_training_state=True).fit(X, Y).net_
    own = {id(p) for p in net._of_transform()}
    assert net.has_transform and own and own <= parameters_of(net.optimizer_)
    net.drop_transform()
    assert not net.has_transform and net._of_transform() == []
    assert not own & parameters_of(net.optimizer_)
    net.drop_transform()  # again changes nothing


def test_it_is_built_anew_as_at_the_start():
    net = RSGClassifier(**SETTINGS).fit(X, Y).net_
    assert not net.has_transform
    net.restore_transform()
    first = [p.detach().clone() for p in net._of_transform()]
    assert {id(p) for p in net._of_transform()} <= parameters_of(net.optimizer_)
    net.drop_transform()
    net.restore_transform()
    assert all(torch.equal(a, b) for a, b in zip(first, net._of_transform(), strict=True))


def test_building_it_leaves_the_network_and_the_streams_alone():
    net = RSGClassifier(**SETTINGS).fit(X, Y).net_
    before = [p.detach().clone() for p in net.module_.parameters()]
    state = torch.get_rng_state(), np.random.get_state()[1].copy()
    net.restore_transform()
    assert all(torch.equal(a, b) for a, b in zip(before, net.module_.parameters(), strict=True))
    assert torch.equal(state[0], torch.get_rng_state())
    assert np.array_equal(state[1], np.random.get_state()[1])
