"""The Affinity paper's MNIST net."""

from __future__ import annotations

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from sklimb import AffinityClassifier
from sklimb.backbones import ConvNet


def test_it_is_the_papers():
    net = ConvNet()
    convolutions = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    assert [c.out_channels for c in convolutions] == [32, 64, 128]
    assert {c.kernel_size for c in convolutions} == {(5, 5)}
    (layer,) = (m for m in net.modules() if isinstance(m, nn.Linear))
    assert (layer.in_features, layer.out_features) == (128 * 4 * 4, 128)
    assert sum(p.numel() for p in net.parameters()) == (
        (25 * 1 + 1) * 32 + (25 * 32 + 1) * 64 + (25 * 64 + 1) * 128 + (128 * 16 + 1) * 128
    )
    assert net(torch.zeros(2, 1, 28, 28)).shape == (2, 128)


@pytest.mark.parametrize("size", [(8, 8), (28, 28), (32, 32), (5, 9), (1, 1)])
@pytest.mark.parametrize("channels", [(4,), (4, 5), (4, 5, 6), (4, 5, 6, 7)])
def test_any_size(size, channels):
    net = ConvNet(2, image_size=size, channels=channels, n_features=3, dropout=0.5)
    assert net(torch.zeros(2, 2, *size)).shape == (2, 3)
    stage = net.get_submodule(net.default_stage)
    assert isinstance(stage, nn.ReLU)
    assert net.default_stage == f"blocks.{max(len(channels) - 2, 0)}.1"


def test_without_convolutions_there_is_no_stage():
    net = ConvNet(1, image_size=(4, 4), channels=())
    assert net.default_stage is None
    assert net(torch.zeros(2, 1, 4, 4)).shape == (2, 128)


def test_digits_with_the_affinity_head():
    X, y = load_digits(return_X_y=True)
    X = X.reshape(-1, 1, 8, 8)
    model = AffinityClassifier(max_epochs=3, random_state=0).fit(X[:600], y[:600])
    assert isinstance(model.module_.backbone, ConvNet)
    assert model.score(X[600:1000], y[600:1000]) > 0.85
