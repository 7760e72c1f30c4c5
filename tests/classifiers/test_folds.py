"""Folds: each class spread over all, copies of a sample with it, errors for what makes none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
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
