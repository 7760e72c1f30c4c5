"""Deep methods for imbalanced classes, and the baselines they must beat, in scikit-learn."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklimb._compare import compare
    from sklimb._training.data_parallel import data_parallel
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
    "data_parallel",
]


# Rooms that users import from.
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
# Where a name lives that is not in the classifiers' room.
_HOMES = {
    "M2mSampler": "over_sampling",
    "compare": "_compare",
    "data_parallel": "_training.data_parallel",
}


def __getattr__(name: str) -> Any:
    # What is asked for is imported then: torch and scikit-learn take seconds, in which the command
    # `sklimb` has to be ready for Ctrl-C.
    if name in _ROOMS:
        return importlib.import_module(f"sklimb.{name}")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"sklimb.{_HOMES.get(name, 'classifiers')}"), name)
    globals()[name] = found  # so that it is asked for once
    return found


def __dir__() -> list[str]:
    return sorted([*__all__, *_ROOMS, "__version__"])
