"""A small convolutional network for digits and the like.

Shape
-----
x (n, in_channels, H, W) -> features (n, n_features).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from sklimb.backbones._arguments import check_dropout, check_width, check_widths
from sklimb.backbones.images import ImageBackbone, start_for_relu


class ConvNet(ImageBackbone):
    """Three 5x5 convolutions and a layer: the MNIST net of Hayat et al. 2019.

    Each convolution keeps the size and is followed by a ReLU and 2x2 max pooling (the paper does
    not say how it pools); what is left of the image goes through one fully connected layer. Start
    values are those of He et al. 2015.

    Parameters
    ----------
    in_channels : int, default=1
        Number of channels of X; the classifiers fill it in.
    image_size : tuple of int, default=(28, 28)
        Height and width of the images; the classifiers fill it in.
    channels : sequence of int, default=(32, 64, 128)
        Filters of each convolution, the paper's.
    n_features : int, default=128
        Width of the layer behind them, the paper's.
    dropout : float, default=0.0
        Share of the features dropped while training; the paper has none.
    standardize : bool, default=True
        Centre and scale the channels by the (weighted) moments of the training images, inside the
        network.
    augment : nn.Module, default=None
        Changes a batch of raw pixels while training, as `sklimb.transforms.CropFlip`; it is copied.

    References
    ----------
    .. [1] Hayat, Khan, Zamir, Shen, Shao. Gaussian Affinity for Max-margin Class Imbalanced
       Learning. ICCV 2019, section 4.2.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones import ConvNet
    >>> ConvNet(1, image_size=(8, 8))(torch.zeros(3, 1, 8, 8)).shape
    torch.Size([3, 128])
    """

    def __init__(
        self,
        in_channels: int = 1,
        *,
        image_size: tuple[int, int] = (28, 28),
        channels: Sequence[int] = (32, 64, 128),
        n_features: int = 128,
        dropout: float = 0.0,
        standardize: bool = True,
        augment: nn.Module | None = None,
    ) -> None:
        super().__init__(in_channels, standardize=standardize, augment=augment)
        check_widths(channels, "channels", "(32, 64, 128)")
        check_width(n_features, "n_features")
        check_dropout(dropout)
        blocks = []
        height, width = image_size
        n_in = in_channels
        for n_out in channels:
            convolution = nn.Conv2d(n_in, n_out, 5, padding=2)
            blocks.append(nn.Sequential(convolution, nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)))
            height, width = -(-height // 2), -(-width // 2)
            n_in = n_out
        self.blocks = nn.Sequential(*blocks)
        self.layer = nn.Sequential(
            nn.Flatten(), nn.Linear(n_in * height * width, n_features), nn.ReLU()
        )
        self.dropout = nn.Dropout(dropout)
        start_for_relu(self)
        # before the second-to-last pooling
        self.default_stage = f"blocks.{max(len(blocks) - 2, 0)}.1" if blocks else None

    def forward(self, x: Tensor) -> Tensor:
        """Return the features of a batch of images.

        Parameters
        ----------
        x : Tensor, shape (n, in_channels, H, W)
            Images.

        Returns
        -------
        Tensor, shape (n, n_features)
            Features.
        """
        return self.dropout(self.layer(self.blocks(self.prepare(x))))
