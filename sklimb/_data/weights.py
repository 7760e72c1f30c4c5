"""Weights of samples as people pass them in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight

from sklimb._data.from_tensors import without_tensors

# Weights are summed, and multiplied by squares of values of X.
_LARGEST_WEIGHT = 1e100


def check_weights(sample_weight: Any, n: int) -> np.ndarray | None:
    """Return a weight for each sample, or None where all are equal and so change nothing.

    Raises
    ------
    ValueError
        If a weight is negative or not finite or above 1e100, or all are 0.
    """
    weight = None
    if sample_weight is not None:
        sample_weight = _numbers_of_samples(sample_weight)
        # of X scikit-learn reads the number of samples alone
        try:
            weight = _check_sample_weight(
                sample_weight, np.empty((n, 1)), dtype=np.float64, ensure_non_negative=True
            )
        except OverflowError as error:  # an int that no float can hold
            raise ValueError(f"sample_weight holds a number that is too large: {error}") from None
        except (TypeError, ValueError) as error:
            if "could not convert" not in str(error) and "float() argument" not in str(error):
                raise
            raise ValueError(f"sample_weight must hold a number for each sample: {error}") from None
        if not np.any(weight > 0):
            raise ValueError("sample_weight is 0 for every sample; at least one must be positive.")
    if weight is None or np.ptp(weight) == 0:
        return None
    if weight.max() > _LARGEST_WEIGHT:
        raise ValueError(
            f"sample_weight has a weight of {weight.max():.3g}, so large that sums overflow. "
            "Divide all weights by the largest: their ratios are what counts."
        )
    return weight


def _numbers_of_samples(sample_weight: Any) -> Any:
    """Return weights as scikit-learn can check them; refuse what it would misread.

    Raises
    ------
    TypeError
        If they are by class, or dates or durations, which NumPy turns into nanoseconds.
    """
    if isinstance(sample_weight, (str, Mapping)):
        raise TypeError(
            f"sample_weight must hold a number for each sample, got {sample_weight!r}. What "
            "goes by class is class_weight, a parameter of the classifiers."
        )
    sample_weight = without_tensors(sample_weight, "sample_weight")
    if isinstance(sample_weight, np.ma.MaskedArray):
        return sample_weight.astype(np.float64).filled(np.nan)
    kind = getattr(getattr(sample_weight, "dtype", None), "kind", "f")
    if kind in "mM":
        raise TypeError(
            f"sample_weight must hold a number for each sample, got {sample_weight.dtype}: dates "
            "and durations are to be made numbers first, such as days."
        )
    return sample_weight
