"""The affinity paper's networks for large images: ResNet-18, and ResNet-50 with squeeze-excitation.

Shape
-----
x (n, 3, H, W) -> features (n, 8 width) of ResNet-18, (n, 32 width) of SE-ResNet-50, after global
average pooling.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sklimb.backbones.images import ImageBackbone, start_for_relu


class _Layer(nn.Sequential):
    """A convolution and its batch normalisation."""

    def __init__(self, n_in: int, n_out: int, size: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(n_in, n_out, size, stride, padding=size // 2, bias=False),
            nn.BatchNorm2d(n_out),
        )


class _SqueezeExcitation(nn.Module):
    """Channels scaled by what the mean over positions says (Hu et al. 2018, reduction 16)."""

    def __init__(self, n: int, reduction: int = 16) -> None:
        super().__init__()
        self.squeeze = nn.Linear(n, max(n // reduction, 1))
        self.excite = nn.Linear(max(n // reduction, 1), n)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scaled maps."""
        scale = self.excite(F.relu(self.squeeze(x.mean((2, 3))))).sigmoid()
        return x * scale[:, :, None, None]


class _Block(nn.Module):
    """A residual block: two 3x3 convolutions, or 1x1, 3x3, 1x1 with squeeze-excitation."""

    def __init__(self, n_in: int, width: int, stride: int, *, bottleneck: bool) -> None:
        super().__init__()
        n_out = 4 * width if bottleneck else width
        if bottleneck:
            layers = [_Layer(n_in, width, 1), _Layer(width, width, 3, stride)]
            layers += [_Layer(width, n_out, 1)]
        else:
            layers = [_Layer(n_in, n_out, 3, stride), _Layer(n_out, n_out, 3)]
        self.layers = nn.ModuleList(layers)
        self.scale = _SqueezeExcitation(n_out) if bottleneck else nn.Identity()
        changes = stride > 1 or n_in != n_out
        self.shortcut = _Layer(n_in, n_out, 1, stride) if changes else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's maps."""
        inner = x
        for layer in self.layers[:-1]:
            inner = F.relu(layer(inner))
        return F.relu(self.scale(self.layers[-1](inner)) + self.shortcut(x))


class _LargeResNet(ImageBackbone):
    """A 7x7 convolution, pooling, four groups of blocks, and the mean over positions (He et al.).

    Parameters
    ----------
    in_channels : int, default=3
        Number of channels of X; the classifiers fill it in.
    width : int, default=64
        Channels of the first group, the paper's.
    augment : nn.Module, default=None
        Changes a batch of raw pixels while training.
    weights : path, default=None
        A `state_dict` to start from, saved by `torch.save`.
    """

    blocks: tuple[int, ...]
    bottleneck: bool

    def __init__(
        self,
        in_channels: int = 3,
        *,
        width: int = 64,
        augment: nn.Module | None = None,
        weights: str | Path | None = None,
    ) -> None:
        super().__init__(in_channels, standardize=True, augment=augment)
        self.stem = _Layer(in_channels, width, 7, 2)
        groups, n_in = [], width
        for place, n_blocks in enumerate(self.blocks):
            own = width * 2**place
            for index in range(n_blocks):
                stride = 2 if place and not index else 1
                groups.append(_Block(n_in, own, stride, bottleneck=self.bottleneck))
                n_in = 4 * own if self.bottleneck else own
        self.groups = nn.Sequential(*groups)
        start_for_relu(self)
        if weights is not None:
            self.load_state_dict(torch.load(weights, weights_only=True))

    def forward(self, x: Tensor) -> Tensor:
        """Return the features of a batch of images."""
        x = F.relu(self.stem(self.prepare(x)))
        x = F.max_pool2d(x, 3, 2, padding=1)
        return self.groups(x).mean((2, 3))


class ResNet18(_LargeResNet):
    """Four groups of two blocks of two 3x3 convolutions."""

    blocks, bottleneck = (2, 2, 2, 2), False


class SEResNet50(_LargeResNet):
    """Groups of 3, 4, 6 and 3 bottlenecks with squeeze-excitation."""

    blocks, bottleneck = (3, 4, 6, 3), True
