"""What a backbone gave back, as the matrix that a head takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn


def as_features(output: Any, backbone: nn.Module) -> Tensor:
    """Return a backbone's output as a matrix.

    Parameters
    ----------
    output : Tensor, shape (n, d, ...), or (n, k, d, ...) of a backbone of k members, or tuple
        A tuple counts as its first part; axes behind these are flattened.
    backbone : nn.Module
        Named in the errors; its ``n_members``, if it has any, is k.

    Returns
    -------
    Tensor, shape (n, d), or (n, k, d)

    Raises
    ------
    TypeError
        If the output is no tensor.
    ValueError
        If it has fewer than two axes.
    """
    if isinstance(output, (tuple, list)) and output:
        output = output[0]
    if not isinstance(output, Tensor):
        raise TypeError(_no_tensor(output, backbone))
    if output.ndim < 2:
        hint = "Take means over other axes than the first."
        if output.ndim:
            hint = (
                "If this is one feature a sample, return it with .unsqueeze(1); the layer that "
                "gives scores comes from the classifier."
            )
        raise ValueError(
            f"The forward pass of {type(backbone).__name__} returned a tensor of shape "
            f"{tuple(output.shape)}, but a backbone turns n samples into features (n, d). {hint}"
        )
    if output.ndim == 2:
        return output
    return output.flatten(1 if getattr(backbone, "n_members", 1) == 1 else 2)


def check_features(features: Tensor, n: int, backbone: nn.Module) -> None:
    """Raise a ValueError unless n samples gave floats with a first axis of n, and none is empty."""
    name = type(backbone).__name__
    if len(features) != n:
        raise ValueError(
            f"{name} turned {n} samples into {len(features)}, features {tuple(features.shape)}. "
            "Its first axis must stay that of the samples: take means over the others only."
        )
    if not features.shape[-1]:
        raise ValueError(f"{name} returned no feature at all: shape {tuple(features.shape)}.")
    if not features.is_floating_point():
        raise ValueError(
            f"{name} returned features of {features.dtype}. Return floats, for a gradient must "
            "come through: .argmax() and the like belong behind the classifier."
        )


def _no_tensor(output: Any, backbone: nn.Module) -> str:
    name = type(backbone).__name__
    kind = type(output).__name__
    said = f"The forward pass of {name} returned "
    if output is None:
        return f"{said}None, not a tensor of features (n, d). Does its forward end in a return?"
    names = _names_in(output)
    if names:
        part = "pooler_output" if "pooler_output" in names else names[0]
        taken = f"[{part!r}]" if isinstance(output, Mapping) else f".{part}"
        return (
            f"{said}{kind} with {names[:20]}, not a tensor of features (n, d). Which of these are "
            "the features cannot be known: pass a module around it whose forward returns one, as "
            f"``return self.inner(x){taken}`` (docs/backbones.md, 'A pretrained module')."
        )
    return (
        f"{said}{kind}, not a tensor of features (n, d). Return a torch.Tensor, or a tuple that "
        "has it first."
    )


def _names_in(output: Any) -> list[str]:
    """Return the keys of a mapping, or the attributes of an object that are set."""
    if isinstance(output, Mapping):
        return [str(key) for key in output]
    held = getattr(output, "__dict__", {})
    return [key for key, value in held.items() if isinstance(value, Tensor)]
