from __future__ import annotations

import warnings

import numpy as np
import pytest
from imblearn.ensemble import BalancedBaggingClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklimb import OffsetDebiasedClassifier, PriorCorrectedClassifier, RebalancedClassifier
from sklimb.classifiers.own_corrections import own_correction

BALANCED = LogisticRegression(class_weight="balanced")
X = np.random.default_rng(0).normal(size=(60, 3))
Y = np.arange(60) % 4 == 0


@pytest.mark.parametrize(
    ("estimator", "what"),
    [
        (LogisticRegression(), None),
        (LogisticRegression(class_weight={True: 5}), None),
        (RandomForestClassifier(class_weight="balanced_subsample"), "class_weight"),
        (BalancedBaggingClassifier(), None),
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


@pytest.mark.parametrize("more", [{"tau": 0.0}, {"target_prior": [0.5, 0.5]}])
def test_who_says_what_is_to_be_predicted_for_is_not_warned(more):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        PriorCorrectedClassifier(BALANCED, **more).fit(X, Y)
