"""The CIFAR networks have the layers and the numbers of parameters that their papers print."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from sklimb.backbones import DenseNet, ResNet, ResNeXt
from sklimb.heads import LinearHead


def n_parameters(net, width, n_classes=10):
    return sum(p.numel() for m in (net, LinearHead(width, n_classes)) for p in m.parameters())


# He et al. 2016, Table 6: 0.27 M, 0.46 M, 0.66 M, 0.85 M, 1.7 M
@pytest.mark.parametrize(
    ("depth", "published", "digits"),
    [(20, 0.27, 2), (32, 0.46, 2), (44, 0.66, 2), (56, 0.85, 2), (110, 1.7, 1)],
)
def test_resnet(depth, published, digits):
    net = ResNet(depth=depth)
    assert round(n_parameters(net, 64) / 1e6, digits) == published
    layers = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    assert len(layers) + 1 == depth


def test_densenet():  # Huang et al. 2017, Table 2: 1.0 M
    net = DenseNet()
    assert round(n_parameters(net, 448) / 1e6, 1) == 1.0
    assert len([m for m in net.modules() if isinstance(m, nn.Conv2d)]) + 1 == 40
    assert net.block2(net.transition1(net.block1(torch.zeros(1, 16, 32, 32)))).shape == (
        (1, 304, 16, 16)
    )


def test_resnext():  # Xie et al. 2017, Table 7: 34.4 M
    with torch.device("meta"):
        net = ResNeXt()
        assert round(n_parameters(net, 1024) / 1e6, 1) == 34.4
    on_the_way = [m for m in net.modules() if isinstance(m, nn.Conv2d) and m.stride == (1, 1)]
    assert {m.groups for m in on_the_way} == {1, 8}
    assert len([m for m in net.modules() if isinstance(m, nn.Conv2d)]) + 1 == 29 + 3  # shortcuts


def test_resnet_sizes_and_stage():
    net = ResNet(depth=32).eval()
    maps = net.layer2(net.layer1(torch.zeros(1, 16, 32, 32)))
    assert net.default_stage == "layer2" and maps.shape == (1, 32, 16, 16)
    assert net.layer3(maps).shape == (1, 64, 8, 8)
    assert ResNet(1, depth=8, width=5).eval()(torch.zeros(2, 1, 9, 7)).shape == (2, 20)


def test_a_residual_block_that_shrinks():
    block = ResNet(depth=8, width=4).layer2[0].eval()
    x = torch.randn(2, 4, 6, 6)
    with torch.no_grad():
        inner = block.second_norm(block.second(F.relu(block.first_norm(block.first(x)))))
        shortcut = torch.zeros_like(inner)
        for channel in range(4):
            for j in range(3):
                for k in range(3):
                    shortcut[:, channel, j, k] = x[:, channel, 2 * j, 2 * k]
        torch.testing.assert_close(block(x), F.relu(inner + shortcut))


@pytest.mark.parametrize(
    ("cls", "depth", "rule"), [(ResNet, 31, "6n"), (ResNet, 2, "6n"), (DenseNet, 4, "3n"),
                               (DenseNet, 41, "3n"), (ResNeXt, 2, "9n"), (ResNeXt, 30, "9n")]
)  # fmt: skip
def test_depths_that_cannot_be(cls, depth, rule):
    with pytest.raises(ValueError, match=rf"depth must be {rule} \+ \d .*got {depth}"):
        cls(depth=depth)
