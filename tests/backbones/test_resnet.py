"""The CIFAR ResNet against a forward pass written from section 4.2 of He et al. 2016."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from sklimb.backbones import ResNet
from tests.backbones.shared import each_mode, n_parameters, normalize, pixels, settled


# He et al. 2016, Table 6: 0.27 M, 0.46 M, 0.66 M, 0.85 M, 1.7 M
@pytest.mark.parametrize(
    ("depth", "published", "digits"),
    [(20, 0.27, 2), (32, 0.46, 2), (44, 0.66, 2), (56, 0.85, 2), (110, 1.7, 1)],
)
def test_it_has_the_published_layers_and_parameters(depth, published, digits):
    net = ResNet(depth=depth)
    assert round(n_parameters(net, 64) / 1e6, digits) == published
    layers = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    assert len(layers) + 1 == depth


def test_sizes_and_stage():
    net = ResNet(depth=32).eval()
    maps = net.layer2(net.layer1(torch.zeros(1, 16, 32, 32)))
    assert net.default_stage == "layer2" and maps.shape == (1, 32, 16, 16)
    assert net.layer3(maps).shape == (1, 64, 8, 8)
    assert ResNet(1, depth=8, width=5).eval()(torch.zeros(2, 1, 9, 7)).shape == (2, 20)


def naive_shortcut(x, n_out, stride):
    """Option A: every other pixel, and zeros for the channels that are more."""
    n, n_in, height, width = x.shape
    out = x.new_zeros(n, n_out, -(-height // stride), -(-width // stride))
    for channel in range(n_in):
        for j in range(out.shape[2]):
            for k in range(out.shape[3]):
                out[:, channel, j, k] = x[:, channel, stride * j, stride * k]
    return out


@each_mode
@pytest.mark.parametrize("size", [(8, 8), (9, 6)])
def test_it_is_the_papers_network(size, training):
    net = settled(ResNet(2, depth=14, width=3), training)
    x, maps = pixels(*size)
    with torch.no_grad():
        maps = F.conv2d(maps, net.convolution.weight, padding=1)
        maps = F.relu(normalize(maps, net.norm, training))
        for i, group in enumerate((net.layer1, net.layer2, net.layer3)):
            assert len(group) == 2
            for j, block in enumerate(group):
                stride = 2 if i > 0 and j == 0 else 1  # the first block of a smaller size
                inner = F.conv2d(maps, block.first.weight, stride=stride, padding=1)
                inner = F.relu(normalize(inner, block.first_norm, training))
                inner = F.conv2d(inner, block.second.weight, padding=1)
                inner = normalize(inner, block.second_norm, training)
                maps = F.relu(inner + naive_shortcut(maps, 3 * 2**i, stride))
        torch.testing.assert_close(net(x), maps.mean((2, 3)))


@pytest.mark.parametrize("depth", [2, 31])
def test_depths_that_cannot_be(depth):
    with pytest.raises(ValueError, match=rf"depth must be 6n \+ 2 .*got {depth}"):
        ResNet(depth=depth)
