from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    f1_score,
    precision_score,
    recall_score,
)
from sklearn.svm import LinearSVC

from sklimb._compare.run.scores import (
    METRICS,
    SCORES,
    Scoring,
    aligned_scores,
    average_precision,
    class_recalls,
    direction,
    rarest_class,
    score,
    score_names,
)
from sklimb.metrics import geometric_mean_score
from tests._compare.stand_ins import blobs


@pytest.fixture
def scored():
    X, y = blobs([60, 30, 10], labels=["a", "b", "c"])
    model = LogisticRegression().fit(X, y)
    return y, model.predict(X), model.predict_proba(X), model.classes_


def test_scores_are_those_of_scikit_learn(scored):
    y, predicted, probabilities, classes = scored
    found = score(y, predicted, probabilities, classes, "c")
    assert list(found) == list(SCORES)
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(y, predicted))
    assert found["geometric_mean"] == pytest.approx(geometric_mean_score(y, predicted))
    assert found["macro_f1"] == pytest.approx(f1_score(y, predicted, average="macro"))
    one_hot = y[:, None] == classes
    wanted = average_precision_score(one_hot, probabilities, average="macro")
    assert found["average_precision"] == pytest.approx(wanted)
    only = {"labels": ["c"], "average": "macro"}
    assert found["rare_precision"] == pytest.approx(precision_score(y, predicted, **only))
    assert found["rare_recall"] == pytest.approx(recall_score(y, predicted, **only))
    wanted = recall_score(y, predicted, average=None)
    np.testing.assert_allclose(class_recalls(y, predicted, classes), wanted)


def test_classes_absent_from_the_scored_part_are_left_out(scored):
    y, predicted, probabilities, classes = scored
    kept = y != "c"
    assert (predicted[kept] == "c").any()  # so that a false alarm for an absent class is in it
    found = score(y[kept], predicted[kept], probabilities[kept], classes, "c")
    recalls = recall_score(y[kept], predicted[kept], labels=["a", "b"], average=None)
    f1 = f1_score(y[kept], predicted[kept], labels=["a", "b"], average="macro")
    assert found["balanced_accuracy"] == pytest.approx(recalls.mean())
    assert found["geometric_mean"] == pytest.approx(np.sqrt(recalls.prod()))
    assert found["macro_f1"] == pytest.approx(f1)
    assert np.isnan(found["rare_precision"])
    assert np.isnan(found["rare_recall"])
    assert np.isnan(class_recalls(y[kept], predicted[kept], classes)[2])


def test_a_class_that_is_never_predicted_has_precision_0():
    y = np.array([0, 0, 1])
    found = score(y, np.zeros(3, int), np.ones((3, 2)), np.arange(2), 1)
    assert found["rare_precision"] == found["rare_recall"] == 0


def test_average_precision_of_two_classes_is_the_rarer_ones():
    rng = np.random.RandomState(0)
    y, p = rng.randint(2, size=50), rng.rand(50)
    both = np.column_stack([1 - p, p])
    classes = np.arange(2)
    assert average_precision(y, both, classes, 1) == average_precision_score(y, p)
    assert average_precision(y, both, classes, 0) == average_precision_score(1 - y, 1 - p)
    assert np.isnan(average_precision(np.ones(5), both[:5], classes, 1))


def test_rarest_class_is_the_first_of_equals():
    assert rarest_class(["b", "a", "c", "c", "b", "a"]) == "a"
    assert rarest_class([3, 3, 3, 1, 1, 2]) == 2


def test_probabilities_have_a_column_for_classes_that_were_not_learnt():
    X, y = blobs([20, 20, 20])
    kept = y != 1
    model = LogisticRegression().fit(X[kept], y[kept])
    found = aligned_scores(model, X, np.arange(3))
    np.testing.assert_array_equal(found[:, 1], 0)
    np.testing.assert_array_equal(found[:, [0, 2]], model.predict_proba(X))


@pytest.mark.parametrize("metric", METRICS)
def test_scoring_gives_the_metric_of_the_table(metric, scored):
    X, y = blobs([60, 30, 10], labels=["a", "b", "c"])
    model = LogisticRegression().fit(X, y)
    wanted = score(*scored, "c")[metric]
    assert Scoring(metric, scored[3], "c")(model, X, y) == pytest.approx(wanted)


def test_costs_are_scored_below_0_so_that_more_is_better():
    X, y = blobs([60, 30], labels=["a", "b"])
    classes, costs = np.array(["a", "b"]), np.array([[0.0, 1.0], [5.0, 0.0]])
    scoring = Scoring("cost", classes, "b", costs).learning_from(y)
    np.testing.assert_allclose(scoring.prior, [2 / 3, 1 / 3])
    for model in (LogisticRegression(), LinearSVC(random_state=0)):
        model.fit(X, y)
        decided = scoring.decided(y, model.predict(X), aligned_scores(model, X, classes))
        missed, alarms = ((y != decided) & (y == label) for label in "ba")
        wanted = -(5 * missed.sum() + alarms.sum()) / 90
        assert scoring(model, X, y) == pytest.approx(wanted) == scoring.of(y, decided, None)
        assert wanted < 0
    assert direction("cost") == -direction("macro_f1") == -1
    assert score_names("cost") == ["cost", *SCORES]
    plain = Scoring("macro_f1", classes, "b")
    assert plain.learning_from(y) is plain


@pytest.mark.parametrize("sizes", [[60, 30], [60, 30, 10]])
def test_a_decision_function_ranks_where_there_are_no_probabilities(sizes):
    X, y = blobs(sizes)
    model = LinearSVC(random_state=0).fit(X, y)
    found = aligned_scores(model, X, np.arange(4))
    assert found.shape == (len(y), 4)
    assert (found[:, len(sizes) :] == 0).all()
    for k in range(len(sizes)):
        # the same order as the signed distances, the class itself above
        wanted = model.decision_function(X)
        wanted = (wanted if k else -wanted) if len(sizes) == 2 else wanted[:, k]
        np.testing.assert_array_equal(np.argsort(found[:, k]), np.argsort(wanted))
    scoring = Scoring("average_precision", np.arange(len(sizes)), len(sizes) - 1)
    assert 0.5 < scoring(model, X, y) <= 1
