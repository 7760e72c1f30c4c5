from __future__ import annotations

import warnings

import numpy as np
import pytest
from imblearn.ensemble import BalancedBaggingClassifier
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline as resampled
from imblearn.under_sampling import TomekLinks
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklimb import OffsetDebiasedClassifier, PriorCorrectedClassifier, RebalancedClassifier
from sklimb.classifiers.own_corrections import own_correction
from sklimb.over_sampling import SmallClassSMOTE

BALANCED = LogisticRegression(class_weight="balanced")
X = np.random.default_rng(0).normal(size=(60, 3))
Y = np.arange(60) % 4 == 0


@pytest.mark.parametrize(
    ("estimator", "what"),
    [
        (LogisticRegression(), None),
        (LogisticRegression(class_weight={True: 5}), None),
        (RandomForestClassifier(class_weight="balanced_subsample"), "class_weight"),
        (BalancedBaggingClassifier(), "its balanced draws"),
        (GridSearchCV(BALANCED, {"C": [1]}), "class_weight='balanced'"),
        (TunedThresholdClassifierCV(BALANCED), "class_weight='balanced'"),
        (resampled(RandomOverSampler(), LogisticRegression()), "its sampler RandomOverSampler"),
        (
            GridSearchCV(resampled(SmallClassSMOTE(), LogisticRegression()), {}),
            "its sampler SmallClassSMOTE",
        ),
        (resampled(TomekLinks(), LogisticRegression()), None),  # it only cleans
        (make_pipeline("passthrough", LogisticRegression()), None),
        (CalibratedClassifierCV(BALANCED), None),  # which undoes it
        (make_pipeline(StandardScaler(), BALANCED), "class_weight='balanced'"),
        (FrozenEstimator(BALANCED), "class_weight='balanced'"),
        (RebalancedClassifier(), None),
        (RebalancedClassifier(loss="logit_adjusted"), "loss='logit_adjusted'"),
        (RebalancedClassifier(loss="logit_adjusted", tau=0.0), None),
        (RebalancedClassifier(loss="balanced_softmax", tau=0.0), "loss='balanced_softmax'"),
        (RebalancedClassifier(sampling="balanced"), "sampling='balanced'"),
        (OffsetDebiasedClassifier(), "its offset"),
    ],
)
def test_what_corrects(estimator, what):
    found = own_correction(estimator)
    assert found == what or found.startswith(what)


@pytest.mark.parametrize("more", [{}, {"cost_matrix": {True: 9, False: 1}}, {"cv": 2}])
def test_a_second_correction_is_told(more):
    model = PriorCorrectedClassifier(make_pipeline(StandardScaler(), BALANCED), **more)
    with pytest.warns(UserWarning, match=r"LogisticRegression corrects .*CalibratedClassifierCV"):
        model.fit(X, Y)


def test_samplers_are_a_correction_too():
    """Behind SMOTE probabilities are those of even classes, and were corrected once more."""
    model = PriorCorrectedClassifier(resampled(RandomOverSampler(), LogisticRegression()))
    with pytest.warns(UserWarning, match="LogisticRegression corrects .* by its sampler Random"):
        model.fit(X, Y)


@pytest.mark.parametrize("more", [{"tau": 0.0}, {"target_prior": [0.5, 0.5]}])
def test_who_says_what_is_to_be_predicted_for_is_not_warned(more):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        PriorCorrectedClassifier(BALANCED, **more).fit(X, Y)
