"""Deep methods for imbalanced classes, and the baselines they must beat, in scikit-learn."""

from sklimb._compare import compare
from sklimb.classifiers import (
    AffinityClassifier,
    DecoupledClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
)

__version__ = "0.1.0"

__all__ = [
    "AffinityClassifier",
    "DecoupledClassifier",
    "PriorCorrectedClassifier",
    "RebalancedClassifier",
    "compare",
]
