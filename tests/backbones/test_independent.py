"""Members side by side: each as it would be alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sklimb.backbones import TabularMLP
from sklimb.backbones.independent import (
    IndependentCopies,
    IndependentDropout,
    IndependentLinear,
    IndependentPeriodicEmbedding,
    parts_of,
)
from sklimb.backbones.numeric import PeriodicEmbedding


@pytest.mark.parametrize("own", [False, True])
def test_a_linear_layer_is_one_for_each_member(own):
    torch.manual_seed(0)
    layer = IndependentLinear(5, 3, 4).double()
    x = torch.randn(7, 4, 5).double() if own else torch.randn(7, 5).double()
    found = layer(x)
    for m in range(4):
        of_member = x[:, m] if own else x
        expected = of_member @ layer.weight[m] + layer.bias[m]
        torch.testing.assert_close(found[:, m], expected)


def test_members_start_as_torchs_layer_does():
    layer, like = IndependentLinear(400, 50, 2), nn.Linear(400, 50)
    for name in ("weight", "bias"):
        spread = getattr(layer, name).detach().std() / getattr(like, name).detach().std()
        assert 0.7 < float(spread) < 1.4  # 50 draws and more


def test_an_embedding_is_one_for_each_member():
    torch.manual_seed(0)
    layer = IndependentPeriodicEmbedding(3, 4).double()
    x = torch.randn(6, 3).double()
    found = layer(x)
    alone = PeriodicEmbedding(3, n_frequencies=8).double()
    for m in range(4):
        alone.load_state_dict({k: v[m] for k, v in layer.state_dict().items()})
        torch.testing.assert_close(found[:, m], alone(x))


def test_copies_are_stacked():
    copies = IndependentCopies(lambda: nn.Linear(4, 2), 3)
    x = torch.randn(5, 4)
    for m, part in enumerate(parts_of(copies)):
        torch.testing.assert_close(copies(x)[:, m], part(x))
    assert parts_of(copies.members[0]) == [copies.members[0]]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"embedding": None},
        {"embedding": "piecewise_linear"},
        {"categorical_features": [2]},
        {"categorical_features": [0, 1, 2]},
        {"hidden": (8, 8, 8), "feature_scale": False},
    ],
)
def test_a_member_goes_by_its_own_parameters_alone(settings):
    torch.manual_seed(0)
    net = TabularMLP(3, n_members=3, independent=True, dropout=0.0, **settings)
    x = torch.randint(0, 3, (6, 3)).float()
    features = net(x)
    assert features.shape[:2] == (6, 3)
    features[:, 1].square().sum().backward()
    for name, parameter in net.named_parameters():
        if parameter.grad is None:  # a part of another member
            assert ".members." in name and ".members.1." not in name
        elif ".members." not in name:
            assert not parameter.grad[[0, 2]].any(), name


def test_one_member_is_the_plain_network():
    torch.manual_seed(0)
    plain = TabularMLP(3)
    torch.manual_seed(0)
    one = TabularMLP(3, independent=True)
    x = torch.randn(4, 3)
    assert torch.equal(plain.eval()(x), one.eval()(x))


def test_members_drop_the_same_places_of_a_sample():
    torch.manual_seed(0)
    x = torch.ones(500, 3, 16, dtype=torch.float64)
    layer = IndependentDropout(0.2)
    dropped = layer(x)
    assert (dropped == dropped[:, :1]).all()
    assert set(dropped.unique().tolist()) == {0.0, 1.25}
    # 8,000 draws: five standard deviations
    assert abs((dropped[:, 0] == 0).double().mean() - 0.2) < 5 * (0.2 * 0.8 / 8_000) ** 0.5
    assert not (layer(x) == dropped).all()
    assert layer.eval()(x) is x


@pytest.mark.parametrize(("share", "left"), [(0.0, 1.0), (1.0, 0.0)])
def test_dropout_of_nothing_and_of_all(share, left):
    x = torch.ones(4, 2, 3)
    assert (IndependentDropout(share)(x) == left).all()


def test_independent_members_have_dropout_of_their_own_kind():
    settings = {"n_members": 2, "hidden": (4,), "dropout": 0.1}
    assert isinstance(TabularMLP(3, independent=True, **settings).layers[-1], IndependentDropout)
    assert type(TabularMLP(3, **settings).layers[-1]) is nn.Dropout


def test_members_that_share_nothing_are_of_half_the_size_unless_it_is_given():
    net = TabularMLP(3, n_members=4, independent=True)
    assert net.layers[-3].weight.shape == (4, 64, 64)
    assert net.embedding.frequency.shape == (4, 3, 8)
    given = TabularMLP(3, n_members=4, independent=True, hidden=(10,))
    assert given.layers[0].weight.shape == (4, 12, 10)
    assert TabularMLP(3, n_members=4).embedding.frequency.shape == (3, 16)
