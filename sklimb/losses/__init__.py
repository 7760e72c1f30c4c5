"""Losses as pure functions of torch tensors, one file a paper."""

from __future__ import annotations

from sklimb.losses.affinity import (
    affinity_margin_loss,
    diversity,
    gaussian_affinity,
    log_affinity,
)

__all__ = ["affinity_margin_loss", "diversity", "gaussian_affinity", "log_affinity"]
