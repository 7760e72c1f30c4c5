"""What classifiers say of samples that they were not trained on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import torch
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from sklimb.classifiers.fold_clones import fit_clones, in_rows, mean_probabilities
from sklimb.classifiers.folds import folds_of

CLASSES = np.array([0, 1, 2])


@pytest.fixture(scope="module")
def data():
    return make_classification(
        90, 5, n_informative=4, n_redundant=0, n_classes=3, weights=[0.7, 0.2], random_state=0
    )


def fitted(estimator, X, y, cv, weight=None, metadata=None, **settings):
    X = in_rows(X)
    return fit_clones(
        estimator, X, y, weight, classes=np.unique(y), folds=folds_of(cv, X, y, weight, {}),
        metadata=metadata or {}, **settings,
    )  # fmt: skip


@pytest.mark.parametrize("cv", [2, 5])
def test_as_cross_val_predict(cv, data):
    X, y = data
    found = fitted(GaussianNB(), X, y, cv)
    expected = cross_val_predict(GaussianNB(), X, y, cv=cv, method="predict_proba")
    np.testing.assert_allclose(found.proba, expected)
    assert len(found.estimators) == cv
    assert found.usable.all()
    parallel = fitted(GaussianNB(), X, y, cv, n_jobs=2)
    np.testing.assert_array_equal(parallel.proba, found.proba)


def test_a_mean_where_a_sample_is_left_out_several_times(data):
    X, y = data
    cv = RepeatedStratifiedKFold(n_splits=3, n_repeats=4, random_state=0)
    total = np.zeros((len(y), 3))
    for train, test in cv.split(X, y):
        total[test] += GaussianNB().fit(X[train], y[train]).predict_proba(X[test])
    np.testing.assert_allclose(fitted(GaussianNB(), X, y, cv).proba, total / 4)


def test_samples_that_no_fold_leaves_out(data):
    X, y = data
    found = fitted(GaussianNB(), X, y, ShuffleSplit(2, test_size=0.2, random_state=0))
    out = np.unique(np.concatenate(
        [test for _, test in ShuffleSplit(2, test_size=0.2, random_state=0).split(X)]
    ))  # fmt: skip
    np.testing.assert_array_equal(np.flatnonzero(found.usable), out)
    np.testing.assert_array_equal(np.flatnonzero(np.isfinite(found.proba[:, 0])), out)


def test_a_single_sample_is_in_the_training_rows_of_all_folds(data):
    X, y = data
    kept = np.setdiff1d(np.arange(len(y)), np.flatnonzero(y == 2)[1:])
    X, y = X[kept], y[kept]
    with pytest.warns(UserWarning, match=r"one sample only of the classes \[2\].*join them"):
        found = fitted(LogisticRegression(), X, y, 4)
    assert all(len(estimator.classes_) == 3 for estimator in found.estimators)
    assert np.array_equal(found.usable, y != 2)
    assert np.isnan(found.proba[y == 2]).all()
    assert np.isfinite(found.proba[y != 2]).all()


def test_a_class_that_a_fold_lacks(data):
    X, y = data
    order = np.argsort(y, kind="stable")
    X, y = X[order], y[order]
    first, last = np.arange(0, 80), np.arange(80, 90)
    y = np.where(np.arange(90) >= 80, 2, np.minimum(y, 1))
    cv = [(first, last), (np.r_[5:90:2], np.r_[0:5]), (np.r_[4:90:2], np.r_[1:4])]
    with pytest.warns(UserWarning, match=r"1 of 3 folds of cv .* \[2\]"):
        found = fitted(LogisticRegression(), X, y, cv)
    assert not found.usable[last].any()
    np.testing.assert_array_equal(found.proba[last, 2], 0.0)
    with_class = found.estimators[1].predict_proba(X[:1]), found.estimators[2].predict_proba(X[:1])
    without = np.append(found.estimators[0].predict_proba(X[:1])[0], 0.0)
    total = with_class[0][0] + with_class[1][0] + without
    expected = total / [3, 3, 2]
    mean, _ = mean_probabilities(found.estimators, X[:1], CLASSES)
    np.testing.assert_allclose(mean[0], expected / expected.sum())
    mean, _ = mean_probabilities(found.estimators, X, np.array([0, 1, 2, 3]))
    np.testing.assert_allclose(mean.sum(1), 1.0)
    assert not mean[:, 3].any()


def test_samples_without_weight_are_as_if_not_there(data):
    X, y = data
    weight = np.random.default_rng(0).integers(0, 3, len(y)).astype(float)
    kept = weight > 0
    for cv in (3, StratifiedKFold(3)):
        found = fitted(GaussianNB(), X, y, cv, weight, {"sample_weight": weight})
        if cv == 3:
            alone = fitted(
                GaussianNB(), X[kept], y[kept], cv, weight[kept], {"sample_weight": weight[kept]}
            )
            np.testing.assert_allclose(found.proba[kept], alone.proba)
        assert np.isnan(found.proba[~kept]).all()
        assert not found.usable[~kept].any()
    # a classifier that takes no weights gets rows as often
    train, test = folds_of(3, X, y, weight, {})[0]
    rows = np.repeat(train, weight[train].astype(int))
    expected = KNeighborsClassifier().fit(X[rows], y[rows]).predict_proba(X[test])
    found = fitted(KNeighborsClassifier(), X, y, 3, weight)
    np.testing.assert_allclose(found.proba[test], expected)


@pytest.mark.parametrize(
    "form",
    [np.asarray, np.ndarray.tolist, pd.DataFrame, pl.DataFrame, torch.from_numpy,
     scipy.sparse.csr_array, scipy.sparse.csc_matrix, scipy.sparse.coo_array,
     lambda X: torch.from_numpy(X).to_sparse()],
)  # fmt: skip
def test_forms_of_data(form, data):
    X, y = data
    expected = fitted(LogisticRegression(), X, y, 3).proba
    # a polars frame has no names that LogisticRegression minds; torch goes in as an array
    np.testing.assert_allclose(fitted(LogisticRegression(), form(X), y, 3).proba, expected, 1e-4)


def test_probabilities_that_are_none(data):
    class Broken(GaussianNB):
        def predict_proba(self, X):
            return np.full((len(X), 3), np.nan)

    with pytest.raises(ValueError, match="not finite for samples of a fold"):
        fitted(Broken(), *data, 3)
