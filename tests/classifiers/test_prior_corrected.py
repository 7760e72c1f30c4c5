"""Post-hoc prior correction of any classifier."""

from __future__ import annotations

import imblearn.pipeline
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
import torch
from imblearn.over_sampling import RandomOverSampler
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
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
    with pytest.warns(UserWarning, match=r"no samples of the classes \['rare'\].* never predicted"):
        model.fit(X[y != "rare"], y[y != "rare"])
    np.testing.assert_allclose(model.target_prior_, [0.5, 0.0, 0.5])
    assert not model.predict_proba(X)[:, 1].any()
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
        ({"target_prior": {"bulk": 1.0}}, r"target_prior has nothing for \['rare', 'some'\]"),
        ({"target_prior": {"bulk": 1, "rare": 2, "som": 3}}, r"not have: \['som'\]"),
        ({"target_prior": {"bulk": None, "rare": 2, "some": 3}}, "finite share"),
        ({"target_prior": {"bulk": 0, "rare": 0, "some": 0, "new": 1}}, "share of 0 for all"),
        ({"target_prior": [0.1, 0.2, 0.3, 0.4]}, r"by position; .* pass a dict"),
        ({"target_prior": pd.Series([0.5, 0.5])}, r"not have: \[0, 1\]"),
        ({"target_prior": pd.DataFrame({"share": {"bulk": 1.0}})}, "is a DataFrame"),
        ({"target_prior": "equal"}, "for each of 3 classes"),
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


# --- shares by label, and classes that a part of the data lacks -------------------------------


@pytest.fixture(scope="module")
def one_of_a_class():
    X, y = make_classification(120, 6, n_informative=4, weights=[0.7], random_state=0)
    y[7] = 2
    return X, y


def test_a_series_goes_by_its_labels(data):
    X, _, y, _ = data
    shares = pd.Series(y).value_counts(normalize=True)
    model = PriorCorrectedClassifier(GaussianNB(), target_prior=shares).fit(X, y)
    np.testing.assert_allclose(model.target_prior_, model.source_prior_)
    np.testing.assert_allclose(model.predict_proba(X), GaussianNB().fit(X, y).predict_proba(X))
    copied = clone(model).fit(X, y)
    np.testing.assert_array_equal(copied.predict_proba(X), model.predict_proba(X))
    by_position = PriorCorrectedClassifier(GaussianNB(), target_prior=pd.Series([0.2, 0.5, 0.3]))
    np.testing.assert_allclose(by_position.fit(X, y).target_prior_, [0.2, 0.5, 0.3])


def test_shares_of_labels_that_are_not_there_are_left_aside(one_of_a_class):
    X, y = one_of_a_class
    shares = {2: 0.5, 1: 0.3, 0: 0.2}
    for target in (shares, pd.Series(shares), {np.int64(k): share for k, share in shares.items()}):
        model = PriorCorrectedClassifier(LogisticRegression(), target_prior=target)
        np.testing.assert_allclose(model.fit(X[y < 2], y[y < 2]).target_prior_, [0.4, 0.6])
        folds = KFold(3, shuffle=True, random_state=0)
        scores = cross_val_score(model, X, y, cv=folds, error_score="raise")
        assert np.isfinite(scores).all()
        assert BaggingClassifier(model, 5, random_state=1).fit(X, y).predict_proba(X).shape == (
            120,
            3,
        )


@pytest.mark.parametrize(
    "base",
    [
        LogisticRegression(),
        GaussianNB(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        KNeighborsClassifier(),
        make_pipeline(StandardScaler(), KNeighborsClassifier()),
        imblearn.pipeline.make_pipeline(
            RandomOverSampler(random_state=0), LogisticRegression(max_iter=500)
        ),
    ],
    ids=lambda base: type(base[-1] if hasattr(base, "steps") else base).__name__,
)
@pytest.mark.parametrize("target", [None, {0: 0.2, 1: 0.3, 2: 0.5}])
def test_in_bags_and_with_a_class_that_weighs_nothing(base, target, one_of_a_class):
    X, y = one_of_a_class
    model = PriorCorrectedClassifier(base, target_prior=target)
    proba = BaggingClassifier(model, 8, random_state=1).fit(X, y).predict_proba(X)
    assert proba.shape == (120, 3)
    np.testing.assert_allclose(proba.sum(1), 1.0, rtol=1e-6)
    model.fit(X, y, sample_weight=(y < 2).astype(float))
    without = clone(model).fit(X[y < 2], y[y < 2])
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba[:, :2], without.predict_proba(X), atol=2e-3)
    assert not proba[:, 2:].any()
    assert np.isfinite(model.decision_function(X)).all()


