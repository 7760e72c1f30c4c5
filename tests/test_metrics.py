"""Metrics against their definitions, scikit-learn and imbalanced-learn, and as scorers."""

from __future__ import annotations

import math
import pickle
from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from imblearn.metrics import geometric_mean_score as imblearn_geometric_mean_score
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    balanced_accuracy_score,
    confusion_matrix,
    get_scorer,
    make_scorer,
    recall_score,
)
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate

from sklimb.metrics import (
    balanced_accuracy_scorer,
    cumulative_false_positives,
    geometric_mean_score,
    geometric_mean_scorer,
    shot_accuracies,
)


def labels_and_predictions(n_classes, n=200, accuracy=0.6, seed=0):
    """Every class is in y_true; the prediction is right, or any class of y_true."""
    rng = np.random.default_rng(seed)
    y_true = np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=n - n_classes)])
    y_pred = np.where(rng.random(n) < accuracy, y_true, rng.integers(n_classes, size=n))
    return y_true, y_pred


def naive_geometric_mean(y_true, y_pred, epsilon):
    recalls = []
    for k in sorted(set(y_true)):
        rows = [p for t, p in zip(y_true, y_pred, strict=True) if t == k]
        recalls.append(sum(p == k for p in rows) / len(rows) or epsilon)
    return math.prod(recalls) ** (1 / len(recalls))


class TestGeometricMean:
    @pytest.mark.parametrize("n_classes", [2, 3, 10])
    @pytest.mark.parametrize("accuracy", [0.0, 0.6, 1.0])
    @pytest.mark.parametrize("epsilon", [0.001, 0.05])
    def test_definition_and_imbalanced_learn(self, n_classes, accuracy, epsilon):
        y_true, y_pred = labels_and_predictions(n_classes, accuracy=accuracy)
        got = geometric_mean_score(y_true, y_pred, epsilon)
        assert got == pytest.approx(naive_geometric_mean(y_true, y_pred, epsilon), rel=1e-12)
        other = imblearn_geometric_mean_score(y_true, y_pred, correction=epsilon)
        assert got == pytest.approx(other, rel=1e-12)
        assert isinstance(got, float)

    def test_imbalanced_learn_with_weights_and_labels(self):
        y_true, y_pred = labels_and_predictions(5)
        weight = np.random.default_rng(1).random(len(y_true))
        for labels in (None, [1, 3], [4]):
            got = geometric_mean_score(y_true, y_pred, labels=labels, sample_weight=weight)
            other = imblearn_geometric_mean_score(
                y_true, y_pred, labels=labels, sample_weight=weight, correction=0.001
            )
            assert got == pytest.approx(other, rel=1e-12)

    def test_zero_recall_counts_as_epsilon(self):
        y_true, y_pred = [0, 0, 1, 1], [0, 0, 0, 0]
        assert geometric_mean_score(y_true, y_pred) == pytest.approx(math.sqrt(0.001))
        assert geometric_mean_score(y_true, y_pred, epsilon=0.25) == pytest.approx(0.5)
        assert geometric_mean_score(y_true, y_pred, epsilon=0) == 0
        # A recall below epsilon that is not 0 stays what it is.
        rare = [0] * 2000
        assert geometric_mean_score(rare, [0] + [1] * 1999) == pytest.approx(1 / 2000)

    def test_a_predicted_class_absent_from_y_true_is_left_out_but_an_error(self):
        y_true, y_pred = [0, 0, 1, 1], [0, 2, 1, 1]
        assert geometric_mean_score(y_true, y_pred) == pytest.approx(math.sqrt(0.5))
        assert geometric_mean_score(y_true, y_pred, labels=[0, 2]) == pytest.approx(0.5)

    def test_a_class_of_weight_0_is_left_out(self):
        got = geometric_mean_score([0, 0, 1, 2], [0, 1, 1, 0], sample_weight=[1, 3, 1, 0])
        assert got == pytest.approx(math.sqrt(0.25))

    def test_weights_are_repetitions(self):
        y_true, y_pred = labels_and_predictions(4)
        weight = np.arange(len(y_true)) % 3
        assert geometric_mean_score(y_true, y_pred, sample_weight=weight) == pytest.approx(
            geometric_mean_score(y_true.repeat(weight), y_pred.repeat(weight)), rel=1e-12
        )

    def test_a_thousand_classes_do_not_underflow(self):
        y_true = np.arange(1000).repeat(2)
        y_pred = y_true.copy()
        y_pred[::2] = (y_true[::2] + 1) % 1000
        assert geometric_mean_score(y_true, y_pred) == pytest.approx(0.5)

    @pytest.mark.parametrize("epsilon", [-0.1, 1.5, "small", None, math.nan])
    def test_bad_epsilon(self, epsilon):
        with pytest.raises(ValueError, match="epsilon must be a number in"):
            geometric_mean_score([0, 1], [0, 1], epsilon)

    def test_labels_without_rows(self):
        with pytest.raises(ValueError, match=r"None of labels=\[7\] is in y_true.*\[0, 1\]"):
            geometric_mean_score([0, 1], [0, 1], labels=[7])


