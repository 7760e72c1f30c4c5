"""One method on one fold: shares of its probabilities, the choice of candidates, its scores."""

from __future__ import annotations

import numpy as np
import pytest
from lib import measuring
from lib.methods import Method, made
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from sklimb import PriorCorrectedClassifier


def method(make, **more) -> Method:
    return Method("x", "x", make, **more)


def test_own_probabilities_come_back_from_corrected_ones():
    X, y = make_classification(300, 6, n_informative=4, n_classes=3, weights=[0.7, 0.2],
                               random_state=0)  # fmt: skip
    model = PriorCorrectedClassifier(LogisticRegression()).fit(X, y)
    own, balanced = measuring.both_shares(
        method(PriorCorrectedClassifier), model.predict_proba(X), measuring.shares(y)
    )
    assert np.allclose(own, model.estimator_.predict_proba(X))
    assert np.allclose(balanced, model.predict_proba(X))
    plain = LogisticRegression().fit(X, y)
    own, balanced = measuring.both_shares(
        method(LogisticRegression, shares="own"), plain.predict_proba(X), measuring.shares(y)
    )
    assert np.allclose(own, plain.predict_proba(X))
    assert np.allclose(balanced, model.predict_proba(X))


@pytest.mark.parametrize("criterion", measuring.CRITERIA)
def test_the_best_candidate_is_chosen(criterion):
    X, y = make_classification(300, weights=[0.8], class_sep=2.0, random_state=0)
    make = made(LogisticRegression, class_weight="balanced")
    candidates = ({"C": 1e-6, "fit_intercept": False, "class_weight": {0: 1, 1: 50}}, {"C": 1.0})
    assert measuring.choose(method(make, candidates=candidates), X, y, criterion) == {"C": 1.0}
    twice = ({}, {"C": 1.0})
    assert measuring.choose(method(make, candidates=twice), X, y, criterion) == {}


def test_labels_are_those_of_predict():
    X, y = make_classification(300, weights=[0.8], random_state=0)
    parts = (X[:200], y[:200], X[200:], y[200:])
    row = measuring.measured(
        method(made(DummyClassifier, strategy="prior"), shares="own"), "none", parts
    )
    assert float(row["balanced_accuracy"]) == 0.5 and float(row["geometric_mean"]) < 0.05
    assert float(row["balanced_log_loss"]) == pytest.approx(np.log(2), abs=1e-4)
    assert float(row["log_loss"]) < 0.6 and row["chosen"] == ""
