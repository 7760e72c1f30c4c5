"""Folds: each class spread over all, copies of a sample with it, errors for what makes none."""

from __future__ import annotations

from itertools import repeat

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import make_classification
from sklearn.model_selection import GroupKFold, StratifiedKFold

from sklimb.classifiers.folds import copies_in, folds_of


@pytest.fixture(scope="module")
def data():
    return make_classification(
        90, 5, n_informative=4, n_redundant=0, n_classes=3, weights=[0.7, 0.2], random_state=0
    )


@pytest.mark.parametrize("n_rare", [2, 3, 4])
def test_classes_of_fewer_samples_than_folds_are_spread(n_rare, data):
    X, y = data
    rare = np.flatnonzero(y == 2)
    kept = np.setdiff1d(np.arange(len(y)), rare[n_rare:])
    X, y = X[kept], y[kept]
    folds = folds_of(5, X, y, None, {})
    assert sum((y[test] == 2).any() for _, test in folds) == n_rare
    assert all(2 in y[train] for train, _ in folds)
    assert np.array_equal(np.sort(np.concatenate([test for _, test in folds])), np.arange(len(y)))


def test_groups(data):
    X, y = data
    groups = np.arange(len(y)) % 9
    for train, test in folds_of(GroupKFold(3), X, y, None, {"groups": groups}):
        assert not set(groups[train]) & set(groups[test])


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        (90, "cv=90 needs a class of 90 samples or more, but the largest of y has [0-9]+"),
        ([], "holds back no samples"),
        ([(np.arange(90), [])], "holds back no samples"),
        ([(np.arange(60), np.arange(50, 90))], "Fold 0 of cv tests on samples that it trains on"),
    ],
)
def test_errors(cv, message, data):
    X, y = data
    with pytest.raises(ValueError, match=message):
        folds_of(cv, X, y, None, {})


class _Splitter:
    """A splitter of a user's that gives what it is told to."""

    def __init__(self, folds):
        self.folds = folds

    def get_n_splits(self, X=None, y=None, groups=None):
        return 2

    def split(self, X, y=None, groups=None):
        return self.folds

    def __repr__(self):
        return "Own()"


@pytest.mark.parametrize(
    ("folds", "message"),
    [
        (range(3), r"Fold 0 of cv, a .*, must be a pair \(training samples, test samples\), got 0"),
        (
            [(np.arange(50), np.arange(50, 90)), None],
            "Fold 1 of cv, a .*, must be a pair .*, got None",
        ),
        ({"a": 1}, "Fold 0 of cv, a .*, must be a pair .*, got 'a'"),
        (repeat(7), "Fold 0 of cv, a .*, must be a pair .*, got 7"),
        ([(1, 2, 3)], "Fold 0 of cv, a .*, must be a pair"),
        ([([[1], [1, 2]], [3])], "Fold 0 of cv, a .*, must be a pair"),
        ([(0, 1)], "training samples of fold 0 of cv must be positions from 0 to 89 .*array"),
        (["ab"], r"Fold 0 of cv, a .*, must be a pair .*got 'ab'"),
        ([(["a"], ["b"])], "training samples of fold 0 of cv must be positions"),
        ([(np.arange(50), [0.5])], "test samples of fold 0 of cv must be positions"),
        ([(np.arange(50), [90])], "test samples of fold 0 of cv must be positions"),
        ([(np.arange(50), [True])], "test samples of fold 0 of cv must be positions"),
        ([(np.eye(90, dtype=int), [1])], "training samples of fold 0 of cv must be positions"),
    ],
)
@pytest.mark.parametrize("form", [lambda folds: folds, _Splitter])
def test_folds_that_are_none(folds, form, message, data):
    X, y = data
    with pytest.raises(ValueError, match=message):
        folds_of(form(folds), X, y, None, {})


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        (b"x", "cv must be an int, a splitter .*, got b'x'"),
        (StratifiedKFold, r"got the class .*Call it, as cv=StratifiedKFold\(\)"),
        (object(), "cv must be an int, a splitter .*cv=<object"),
        (_Splitter(None), r"cv must be an int, a splitter .*cv=Own\(\) gives none"),
    ],
)
def test_what_is_no_cv(cv, message, data):
    X, y = data
    with pytest.raises(TypeError, match=message):
        folds_of(cv, X, y, None, {})


def test_what_a_splitter_says_of_the_data_is_said_with_cv(data):
    X, y = data
    with pytest.raises(ValueError, match=r"cv=GroupKFold.* makes no folds of these data: .*groups"):
        folds_of(GroupKFold(3), X, y, None, {})


def test_positions_booleans_and_slices_are_the_same_folds(data):
    X, y = data
    first = np.arange(90) < 60
    forms = [
        (np.arange(60), np.arange(60, 90)),
        (first, ~first),
        (slice(60), slice(60, None)),
        (range(60), range(-30, 0)),
        (pd.RangeIndex(60), torch.arange(60, 90)),
    ]
    for ((train, test),) in (folds_of([form], X, y, None, {}) for form in forms):
        np.testing.assert_array_equal(train, np.arange(60))
        np.testing.assert_array_equal(test, np.arange(60, 90))


def test_no_class_has_two_samples(data):
    X, _ = data
    with pytest.raises(ValueError, match=r"largest of y has 1. Set cv=None"):
        folds_of(3, X[:4], np.arange(4), None, {})


def test_errors_of_one_class(data):
    X, y = data
    with pytest.raises(ValueError, match=r"y has one class, \[0\]"):
        folds_of(3, X, np.zeros(90, dtype=int), None, {})
    bulk = np.flatnonzero(y == 0)
    with pytest.raises(ValueError, match=r"Fold 0 of cv has training samples of the classes \[0\]"):
        folds_of([(bulk, np.flatnonzero(y == 1))], X, y, None, {})


@pytest.mark.parametrize("form", [np.asarray, pd.DataFrame])
def test_copies_are_left_out_with_what_they_are_copies_of(form, data):
    X, y = data
    rare = np.flatnonzero(y == 2)
    rows = np.concatenate([np.arange(90), np.tile(rare, 4)])
    X, y = form(X[rows]), y[rows]
    assert copies_in(X, y) is not None
    weight = np.ones(len(y))
    weight[rare[0]] = 0.0  # its copies are still copies of each other
    for given, there in ((None, np.arange(len(y))), (weight, np.flatnonzero(weight))):
        folds = folds_of(4, X, y, given, {})
        for train, test in folds:
            assert not set(rows[train]) & set(rows[test])
            assert 2 in y[test]
        tested = np.sort(np.concatenate([test for _, test in folds]))
        np.testing.assert_array_equal(tested, there)


def test_without_copies_folds_are_those_of_scikit_learn(data):
    X, y = data
    assert copies_in(X, y) is None
    assert copies_in(X.tolist(), y) is None
    for own, (train, test) in zip(folds_of(3, X, y, None, {}), StratifiedKFold(3).split(X, y)):
        np.testing.assert_array_equal(own[0], train)
        np.testing.assert_array_equal(own[1], test)
