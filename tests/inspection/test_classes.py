from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklimb import RebalancedClassifier
from sklimb.inspection._classes import (
    class_sizes,
    last_step,
    named,
    predictions_of,
    training_counts,
)


def test_classes_come_by_size_and_equal_ones_by_label():
    sizes = class_sizes(["b", "c", "a", "c"], {"x": ["a", "a", "a", "a"]}, None)
    assert sizes.classes.tolist() == ["c", "a", "b"]
    assert sizes.counts.tolist() == [2, 1, 1]
    assert sizes.of == "samples in y"


@pytest.mark.parametrize("make", [dict, pd.Series])
def test_counts_by_label_and_classes_that_the_test_part_lacks(make):
    sizes = class_sizes([1, 2], {"x": [1, 1]}, make({1: 5, 2: 50, 7: 9}))
    assert sizes.classes.tolist() == [2, 7, 1]
    assert sizes.of == "training samples"


def test_counts_by_position():
    assert class_sizes(["a", "b"], {"x": ["a", "a"]}, [1, 3]).classes.tolist() == ["b", "a"]


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([1, 2, 3], "3 entries"),
        ({"a": 1}, "nothing for"),
        ({"a": 1, "b": -1}, "not negative"),
        ([1, np.nan], "finite"),
    ],
)
def test_counts_that_do_not_fit(counts, message):
    with pytest.raises(ValueError, match=message):
        class_sizes(["a", "b"], {"x": ["a", "a"]}, counts)


def test_lengths_must_agree():
    with pytest.raises(ValueError, match=r"y_true has .* labels and y_pred has"):
        class_sizes([0, 1], {"x": [0]}, None)


def test_training_counts_are_found_inside(three, plain):
    said = {"bulk": np.sum(three[1] == "bulk")}
    search = GridSearchCV(
        make_pipeline(StandardScaler(), RebalancedClassifier(cross_fit=False, max_epochs=1)),
        {"rebalancedclassifier__lr": [0.01]},
        cv=2,
    ).fit(*three)
    for estimator in (plain, FrozenEstimator(plain), search):
        assert training_counts(estimator)["bulk"] == said["bulk"]


def test_counts_behind_a_sampler_are_not_those_of_the_classes(three):
    model = RebalancedClassifier(cross_fit=False, max_epochs=1)
    pipeline = make_sampling_pipeline(RandomOverSampler(), model).fit(*three)
    assert training_counts(pipeline) is None
    assert last_step(pipeline, behind_samplers=True) is pipeline[-1]


def test_no_counts_of_other_classifiers(three):
    assert training_counts(DummyClassifier().fit(*three)) is None


def test_names():
    assert list(named([1], None, "classifier")) == ["classifier"]
    assert list(named([1], "mine", "classifier")) == ["mine"]
    assert list(named({3: [1]}, None, "classifier")) == ["3"]
    with pytest.raises(ValueError, match="Leave name out"):
        named({"a": [1]}, "b", "classifier")
    with pytest.raises(ValueError, match="at least one"):
        named({}, None, "classifier")


def test_classifiers_of_other_sizes_need_counts(three, plain):
    X, y = three
    other = RebalancedClassifier(cross_fit=False, max_epochs=1).fit(X[::2], y[::2])
    with pytest.raises(ValueError, match="class_counts="):
        predictions_of({"a": plain, "b": other}, X, None, sizes_are_given=False)
    predicted, _ = predictions_of({"a": plain, "b": other}, X, None, sizes_are_given=True)
    assert set(predicted) == {"a", "b"}


def test_counts_that_are_no_numbers_are_named():
    with pytest.raises(ValueError, match="class_counts must hold numbers"):
        class_sizes(["a", "b"], {"mine": ["a", "b"]}, ["many", "few"])
