"""Classifiers among scikit-learn's tools: copies, searches, meta-estimators, routing."""

from __future__ import annotations

import copy
import pickle

import joblib
import numpy as np
import pytest
import torch
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
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
        assert same_bits(copied.partial_fit(X, y), copy.deepcopy(model).partial_fit(X, y))


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
