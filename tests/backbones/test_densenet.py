"""The CIFAR DenseNet against a forward pass written from section 3 of Huang et al. 2017."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from sklimb.backbones import DenseNet
from tests.backbones.shared import each_mode, n_parameters, normalize, pixels, settled


def test_it_has_the_published_layers_and_parameters():  # Huang et al. 2017, Table 2: 1.0 M
    net = DenseNet()
    assert round(n_parameters(net, 448) / 1e6, 1) == 1.0
    assert len([m for m in net.modules() if isinstance(m, nn.Conv2d)]) + 1 == 40
    assert net.block2(net.transition1(net.block1(torch.zeros(1, 16, 32, 32)))).shape == (
        (1, 304, 16, 16)
    )


def naive_pool(x):
    """2x2 mean pooling; a row or column that is left over counts nowhere."""
    n, n_channels, height, width = x.shape
    out = x.new_empty(n, n_channels, height // 2, width // 2)
    for j in range(height // 2):
        for k in range(width // 2):
            four = [x[:, :, 2 * j + a, 2 * k + b] for a in (0, 1) for b in (0, 1)]
            out[:, :, j, k] = sum(four) / 4
    return out


@each_mode
@pytest.mark.parametrize("size", [(8, 8), (9, 6)])
def test_it_is_the_papers_network(size, training):
    growth = 3
    net = settled(DenseNet(2, depth=13, growth=growth), training)
    x, maps = pixels(*size)
    with torch.no_grad():
        maps = F.conv2d(maps, net.convolution.weight, padding=1)
        transitions = (net.transition1, net.transition2, None)
        for block, transition in zip((net.block1, net.block2, net.block3), transitions):
            assert len(block) == 3
            found = [maps]
            for layer in block:
                # H_l([x_0, ..., x_(l-1)]) is norm, ReLU, convolution: a sum over the maps so far,
                # each with its channels of the layer's norm and filters
                new, start = 0.0, 0
                for before in found:
                    channels = slice(start, start + before.shape[1])
                    active = F.relu(normalize(before, layer.norm, training, channels))
                    filters = layer.convolution.weight[:, channels]
                    new, start = new + F.conv2d(active, filters, padding=1), channels.stop
                assert new.shape[1] == growth and start == layer.norm.num_features
                found.append(new)
            maps = torch.cat(found, 1)
            if transition is not None:
                (norm,) = (m for m in transition if isinstance(m, nn.BatchNorm2d))
                (convolution,) = (m for m in transition if isinstance(m, nn.Conv2d))
                maps = F.conv2d(F.relu(normalize(maps, norm, training)), convolution.weight)
                maps = naive_pool(maps)
        # the authors' code: norm and ReLU before the mean over positions, as before a convolution
        expected = F.relu(normalize(maps, net.norm, training)).mean((2, 3))
        torch.testing.assert_close(net(x), expected)


@pytest.mark.parametrize("depth", [4, 41])
def test_depths_that_cannot_be(depth):
    with pytest.raises(ValueError, match=rf"depth must be 3n \+ 4 .*got {depth}"):
        DenseNet(depth=depth)
