"""Images as they come: arrays of three or four axes, made (n_samples, channels, height, width)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from sklimb._compare.errors import InputError

# A last axis of so many is that of the channels, where the second is not.
_CHANNELS = (1, 3, 4)
_LEAST_SIDE = 4


def is_images(X: Any) -> bool:
    """Return whether `X` is an array of images: numbers with three or four axes."""
    if sparse.issparse(X) or hasattr(X, "columns"):
        return False
    return getattr(X, "ndim", 0) in (3, 4)


def check_images(X: Any, what: str = "X") -> tuple[np.ndarray, str, list[str]]:
    """Check images once for all methods.

    Parameters
    ----------
    X : array-like of shape (n, height, width), (n, channels, height, width) or (n, height, width,
        channels)
    what : str, default="X"
        What it is called in messages and code.

    Returns
    -------
    X : ndarray of shape (n, channels, height, width)
    code : str
        Python that does the same; empty where nothing is to be done.
    notes : list of str

    Raises
    ------
    InputError
        If no method for images could use it.
    """
    detached = X.detach().cpu() if hasattr(X, "detach") else X
    X = np.asarray(detached)
    if X.dtype.kind not in "fiub":
        raise InputError(f"{what} is an array of {X.dtype} with {X.ndim} axes, not of images")
    code, notes = "", []
    if 0 in X.shape:
        raise InputError(f"{what} is empty: its shape is {X.shape}")
    if X.ndim == 3:
        X, code = X[:, None], f"{what} = {what}[:, None]  # images of one channel"
    elif X.shape[3] in _CHANNELS and X.shape[1] not in _CHANNELS and X.shape[2] != X.shape[3]:
        notes.append(
            f"images of the shape {X.shape[1:]} were taken as height, width and channels; if not, "
            f"pass {what}.transpose(0, 2, 3, 1)"
        )
        X, code = X.transpose(0, 3, 1, 2), f"{what} = {what}.transpose(0, 3, 1, 2)"
    height, width = X.shape[2:]
    if min(height, width) < _LEAST_SIDE:
        raise InputError(
            f"{what} holds images of {height} x {width} pixels; they need {_LEAST_SIDE} each way "
            "(take rows of numbers as X.reshape(len(X), -1))"
        )
    if X.dtype.kind == "f" and not np.isfinite(X).all():
        row = int(np.flatnonzero(~np.isfinite(X.reshape(len(X), -1)).all(axis=1))[0]) + 1
        raise InputError(
            f"{what} has missing or infinite pixels (the first: image {row}); fill them, as with "
            "np.nan_to_num"
        )
    if X.dtype.kind == "b":
        X = X.astype(np.uint8)
    return np.ascontiguousarray(X), code and f"{code}\n", notes
