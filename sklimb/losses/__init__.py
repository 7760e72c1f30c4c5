"""Losses as pure functions of torch tensors, one file a paper or a family."""

from __future__ import annotations

from sklimb.losses._arguments import checked
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

# A user's call is looked at; the networks take the functions of the files themselves.
affinity_margin_loss = checked(affinity_margin_loss)
am_softmax_loss = checked(am_softmax_loss)
balanced_softmax_loss = checked(balanced_softmax_loss)
center_estimation_loss = checked(center_estimation_loss)
center_loss = checked(center_loss)
diversity = checked(diversity)
estimated_offset = checked(estimated_offset)
focal_loss = checked(focal_loss)
gaussian_affinity = checked(gaussian_affinity)
ldam_loss = checked(ldam_loss)
ldam_margins = checked(ldam_margins)
log_affinity = checked(log_affinity)
log_class_shares = checked(log_class_shares)
logit_adjusted_loss = checked(logit_adjusted_loss)
maximized_vector_loss = checked(maximized_vector_loss)
move_centers = checked(move_centers)
position_cosine = checked(position_cosine)
uniform_offset_loss = checked(uniform_offset_loss)
