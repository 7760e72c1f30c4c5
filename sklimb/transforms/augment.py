"""Changes of image batches while training: padding, random crops and flips, on the device."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def crop_flip(x: Tensor, top: Tensor, left: Tensor, flip: Tensor, padding: int) -> Tensor:
    """Pad images with zeros, cut each to its old size at a place of its own, and mirror some.

    Parameters
    ----------
    x : Tensor, shape (n, C, H, W)
        Images, of any number type.
    top : Tensor of int, shape (n,)
        First row of each crop in the padded image, in [0, 2 padding].
    left : Tensor of int, shape (n,)
        First column of each crop.
    flip : Tensor of bool, shape (n,)
        Which crops are mirrored, left to right.
    padding : int
        Zeros on each side.

    Returns
    -------
    Tensor, shape (n, C, H, W)
        The crops.

    Examples
    --------
    >>> import torch
    >>> from sklimb.transforms import crop_flip
    >>> x = torch.tensor([[[[1, 2], [3, 4]]]])
    >>> crop_flip(x, torch.tensor([0]), torch.tensor([1]), torch.tensor([False]), 1)
    tensor([[[[0, 0],
              [1, 2]]]])
    """
    height, width = x.shape[2:]
    # A view of all crops there are; only those that are chosen are copied.
    crops = F.pad(x, [padding] * 4).unfold(2, height, 1).unfold(3, width, 1)
    cut = crops[torch.arange(len(x), device=x.device), :, top, left]
    return torch.where(flip[:, None, None, None], cut.flip(3), cut)


class CropFlip(nn.Module):
    """Random crops of padded images and horizontal flips, while training (He et al. 2016).

    Draws come from a stream of its own that follows from torch's seed without advancing it: the
    bits of dropout are the same with and without it, and every device gets the same crops.

    Parameters
    ----------
    padding : int, default=4
        Zeros on each side before an image of the old size is cut out.
    flip : bool, default=True
        Mirror each image with probability 1/2. Not for digits and letters.

    Examples
    --------
    >>> import torch
    >>> from sklimb.transforms import CropFlip
    >>> augment = CropFlip()
    >>> x = torch.rand(2, 3, 32, 32)
    >>> augment(x).shape, augment.eval()(x) is x
    (torch.Size([2, 3, 32, 32]), True)
    """

    def __init__(self, padding: int = 4, *, flip: bool = True) -> None:
        super().__init__()
        if padding < 0:
            raise ValueError(f"padding must not be negative, got {padding!r}.")
        self.padding = padding
        self.flip = flip
        self._seed: int | None = None
        self._generator = torch.Generator()

    def forward(self, x: Tensor) -> Tensor:
        """Return the images, changed in training mode.

        Parameters
        ----------
        x : Tensor, shape (n, C, H, W)
            Images, of any number type.

        Returns
        -------
        Tensor, shape (n, C, H, W)
            Crops of the padded images, some mirrored; in evaluation mode the images themselves.
        """
        if not self.training:
            return x
        if torch.initial_seed() != self._seed:  # the classifiers seed torch at each epoch
            self._seed = torch.initial_seed()
            self._generator.manual_seed((self._seed ^ 0x5DEECE66D) & (2**63 - 1))
        n = len(x)
        draw = torch.randint(2 * self.padding + 1, (2, n), generator=self._generator)
        flip = torch.rand(n, generator=self._generator) < (0.5 if self.flip else 0.0)
        top, left = draw.to(x.device, non_blocking=True)
        return crop_flip(x, top, left, flip.to(x.device, non_blocking=True), self.padding)

    def extra_repr(self) -> str:
        """Return the parameters.

        Returns
        -------
        str
            For the printed module.
        """
        return f"padding={self.padding}, flip={self.flip}"

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the generator, which not every torch can copy."""
        return {**self.__dict__, "_seed": None, "_generator": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the state, with a new generator."""
        super().__setstate__(state)
        self._generator = torch.Generator()
