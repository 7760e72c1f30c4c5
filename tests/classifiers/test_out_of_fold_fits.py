"""Fits that also say something of each training sample, and the mean of what they say."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import scipy.sparse
import torch
from imblearn.ensemble import BalancedRandomForestClassifier
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import BaggingClassifier, ExtraTreesClassifier, RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit, StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler, TargetEncoder

from sklimb import (
    AffinityClassifier,
    BlendedClassifier,
    DecoupledClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
)
from sklimb._data.weighted_fit import metadata_of
from sklimb.backbones import MLP
from sklimb.classifiers.labelled_data import labelled_data
from sklimb.classifiers.out_of_fold_fits import (
    FoldMean,
    OutOfFoldFit,
    fit_out_of_fold,
    gives_out_of_fold,
    mean_out_of_fold,
)
from sklimb.over_sampling import SmallClassSMOTE

FOREST = RandomForestClassifier(60, min_samples_leaf=2, oob_score=True, random_state=0)


@pytest.fixture(scope="module")
def data():
    return make_classification(
        150, 5, n_informative=4, n_redundant=0, n_classes=3, weights=[0.6, 0.3], random_state=0
    )


def fitted(estimators, X, y, weight=None, **settings):
    settings = {"cv": 3} | settings
    return fit_out_of_fold(
        estimators,
        labelled_data(GaussianNB(), X, y, weight),
        routed=metadata_of(GaussianNB(), "fit", estimators, weight, {}),
        **settings,
    )


class OwnScaler(StandardScaler):
    """It may look at labels for all that is known."""


class Own(ClassifierMixin, BaseEstimator):
    """Says of each training sample what it is told to."""

    def __init__(self, said=None, cross_fit=True):
        self.said = said
        self.cross_fit = cross_fit

    def fit(self, X, y, sample_weight=None):
        self.classes_, self.n_seen_ = np.unique(y), len(y)
        if self.said is not None:
            self.oof_proba_ = self.said
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


@pytest.mark.parametrize(
    ("estimator", "own"),
    [
        (FOREST, True),
        (RandomForestClassifier(), False),
        (RandomForestClassifier(oob_score=True, bootstrap=False), False),
        (ExtraTreesClassifier(oob_score=True), False),  # it draws no bootstrap samples by default
        (ExtraTreesClassifier(oob_score=True, bootstrap=True), True),
        (BaggingClassifier(oob_score=True), True),
        (RebalancedClassifier(cross_fit=True), True),
        (RebalancedClassifier(cross_fit=True, module=MLP), True),
        (RebalancedClassifier(), True),  # cross_fit="auto"
        (RebalancedClassifier(max_epochs=9), False),
        (RebalancedClassifier(module=MLP), False),
        (RebalancedClassifier(cross_fit=False), False),
        (AffinityClassifier(), True),
        (M2mClassifier(), True),
        (OffsetDebiasedClassifier(offset="empirical"), False),
        (AffinityClassifier(cross_fit=True), True),
        (DecoupledClassifier(cross_fit=True), False),  # it is of its first stage
        (PriorCorrectedClassifier(LogisticRegression(), cv=3), False),  # its oof is not corrected
        (make_pipeline(StandardScaler(), FOREST), True),
        (make_pipeline("passthrough", RebalancedClassifier(cross_fit=True)), True),
        (make_pipeline(make_column_transformer((StandardScaler(), [0])), FOREST), True),
        # "auto" goes by how many columns come out, and these look at labels, or may do so
        (make_pipeline(StandardScaler(), RebalancedClassifier()), False),
        (make_pipeline(make_column_transformer((TargetEncoder(), [0])), FOREST), False),
        (make_pipeline(SelectKBest(), FOREST), False),
        (make_pipeline(SmallClassSMOTE(), FOREST), False),
        (make_pipeline(OwnScaler(), FOREST), False),
        (make_pipeline(StandardScaler(), "passthrough"), False),
        (LogisticRegression(), False),
        (Own(), True),
        (Own(cross_fit=False), False),
    ],
)
def test_who_gives_them(estimator, own, data):
    assert gives_out_of_fold(estimator, data[0]) == own


def test_behind_transformers_one_fit_says_what_it_says_without_them(data):
    X, y = data
    scaled = StandardScaler().fit_transform(X)
    for last in (FOREST, RebalancedClassifier(cross_fit=True, max_epochs=2, random_state=0)):
        alone, piped = (
            BlendedClassifier(estimators=[("one", one)], random_state=0).fit(given, y)
            for one, given in ((last, scaled), (make_pipeline(StandardScaler(), last), X))
        )
        np.testing.assert_allclose(piped.oof_proba_, alone.oof_proba_, rtol=1e-5, atol=1e-7)
        assert isinstance(piped.estimators_[0], Pipeline)  # no mean of folds


def test_copies_of_samples_are_not_left_to_bags(data):
    X, y = data
    rare = np.flatnonzero(y == np.unique(y)[-1])
    rows = np.concatenate([np.arange(len(y)), np.tile(rare, 5)])
    assert gives_out_of_fold(FOREST, X) and not gives_out_of_fold(FOREST, X, has_copies=True)
    assert gives_out_of_fold(RebalancedClassifier(), X, has_copies=True)  # it keeps them together
    blend = BlendedClassifier(estimators=[("forest", FOREST)], cv=3, random_state=0)
    blend.fit(X[rows], y[rows])
    assert len(blend.estimators_[0].estimators_) == 3
    copies = rows == rare[0]
    assert np.ptp(blend.oof_proba_[copies], axis=0).max() < 1e-12


def test_networks_left_open_go_by_the_shape(data):
    X, y = data
    wide = np.zeros((4, 600))
    assert not gives_out_of_fold(RebalancedClassifier(), wide)
    assert not gives_out_of_fold(RebalancedClassifier(), scipy.sparse.csr_array(wide))
    assert gives_out_of_fold(RebalancedClassifier(), scipy.sparse.csr_array(X))
    assert not gives_out_of_fold(RebalancedClassifier(), np.zeros((4, 3, 8, 8)))
    source = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(y))
    assert not gives_out_of_fold(RebalancedClassifier(module=MLP), source)


@pytest.mark.parametrize(
    ("estimator", "X"),
    [
        (RebalancedClassifier(max_epochs="auto", random_state=0), None),
        (RebalancedClassifier(max_epochs=2, random_state=0), None),
        (RebalancedClassifier(cross_fit=True, max_epochs=2, random_state=0), "wide"),
    ],
)
def test_networks_keep_them_where_they_are_said_to(estimator, X, data):
    X, y = np.tile(data[0], (1, 120)) if X == "wide" else data[0], data[1]
    own = gives_out_of_fold(estimator, X)
    assert hasattr(estimator.fit(X, y), "oof_proba_") == own


def test_one_fit_or_one_for_each_fold(data):
    X, y = data
    forest, linear = fitted({"forest": FOREST, "linear": LogisticRegression()}, X, y)
    np.testing.assert_array_equal(forest.proba, FOREST.fit(X, y).oob_decision_function_)
    np.testing.assert_array_equal(forest.estimator.predict_proba(X), FOREST.predict_proba(X))
    expected = cross_val_predict(LogisticRegression(), X, y, cv=3, method="predict_proba")
    np.testing.assert_allclose(linear.proba, expected)
    mean = np.mean([
        LogisticRegression().fit(X[train], y[train]).predict_proba(X)
        for train, _ in StratifiedKFold(3).split(X, y)
    ], axis=0)  # fmt: skip
    np.testing.assert_allclose(linear.estimator.predict_proba(X), mean)
    np.testing.assert_array_equal(linear.estimator.predict(X), mean.argmax(1))
    assert linear.estimator.n_features_in_ == 5
    assert not hasattr(linear.estimator, "feature_names_in_")
    assert forest.usable.all()
    assert linear.usable.all()


def test_no_folds_are_made_where_none_are_needed(data):
    X, y = data
    fitted({"forest": FOREST}, X, y, cv="not looked at")


@pytest.mark.parametrize("n_jobs", [2, 3])
def test_at_once_the_same(n_jobs, data):
    both = {"linear": LogisticRegression(), "forest": FOREST, "net": RebalancedClassifier(
        max_epochs=2, random_state=0)}  # fmt: skip
    one = fitted(both, *data)
    for a, b in zip(one, fitted(both, *data, n_jobs=n_jobs), strict=True):
        np.testing.assert_array_equal(a.proba, b.proba)
        np.testing.assert_array_equal(
            a.estimator.predict_proba(data[0]), b.estimator.predict_proba(data[0])
        )


def test_samples_without_weight_are_as_if_not_there(data):
    X, y = data
    weight = np.random.default_rng(0).integers(0, 3, len(y)).astype(float)
    weight[y == 2] = 0
    kept = weight > 0
    both = {"forest": FOREST, "bayes": GaussianNB()}
    found = fitted(both, X, y, weight)
    alone = fitted(both, X[kept], y[kept], weight[kept])
    for a, b in zip(found, alone, strict=True):
        np.testing.assert_allclose(a.proba[kept][:, :2], b.proba)
        np.testing.assert_array_equal(a.proba[kept, 2], 0.0)
        assert np.isnan(a.proba[~kept]).all()
        np.testing.assert_array_equal(a.usable, kept)
        np.testing.assert_allclose(a.estimator.predict_proba(X), b.estimator.predict_proba(X))


def test_one_that_takes_no_weights_is_cross_fitted_where_there_are_some(data):
    class Bags(BaggingClassifier):
        def fit(self, X, y):
            return super().fit(X, y)

    bags = Bags(KNeighborsClassifier(), 40, oob_score=True, random_state=0)
    assert gives_out_of_fold(bags, data[0])
    assert not gives_out_of_fold(bags, data[0], weighted=True)
    weight = 1.0 + np.arange(len(data[1])) % 2
    assert isinstance(fitted({"bags": bags}, *data, weight)[0].estimator, FoldMean)


@pytest.mark.parametrize("kind", [RandomForestClassifier, BaggingClassifier])
def test_samples_in_all_bags_are_not_told(kind, data):
    X, y = data
    # scikit-learn warns of these, and need not: they are seen to
    found = fitted({"few": kind(n_estimators=3, oob_score=True, random_state=0)}, X, y)[0]
    assert 0.05 * len(y) < np.sum(~found.usable) < 0.5 * len(y)
    assert np.isnan(found.proba[~found.usable]).all()
    np.testing.assert_allclose(found.proba[found.usable].sum(1), 1.0)
    with pytest.warns(UserWarning, match=r"left out [0-9]+ of 150 samples only.*Set more trees"):
        fitted({"one": kind(n_estimators=1, oob_score=True, random_state=0)}, X, y)


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (Own(), r"Own\(\) has neither oof_proba_ nor oob_decision_function_ .* cross-fitted"),
        (Own(said=np.ones((150, 2))), r"shape \(150, 2\).* each of 150 .* \[0, 1, 2\]"),
        (Own(said=np.ones((7, 3))), r"shape \(7, 3\)"),
        (Own(said=np.ones(150)), r"shape \(150,\)"),
    ],
)
def test_errors(own, message, data):
    with pytest.raises(ValueError, match=message):
        fitted({"own": own}, *data)


def test_a_balanced_forest(data):
    X, y = data
    forest = BalancedRandomForestClassifier(
        250, oob_score=True, bootstrap=True, replacement=False, sampling_strategy="all",
        random_state=0,
    )  # fmt: skip
    found = fitted({"forest": forest}, X, y)[0]
    np.testing.assert_array_equal(found.proba, found.estimator.oob_decision_function_)


def test_the_mean_of_what_several_say():
    nan, yes = np.nan, np.ones(4, dtype=bool)
    first = np.array([[0.2, 0.8], [nan, nan], [0.5, 0.5], [nan, nan]])
    second = np.array([[0.6, 0.4], [0.4, 0.6], [nan, nan], [nan, nan]])
    found = [
        OutOfFoldFit(None, first, np.isfinite(first[:, 0])),
        OutOfFoldFit(None, second, np.isfinite(second[:, 0])),
    ]
    prior = np.array([0.9, 0.1])
    mean, usable = mean_out_of_fold(found, None, prior)
    np.testing.assert_allclose(mean[:3], [[0.4, 0.6], [0.65, 0.35], [0.7, 0.3]])
    assert np.isnan(mean[3]).all()
    assert usable.tolist() == [True, False, False, False]
    mean, _ = mean_out_of_fold(found, [3, 1], prior)
    np.testing.assert_allclose(mean[:3], [[0.3, 0.7], [0.775, 0.225], [0.6, 0.4]])
    mean, usable = mean_out_of_fold([OutOfFoldFit(None, first, yes)], None, prior)
    np.testing.assert_array_equal(mean, first)
    assert usable.all()


def test_folds_of_which_some_lack_a_class(data):
    X, y = data
    cv = ShuffleSplit(4, test_size=0.3, random_state=1)
    found = fitted({"bayes": GaussianNB()}, X, y, cv=cv)[0]
    out = np.isin(np.arange(150), np.concatenate([test for _, test in cv.split(X)]))
    np.testing.assert_array_equal(found.usable, out)
    rare = np.flatnonzero(y == 2)
    rest = np.flatnonzero(y != 2)
    folds = [(rest[::2], rest[1::2]), (np.r_[rest[1::2], rare[::2]], np.r_[rest[::2], rare[1::2]])]
    with pytest.warns(UserWarning, match=r"1 of 2 folds of cv train without .* \[2\]"):
        found = fitted({"bayes": GaussianNB()}, X, y, cv=folds)[0]
    assert found.estimator.classes_.tolist() == [0, 1, 2]
    copied = pickle.loads(pickle.dumps(found.estimator))
    np.testing.assert_array_equal(copied.predict_proba(X), found.estimator.predict_proba(X))
    np.testing.assert_allclose(copied.predict_proba(X).sum(1), 1.0)
    assert "FoldMean([GaussianNB(), GaussianNB()])" in repr(copied)
