"""Residual networks with grouped convolutions for small images (CIFAR).

Shape
-----
x (n, in_channels, H, W) -> features (n, 1024).
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from sklimb.backbones.images import ImageBackbone, start_for_relu


class _Bottleneck(nn.Module):
    """1x1, grouped 3x3 and 1x1 convolutions beside a shortcut."""

    def __init__(self, n_in: int, n_inner: int, n_out: int, cardinality: int, stride: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv2d(n_in, n_inner, 1, bias=False),
            nn.BatchNorm2d(n_inner),
            nn.ReLU(),
            nn.Conv2d(n_inner, n_inner, 3, stride, 1, groups=cardinality, bias=False),
            nn.BatchNorm2d(n_inner),
            nn.ReLU(),
            nn.Conv2d(n_inner, n_out, 1, bias=False),
            nn.BatchNorm2d(n_out),
        )
        self.shortcut = (
            nn.Identity()
            if n_in == n_out
            else nn.Sequential(nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's map."""
        return F.relu(self.inner(x) + self.shortcut(x))


class ResNeXt(ImageBackbone):
    """CIFAR ResNeXt of 9n + 2 layers; by default ResNeXt-29, 8x64d (Xie et al. 2017).

    A 3x3 convolution of 64 filters, three groups of n bottleneck blocks with 256, 512 and 1,024
    channels, and the mean over positions.

    Parameters
    ----------
    in_channels : int, default=3
        Number of channels of X; the classifiers fill it in.
    depth : int, default=29
        Layers, 9n + 2; the classifier's own layer is the last of them.
    cardinality : int, default=8
        Groups of the 3x3 convolutions.
    width : int, default=64
        Channels a group, in the first group of blocks; doubled in each further one.
    standardize : bool, default=True
        Centre and scale the channels by the (weighted) moments of the training images, inside the
        network.
    augment : nn.Module, default=None
        Changes a batch of raw pixels while training, as `sklimb.transforms.CropFlip`; it is copied.

    References
    ----------
    .. [1] Xie, Girshick, Dollar, Tu, He. Aggregated Residual Transformations for Deep Neural
       Networks. CVPR 2017, section 5.3.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones import ResNeXt
    >>> ResNeXt(cardinality=2, width=4)(torch.zeros(2, 3, 16, 16)).shape
    torch.Size([2, 1024])
    """

    # before the second-to-last down-sampling, where the mean over positions is the last
    default_stage = "layer2"

    def __init__(
        self,
        in_channels: int = 3,
        *,
        depth: int = 29,
        cardinality: int = 8,
        width: int = 64,
        standardize: bool = True,
        augment: nn.Module | None = None,
    ) -> None:
        super().__init__(in_channels, standardize=standardize, augment=augment)
        n, rest = divmod(depth - 2, 9)
        if n < 1 or rest:
            raise ValueError(f"depth must be 9n + 2 (11, 20, 29, ...), got {depth!r}.")
        self.convolution = nn.Conv2d(in_channels, 64, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(64)

        def group(n_in: int, factor: int, stride: int) -> nn.Sequential:
            n_inner, n_out = factor * width * cardinality, factor * 256
            first = _Bottleneck(n_in, n_inner, n_out, cardinality, stride)
            rest = (_Bottleneck(n_out, n_inner, n_out, cardinality, 1) for _ in range(n - 1))
            return nn.Sequential(first, *rest)

        self.layer1 = group(64, 1, 1)
        self.layer2 = group(256, 2, 2)
        self.layer3 = group(512, 4, 2)
        start_for_relu(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return the features of a batch of images.

        Parameters
        ----------
        x : Tensor, shape (n, in_channels, H, W)
            Images.

        Returns
        -------
        Tensor, shape (n, 1024)
            Features.
        """
        maps = F.relu(self.norm(self.convolution(self.prepare(x))))
        return self.layer3(self.layer2(self.layer1(maps))).mean((2, 3))
