"""Samplers that add samples, behind imbalanced-learn's ``fit_resample``."""

from sklimb.over_sampling._m2m_sampler import M2mSampler
from sklimb.over_sampling._small_class_smote import SmallClassSMOTE

__all__ = ["M2mSampler", "SmallClassSMOTE"]