TAKES_LABELS = [
    geometric_mean_score,
    lambda y_true, y_pred: shot_accuracies(y_true, y_pred, {0: 5, 1: 5, "a": 5, "b": 5}),
    lambda y_true, y_pred: cumulative_false_positives(y_true, y_pred, {0: 5, 1: 5}),
]


@pytest.mark.parametrize("metric", TAKES_LABELS)
class TestInput:
    @pytest.mark.parametrize(
        ("y_true", "y_pred", "message"),
        [
            ([0, 1], [0, 1, 1], "y_true has 2 labels and y_pred has 3"),
            ([], [], "empty"),
            ([[0, 1], [1, 0]], [[0, 1], [1, 0]], "y_true must .* got 'multilabel-indicator'"),
            ([0, 1], [[0, 1], [1, 0]], "y_pred must .* got 'multilabel-indicator'"),
            ([0, 1], [0.2, 0.7], "y_pred must .* got 'continuous'"),
            (["a", "b"], [0, 1], "Mix of label input types"),
            ([0, 1], [0, math.nan], "NaN"),
        ],
    )
    def test_refused(self, metric, y_true, y_pred, message):
        with pytest.raises(ValueError, match=message):
            metric(y_true, y_pred)


@pytest.mark.parametrize(
    "convert",
    [
        list,
        np.array,
        lambda y: np.array(y, dtype=object),
        pd.Series,
        pd.Categorical,
        pl.Series,
        lambda y: np.array(y)[:, None],
    ],
)
@pytest.mark.parametrize("names", [[0, 1, 2], [-1.0, 0.0, 4.0], ["a", "bb", "c"]])
@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
def test_any_container_of_any_labels(convert, names):
    if convert(names).__class__ is np.ndarray and convert(names).dtype == object:
        names = [str(name) for name in names]  # scikit-learn takes object arrays of strings only
    y_true = [names[k] for k in [0, 0, 0, 0, 1, 1, 2]]
    y_pred = [names[k] for k in [0, 0, 0, 1, 1, 0, 2]]
    counts = {names[0]: 4, names[1]: 40, names[2]: 400}
    y_true, y_pred = convert(y_true), convert(y_pred)
    assert geometric_mean_score(y_true, y_pred) == pytest.approx((3 / 4 * 1 / 2) ** (1 / 3))
    for given in (counts, pd.Series(counts).sort_values(), [4, 40, 400]):
        got = shot_accuracies(y_true, y_pred, given)
        assert got == {"few": 0.75, "medium": 0.5, "many": 1.0, "all": 0.75}
        assert cumulative_false_positives(y_true, y_pred, given).tolist() == [0, 1, 2]


class TestShotAccuracies:
    def test_thresholds(self):
        classes = np.arange(5)
        counts = dict(zip(classes.tolist(), [101, 100, 20, 19, 0], strict=True))
        groups = ["many", "medium", "medium", "few", "few"]
        for wrong in range(5):
            y_pred = classes.copy()
            y_pred[wrong] = (wrong + 1) % 5
            got = shot_accuracies(classes, y_pred, counts)
            expected = {"many": 1.0, "medium": 1.0, "few": 1.0, "all": 0.8}
            expected[groups[wrong]] = 0.0 if groups[wrong] == "many" else 0.5
            assert got == expected

    def test_means_over_classes(self):
        y_true, y_pred = labels_and_predictions(6, n=100)
        recalls = recall_score(y_true, y_pred, average=None)
        got = shot_accuracies(y_true, y_pred, [500, 30, 101, 5, 60, 100])
        assert got["many"] == pytest.approx(recalls[[0, 2]].mean())
        assert got["medium"] == pytest.approx(recalls[[1, 4, 5]].mean())
        assert got["few"] == pytest.approx(recalls[3])
        assert got["all"] == pytest.approx(balanced_accuracy_score(y_true, y_pred))

    def test_on_a_balanced_part_they_are_accuracies_over_rows(self):
        y_true = np.arange(4).repeat(25)
        y_pred = np.random.default_rng(0).integers(4, size=100)
        got = shot_accuracies(y_true, y_pred, [300, 200, 50, 10])
        assert got["many"] == pytest.approx((y_true == y_pred)[:50].mean())
        assert got["all"] == pytest.approx((y_true == y_pred).mean())

    def test_a_group_without_classes_is_nan(self):
        got = shot_accuracies([0, 1], [0, 1], {0: 500, 1: 400, 2: 3})
        assert math.isnan(got["medium"])
        assert math.isnan(got["few"])  # class 2 has no rows here
        assert got["many"] == got["all"] == 1

    def test_a_predicted_class_absent_from_y_true(self):
        got = shot_accuracies([0, 0, 1, 1], [0, 2, 1, 1], {0: 500, 1: 3, 2: 3})
        assert got["many"] == 0.5
        assert got["few"] == 1


