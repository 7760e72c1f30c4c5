"""A network in other units: what goes in, what gradients come out, whose modules they are."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from sklimb.transforms._rescaled import Rescaled

SCALE = [2.0, 0.5, -3.0]


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5)).double().eval()


def naive_linear(layer, row):
    weight, bias = layer.weight.tolist(), layer.bias.tolist()
    return [math.fsum(w * v for w, v in zip(ws, row)) + b for ws, b in zip(weight, bias)]


def test_the_input_times_the_scale_goes_in(network):
    x = torch.randn(4, 3, dtype=torch.float64)
    expected = [naive_linear(network[0], [v * s for v, s in zip(row, SCALE)]) for row in x.tolist()]
    got = Rescaled(network, torch.tensor(SCALE, dtype=torch.float64))(x)
    torch.testing.assert_close(got, torch.tensor(expected, dtype=torch.float64))
    by_number = [naive_linear(network[0], [v * 7.0 for v in row]) for row in x.tolist()]
    expected = torch.tensor(by_number, dtype=torch.float64)
    torch.testing.assert_close(Rescaled(network, 7.0)(x), expected)


def test_gradients_are_in_the_units_of_the_input(network):
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    Rescaled(network, torch.tensor(SCALE, dtype=torch.float64))(x)[:, 1].sum().backward()
    expected = [w * s for w, s in zip(network[0].weight[1].tolist(), SCALE)]
    torch.testing.assert_close(x.grad, torch.tensor([expected] * 4, dtype=torch.float64))


def test_a_scale_a_channel_for_images():
    x = torch.rand(2, 3, 4, 5)
    got = Rescaled(lambda x: x, torch.tensor(SCALE)[:, None, None])(x)
    for channel, scale in enumerate(SCALE):
        assert torch.equal(got[:, channel], x[:, channel] * scale)


def test_modes_and_parameters_are_the_networks(network):
    # what freezes a network for a while has to reach the one inside
    outer = Rescaled(network, torch.tensor(SCALE, dtype=torch.float64))
    assert [id(p) for p in outer.parameters()] == [id(p) for p in network.parameters()]
    outer.train()
    assert network.training and network[1].training
    assert list(outer.state_dict()) == ["network.0.weight", "network.0.bias"]
