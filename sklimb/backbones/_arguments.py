"""Checks of the arguments that the backbones share."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any


def check_widths(value: Any, name: str, example: str) -> None:
    """Raise an error unless a value is a sequence of whole numbers from 1 on.

    Examples
    --------
    >>> from sklimb.backbones._arguments import check_widths
    >>> check_widths(64, "hidden", "(128, 128)")
    Traceback (most recent call last):
        ...
    TypeError: hidden must be a sequence of widths such as (128, 128), got 64. One layer is (64,).
    """
    if isinstance(value, str) or not (hasattr(value, "__len__") and hasattr(value, "__iter__")):
        one = isinstance(value, Integral) and not isinstance(value, bool)
        hint = f" One layer is ({value},)." if one else ""
        raise TypeError(
            f"{name} must be a sequence of widths such as {example}, got {value!r}.{hint}"
        )
    for width in value:
        check_width(width, f"each of {name}")


def check_width(value: Any, name: str) -> None:
    """Raise an error unless a value is a whole number from 1 on."""
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number, got {value!r}.")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value!r}.")


def check_dropout(value: Any) -> None:
    """Raise an error unless a value is a share of activations."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"dropout must be a number in [0, 1], got {value!r}.")
    if not 0 <= value <= 1:
        raise ValueError(f"dropout must lie in [0, 1], got {value!r}; 0 is off.")