class TestCumulativeFalsePositives:
    def test_definition(self):
        y_true, y_pred = labels_and_predictions(6)
        counts = np.array([10, 600, 30, 30, 5, 70])
        matrix = confusion_matrix(y_true, y_pred)
        per_class = matrix.sum(axis=0) - matrix.diagonal()
        got = cumulative_false_positives(y_true, y_pred, counts)
        # 30 and 30: in the order of their labels.
        np.testing.assert_array_equal(got, per_class[[1, 5, 2, 3, 0, 4]].cumsum())
        assert got[-1] == (y_true != y_pred).sum()
        assert got.dtype == np.int64

    def test_equal_counts_come_in_the_order_of_labels_whatever_the_mappings(self):
        got = cumulative_false_positives(["a", "z", "z"], ["z", "a", "a"], {"z": 3, "a": 3})
        assert got.tolist() == [2, 3]

    def test_classes_that_nothing_is_mistaken_for(self):
        got = cumulative_false_positives([0, 1], [0, 1], {0: 3, 1: 2, 9: 7})
        assert got.tolist() == [0, 0, 0]

    def test_a_predicted_class_absent_from_y_true_is_counted(self):
        got = cumulative_false_positives(["a", "a"], ["a", "z"], {"z": 9, "a": 5})
        assert got.tolist() == [1, 1]


@pytest.mark.parametrize("metric", [shot_accuracies, cumulative_false_positives])
class TestClassCounts:
    def test_a_missing_class(self, metric):
        with pytest.raises(ValueError, match=r"no count for \['b'\]"):
            metric(["a", "b"], ["a", "a"], {"a": 5})
        with pytest.raises(ValueError, match=r"no count for \['c'\]"):
            metric(["a", "b"], ["a", "c"], {"a": 5, "b": 5})

    @pytest.mark.parametrize(
        "counts",
        [
            pd.Series({"c": 500, "a": 5, "b": 50}),
            Counter({"c": 500, "a": 5, "b": 50}),
            {np.str_("c"): 500, "a": np.int64(5), "b": 50.0},
            pd.Series(np.repeat(["c", "a", "b"], [500, 5, 50])).value_counts(),
            pd.DataFrame({"y": np.repeat(["c", "a", "b"], [500, 5, 50])}).value_counts(),
            pd.Series([5, 50, 500]),
            [5, 50, 500],
        ],
    )
    def test_counts_go_by_label(self, metric, counts):
        y_true, y_pred = list("aabbcc"), list("acbbac")
        np.testing.assert_equal(
            metric(y_true, y_pred, counts), metric(y_true, y_pred, {"a": 5, "b": 50, "c": 500})
        )

    def test_counts_of_labels_of_another_type(self, metric):
        assert len(metric(["a", "b"], ["a", "b"], {"b": 7, 8: 30, "a": 9, 7: 30})) == 4

    def test_what_does_not_say_labels(self, metric):
        with pytest.raises(TypeError, match="class_counts is a DataFrame"):
            metric(["a", "b"], ["a", "b"], pl.Series(["a", "b"]).value_counts())
        with pytest.raises(ValueError, match=r"no count for \[2\]"):
            metric([1, 2], [1, 2], pd.Series([5, 50]))  # 1 may be a label or a place

    def test_an_array_of_another_length(self, metric):
        with pytest.raises(ValueError, match=r"3 entries, but .* 2 classes: \[0, 1\]. Give a map"):
            metric([0, 1], [0, 0], [5, 5, 5])

    @pytest.mark.parametrize("bad", [-1, math.nan, math.inf])
    def test_bad_counts(self, metric, bad):
        with pytest.raises(ValueError, match="class_counts must be finite and not negative"):
            metric([0, 1], [0, 0], {0: 3, 1: bad})


SCORERS = {"balanced": balanced_accuracy_scorer, "geometric": geometric_mean_scorer}


@pytest.fixture(scope="module")
def data():
    return make_classification(
        n_samples=240,
        n_classes=3,
        n_informative=4,
        weights=[0.7, 0.2, 0.1],
        class_sep=0.8,
        random_state=0,
    )


