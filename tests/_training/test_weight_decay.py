"""What is left out of weight decay."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from sklimb import RebalancedClassifier
from sklimb._training.weight_decay import spare_from_decay
from sklimb.backbones import MLP, TabularMLP

X = np.random.default_rng(0).normal(size=(40, 3))
Y = np.arange(40) % 2


def decays(model):
    """name -> weight decay, of all parameters."""
    by_id = {
        id(p): group["weight_decay"]
        for group in model.net_.optimizer_.param_groups
        for p in group["params"]
    }
    return {name: by_id[id(p)] for name, p in model.module_.named_parameters()}


def fit(module=TabularMLP, **params):
    return RebalancedClassifier(
        module=module, module__hidden=(4,), max_epochs=1, random_state=0, **params
    ).fit(X, Y)


def test_only_the_weights_of_layers_decay():
    found = decays(fit(n_members=2, optimizer__weight_decay=0.3))
    decayed = {name for name, decay in found.items() if decay == 0.3}
    assert decayed == {
        "backbone.layers.0.weight", "head.members.0.weight", "head.members.1.weight",
    }  # fmt: skip
    assert set(found.values()) == {0.0, 0.3}
    assert "backbone.layers.0.bias" in found
    assert "head.members.0.bias" in found


def test_the_plain_net_is_as_it_was():
    model = fit(MLP)
    (group,) = model.net_.optimizer_.param_groups
    assert len(group["params"]) == len(list(model.module_.parameters()))


def test_copies_ask_for_what_each_of_them_asks_for():
    module = TabularMLP(3, hidden=(4,))
    model = RebalancedClassifier(
        module=module, n_members=2, max_epochs=1, random_state=0, optimizer__weight_decay=0.3
    ).fit(X, Y)
    assert {name for name, decay in decays(model).items() if decay == 0.3} == {
        f"{part}.members.{member}.{name}"
        for part, name in (("backbone", "layers.0.weight"), ("head", "weight"))
        for member in (0, 1)
    }
    plain = fit(MLP, n_members=2, optimizer__weight_decay=0.3)
    assert set(decays(plain).values()) == {0.3}


def test_a_users_groups_keep_their_decay_and_their_rate():
    model = fit(
        n_members=1,
        optimizer__weight_decay=0.3,
        optimizer__param_groups=[
            ("*feature_scale", {"weight_decay": 0.7}),
            ("backbone.layers.*", {"lr": 0.5}),
        ],
    )
    found = decays(model)
    assert found["backbone.feature_scale"] == 0.7
    assert found["backbone.layers.0.weight"] == 0.3
    assert found["backbone.layers.0.bias"] == 0.0
    rates = {
        id(p): group["initial_lr"]
        for group in model.net_.optimizer_.param_groups
        for p in group["params"]
    }
    layer = model.module_.backbone.layers[0]
    assert rates[id(layer.weight)] == rates[id(layer.bias)] == 0.5


def test_an_optimiser_without_decay_gets_the_groups_as_they_are():
    network = nn.Module()
    network.backbone, network.head = TabularMLP(3, n_members=1), nn.Linear(4, 2)
    groups = [{"params": list(network.parameters())}]
    assert spare_from_decay(groups, network, torch.optim.LBFGS) is groups
    assert len(spare_from_decay(groups, network, torch.optim.AdamW)) == 2
