"""What a user may call a loss with, looked at before and, where it is not finite, after.

The networks here call the functions of the files beside, which look at nothing.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from numbers import Real
from typing import Any, TypeVar

import torch
from torch import Tensor

F = TypeVar("F", bound=Callable[..., Tensor])

_SCORES = {"scores": "n C", "y": "n", "class_counts": "C", "weight": "C"}
# The axes of each tensor; a name stands for the same length in all of a call, ... for any more.
_AXES: dict[str, dict[str, str]] = {
    "affinity_margin_loss": {"affinity": "n C", "y": "n"},
    "am_softmax_loss": _SCORES,
    "balanced_softmax_loss": _SCORES,
    "center_estimation_loss": {"maps": "n D ...", "centers": "n K D", "assignment": "n K"},
    "center_loss": {"features": "n d", "y": "n", "centers": "C d"},
    "diversity": {"prototypes": "C m d"},
    "estimated_offset": {"weight": "C d", "centers": "C d"},
    "focal_loss": _SCORES,
    "gaussian_affinity": {"features": "n d", "prototypes": "C m d"},
    "ldam_loss": _SCORES,
    "ldam_margins": {"class_counts": "C"},
    "log_affinity": {"features": "n d", "prototypes": "C m d"},
    "log_class_shares": {"class_counts": "C"},
    "logit_adjusted_loss": _SCORES,
    "maximized_vector_loss": {
        "transformed": "n D ...", "displacement": "n D ...", "rare_displacement": "n D ...",
        "log_different": "n",
    },
    "move_centers": {"centers": "C d", "features": "n d", "y": "n", "weight": "n"},
    "position_cosine": {"a": "n D ...", "b": "n D ..."},
    "uniform_offset_loss": {"offset": "C"},
}  # fmt: skip
_INTEGERS = ("class_counts",)
_NAMES = ("reduction", "distance", "similarity")


def checked(loss: F) -> F:
    """Return a loss that looks at what it is called with.

    Parameters
    ----------
    loss : callable
        One of `sklimb.losses`.

    Returns
    -------
    callable
        It raises a TypeError or a ValueError that names the argument. Values of tensors are looked
        at on the CPU alone: elsewhere that would wait for the device.
    """
    axes = _AXES[loss.__name__]
    signature = inspect.signature(loss)
    names = list(signature.parameters)
    optional = {name for name in names if signature.parameters[name].default is None}

    @functools.wraps(loss)
    def call(*args: Any, **kwargs: Any) -> Tensor:
        if torch.compiler.is_compiling():
            return loss(*args, **kwargs)
        given = dict(zip(names, args, strict=False)) | kwargs
        if len(args) > len(names) or not given.keys() <= set(names):
            signature.bind(*args, **kwargs)  # which says what is too much
        _check({n: v for n, v in given.items() if not (v is None and n in optional)}, axes)
        args = tuple(_as_float(value) for value in args)
        kwargs = {name: _as_float(value) for name, value in kwargs.items()}
        try:
            result = loss(*args, **kwargs)
        except (IndexError, RuntimeError) as error:  # two devices, a float type torch lacks
            words = " ".join(str(error).split())
            raise ValueError(
                f"{loss.__name__} cannot be computed from {_summary(given)}: {words}"
            ) from error
        if result.device.type == "cpu" and not torch.isfinite(result.detach()).all():
            raise ValueError(_reason(loss.__name__, given))
        return result

    call.__module__ = "sklimb.losses"  # where pickle finds this one
    return call  # type: ignore[return-value]


def _check(given: Mapping[str, Any], axes: Mapping[str, str]) -> None:
    lengths: dict[str, tuple[int, str, Any]] = {}
    for name, value in given.items():
        if name in axes:
            _check_tensor(name, value, axes[name], lengths)
        elif name not in _NAMES:
            _check_number(name, value)
        elif not isinstance(value, str):
            raise ValueError(f"{name} must be a name, got {_short(value)}.")
    if "y" in given and "C" in lengths and given["y"].device.type == "cpu" and len(given["y"]):
        y, (n_classes, of, _) = given["y"], lengths["C"]
        least, largest = int(y.min()), int(y.max())
        if least < 0 or largest >= n_classes:
            wrong = least if least < 0 else largest
            raise ValueError(
                f"y must hold indices of the {n_classes} classes that {of} has, got {wrong}."
            )


def _as_float(value: Any) -> Any:
    """Return a fraction as a float, for tensors know none, and anything else as it is."""
    return float(value) if isinstance(value, Fraction) else value


def _check_tensor(
    name: str, value: Any, axes: str, lengths: dict[str, tuple[int, str, Any]]
) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be a torch tensor, got {_short(value)}.")
    wanted = axes.split()
    shape = tuple(value.shape)
    any_more = wanted[-1] == "..."
    wanted = wanted[:-1] if any_more else wanted
    if len(shape) < len(wanted) or (len(shape) > len(wanted) and not any_more):
        raise ValueError(f"{name} must have the shape {_written(axes)}, got {shape}.")
    for axis, length in zip(wanted, shape, strict=False):
        before, of, its = lengths.setdefault(axis, (length, name, shape))
        if before != length:
            raise ValueError(
                f"{name} must have the shape {_written(axes)} with the same {axis} as "
                f"{of}, which has {its}, got {shape}."
            )
    if name == "y":
        if value.dtype != torch.int64:
            raise TypeError(
                f"y must hold class indices as torch.int64, got {value.dtype}: pass y.long()."
            )
    elif value.layout != torch.strided:
        raise TypeError(f"{name} must be dense, got the layout {value.layout}.")
    elif not value.is_floating_point() and (name not in _INTEGERS or value.is_complex()):
        raise TypeError(f"{name} must be of a float type, got {value.dtype}: pass {name}.float().")


def _written(axes: str) -> str:
    names = axes.split()
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def _check_number(name: str, value: Any) -> None:
    if isinstance(value, Tensor) and value.ndim == 0:  # one that is learnt
        return
    number = isinstance(value, Real) and not isinstance(value, bool)
    try:
        finite = number and math.isfinite(value)
    except OverflowError:  # an int that no float can hold
        finite = False
    if not finite:
        kind = ValueError if number else TypeError
        raise kind(f"{name} must be a finite number, got {_short(value)}.")


def _reason(loss: str, given: Mapping[str, Any]) -> str:
    """Return why a result is not finite, as far as the arguments say."""
    for name, value in given.items():
        if not isinstance(value, Tensor):
            continue
        if value.shape and not len(value):
            return f"{name} is empty, its shape is {tuple(value.shape)}: {loss} has no value."
        bad = (~torch.isfinite(value)).nonzero()
        if len(bad):
            place = tuple(bad[0].tolist())
            return f"{name} must be finite, got {value[place].item()} at {place}."
        if name in ("class_counts", "assignment") and (value < 0).any():
            return f"{name} must not be negative, got {value.min().item()}."
    return f"{loss} leaves the range of its float type, given {_summary(given)}."


def _summary(given: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {tuple(value.shape)} {str(value.dtype).removeprefix('torch.')} on {value.device}"
        + _span(value)
        if isinstance(value, Tensor)
        else f"{name}={_short(value)}"
        for name, value in given.items()
    )


def _span(value: Tensor) -> str:
    if value.device.type != "cpu" or value.layout != torch.strided or not value.numel():
        return ""
    if value.is_complex() or value.dtype == torch.bool:
        return ""
    return f" from {value.min().item():.3g} to {value.max().item():.3g}"


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
