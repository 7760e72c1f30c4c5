"""Where RSG's generator sits in a network, and what is said where it cannot."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from sklimb._training.generator import build_generator
from sklimb._training.network import Network
from sklimb.backbones import MLP, ConvNet, ResNet, TabularMLP
from sklimb.heads import LinearHead
from sklimb.heads.members import MemberHeads


def network_of(backbone, x):
    with torch.no_grad():
        return Network(backbone, LinearHead(backbone.eval()(x).shape[1], 3))


@pytest.mark.parametrize(
    ("backbone", "x", "stage", "channels", "spatial"),
    [
        (lambda: MLP(6, hidden=(8, 5)), (2, 6), None, 8, False),
        (lambda: MLP(6, hidden=(8,)), (2, 6), None, 8, False),
        (lambda: MLP(6, hidden=(8, 5)), (2, 6), "0", 6, False),
        (lambda: ResNet(depth=8, width=4), (2, 3, 16, 16), None, 8, True),
        (lambda: ResNet(depth=8, width=4), (2, 3, 16, 16), "layer1", 4, True),
        (lambda: ConvNet(1, image_size=(8, 8)), (2, 1, 8, 8), None, 64, True),
        (lambda: ConvNet(1, image_size=(8, 8)), (2, 1, 8, 8), "blocks.2", 128, False),
        (lambda: ConvNet(1, image_size=(8, 8)), (2, 1, 8, 8), "layer", 128, False),
    ],
)
def test_it_fits_the_stage(backbone, x, stage, channels, spatial):
    x = torch.zeros(x)
    network = network_of(backbone(), x)
    generator = build_generator(network, x, 3, stage=stage, n_centers=2, contrast_channels=4)
    assert generator.centers.shape == (3, 2, channels)
    assert generator.spatial == spatial
    assert generator.stage == (stage or network.backbone.default_stage)
    generator.set_class_counts(torch.tensor([3.0, 1.0, 1.0]))
    generator.start_epoch(0, np.random.default_rng(0))
    network.train()
    labels = None

    def change(maps):
        nonlocal labels
        maps, labels, _ = generator.at_stage(maps, torch.tensor([0, 1]), None)
        return maps

    assert len(network.features(x, generator.stage, change)) == 3
    assert labels.tolist() == [0, 1, 1]


def test_members_that_share_nothing_have_one_each():
    for independent, n_generators in ((True, 3), (False, 1)):
        backbone = TabularMLP(6, n_members=3, hidden=(8, 5), independent=independent)
        network = Network(backbone, MemberHeads([LinearHead(5, 3) for _ in range(3)]))
        built = build_generator(network, torch.zeros(4, 6), 3, stage=None, n_centers=2)
        assert len(getattr(built, "members", [built])) == n_generators
        assert built.stage == backbone.default_stage


def test_looking_for_the_stage_leaves_the_network_as_it_was():
    x = torch.randn(2, 3, 8, 8)
    network = network_of(ResNet(depth=8, width=4), x)
    network.train()
    network.backbone.layer1.eval()
    modes = [module.training for module in network.modules()]
    state = copy.deepcopy(network.state_dict())
    build_generator(network, x, 3, stage=None, contrast_channels=4)
    assert modes == [module.training for module in network.modules()]
    assert all(torch.equal(a, b) for a, b in zip(state.values(), network.state_dict().values()))


def test_it_has_the_networks_float_type():
    x = torch.zeros(2, 6, dtype=torch.float64)
    network = network_of(MLP(6).double(), x).double()
    generator = build_generator(network, x, 3, stage=None)
    assert {p.dtype for p in generator.parameters()} == {torch.float64}


class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Unflatten(1, (2, 3))
        self.pair = nn.LSTM(3, 4, batch_first=True)

    def forward(self, x):
        return self.pair(self.tokens(x))[0].flatten(1)


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ("tokens", r"stage='tokens' gives output of shape \(2, 2, 3\); it must be maps"),
        ("pair", "stage='pair' gives output of tuple"),
        ("layer9", r"stage='layer9' is no submodule of Tokens; it has \['pair', 'tokens'\]"),
        (None, "Tokens does not say where a transform may sit. Pass stage="),
    ],
)
def test_a_stage_that_cannot_be(stage, message):
    x = torch.zeros(2, 6)
    with pytest.raises(ValueError, match=message):
        build_generator(network_of(Tokens(), x), x, 3, stage=stage)
