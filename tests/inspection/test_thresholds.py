from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, make_scorer, precision_score, recall_score
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.svm import LinearSVC

from sklimb.inspection._thresholds import (
    cost_curve,
    decides_by_decision,
    own_threshold,
    positive_label,
    scores_of,
)

COSTS = np.array([[1.0, 2.0], [30.0, 5.0]])


def test_each_threshold_gives_what_its_decisions_give():
    rng = np.random.default_rng(0)
    scores, positive = rng.integers(10, size=80) / 10, rng.random(80) < 0.3
    curve = cost_curve(positive, scores, COSTS)
    assert (np.diff(curve.thresholds) > 0).all()
    for i, threshold in enumerate(curve.thresholds[:-1]):
        called = scores >= threshold
        assert curve.precision[i] == pytest.approx(precision_score(positive, called))
        assert curve.recall[i] == pytest.approx(recall_score(positive, called))
        naive = np.mean([COSTS[int(t), int(c)] for t, c in zip(positive, called)])
        assert curve.cost[i] == pytest.approx(naive)
    # the last one calls nothing
    assert curve.recall[-1] == 0 and np.isnan(curve.precision[-1])


def test_a_threshold_above_all_scores_whatever_they_are():
    assert cost_curve(np.array([True]), np.array([0.3])).thresholds[-1] == 1
    assert cost_curve(np.array([True]), np.array([7.0])).thresholds[-1] > 7
    assert cost_curve(np.array([True]), np.array([1.0])).thresholds[-1] > 1


def test_scores_of_either_class():
    X, y = np.arange(20.0)[:, None], np.repeat(["no", "yes"], 10)
    model = LogisticRegression().fit(X, y)
    no, what = scores_of(model, X, "no")
    yes, _ = scores_of(model, X, "yes")
    assert what == "probability" and np.allclose(no + yes, 1)
    svc = LinearSVC().fit(X, y)
    assert np.allclose(scores_of(svc, X, "no")[0], -svc.decision_function(X))
    with pytest.raises(ValueError, match="'maybe'"):
        scores_of(model, X, "maybe")


def test_the_rarer_class_is_positive_unless_said():
    assert positive_label(np.array(["a", "b", "b"]), None) == "a"
    assert positive_label(np.array([0, 1]), None) == 1
    assert positive_label(np.array([0, 1, 1]), 1) == 1
    with pytest.raises(ValueError, match="holds 3"):
        positive_label(np.array([0, 1, 2]), None)
    with pytest.raises(ValueError, match="pos_label=5"):
        positive_label(np.array([0, 1]), 5)


@pytest.mark.parametrize("called_positive", ["no", "yes"])
@pytest.mark.parametrize("response", ["predict_proba", "decision_function"])
def test_a_tuned_threshold_is_on_what_it_was_chosen_on(called_positive, response):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    y = np.where(X[:, 0] + rng.normal(size=200) > 1, "yes", "no")
    metric = make_scorer(f1_score, pos_label=called_positive)
    tuned = TunedThresholdClassifierCV(
        LogisticRegression(), scoring=metric, response_method=response, cv=3
    ).fit(X, y)
    by_decision = decides_by_decision(tuned)
    assert by_decision == (response == "decision_function")
    for label in ("no", "yes"):
        scores, what = scores_of(tuned, X, label, by_decision=by_decision)
        threshold = own_threshold(tuned, X, scores, what, label)
        assert np.mean((scores >= threshold) == (tuned.predict(X) == label)) > 0.99
