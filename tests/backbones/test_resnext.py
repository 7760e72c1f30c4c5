"""The CIFAR ResNeXt against a forward pass written from Xie et al. 2017."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from sklimb.backbones import ResNeXt
from tests.backbones.shared import each_mode, n_parameters, normalize, pixels, settled


def test_it_has_the_published_layers_and_parameters():  # Xie et al. 2017, Table 7: 34.4 M
    with torch.device("meta"):
        net = ResNeXt()
        assert round(n_parameters(net, 1024) / 1e6, 1) == 34.4
    on_the_way = [m for m in net.modules() if isinstance(m, nn.Conv2d) and m.stride == (1, 1)]
    assert {m.groups for m in on_the_way} == {1, 8}
    assert len([m for m in net.modules() if isinstance(m, nn.Conv2d)]) + 1 == 29 + 3  # shortcuts


def naive_block(x, block, cardinality, stride, training):
    """Eq. 3 in the form of Figure 3a: x and the sum of `cardinality` paths of their own."""
    reduce, group, expand = (m.weight for m in block.inner if isinstance(m, nn.Conv2d))
    norms = [m for m in block.inner if isinstance(m, nn.BatchNorm2d)]
    d, rest = divmod(len(reduce), cardinality)  # channels of a path
    assert rest == 0 and group.shape == (d * cardinality, d, 3, 3)
    total = 0.0
    for i in range(cardinality):
        path = slice(i * d, (i + 1) * d)
        maps = F.relu(normalize(F.conv2d(x, reduce[path]), norms[0], training, path))
        maps = F.conv2d(maps, group[path], stride=stride, padding=1)
        maps = F.relu(normalize(maps, norms[1], training, path))
        total = total + F.conv2d(maps, expand[:, path])
    # section 4: the norm comes after the paths are summed, the last ReLU after the shortcut
    total = normalize(total, norms[2], training)
    if x.shape[1] != total.shape[1]:
        x = F.conv2d(x, block.shortcut[0].weight, stride=stride)
        x = normalize(x, block.shortcut[1], training)
    return F.relu(total + x)


@each_mode
@pytest.mark.parametrize("size", [(8, 8), (9, 6)])
def test_it_is_the_papers_network(size, training):
    net = settled(ResNeXt(2, depth=20, cardinality=3, width=2), training)
    x, maps = pixels(*size)
    with torch.no_grad():
        maps = F.conv2d(maps, net.convolution.weight, padding=1)
        maps = F.relu(normalize(maps, net.norm, training))
        for i, group in enumerate((net.layer1, net.layer2, net.layer3)):
            assert len(group) == 2
            for j, block in enumerate(group):
                stride = 2 if i > 0 and j == 0 else 1  # the first block of a smaller size
                maps = naive_block(maps, block, 3, stride, training)
            assert maps.shape[1] == 256 * 2**i
        torch.testing.assert_close(net(x), maps.mean((2, 3)))


@pytest.mark.parametrize("depth", [2, 30])
def test_depths_that_cannot_be(depth):
    with pytest.raises(ValueError, match=rf"depth must be 9n \+ 2 .*got {depth}"):
        ResNeXt(depth=depth)
