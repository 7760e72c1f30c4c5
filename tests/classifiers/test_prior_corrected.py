"""Post-hoc prior correction of any classifier."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, log_loss
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from sklimb import PriorCorrectedClassifier, RebalancedClassifier
from sklimb.backbones import MLP


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(
        3000, 8, n_informative=6, n_classes=3, weights=[0.85, 0.1], class_sep=0.8, random_state=0
    )
    y = np.array(["bulk", "some", "rare"])[y]
    return train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("target", [None, [0.2, 0.5, 0.3], {"some": 3, "bulk": 2, "rare": 5}])
def test_the_formula(tau, target, data):
    X, X_test, y, _ = data
    model = PriorCorrectedClassifier(GaussianNB(), tau=tau, target_prior=target).fit(X, y)
    plain = GaussianNB().fit(X, y).predict_proba(X_test)
    share = np.array([np.mean(y == k) for k in ("bulk", "rare", "some")])
    wanted = {
        None: np.ones(3) / 3,
        list: np.array([0.2, 0.5, 0.3]),
        dict: np.array([0.2, 0.5, 0.3]),
    }[target if target is None else type(target)]
    expected = np.array([row * (wanted / share) ** tau for row in plain])
    expected /= expected.sum(1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(X_test), expected, rtol=1e-9)
    np.testing.assert_allclose(model.predict_log_proba(X_test), np.log(expected), rtol=1e-6)
    np.testing.assert_allclose(model.source_prior_, share)
    np.testing.assert_allclose(model.target_prior_, wanted)
    assert np.array_equal(model.predict(X_test), model.classes_[expected.argmax(1)])


def test_it_raises_balanced_accuracy(data):
    X, X_test, y, y_test = data
    for base in (LogisticRegression(), RandomForestClassifier(random_state=0), GaussianNB()):
        plain = base.fit(X, y).predict(X_test)
        model = PriorCorrectedClassifier(base).fit(X, y)
        gain = balanced_accuracy_score(y_test, model.predict(X_test)) - balanced_accuracy_score(
            y_test, plain
        )
        assert gain > 0.03


def test_other_class_shares_in_the_test_data(data):
    X, X_test, y, y_test = data
    rng = np.random.default_rng(0)
    rows = np.concatenate(
        [rng.choice(np.flatnonzero(y_test == k), n) for k, n in (("bulk", 100), ("rare", 800))]
    )
    base = LogisticRegression().fit(X, y)
    target = {"bulk": 100, "rare": 800, "some": 1e-9}
    model = PriorCorrectedClassifier(FrozenEstimator(base), target_prior=target).fit(X, y)
    labels = base.classes_
    before = log_loss(y_test[rows], base.predict_proba(X_test[rows]), labels=labels)
    after = log_loss(y_test[rows], model.predict_proba(X_test[rows]), labels=labels)
    assert after < 0.7 * before


def test_a_share_of_zero_rules_a_class_out(data):
    X, X_test, y, _ = data
    model = PriorCorrectedClassifier(GaussianNB(), target_prior=[0.5, 0.5, 0.0]).fit(X, y)
    proba = model.predict_proba(X_test)
    assert not proba[:, 2].any()
    np.testing.assert_allclose(proba.sum(1), 1.0)


def test_two_classes(data):
    X, X_test, y, _ = data
    y = np.where(y == "bulk", "no", "yes")
    model = PriorCorrectedClassifier(LogisticRegression()).fit(X, y)
    scores = model.decision_function(X_test)
    assert scores.shape == (len(X_test),)
    assert np.array_equal(model.predict(X_test), np.where(scores > 0, "yes", "no"))


def test_a_frozen_estimator_is_not_fitted_again(data):
    X, _, y, _ = data
    base = LogisticRegression().fit(X, y)
    before = base.coef_.copy()
    model = PriorCorrectedClassifier(FrozenEstimator(base)).fit(X[:500], y[:500])
    assert np.array_equal(base.coef_, before)
    assert model.source_prior_[0] == pytest.approx(np.mean(y[:500] == "bulk"))
    with pytest.raises(ValueError, match=r"no rows of the classes \['rare'\]"):
        model.fit(X[y != "rare"], y[y != "rare"])
    with pytest.raises(ValueError, match=r"does not know: \['new'\]"):
        model.fit(X[:2], ["bulk", "new"])


def test_certain_probabilities_stay_finite():
    class Certain(GaussianNB):
        def predict_proba(self, X):
            return np.eye(2)[(np.asarray(X)[:, 0] > 0).astype(int)]

    X, y = np.array([[-1.0], [1.0], [-2.0]]), np.array([0, 1, 0])
    model = PriorCorrectedClassifier(Certain()).fit(X, y)
    assert np.isfinite(model.decision_function(X)).all()
    assert np.array_equal(model.predict(X), y)


def test_sample_weight_moves_the_shares_and_reaches_the_classifier(data):
    X, _, y, _ = data
    weight = np.where(y == "rare", 10.0, 1.0)
    model = PriorCorrectedClassifier(LogisticRegression()).fit(X, y, sample_weight=weight)
    counts = np.array([weight[y == k].sum() for k in model.classes_])
    np.testing.assert_allclose(model.source_prior_, counts / counts.sum())
    expected = LogisticRegression().fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(model.estimator_.coef_, expected.coef_)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = PriorCorrectedClassifier(
            LogisticRegression().set_fit_request(sample_weight=True)
        ).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(routed.estimator_.coef_, expected.coef_)


def test_in_searches_pipelines_and_around_networks(data):
    X, X_test, y, _ = data
    search = GridSearchCV(
        PriorCorrectedClassifier(make_pipeline(StandardScaler(), LogisticRegression())),
        {"tau": [0.0, 1.0], "estimator__logisticregression__C": [0.1, 1.0]},
        scoring="balanced_accuracy",
        cv=2,
    ).fit(X, y)
    assert search.best_params_["tau"] == 1.0
    frame = pd.DataFrame(X, columns=list("abcdefgh"))
    network = PriorCorrectedClassifier(RebalancedClassifier(max_epochs=3, random_state=0))
    assert network.fit(frame, y).feature_names_in_.tolist() == list("abcdefgh")
    assert network.n_features_in_ == 8
    calibrated = PriorCorrectedClassifier(CalibratedClassifierCV(LinearSVC(), cv=2)).fit(X, y)
    assert calibrated.predict(X_test).shape == (1500,)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"target_prior": [0.5, 0.5]}, "for each of 3 classes"),
        ({"target_prior": [1.0, -0.5, 0.5]}, "not negative"),
        ({"target_prior": {"bulk": 1.0}}, "target_prior has labels"),
        ({"tau": "x"}, "tau must be an instance"),
    ],
)
def test_errors(params, message, data):
    with pytest.raises((ValueError, TypeError), match=message):
        PriorCorrectedClassifier(GaussianNB(), **params).fit(data[0], data[2])


def test_a_classifier_without_probabilities(data):
    with pytest.raises(TypeError, match="CalibratedClassifierCV"):
        PriorCorrectedClassifier(LinearSVC()).fit(data[0], data[2])
    with pytest.raises(ValueError, match="only with metadata routing"):
        PriorCorrectedClassifier(GaussianNB()).fit(data[0], data[2], groups=data[2])


def test_labels_of_a_torch_dataset(data):
    X, _, y, _ = data
    codes = torch.from_numpy(np.unique(y, return_inverse=True)[1])
    source = torch.utils.data.TensorDataset(torch.from_numpy(X), codes)
    net = RebalancedClassifier(module=MLP, max_epochs=2, random_state=0)
    given = PriorCorrectedClassifier(net).fit(source)
    found = PriorCorrectedClassifier(net).fit(source, codes.numpy())
    np.testing.assert_array_equal(given.predict_proba(source), found.predict_proba(source))
