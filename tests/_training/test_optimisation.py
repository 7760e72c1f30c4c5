"""The learning-rate factor epoch by epoch; what is left out of weight decay; fused optimisers."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from sklimb import RebalancedClassifier
from sklimb._training.optimisation import (
    build_optimizer,
    learning_rate_factor,
    param_groups_weight_decay,
)
from sklimb.backbones import MLP, TabularMLP

X = np.random.default_rng(0).normal(size=(40, 3))
Y = np.arange(40) % 2


def factors(schedule, n, **kwargs):
    return [learning_rate_factor(schedule, epoch, n, **kwargs) for epoch in range(n)]


def test_none_keeps_the_rate():
    assert factors(None, 5) == [1.0] * 5


def test_cosine():
    got = factors("cosine", 8)
    np.testing.assert_allclose(got, [(1 + math.cos(math.pi * e / 8)) / 2 for e in range(8)])
    assert got[0] == 1.0
    assert got[4] == pytest.approx(0.5)
    assert all(a > b > 0 for a, b in pairwise(got))


def test_step_at_shares_and_at_epochs():
    expected = [1.0] * 160 + [1e-2] * 20 + [1e-4] * 20
    np.testing.assert_allclose(factors("step", 200), expected)
    np.testing.assert_allclose(factors("step", 200, milestones=(160, 180)), expected)
    np.testing.assert_allclose(factors("step", 200, milestones=(180, 0.8)), expected)
    np.testing.assert_allclose(factors("step", 4, milestones=(1,), decay=0.5), [1, 0.5, 0.5, 0.5])
    # 1 is an epoch and 1.0 the whole length
    assert factors("step", 4, milestones=(1.0,)) == [1.0] * 4
    assert factors("step", 4, milestones=()) == [1.0] * 4
    np.testing.assert_allclose(factors("step", 2, milestones=(0, 0.0), decay=0.5), [0.25, 0.25])


def test_an_epoch_may_be_an_integer_of_numpy():
    # as rebalance_from may: a grid over np.arange hands such over
    expected = factors("step", 10, milestones=(5,))
    assert factors("step", 10, milestones=(np.int64(5),)) == expected


@pytest.mark.parametrize("schedule", [None, "cosine", "step"])
def test_warm_up_multiplies_any_schedule(schedule):
    plain = factors(schedule, 10)
    warm = factors(schedule, 10, warmup_epochs=4)
    expected = [f * min(1.0, (e + 1) / 4) for e, f in enumerate(plain)]
    np.testing.assert_allclose(warm, expected)
    assert factors(None, 3, warmup_epochs=1) == [1.0] * 3
    np.testing.assert_allclose(factors(None, 3, warmup_epochs=6), [1 / 6, 2 / 6, 3 / 6])


@pytest.mark.parametrize("schedule", [None, "cosine", "step"])
def test_after_the_end_the_last_factor_stays(schedule):
    last = learning_rate_factor(schedule, 9, 10, warmup_epochs=3)
    for epoch in (10, 11, 10_000):
        assert learning_rate_factor(schedule, epoch, 10, warmup_epochs=3) == last


# --- weight decay -----------------------------------------------------------------------------


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
    assert param_groups_weight_decay(groups, network, torch.optim.LBFGS) is groups
    assert len(param_groups_weight_decay(groups, network, torch.optim.AdamW)) == 2


# --- fused forms ------------------------------------------------------------------------------


def test_an_optimiser_is_fused_but_for_what_must_not_be():
    ours, theirs = (nn.Parameter(torch.zeros(2)) for _ in range(2))
    groups = [{"params": [ours, theirs], "lr": 0.5}]
    made = build_optimizer(torch.optim.SGD, groups, {"momentum": 0.9}, device="cpu")
    assert [g["fused"] for g in made.param_groups] == [True]
    made = build_optimizer(torch.optim.SGD, groups, {}, device="cpu", plain={id(theirs)})
    assert [(len(g["params"]), g["fused"], g["lr"]) for g in made.param_groups] == [
        (1, True, 0.5), (1, False, 0.5)
    ]  # fmt: skip
    assert made.param_groups[1]["params"] == [theirs]
    # Adam's fused form counts the steps of each parameter, so one may begin late
    made = build_optimizer(torch.optim.AdamW, groups, {}, device="cpu", plain={id(theirs)})
    assert [(len(g["params"]), g["fused"]) for g in made.param_groups] == [(2, True)]
    for late in (False, True, True):
        made.zero_grad()
        (ours.sum() + (theirs.sum() if late else 0.0)).backward()
        made.step()
    assert [int(made.state[p]["step"]) for p in (ours, theirs)] == [3, 2]
    for settings, device in (({"foreach": True}, "cpu"), ({}, "mps")):  # the user's, or none there
        made = build_optimizer(torch.optim.SGD, groups, settings, device=device)
        assert not made.param_groups[0]["fused"] and len(made.param_groups) == 1
    assert build_optimizer(torch.optim.LBFGS, [{"params": [ours]}], {}, device="cpu")
