"""Data sets, and recipes that make them imbalanced."""

from __future__ import annotations

from sklimb.datasets._imbalance import (
    class_counts,
    imbalance_ratio,
    make_long_tailed,
    make_step_imbalanced,
)

__all__ = ["class_counts", "imbalance_ratio", "make_long_tailed", "make_step_imbalanced"]
