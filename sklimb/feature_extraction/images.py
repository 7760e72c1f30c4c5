"""Images made smaller, and as rows of pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklimb._data.from_tensors import without_tensors


class ShrinkImages(TransformerMixin, BaseEstimator):
    """Images as floats, no side longer than so many pixels, as images or as rows.

    Blocks of whole pixels are averaged, as few as will do; what the last blocks lack is filled by
    the pixels at the edge. An image that is small enough stays as it is.

    Parameters
    ----------
    max_size : int, default=48
        The longest side in pixels.
    flat : bool, default=False
        Whether an image becomes a row of numbers, for classifiers of tables.

    Attributes
    ----------
    image_shape_ : tuple of int
        Channels, height and width of the images that were fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.feature_extraction import ShrinkImages
    >>> images = np.zeros((5, 3, 64, 96), dtype=np.uint8)
    >>> ShrinkImages(32).fit_transform(images).shape
    (5, 3, 22, 32)
    >>> ShrinkImages(32, flat=True).fit_transform(images).shape
    (5, 2112)
    """

    def __init__(self, max_size: int = 48, *, flat: bool = False):
        self.max_size = max_size
        self.flat = flat

    def fit(self, X: Any, y: Any = None) -> ShrinkImages:
        """Note how large the images are.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_channels, height, width) or (n_samples, height, width)
            Images of one size; those of one channel need no axis for it.
        y : object, default=None
            Not used.

        Returns
        -------
        ShrinkImages
            The fitted transformer.

        Raises
        ------
        ValueError
            If X holds no such images, or ``max_size`` is below 1.
        """
        if not isinstance(self.max_size, (int, np.integer)) or self.max_size < 1:
            raise ValueError(f"max_size must be a whole number above 0, got {self.max_size!r}.")
        self.image_shape_ = _with_channels(X).shape[1:]
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the images smaller.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_channels, height, width) or (n_samples, height, width)
            Images as large as those that were fitted.

        Returns
        -------
        images : ndarray of float32, shape (n_samples, n_channels, height, width)
            With ``flat`` of shape (n_samples, n_channels * height * width).

        Raises
        ------
        ValueError
            If they are not as large as those that were fitted.
        """
        check_is_fitted(self)
        images = _with_channels(X)
        if images.shape[1:] != self.image_shape_:
            raise ValueError(
                f"X has images of the shape {images.shape[1:]}, but {type(self).__name__} was "
                f"fitted to images of the shape {self.image_shape_}."
            )
        size = -(-max(images.shape[2:]) // self.max_size)
        images = _block_means(images, size) if size > 1 else images.astype(np.float32)
        return images.reshape(len(images), -1) if self.flat else images


def _with_channels(X: Any) -> np.ndarray:
    images = np.asarray(without_tensors(X, "X"))
    if images.ndim == 3:
        images = images[:, None]
    if images.ndim != 4 or 0 in images.shape[1:] or images.dtype.kind not in "fiub":
        raise ValueError(
            "X must be images, numbers of the shape (n_samples, n_channels, height, width) or "
            f"(n_samples, height, width), got {images.dtype} of the shape {images.shape}."
        )
    return images


def _block_means(images: np.ndarray, size: int) -> np.ndarray:
    n, channels, height, width = images.shape
    more = [(0, 0), (0, 0), (0, -height % size), (0, -width % size)]
    images = np.pad(images, more, mode="edge")
    blocks = images.reshape(n, channels, images.shape[2] // size, size, -1, size)
    return blocks.mean(axis=(3, 5), dtype=np.float32)
