"""Classifiers among scikit-learn's tools: copies, searches, meta-estimators, routing."""

from __future__ import annotations

import copy
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    KFold,
    LeaveOneGroupOut,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.exceptions import DeviceWarning

from sklimb import AffinityClassifier, RebalancedClassifier
from tests.shared import QUICK, each_classifier, same_bits
from tests.shared import binary as binary
from tests.shared import data as data

# --- copies -----------------------------------------------------------------------------------


@each_classifier
def test_pickle_joblib_deepcopy(cls, data, tmp_path):
    X, y = data
    model = cls(**QUICK).fit(X, y)
    joblib.dump(model, tmp_path / "model.joblib")
    copies = [
        pickle.loads(pickle.dumps(model)),
        joblib.load(tmp_path / "model.joblib"),
        copy.deepcopy(model),
    ]
    for copied in copies:
        assert np.array_equal(copied.predict_proba(X), model.predict_proba(X))
    # goes on training as the original does
    assert same_bits(copies[-1].partial_fit(X, y), model.partial_fit(X, y))


def test_a_pickle_holds_no_training_data(data):
    X, y = data
    rows = 40
    small, large = (
        len(pickle.dumps(RebalancedClassifier(**QUICK).fit(np.tile(X, (n, 1)), np.tile(y, n))))
        for n in (1, rows)
    )
    assert large - small < X.nbytes


def test_model_of_a_gpu_unpickles_without_one(data, monkeypatch):
    X, y = data
    model = RebalancedClassifier(**QUICK).fit(X, y)
    expected = model.predict_proba(X)
    # stands for a fit on CUDA: skorch maps by the device that the net names
    model.net_.device = "cuda"
    stored = pickle.dumps(model)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.warns(DeviceWarning):
        loaded = pickle.loads(stored)
    assert loaded.device_ == "cpu"
    np.testing.assert_array_equal(loaded.predict_proba(X), expected)


# --- searches, meta-estimators, routing -------------------------------------------------------


@each_classifier
def test_grid_search_over_own_and_nested_parameters(cls, data):
    X, y = data
    own = "lam" if cls is AffinityClassifier else "rebalance_from"
    search = GridSearchCV(
        make_pipeline(StandardScaler(), cls(**QUICK)),
        {
            f"{cls.__name__.lower()}__{own}": [0.25, 0.5],
            f"{cls.__name__.lower()}__module__hidden": [(4,), (8, 8)],
        },
        cv=2,
        n_jobs=2,
        scoring="balanced_accuracy",
    ).fit(X, y)
    assert len(search.cv_results_["params"]) == 4
    assert len(set(search.cv_results_["mean_test_score"])) > 1
    assert search.best_estimator_.predict(X).shape == y.shape


@each_classifier
def test_meta_estimators(cls, data, binary):
    X, y = data
    base = cls(**QUICK)
    assert cross_val_predict(base, X, y, cv=2, method="predict_proba").shape == (240, 3)
    assert CalibratedClassifierCV(base, cv=2).fit(X, y).predict_proba(X).shape == (240, 3)
    stack = StackingClassifier([("net", base)], LogisticRegression(), cv=2).fit(X, y)
    assert set(stack.predict(X)) <= set(y)
    assert OneVsRestClassifier(base).fit(X, y).predict_proba(X).shape == (240, 3)
    X, y = binary
    scoring = make_scorer(f1_score, pos_label="fraud")
    tuned = TunedThresholdClassifierCV(base, scoring=scoring, cv=2).fit(X, y)
    assert set(tuned.predict(X)) <= {"fine", "fraud"}
    fixed = FixedThresholdClassifier(base, threshold=0.01, pos_label="fraud").fit(X, y)
    assert np.mean(fixed.predict(X) == "fraud") > np.mean(y == "fraud")


