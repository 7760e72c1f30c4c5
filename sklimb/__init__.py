"""Deep methods for imbalanced classes, and the baselines they must beat, in scikit-learn."""

from sklimb.classifiers import AffinityClassifier, RebalancedClassifier

__version__ = "0.1.0"

__all__ = ["AffinityClassifier", "RebalancedClassifier"]
