"""The classifiers: one thin file a method."""

from sklimb.classifiers.affinity import AffinityClassifier
from sklimb.classifiers.decoupled import DecoupledClassifier
from sklimb.classifiers.prior_corrected import PriorCorrectedClassifier
from sklimb.classifiers.rebalanced import RebalancedClassifier

__all__ = [
    "AffinityClassifier",
    "DecoupledClassifier",
    "PriorCorrectedClassifier",
    "RebalancedClassifier",
]
