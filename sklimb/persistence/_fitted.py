"""What `fit` leaves in estimators, and what each of it must be: a table by attribute.

A file that was changed and sealed anew may hold anything under these names, which prediction goes
by without another look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def check_fitted(value: Any) -> None:
    """Raise a ValueError if an attribute of an estimator is not what `fit` leaves there.

    Parameters
    ----------
    value : estimator
        With the attributes that a file has for it.
    """
    own = vars(value)
    if isinstance(own.get("classes_"), list):  # of several outputs
        return
    for name, (what, fits) in _FITTED.items():
        if name in own and not fits(own[name], own):
            raise ValueError(
                f"its {type(value).__name__} has a {name} that is not {what}: "
                f"{' '.join(repr(own[name]).split())[:60]}."
            )


def is_counts(value: Any, n_classes: int) -> bool:
    """Return whether this is a finite number from 0 on for each class."""
    return _finite(value, (n_classes,)) and bool((value >= 0).all())


def _labels(value: Any, own: dict[str, Any]) -> bool:
    """Whether these are labels in ascending order, each once."""
    if not isinstance(value, np.ndarray) or value.ndim != 1 or not len(value):
        return False
    try:
        return bool(np.array_equal(np.unique(value), value))  # NaN equals nothing
    except (TypeError, ValueError):  # labels that cannot be compared
        return False


def _names(value: Any, own: dict[str, Any]) -> bool:
    array = isinstance(value, np.ndarray) and value.ndim == 1
    return array and all(isinstance(name, str) for name in value) and len(value) == _columns(own)


def _columns(own: dict[str, Any]) -> Any:
    return own.get("n_features_in_", len(own["feature_names_in_"]))


def _whole(value: Any, own: dict[str, Any]) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value > 0


def _finite(value: Any, shape: tuple[int, ...]) -> bool:
    array = isinstance(value, np.ndarray) and value.dtype.kind in "iuf"
    return array and value.shape == shape and bool(np.isfinite(value).all())


def _n_classes(own: dict[str, Any]) -> int:
    return np.size(own.get("classes_", ()))


def _counts(value: Any, own: dict[str, Any]) -> bool:
    return is_counts(value, _n_classes(own))


def _shares(value: Any, own: dict[str, Any]) -> bool:
    return _counts(value, own) and abs(float(value.sum()) - 1) < 1e-6


def _costs(value: Any, own: dict[str, Any]) -> bool:
    return value is None or _finite(value, (_n_classes(own),) * 2)


def _temperature(value: Any, own: dict[str, Any]) -> bool:
    return isinstance(value, (float, np.floating)) and 0 < value < np.inf


def _out_of_fold(value: Any, own: dict[str, Any]) -> bool:
    array = isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.ndim == 2
    # NaN for samples that nothing left out
    return array and value.shape[1] == _n_classes(own) and not (value < 0).any()


def _image_shape(value: Any, own: dict[str, Any]) -> bool:
    return isinstance(value, tuple) and len(value) == 3 and all(_whole(n, own) for n in value)


def _blend_weights(value: Any, own: dict[str, Any]) -> bool:
    n = len(own.get("estimators_", ()))
    return is_counts(value, n) and bool(value.any())


# Attribute -> (what it must be, whether a value is, given all attributes of its estimator).
_FITTED: dict[str, tuple[str, Callable[[Any, dict[str, Any]], bool]]] = {
    "classes_": ("an array of labels in order, each once", _labels),
    "n_features_in_": ("a number of columns", _whole),
    "feature_names_in_": ("a name for each column", _names),
    "class_counts_": ("a count for each class", _counts),
    "source_prior_": ("a share for each class", _shares),
    "target_prior_": ("a share for each class", _shares),
    "cost_matrix_": ("a cost for each pair of classes", _costs),
    "temperature_": ("a number above 0", _temperature),
    "oof_proba_": ("probabilities of each class", _out_of_fold),
    "image_shape_": ("channels, height and width", _image_shape),
    "_weights": ("a weight for each classifier", _blend_weights),
}
