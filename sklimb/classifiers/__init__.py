"""The classifiers: one thin file a method."""

from sklimb.classifiers.affinity import AffinityClassifier
from sklimb.classifiers.rebalanced import RebalancedClassifier

__all__ = ["AffinityClassifier", "RebalancedClassifier"]
