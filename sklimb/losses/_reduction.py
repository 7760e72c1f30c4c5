"""From one value per sample to what a loss returns, and the least of the class counts."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Reduction = Literal["mean", "none"]


def fewest_present(class_counts: Tensor) -> Tensor:
    """Return the least count above 0; a mask would make the host wait for the device."""
    return torch.where(class_counts > 0, class_counts, torch.inf).min()


def reduce(per_row: Tensor, y: Tensor, weight: Tensor | None, reduction: Reduction) -> Tensor:
    """Weight values per sample by class and average them, as `torch.nn.CrossEntropyLoss` does.

    Parameters
    ----------
    per_row : Tensor, shape (n,)
        Losses.
    y : Tensor of int, shape (n,)
        Class indices.
    weight : Tensor, shape (C,), or None
        Class weights; the mean is divided by the sum of the samples' weights.
    reduction : {"mean", "none"}
        "none" returns the (weighted) values.
    """
    if reduction not in ("mean", "none"):
        raise ValueError(f"reduction must be 'mean' or 'none', got {reduction!r}.")
    if weight is None:
        return per_row.mean() if reduction == "mean" else per_row
    of_row = weight.to(per_row)[y]
    if reduction == "none":
        return of_row * per_row
    return (of_row * per_row).sum() / of_row.sum().clamp_min(torch.finfo(per_row.dtype).tiny)
