"""Training-only changes of batches, and their maths as pure functions."""

from sklimb.transforms._rsg_parts import frequent_classes, pair_rows
from sklimb.transforms.augment import CropFlip, crop_flip
from sklimb.transforms.m2m import (
    acceptance_probability,
    keep_largest_changes,
    seed_class_probabilities,
    start_noise,
    target_confidence,
    translate,
)
from sklimb.transforms.rsg import RareSampleGenerator

__all__ = [
    "CropFlip",
    "RareSampleGenerator",
    "acceptance_probability",
    "crop_flip",
    "frequent_classes",
    "keep_largest_changes",
    "pair_rows",
    "seed_class_probabilities",
    "start_noise",
    "target_confidence",
    "translate",
]