class TestScorers:
    def test_values(self, data):
        X, y = data
        classifier = LogisticRegression(C=0.01).fit(X, y)
        predictions = classifier.predict(X)
        balanced = balanced_accuracy_scorer(classifier, X, y)
        assert balanced == pytest.approx(balanced_accuracy_score(y, predictions), rel=1e-12)
        assert geometric_mean_scorer(classifier, X, y) == geometric_mean_score(y, predictions)

    def test_sample_weight(self, data):
        X, y = data
        classifier = LogisticRegression(C=0.01).fit(X, y)
        weight = np.random.default_rng(0).random(len(y))
        expected = get_scorer("balanced_accuracy")(classifier, X, y, sample_weight=weight)
        got = balanced_accuracy_scorer(classifier, X, y, sample_weight=weight)
        assert got == pytest.approx(expected, rel=1e-12)
        expected = geometric_mean_score(y, classifier.predict(X), sample_weight=weight)
        assert geometric_mean_scorer(classifier, X, y, sample_weight=weight) == expected

    @pytest.mark.parametrize("name", SCORERS)
    def test_as_scoring(self, data, name):
        scores = cross_val_score(LogisticRegression(), *data, scoring=SCORERS[name], cv=3)
        assert scores.shape == (3,)
        assert ((scores > 0) & (scores <= 1)).all()

    def test_a_fold_that_lacks_a_predicted_class_is_no_warning(self):
        """scikit-learn's own warns there; the value is the same."""
        classifier = LogisticRegression().fit([[0.0], [1.0], [2.0]], [0, 1, 2])
        X, y = [[0.0], [0.0], [2.0]], [0, 0, 0]
        with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
            expected = get_scorer("balanced_accuracy")(classifier, X, y)
        assert balanced_accuracy_scorer(classifier, X, y) == pytest.approx(expected)
        assert geometric_mean_scorer(classifier, X, y) == pytest.approx(2 / 3)

    def test_cross_validate_on_several(self, data):
        result = cross_validate(LogisticRegression(), *data, scoring=SCORERS, cv=3)
        reference = cross_validate(
            LogisticRegression(),
            *data,
            scoring={
                "balanced": "balanced_accuracy",
                "geometric": make_scorer(imblearn_geometric_mean_score, correction=0.001),
            },
            cv=3,
        )
        for name in ("test_balanced", "test_geometric"):
            np.testing.assert_allclose(result[name], reference[name], rtol=1e-12)

    def test_grid_search_on_several(self, data):
        search = GridSearchCV(
            LogisticRegression(),
            {"C": [1e-4, 1.0], "class_weight": [None, "balanced"]},
            scoring=SCORERS,
            refit="geometric",
            cv=3,
        )
        search.fit(*data)
        assert search.best_params_["class_weight"] == "balanced"
        means = search.cv_results_["mean_test_geometric"]
        assert search.best_score_ == means.max()
        assert (search.cv_results_["mean_test_balanced"] >= means - 1e-12).all()

    @pytest.mark.parametrize("name", SCORERS)
    def test_copies(self, data, name):
        classifier = LogisticRegression().fit(*data)
        expected = SCORERS[name](classifier, *data)
        for copy in (
            pickle.loads(pickle.dumps(SCORERS[name])),
            clone(SCORERS[name], safe=False),
        ):
            assert copy(classifier, *data) == expected

    def test_metadata_routing(self, data):
        X, y = data
        weight = np.random.default_rng(0).integers(0, 3, size=len(y))
        with sklearn.config_context(enable_metadata_routing=True):
            scorer = clone(geometric_mean_scorer, safe=False)
            scorer = scorer.set_score_request(sample_weight=True)
            classifier = LogisticRegression().set_fit_request(sample_weight=False)
            arguments = {"scoring": scorer, "cv": 3, "params": {"sample_weight": weight}}
            weighted = cross_validate(classifier, X, y, **arguments)["test_score"]
            plain = cross_validate(classifier, X, y, scoring=geometric_mean_scorer, cv=3)
        assert not np.allclose(weighted, plain["test_score"])


@pytest.mark.parametrize("weight", [[1, -1], [0, 0], [1, math.inf], [math.nan, 1]])
def test_bad_weights(weight):
    with pytest.raises(ValueError, match="sample_weight must be finite, also in sum, not negative"):
        geometric_mean_score([0, 1], [0, 1], sample_weight=weight)


def test_shares_are_not_taken_for_counts():
    y = ["a"] * 6 + ["b"] * 4
    shares = pd.Series(y).value_counts(normalize=True)
    with pytest.raises(ValueError, match=r"class_counts sum to 1, as shares do .*'a': 0.6"):
        shot_accuracies(y, y, shares)
    assert cumulative_false_positives(y, y, shares).tolist() == [0, 0]  # which goes by order alone
    assert shot_accuracies(y, y, {"a": 1, "b": 0})["few"] == 1.0


@pytest.mark.parametrize("labels", ["a", {"a"}, {"a": 1}, [["a"]], [0j]])
def test_labels_to_score_are_a_list(labels):
    with pytest.raises(ValueError, match="labels must be a list of classes, got"):
        geometric_mean_score(["a", "b"], ["a", "b"], labels=labels)
