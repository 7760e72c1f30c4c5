"""Densely connected networks for small images (CIFAR).

Shape
-----
x (n, in_channels, H, W) -> features (n, 16 + growth (depth - 4)).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sklimb.backbones.images import ImageBackbone, start_for_relu


class _Layer(nn.Module):
    """`growth` new channels beside those that came in."""

    def __init__(self, n_in: int, growth: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(n_in)
        self.convolution = nn.Conv2d(n_in, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer's map."""
        return torch.cat([x, self.convolution(F.relu(self.norm(x)))], 1)


class DenseNet(ImageBackbone):
    """CIFAR DenseNet of 3n + 4 layers; by default DenseNet-40, k = 12 (Huang et al. 2017).

    A 3x3 convolution of 16 filters, three dense blocks of n layers with 1x1 convolutions and 2x2
    mean pooling between, and the mean over positions; neither bottleneck nor compression.

    Parameters
    ----------
    in_channels : int, default=3
        Number of channels of X; the classifiers fill it in.
    depth : int, default=40
        Layers, 3n + 4; the classifier's own layer is the last of them.
    growth : int, default=12
        Channels that each layer adds, k.
    standardize : bool, default=True
        Centre and scale the channels by the (weighted) moments of the training images, inside the
        network.
    augment : nn.Module, default=None
        Changes a batch of raw pixels while training, as `sklimb.transforms.CropFlip`; it is copied.

    References
    ----------
    .. [1] Huang, Liu, van der Maaten, Weinberger. Densely Connected Convolutional Networks. CVPR
       2017, section 3.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones import DenseNet
    >>> DenseNet(depth=10)(torch.zeros(2, 3, 16, 16)).shape
    torch.Size([2, 88])
    """

    # before the second-to-last down-sampling, where the mean over positions is the last
    default_stage = "block2"

    def __init__(
        self,
        in_channels: int = 3,
        *,
        depth: int = 40,
        growth: int = 12,
        standardize: bool = True,
        augment: nn.Module | None = None,
    ) -> None:
        super().__init__(in_channels, standardize=standardize, augment=augment)
        n, rest = divmod(depth - 4, 3)
        if n < 1 or rest:
            raise ValueError(f"depth must be 3n + 4 (7, 10, ..., 40, ...), got {depth!r}.")

        def block(n_in: int) -> nn.Sequential:
            return nn.Sequential(*(_Layer(n_in + i * growth, growth) for i in range(n)))

        def transition(width: int) -> nn.Sequential:
            convolution = nn.Conv2d(width, width, 1, bias=False)
            return nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), convolution, nn.AvgPool2d(2))

        grown = [16 + i * n * growth for i in range(4)]
        self.convolution = nn.Conv2d(in_channels, 16, 3, padding=1, bias=False)
        self.block1 = block(grown[0])
        self.transition1 = transition(grown[1])
        self.block2 = block(grown[1])
        self.transition2 = transition(grown[2])
        self.block3 = block(grown[2])
        self.norm = nn.BatchNorm2d(grown[3])
        start_for_relu(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return the features of a batch of images.

        Parameters
        ----------
        x : Tensor, shape (n, in_channels, H, W)
            Images.

        Returns
        -------
        Tensor, shape (n, 16 + growth (depth - 4))
            Features.
        """
        maps = self.transition1(self.block1(self.convolution(self.prepare(x))))
        maps = self.block3(self.transition2(self.block2(maps)))
        return F.relu(self.norm(maps)).mean((2, 3))
