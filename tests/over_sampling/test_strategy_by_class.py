"""Sizes by class in any mapping, also of classes that a part of the data lacks."""

from __future__ import annotations

from types import MappingProxyType

import imblearn.pipeline
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_score
from torch.utils.data import DataLoader, TensorDataset

from sklimb import M2mSampler
from sklimb.over_sampling import SmallClassSMOTE
from sklimb.over_sampling._strategy_by_class import sizes_of_classes

SIZES = {"b": 40, "c": 50, "a": 60}
SAMPLERS = [
    SmallClassSMOTE(random_state=0),
    M2mSampler(
        n_steps=0,
        gamma=0.0,
        source_estimator=None,
        random_state=0,
    ),
]


@pytest.fixture(scope="module")
def data():
    X = np.random.default_rng(0).normal(size=(90, 3))
    return X, np.repeat(["a", "b", "c"], [60, 25, 5])


def test_a_function_that_returns_no_sizes_is_shown_with_what_it_returned(data):
    with pytest.raises(TypeError, match=r"sampling_strategy=<built-in function len> .* got 90"):
        M2mSampler(sampling_strategy=len).fit_resample(*data)


@pytest.mark.filterwarnings("ignore:g .source_estimator. recognises")
@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: type(sampler).__name__)
@pytest.mark.parametrize(
    "strategy",
    [
        pd.Series(SIZES),
        pd.Series(SIZES, dtype=float),
        MappingProxyType(SIZES),
        {np.str_(label): np.int64(size) for label, size in SIZES.items()},
        SIZES | {"d": 9},
        pd.Series(SIZES | {"d": 9}),
    ],
    ids=lambda strategy: type(strategy).__name__,
)
def test_each_mapping_is_a_dict(sampler, strategy, data):
    X, y = data
    expected = clone(sampler).set_params(sampling_strategy=SIZES).fit_resample(X, y)
    asked = clone(sampler).set_params(sampling_strategy=strategy)
    given = asked.sampling_strategy
    found = asked.fit_resample(X, y)
    assert asked.sampling_strategy is given  # as it was
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert {label: int(np.sum(found[1] == label)) for label in SIZES} == SIZES
    assert asked.fit(X, y).sampling_strategy_ == {"a": 0, "b": 15, "c": 45}


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: type(sampler).__name__)
def test_what_cannot_be(sampler, data):
    X, y = data
    for strategy, message in [
        ({"d": 9}, r"sampling_strategy names labels .*: \['d'\].*only where one label of y"),
        (pd.Series([60, 40, 50]), r"sampling_strategy names labels .*: \[0, 1, 2\]"),
        ({"c": 50.5}, "whole numbers of samples, got 50.5 for 'c'"),
        ({"c": None}, "whole numbers of samples, got None"),
        ({"a": 10}, "greater or equal to the original"),
    ]:
        with pytest.raises(ValueError, match=message):
            clone(sampler).set_params(sampling_strategy=strategy).fit_resample(X, y)
    with pytest.raises(TypeError, match="sampling_strategy is a DataFrame"):
        clone(sampler).set_params(sampling_strategy=pd.DataFrame({"n": SIZES})).fit_resample(X, y)


@pytest.mark.parametrize("strategy", [SIZES, {"b": 40, "c": 50}], ids=["all", "some"])
def test_in_folds_that_lack_a_class(strategy, data):
    X, y = data
    y = y.copy()
    y[np.flatnonzero(y == "c")[1:]] = "b"
    sampler = SmallClassSMOTE(sampling_strategy=pd.Series(strategy), random_state=0)
    model = imblearn.pipeline.make_pipeline(sampler, LogisticRegression())
    folds = KFold(3, shuffle=True, random_state=0)
    assert np.isfinite(cross_val_score(model, X, y, cv=folds, error_score="raise")).all()


def test_sizes():
    assert sizes_of_classes({0: 3, True: 4.0, 7: 9}, np.array([0, 1])) == {0: 3, 1: 4}
    assert sizes_of_classes({1: 4}, np.array([0, 1])) == {1: 4}
    # The largest class has no size to be brought to, and a fold may lack another.
    assert sizes_of_classes({1: 4, 2: 9}, np.array([0, 1])) == {1: 4}
    with pytest.raises(ValueError, match="Those named are str, those of y int"):
        sizes_of_classes({"1": 4, "2": 9}, np.array([0, 1]))


def test_a_label_that_may_be_misspelt_is_said():
    labels = np.array(["a", "b", "c"])
    with pytest.warns(UserWarning, match=r"names \['C'\].*says nothing of \['a', 'c'\]"):
        assert sizes_of_classes({"b": 70, "C": 90}, labels) == {"b": 70}
    # the class that has samples enough is never named, and a fold may lack another
    assert sizes_of_classes({"b": 70, "c": 90}, labels[:2]) == {"b": 70}


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda X: TensorDataset(torch.tensor(X)), "X is a TensorDataset of torch"),
        (lambda X: DataLoader(TensorDataset(torch.tensor(X))), "X is a DataLoader of torch"),
        (lambda X: {"a": X[:, 0]}, "X is a dict"),
        (lambda X: np.ma.masked_less(X, X.mean()), "contains NaN"),
        (lambda X: _frame(X, pd.date_range("2024", periods=len(X))), "'d' holds dates"),
        (lambda X: _frame(X, pd.to_timedelta(range(len(X)))), "'d' holds durations"),
    ],
)
@pytest.mark.parametrize("sampler", [SmallClassSMOTE(), M2mSampler()])
def test_what_is_no_rows_of_numbers_is_named(sampler, change, said, data):
    X, y = data
    with pytest.raises((TypeError, ValueError), match=said):
        sampler.fit_resample(change(X), y)


def _frame(X, column):
    return pd.DataFrame(X).rename(columns=str).assign(d=column)


def test_whole_numbers_of_nullable_type_keep_all_their_digits(data):
    X, y = data
    y = pd.Series(2**60 + np.unique(y, return_inverse=True)[1], dtype="Int64")
    _, resampled = SmallClassSMOTE(random_state=0).fit_resample(X, y)
    assert resampled.dtype == "Int64" and resampled.nunique() == 3
    assert resampled.value_counts().nunique() == 1


def test_labels_without_an_order_are_refused_by_name():
    with pytest.raises(ValueError, match=r"^y has labels of several types \(int, str\)"):
        SmallClassSMOTE().fit_resample(np.zeros((4, 1)), ["a", 1, "a", 1])
