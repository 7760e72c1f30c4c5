"""What follows from mean probabilities, a temperature, class shares and costs."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression

from sklimb.classifiers.corrected_prediction import (
    CorrectedPredictionMixin,
    FeaturesOfFoldsMixin,
    check_gives_probabilities,
)

PROBA = np.array([[0.7, 0.2, 0.1], [0.0, 0.5, 0.5], [0.9, 0.1, 0.0]])
COUNTS = np.array([60.0, 30.0, 10.0])


class Says:
    def __init__(self, proba):
        self.proba = proba
        self.classes_ = np.array(["a", "b", "c"])

    def predict_proba(self, X):
        return self.proba

    def transform(self, X):
        return self.proba[:, :2]


class Corrected(CorrectedPredictionMixin, ClassifierMixin, BaseEstimator):
    def __init__(self, *, tau=1.0, target_prior=None, cost_matrix=None):
        self.tau, self.target_prior, self.cost_matrix = tau, target_prior, cost_matrix

    def fit(self, X=None, y=None):
        self.classes_ = np.array(["a", "b", "c"])
        self._correct_for(COUNTS)
        self.temperature_, self.estimators_ = 2.0, [Says(PROBA), Says(PROBA)]
        return self


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0])
def test_the_formula(tau):
    model = Corrected(tau=tau, target_prior=[1, 1, 2]).fit()
    raised = np.maximum(PROBA, np.finfo(float).eps) ** 0.5
    expected = raised * (np.array([0.25, 0.25, 0.5]) / (COUNTS / 100)) ** tau
    expected /= expected.sum(1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(None), expected)
    np.testing.assert_allclose(model.predict_log_proba(None), np.log(expected))
    np.testing.assert_array_equal(model.predict(None), model.classes_[expected.argmax(1)])
    scores = model.decision_function(None)
    np.testing.assert_allclose(
        scores[:, 1:] - scores[:, :1], np.log(expected[:, 1:] / expected[:, :1])
    )


def test_costs_go_with_the_shares_of_the_training_data():
    costs = np.array([[0.0, 1.0, 5.0], [20.0, 0.0, 1.0], [9.0, 9.0, 0.0]])
    model = Corrected(cost_matrix=costs).fit()
    np.testing.assert_array_equal(model.target_prior_, COUNTS / 100)
    expected = model.predict_proba(None) @ costs
    np.testing.assert_allclose(model.decision_function(None), -expected)
    np.testing.assert_array_equal(model.predict(None), model.classes_[expected.argmin(1)])


def test_names_of_columns_are_those_of_the_first_that_has_some():
    first, second = Says(PROBA), Says(PROBA)
    second.n_features_in_ = 4
    model = Corrected().fit()
    model.feature_names_in_ = np.array(["x"])
    model._take_names([first, second])
    assert model.n_features_in_ == 4
    assert not hasattr(model, "feature_names_in_")


def test_features_stand_side_by_side():
    class Featured(FeaturesOfFoldsMixin, Corrected):
        estimator = Says(PROBA)

    with pytest.raises(NotFittedError):
        Featured().transform(None)
    np.testing.assert_array_equal(Featured().fit().transform(None), np.tile(PROBA[:, :2], 2))
    assert not hasattr(Corrected(), "transform")


def test_what_has_no_probabilities():
    check_gives_probabilities(LogisticRegression(), "estimator")
    with pytest.raises(TypeError, match=r"line=LinearRegression\(\) has no predict_proba.*Wrap it"):
        check_gives_probabilities(LinearRegression(), "line")
