"""Pictures of what a classifier does with rare classes, by scikit-learn's convention for Displays.

Each is made by ``from_estimator`` or ``from_predictions``, draws into ``ax=`` or a figure of its
own, keeps its numbers in attributes and is drawn again by ``plot``. matplotlib is imported when
something is drawn, and its settings are left alone. Colours are told apart by colour-blind readers,
and never carry a meaning alone.
"""

from __future__ import annotations

from sklimb.inspection.classwise_recall import ClasswiseRecallDisplay
from sklimb.inspection.confusion import ConfusionDisplay
from sklimb.inspection.cost_curve import CostCurveDisplay
from sklimb.inspection.cumulative_false_positive import CumulativeFalsePositiveDisplay
from sklimb.inspection.feature_space import FeatureSpaceDisplay
from sklimb.inspection.offset import OffsetDisplay
from sklimb.inspection.training_curves import TrainingCurvesDisplay
from sklimb.inspection.translation import TranslationDisplay

__all__ = [
    "ClasswiseRecallDisplay",
    "ConfusionDisplay",
    "CostCurveDisplay",
    "CumulativeFalsePositiveDisplay",
    "FeatureSpaceDisplay",
    "OffsetDisplay",
    "TrainingCurvesDisplay",
    "TranslationDisplay",
]
