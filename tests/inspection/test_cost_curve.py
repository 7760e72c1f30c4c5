from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV

from sklimb import PriorCorrectedClassifier
from sklimb.inspection import CostCurveDisplay

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 2))
Y = np.where(X[:, 0] + RNG.normal(size=300) > 1.5, "fraud", "ok")
COSTS = {"fraud": 50, "ok": 1}


@pytest.fixture(scope="module")
def model():
    return LogisticRegression().fit(X, Y)


def test_the_least_cost_is_chosen_and_said(model):
    display = CostCurveDisplay.from_estimator(model, X, Y, cost_matrix=COSTS)
    assert display.pos_label == "fraud"
    proba = model.predict_proba(X)[:, 0]
    of = [
        np.mean(np.where(Y == "fraud", 50 * (proba < t), 1 * (proba >= t)))
        for t in display.thresholds
    ]
    assert np.allclose(display.cost, of)
    assert display.at(display.chosen)["cost"] == pytest.approx(min(of))
    words = " ".join(text.get_text() for text in display.ax_.get_legend().get_texts())
    assert "least cost" in words and "recall of 'fraud'" in words


def test_costs_by_position_go_by_the_sorted_labels(model):
    by_label = CostCurveDisplay.from_estimator(model, X, Y, cost_matrix=COSTS)
    matrix = CostCurveDisplay.from_estimator(model, X, Y, cost_matrix=[[0, 50], [1, 0]])
    other = CostCurveDisplay.from_estimator(model, X, Y, cost_matrix=COSTS, pos_label="ok")
    assert np.allclose(by_label.cost, matrix.cost)
    assert other.cost.min() == pytest.approx(by_label.cost.min())


def test_without_costs_nothing_is_chosen(model):
    display = CostCurveDisplay.from_estimator(model, X, Y)
    assert display.cost is None and display.chosen is None and display.cost_ax_ is None
    given = CostCurveDisplay.from_predictions(Y, model.predict_proba(X)[:, 0], threshold=0.3)
    proba = model.predict_proba(X)[:, 0]
    assert given.at(0.3)["recall"] == pytest.approx(np.mean(proba[Y == "fraud"] >= 0.3))


def test_a_classifier_lends_its_threshold_or_its_costs(model):
    tuned = TunedThresholdClassifierCV(model, cv=2, scoring="balanced_accuracy").fit(X, Y)
    display = CostCurveDisplay.from_estimator(tuned, X, Y)
    assert display.chosen == pytest.approx(1 - tuned.best_threshold_)
    assert display.chosen_by == "the classifier's own"
    costly = PriorCorrectedClassifier(LogisticRegression(), cv=3, cost_matrix=COSTS).fit(X, Y)
    assert CostCurveDisplay.from_estimator(costly, X, Y).chosen_by == "least cost"


def test_scores_that_are_no_probabilities():
    display = CostCurveDisplay.from_predictions([0, 1, 0, 0], [-3.0, 8.0, 2.0, 1.0])
    assert display.thresholds[-1] > 8
    with pytest.raises(ValueError, match="finite"):
        CostCurveDisplay.from_predictions([0, 1], [np.nan, 1])
    with pytest.raises(ValueError, match="inconsistent"):
        CostCurveDisplay.from_predictions([0, 1], [0.1])
    fixed = FixedThresholdClassifier(LogisticRegression(), threshold=0.2).fit(X, Y)
    assert CostCurveDisplay.from_estimator(fixed, X, Y).response == "probability"


def test_a_threshold_on_a_decision_function_is_drawn_on_one(model):
    tuned = TunedThresholdClassifierCV(model, cv=2, response_method="decision_function").fit(X, Y)
    display = CostCurveDisplay.from_estimator(tuned, X, Y)
    assert display.response == "decision_function"
    assert display.at(display.chosen)["recall"] == pytest.approx(
        np.mean(tuned.predict(X)[Y == "fraud"] == "fraud"), abs=0.02
    )
    assert CostCurveDisplay.from_estimator(tuned, X, Y, threshold=0.3).response == "probability"


def test_labels_scores_and_thresholds_that_are_none():
    with pytest.raises(ValueError, match=r"Input y_true contains NaN: 1 of 3 labels"):
        CostCurveDisplay.from_predictions(["ok", None, "fraud"], [0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="y_score must hold numbers"):
        CostCurveDisplay.from_predictions([0, 1], ["low", "high"])
    for threshold in (np.nan, "0.5"):
        with pytest.raises(ValueError, match="threshold must be a finite number or None"):
            CostCurveDisplay.from_predictions([0, 1], [0.1, 0.2], threshold=threshold)
