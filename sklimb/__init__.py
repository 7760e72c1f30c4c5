"""Deep methods for imbalanced classes, and the baselines they must beat, in scikit-learn."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sklimb._compare import compare
from sklimb.classifiers import (
    AffinityClassifier,
    BlendedClassifier,
    DecoupledClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)

if TYPE_CHECKING:
    from sklimb.over_sampling import M2mSampler

__version__ = "0.1.0"

__all__ = [
    "AffinityClassifier",
    "BlendedClassifier",
    "DecoupledClassifier",
    "M2mClassifier",
    "M2mSampler",
    "OffsetDebiasedClassifier",
    "PriorCorrectedClassifier",
    "RSGClassifier",
    "RebalancedClassifier",
    "compare",
]


# Rooms that users import from; what an import of sklimb itself does not need comes when it is asked
# for.
_ROOMS = (
    "backbones",
    "classifiers",
    "datasets",
    "feature_extraction",
    "heads",
    "inspection",
    "losses",
    "metrics",
    "over_sampling",
    "persistence",
    "transforms",
)


def __getattr__(name: str) -> Any:
    # The sampler alone needs imbalanced-learn, which takes longer to import than all of sklimb.
    if name == "M2mSampler":
        from sklimb.over_sampling import M2mSampler

        return M2mSampler
    if name in _ROOMS:
        return importlib.import_module(f"sklimb.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_ROOMS, "__version__"])
