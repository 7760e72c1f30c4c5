"""Residual networks for small images (CIFAR).

Shape
-----
x (n, in_channels, H, W) -> features (n, 4 width).
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from sklimb.backbones.images import ImageBackbone, start_for_relu


class _Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut without parameters."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(n_out)
        self.second = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(n_out)
        self.stride = stride
        self.n_new = n_out - n_in

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's map."""
        inner = F.relu(self.first_norm(self.first(x)))
        inner = self.second_norm(self.second(inner))
        if self.stride > 1:
            x = x[:, :, :: self.stride, :: self.stride]
        if self.n_new:
            x = F.pad(x, (0, 0, 0, 0, 0, self.n_new))
        return F.relu(inner + x)


class ResNet(ImageBackbone):
    """CIFAR residual network of 6n + 2 layers: ResNet-20, 32, 44, 56, 110 (He et al. 2016).

    A 3x3 convolution, three groups of n blocks at sizes 1, 1/2 and 1/4 with `width`, 2 `width` and
    4 `width` channels, and the mean over positions. Shortcuts that change shape take every other
    pixel and append channels of zeros (their option A), so they have no parameters.

    Parameters
    ----------
    in_channels : int, default=3
        Number of channels of X; the classifiers fill it in.
    depth : int, default=32
        Layers, 6n + 2; the classifier's own layer is the last of them.
    width : int, default=16
        Channels of the first group, the paper's.
    standardize : bool, default=True
        Centre and scale the channels by the (weighted) moments of the training images, inside the
        network.
    augment : nn.Module, default=None
        Changes a batch of raw pixels while training, as `sklimb.transforms.CropFlip`; it is copied.

    References
    ----------
    .. [1] He, Zhang, Ren, Sun. Deep Residual Learning for Image Recognition. CVPR 2016, section
       4.2.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones import ResNet
    >>> net = ResNet(depth=32)
    >>> net(torch.zeros(2, 3, 32, 32)).shape, net.default_stage
    (torch.Size([2, 64]), 'layer2')
    """

    # before the second-to-last down-sampling, where the mean over positions is the last: 32x16x16
    default_stage = "layer2"

    def __init__(
        self,
        in_channels: int = 3,
        *,
        depth: int = 32,
        width: int = 16,
        standardize: bool = True,
        augment: nn.Module | None = None,
    ) -> None:
        super().__init__(in_channels, standardize=standardize, augment=augment)
        n, rest = divmod(depth - 2, 6)
        if n < 1 or rest:
            raise ValueError(f"depth must be 6n + 2 (8, 14, 20, 26, 32, ...), got {depth!r}.")
        self.convolution = nn.Conv2d(in_channels, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.layer1 = _group(width, width, n, 1)
        self.layer2 = _group(width, 2 * width, n, 2)
        self.layer3 = _group(2 * width, 4 * width, n, 2)
        start_for_relu(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return the features of a batch of images.

        Parameters
        ----------
        x : Tensor, shape (n, in_channels, H, W)
            Images.

        Returns
        -------
        Tensor, shape (n, 4 width)
            Features.
        """
        maps = F.relu(self.norm(self.convolution(self.prepare(x))))
        return self.layer3(self.layer2(self.layer1(maps))).mean((2, 3))


def _group(n_in: int, n_out: int, n_blocks: int, stride: int) -> nn.Sequential:
    first = _Block(n_in, n_out, stride)
    return nn.Sequential(first, *(_Block(n_out, n_out, 1) for _ in range(n_blocks - 1)))
