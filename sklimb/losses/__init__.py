"""Losses as pure functions of torch tensors, one file a paper or a family."""

from __future__ import annotations

from sklimb.losses.affinity import (
    affinity_margin_loss,
    diversity,
    gaussian_affinity,
    log_affinity,
)
from sklimb.losses.focal import focal_loss
from sklimb.losses.logit_adjustment import (
    balanced_softmax_loss,
    log_class_shares,
    logit_adjusted_loss,
)
from sklimb.losses.margin_softmax import am_softmax_loss, ldam_loss, ldam_margins
from sklimb.losses.offset import (
    center_loss,
    estimated_offset,
    move_centers,
    uniform_offset_loss,
)
from sklimb.losses.rsg import center_estimation_loss, maximized_vector_loss, position_cosine

__all__ = [
    "affinity_margin_loss",
    "am_softmax_loss",
    "balanced_softmax_loss",
    "center_estimation_loss",
    "center_loss",
    "diversity",
    "estimated_offset",
    "focal_loss",
    "gaussian_affinity",
    "ldam_loss",
    "ldam_margins",
    "log_affinity",
    "log_class_shares",
    "logit_adjusted_loss",
    "maximized_vector_loss",
    "move_centers",
    "position_cosine",
    "uniform_offset_loss",
]
