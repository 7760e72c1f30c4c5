"""From scores to probabilities and their logarithms, which agree in any float type."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import log_softmax


def probabilities(scores: np.ndarray, dtype: Any) -> np.ndarray:
    """Return the softmax of each sample, summed in float64 and rounded to a float type.

    Parameters
    ----------
    scores : ndarray, shape (n, C)
    dtype : dtype
        Of the result.

    Returns
    -------
    ndarray, shape (n, C)

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.classifiers.probabilities import probabilities
    >>> probabilities(np.array([[0.0, 0.0]]), np.float32)
    array([[0.5, 0.5]], dtype=float32)
    """
    # SciPy's softmax does the same, but its checks of the input take longer than this
    shifted = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
    return (shifted / shifted.sum(axis=1, keepdims=True)).astype(dtype, copy=False)


def log_probabilities(scores: np.ndarray, dtype: Any) -> np.ndarray:
    """Return the logarithms of `probabilities`, finite where those underflow.

    Near 1 the logarithm would have more digits than the rounded probability; it is taken from the
    rounded one there, so that the two agree.

    Parameters
    ----------
    scores : ndarray, shape (n, C)
    dtype : dtype
        Of the result.

    Returns
    -------
    ndarray, shape (n, C)

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.classifiers.probabilities import log_probabilities
    >>> log_probabilities(np.array([[0.0, 20.0]]), np.float32)
    array([[-20.,   0.]], dtype=float32)
    """
    logs = log_softmax(scores.astype(np.float64), axis=1)
    rounded = probabilities(scores, dtype)
    high = rounded > 0.5
    logs[high] = np.log(rounded[high], dtype=np.float64)
    return logs.astype(dtype, copy=False)
