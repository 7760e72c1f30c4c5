"""What the tests of the published networks share."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from sklimb.heads import LinearHead

MEAN, SCALE = np.array([120.0, 3.0]), np.array([60.0, 0.5])

each_mode = pytest.mark.parametrize("training", [False, True], ids=["eval", "train"])


def n_parameters(net, width, n_classes=10):
    """Parameters of a backbone and its classifier, as papers count them."""
    return sum(p.numel() for m in (net, LinearHead(width, n_classes)) for p in m.parameters())


def settled(net, training):
    """The net in float64, with moments and factors as if it had been trained."""
    torch.manual_seed(0)
    net.double().train(training).set_input_scaling(MEAN, SCALE)
    for module in net.modules():
        if getattr(module, "bias", None) is not None:  # the convolutions have none
            nn.init.normal_(module.bias)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 2.0)
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
    return net


def pixels(height, width):
    """Images of two channels, and what the first convolution sees of them."""
    x = torch.randn(3, 2, height, width, dtype=torch.float64)
    mean, scale = (torch.from_numpy(m)[:, None, None] for m in (MEAN, SCALE))
    return scale * x + mean, x


def normalize(x, norm, training, channels=slice(None)):
    """Batch normalisation (Ioffe and Szegedy 2015) by some channels of a layer's moments."""
    mean, var = norm.running_mean[channels], norm.running_var[channels]
    if training:
        mean = x.mean((0, 2, 3))
        var = (x - mean[:, None, None]).square().mean((0, 2, 3))
    mean, var, weight, bias = (
        of_channel[:, None, None]
        for of_channel in (mean, var, norm.weight[channels], norm.bias[channels])
    )
    return (x - mean) / (var + 1e-5).sqrt() * weight + bias