def test_a_class_without_weight_has_finite_scores(one_of_a_class):
    X, y = one_of_a_class
    model = PriorCorrectedClassifier(LogisticRegression())
    y = (y > 0).astype(int)
    model.fit(X, y, sample_weight=np.where(y == 1, 0.0, 1.0))
    assert not model.predict(X).any()
    assert np.isfinite(model.decision_function(X)).all()
    roc_auc_score(y, model.decision_function(X))
    X, y = one_of_a_class
    folds = list(KFold(3, shuffle=True, random_state=0).split(X))
    calibrated = CalibratedClassifierCV(model, cv=folds)
    assert np.isfinite(calibrated.fit(X, y, sample_weight=1.0 + (y < 2)).predict_proba(X)).all()


@pytest.mark.parametrize("tau", [-1.0, 0.5, 2.0])
def test_no_share_at_any_strength(tau, data):
    X, _, y, _ = data
    model = PriorCorrectedClassifier(GaussianNB(), tau=tau, target_prior=[0.5, 0.0, 0.5])
    proba = model.fit(X, y, sample_weight=np.where(y == "rare", 0.0, 1.0)).predict_proba(X)
    assert not proba[:, 1].any()
    np.testing.assert_allclose(proba.sum(1), 1.0)


def test_whole_weights_repeat_rows_of_a_classifier_that_takes_none(data):
    X, _, y, _ = data
    times = np.random.default_rng(0).integers(0, 3, len(y))
    rows = np.repeat(np.arange(len(y)), times)
    expected = PriorCorrectedClassifier(KNeighborsClassifier()).fit(X[rows], y[rows])
    found = PriorCorrectedClassifier(KNeighborsClassifier()).fit(X, y, sample_weight=times)
    np.testing.assert_array_equal(found.predict_proba(X), expected.predict_proba(X))
    np.testing.assert_array_equal(found.source_prior_, expected.source_prior_)
    found.fit(X, y, sample_weight=np.full(len(y), 0.3))  # equal weights change nothing
    with pytest.raises(TypeError, match="KNeighborsClassifier takes no sample_weight, and rows"):
        found.fit(X, y, sample_weight=times + 0.5)


def test_weights_reach_the_last_step_of_a_pipeline(data):
    X, _, y, _ = data
    weight = np.where(y == "rare", 10.5, 1.0)
    inner = make_pipeline(StandardScaler(), LogisticRegression())
    model = PriorCorrectedClassifier(inner).fit(X, y, sample_weight=weight)
    expected = clone(inner).fit(X, y, logisticregression__sample_weight=weight)
    np.testing.assert_allclose(model.estimator_.predict_proba(X), expected.predict_proba(X))


@pytest.mark.parametrize("form", [list, pd.DataFrame, pl.DataFrame, csr_array, torch.from_numpy])
def test_rows_of_weight_are_taken_from_any_form(form, one_of_a_class):
    X, y = one_of_a_class
    base = RebalancedClassifier(max_epochs=2, random_state=0)
    weight = np.where(y == 2, 0.0, 1.0)
    rows = X.tolist() if form is list else form(X)
    model = PriorCorrectedClassifier(base).fit(rows, y, sample_weight=weight)
    without = PriorCorrectedClassifier(base).fit(X[y < 2], y[y < 2])
    proba = model.predict_proba(rows)
    if form is not csr_array:  # whose sums are of another order
        np.testing.assert_array_equal(proba[:, :2], without.predict_proba(X))
    assert not proba[:, 2].any()
    labels = torch.from_numpy(y)
    source = torch.utils.data.TensorDataset(torch.from_numpy(X), labels)
    net = RebalancedClassifier(module=MLP, max_epochs=2, random_state=0)
    streamed = PriorCorrectedClassifier(net).fit(source, sample_weight=weight)
    assert not streamed.predict_proba(source)[:, 2].any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_outputs_carry_the_classifiers_precision(dtype):
    X, y = make_classification(120, weights=[0.8], random_state=0)
    net = RebalancedClassifier(max_epochs=2, dtype=dtype, random_state=0)
    model = PriorCorrectedClassifier(net).fit(X, y)
    for name in ("predict_proba", "predict_log_proba", "decision_function"):
        assert getattr(model, name)(X).dtype == dtype
    assert PriorCorrectedClassifier(LogisticRegression()).fit(X, y).predict_proba(X).dtype == float
