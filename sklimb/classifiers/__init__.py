"""The classifiers: one thin file a method."""

from sklimb.classifiers.affinity import AffinityClassifier
from sklimb.classifiers.blended import BlendedClassifier
from sklimb.classifiers.decoupled import DecoupledClassifier
from sklimb.classifiers.label_encoded import LabelEncodedClassifier
from sklimb.classifiers.m2m import M2mClassifier
from sklimb.classifiers.offset import OffsetDebiasedClassifier
from sklimb.classifiers.prior_corrected import PriorCorrectedClassifier
from sklimb.classifiers.rebalanced import RebalancedClassifier
from sklimb.classifiers.rsg import RSGClassifier

__all__ = [
    "AffinityClassifier",
    "BlendedClassifier",
    "DecoupledClassifier",
    "LabelEncodedClassifier",
    "M2mClassifier",
    "OffsetDebiasedClassifier",
    "PriorCorrectedClassifier",
    "RSGClassifier",
    "RebalancedClassifier",
]