@each_classifier
def test_metadata_routing_of_sample_weight(cls, data):
    import sklearn

    X, y = data
    weight = np.where(y == "rare", 50.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=False),
            cls(**QUICK).set_fit_request(sample_weight=True),
        ).fit(X, y, sample_weight=weight)
        assert routed[-1].class_counts_[1] == pytest.approx(50.0 * np.sum(y == "rare"))
        scores = cross_validate(
            cls(**QUICK).set_fit_request(sample_weight=True).set_score_request(sample_weight=False),
            X,
            y,
            cv=2,
            params={"sample_weight": weight},
            return_estimator=True,
        )
        assert all(m.class_counts_[1] > 50 for m in scores["estimator"])


@each_classifier
def test_features_as_a_frame(cls, data):
    X, y = data
    features = cls(**QUICK).set_output(transform="pandas").fit(X, y).transform(X)
    assert features.columns[0] == cls.__name__.lower() + "0"


# --- settings by class ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def one_of_a_class():
    """Three classes, the last of one sample, so that most folds train without it."""
    X, y = make_classification(90, 6, n_informative=4, weights=[0.7], random_state=0)
    y[7] = 2
    return X, y


@each_classifier
def test_weights_of_a_class_that_a_fold_lacks(cls, one_of_a_class):
    X, y = one_of_a_class
    model = cls(**QUICK).set_params(class_weight={0: 1.0, 1: 2.0, 2: 5.0})
    there = y < 2
    lacking = clone(model).fit(X[there], y[there])
    plain = clone(model).set_params(class_weight={0: 1.0, 1: 2.0}).fit(X[there], y[there])
    assert same_bits(lacking, plain)
    folds = KFold(3, shuffle=True, random_state=0)
    assert np.isfinite(cross_val_score(model, X, y, cv=folds, error_score="raise")).all()
    groups = np.arange(len(y)) % 2
    scores = cross_val_score(model, X, y, groups=groups, cv=LeaveOneGroupOut(), error_score="raise")
    assert np.isfinite(scores).all()
    with pytest.raises(ValueError, match=r"not have: \[2\]\. .* nothing for \[1\]"):
        clone(model).set_params(class_weight={0: 1.0, 2: 5.0}).fit(X[there], y[there])


@each_classifier
def test_weights_in_a_series_are_those_in_a_dict(cls, data):
    X, y = data
    weights = {label: 1.0 + place for place, label in enumerate(np.unique(y)[::-1].tolist())}
    by_dict = cls(**QUICK).set_params(class_weight=weights).fit(X, y)
    by_series = clone(cls(**QUICK).set_params(class_weight=pd.Series(weights)))
    assert by_series.get_params()["class_weight"].to_dict() == weights
    assert same_bits(by_series.fit(X, y), by_dict)
    assert same_bits(by_series.partial_fit(X, y), by_dict.partial_fit(X, y))
    for model in (by_series, by_dict):
        model.set_params(warm_start=True).fit(X, y)
    assert same_bits(by_series, by_dict)


def test_weights_go_along_in_bags_and_calibration(one_of_a_class):
    X, y = one_of_a_class
    model = RebalancedClassifier(**QUICK).set_params(class_weight={0: 1.0, 1: 2.0, 2: 5.0})
    assert BaggingClassifier(model, 3, random_state=0).fit(X, y).predict_proba(X).shape == (90, 3)
    voting = VotingClassifier([("a", model), ("b", LogisticRegression())], voting="soft")
    folds = KFold(3, shuffle=True, random_state=0)
    for around in (voting, OneVsRestClassifier(model.set_params(class_weight={0: 1.0, 1: 5.0}))):
        assert np.isfinite(cross_val_score(around, X, y, cv=folds, error_score="raise")).all()
    names = np.array(["a", "b", "c"])[y]
    with pytest.raises(ValueError, match="VotingClassifier, BaggingClassifier, OneVsRest"):
        voting.set_params(a__class_weight={"a": 1.0, "b": 5.0, "c": 1.0}).fit(X, names)
