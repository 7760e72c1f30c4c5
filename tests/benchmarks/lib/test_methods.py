"""Methods made of a learner, and which of them can be run here."""

from __future__ import annotations

import numpy as np
import pytest
from lib.methods import BalancedByWeight, Learner, Method, imported, made
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from sklimb import PriorCorrectedClassifier


@pytest.fixture
def learner():
    make = imported("sklearn.linear_model", "LogisticRegression", max_iter=500)
    weighted = made(LogisticRegression, class_weight="balanced")
    return Learner("logistic", "logistic", make, weighted, ({}, {"C": 0.1}))


def test_a_learner_gives_its_variants(learner):
    found = {method.name: method for method in learner.methods()}
    assert list(found) == [
        "logistic_weighted", "logistic_corrected", "logistic_calibrated", "logistic_cross_fitted",
    ]  # fmt: skip
    corrected = found["logistic_corrected"].make(C=0.1)
    assert isinstance(corrected, PriorCorrectedClassifier)
    assert corrected.estimator.C == 0.1 and corrected.estimator.max_iter == 500
    assert found["logistic_weighted"].make(C=3.0).get_params()["class_weight"] == "balanced"


def test_calibrated_gives_probabilities_for_classes_of_one_size(learner):
    method = {method.name: method for method in learner.methods()}["logistic_calibrated"]
    if method.missing():
        pytest.skip(method.missing())
    X, y = make_classification(400, weights=[0.9], random_state=0)
    model = method.make().fit(X, y)
    plain = LogisticRegression().fit(X, y)
    assert model.predict_proba(X)[:, 1].mean() > plain.predict_proba(X)[:, 1].mean()


def test_what_is_slow_and_fitted_five_times_comes_last(learner):
    slow = Learner("net", "net", learner.make, None, ({},), slow=1)
    found = {method.name: method.slow for method in slow.methods()}
    assert found == {"net_corrected": 1, "net_calibrated": 2, "net_cross_fitted": 2}


def test_a_package_that_is_not_installed_is_named():
    method = Method("x", "x", LogisticRegression, package="sklimb-no-such")
    assert method.missing() == "sklimb-no-such is not installed"
    assert Method("x", "x", LogisticRegression, lacks="no cv").missing() == "no cv"
    here = Method("x", "x", LogisticRegression)
    assert here.missing() == "" and here.provenance().startswith("scikit-learn ")


def test_balanced_by_weight_is_what_class_weight_does():
    X, y = make_classification(400, weights=[0.9], random_state=0)
    asked = HistGradientBoostingClassifier(class_weight="balanced", random_state=0).fit(X, y)
    ours = clone(BalancedByWeight(HistGradientBoostingClassifier(random_state=0))).fit(X, y)
    assert np.allclose(ours.predict_proba(X), asked.predict_proba(X))
    assert np.array_equal(ours.predict(X), asked.predict(X))
