"""What the image backbones share: pixels in, augmentation and scaling first.

Shape
-----
x (n, in_channels, H, W), bytes or floats -> features (n, d).
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn

from sklimb.backbones.mlp import Standardize


class StandardizeChannels(Standardize):
    """Centre and scale each channel by buffers that are set once, from the training images.

    Images come as they are (bytes from 0 to 255, or floats of any range); batches are cast here, on
    the device, so that bytes stay bytes until then.

    Parameters
    ----------
    in_channels : int
        Number of channels.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklimb.backbones import StandardizeChannels
    >>> layer = StandardizeChannels(1)
    >>> layer.set_input_scaling(np.array([100.0]), np.array([50.0]))
    >>> layer(torch.tensor([[[[150, 0]]]], dtype=torch.uint8))
    tensor([[[[ 1., -2.]]]])
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__(in_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return (x - shift) / scale in the network's own float type.

        Parameters
        ----------
        x : Tensor, shape (n, in_channels, H, W)
            Pixels, of any number type.

        Returns
        -------
        Tensor, shape (n, in_channels, H, W)
            Scaled pixels.
        """
        # Not in float64 as columns are: a byte has all its digits in float32.
        x = x if x.is_floating_point() else x.to(self.like.dtype)
        shift, scale = (m.to(x.dtype)[:, None, None] for m in (self.shift, self.scale))
        return ((x - shift) / scale).to(self.like.dtype)


class ImageBackbone(nn.Module):
    """Base of the image backbones: `augment` while training, then scaling by channel.

    A subclass calls ``self.prepare(x)`` first in its forward pass, and names in ``default_stage``
    the submodule whose output a training-only transform changes unless told otherwise.

    Parameters
    ----------
    in_channels : int
        Number of channels.
    standardize : bool, default=True
        Centre and scale the channels by the (weighted) moments of the training images, inside the
        network.
    augment : nn.Module, default=None
        Changes a batch of raw pixels while training, as `sklimb.transforms.CropFlip`; it is copied.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones import ImageBackbone
    >>> class Mean(ImageBackbone):
    ...     def forward(self, x):
    ...         return self.prepare(x).mean((2, 3))
    >>> Mean(3)(torch.zeros(5, 3, 8, 8, dtype=torch.uint8)).shape
    torch.Size([5, 3])
    """

    default_stage: str | None = None

    def __init__(
        self, in_channels: int, *, standardize: bool = True, augment: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.augment = copy.deepcopy(augment)
        self.standardize = StandardizeChannels(in_channels) if standardize else None
        # Said to the network, which otherwise casts the input to its own float type first.
        self.casts_input = standardize
        # Whether moments of the channels are worth a pass over the data.
        self.wants_scaling = standardize

    def prepare(self, x: Tensor) -> Tensor:
        """Return the pixels as the first layer takes them.

        Parameters
        ----------
        x : Tensor, shape (n, in_channels, H, W)
            Raw pixels.

        Returns
        -------
        Tensor, shape (n, in_channels, H, W)
            Augmented while training, and scaled.

        Raises
        ------
        ValueError
            If x has other than four axes.
        """
        if x.ndim != 4:
            raise ValueError(
                f"{type(self).__name__} takes images (n, channels, height, width), got a batch of "
                f"shape {tuple(x.shape)}. Grey images need an axis for their one channel: "
                "image[None]."
            )
        if self.augment is not None and self.training:
            x = self.augment(x)
        if self.standardize is not None:
            x = self.standardize(x)
        # On a CPU convolutions are 3 to 28 % faster this way (all backbones here, forth and back).
        return x.contiguous(memory_format=torch.channels_last) if x.device.type == "cpu" else x

    def set_input_scaling(self, mean: np.ndarray, scale: np.ndarray) -> None:
        """Set the moments that `standardize` uses; without it, do nothing.

        Parameters
        ----------
        mean : ndarray of shape (in_channels,)
            Subtracted from the channels.
        scale : ndarray of shape (in_channels,)
            Divides what is left; none may be 0.
        """
        if self.standardize is not None:
            self.standardize.set_input_scaling(mean, scale)


def start_for_relu(net: nn.Module) -> None:
    """Draw start values that keep the scale of activations behind ReLUs (He et al. 2015)."""
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
