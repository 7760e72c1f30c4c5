"""Post-hoc prior correction of any classifier."""

from __future__ import annotations

import warnings

import imblearn.pipeline
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
import torch
from imblearn.over_sampling import RandomOverSampler
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    StratifiedKFold,
    cross_val_score,
    train_test_split,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.class_weight import compute_sample_weight
from skorch.helper import SliceDataset

from sklimb import PriorCorrectedClassifier, RebalancedClassifier
from sklimb._training.calibration import HALF_WAY
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
        ({"tau": "x"}, "'tau' parameter of .* Got 'x' instead"),
        ({"tau": np.nan}, "'tau' parameter of .* Got nan instead"),
        ({"tau": -np.inf}, "'tau' parameter of .* Got -inf instead"),
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
        pytest.param(
            imblearn.pipeline.make_pipeline(
                RandomOverSampler(random_state=0), LogisticRegression(max_iter=500)
            ),
            # which is a correction of its own
            marks=pytest.mark.filterwarnings("ignore:.* by its sampler RandomOverSampler"),
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
    with pytest.raises(TypeError, match="KNeighborsClassifier takes no sample_weight, and samples"):
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


# --- calibrated out of fold, then corrected ----------------------------------------------------


def naive_prediction(X, X_test, y, base, folds, *, weight=None, tau=1.0):
    """Recompute temperature and corrected probabilities, class by class, in float64."""
    labels = np.unique(y)
    weight = np.ones(len(y)) if weight is None else weight
    kept, mean = np.zeros((len(y), len(labels))), 0.0
    for train, test in folds:
        member = clone(base).fit(X[train], y[train], sample_weight=weight[train])
        kept[test] = member.predict_proba(X[test])
        mean = mean + member.predict_proba(X_test) / len(folds)

    def loss(log_temperature):
        raised = kept ** np.exp(-log_temperature)
        own = raised[np.arange(len(y)), np.searchsorted(labels, y)] / raised.sum(1)
        return -np.sum(weight * np.log(own))

    found = minimize_scalar(loss, bounds=(np.log(0.5), np.log(5)), method="bounded").x
    counts = np.array([weight[y == label].sum() for label in labels])
    temperature = np.exp(found * counts.min() / (counts.min() + HALF_WAY))
    proba = mean ** (1 / temperature) * (counts.sum() / counts / len(labels)) ** tau
    return temperature, proba / proba.sum(1, keepdims=True)


@pytest.mark.parametrize("tau", [0.0, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_fitted_temperature(tau, weighted, data):
    X, X_test, y, _ = data
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(y)) if weighted else None
    model = PriorCorrectedClassifier(GaussianNB(), tau=tau, cv=4).fit(X, y, sample_weight=weight)
    folds = list(StratifiedKFold(4).split(X, y))
    temperature, proba = naive_prediction(X, X_test, y, GaussianNB(), folds, weight=weight, tau=tau)
    assert model.temperature_ == pytest.approx(temperature, rel=1e-4)
    assert model.temperature_ > 1.1  # naive Bayes is too certain
    np.testing.assert_allclose(model.predict_proba(X_test), proba, rtol=1e-3)
    np.testing.assert_array_equal(model.predict(X_test), model.classes_[proba.argmax(1)])
    assert len(model.estimators_) == 4
    np.testing.assert_allclose(model.oof_proba_.sum(1), 1.0)


def test_it_mends_the_log_loss_of_a_classifier_that_is_too_certain(data):
    X, X_test, y, y_test = data
    base = make_pipeline(StandardScaler(), GaussianNB(var_smoothing=0.0))
    repeated = np.repeat(X, 3, axis=1)  # naive Bayes counts each column three times
    losses = [
        log_loss(
            y_test,
            PriorCorrectedClassifier(base, cv=cv)
            .fit(repeated, y)
            .predict_proba(np.repeat(X_test, 3, axis=1)),
            sample_weight=compute_sample_weight("balanced", y_test),
        )
        for cv in (None, 5)
    ]
    assert losses[1] < losses[0] - 0.1


def test_a_temperature_reaches_the_zeros_of_a_tree(data):
    X, X_test, y, y_test = data
    losses = [
        log_loss(y_test, model.fit(X, y).predict_proba(X_test))
        for model in (
            PriorCorrectedClassifier(DecisionTreeClassifier(random_state=0), tau=0),
            PriorCorrectedClassifier(DecisionTreeClassifier(random_state=0), tau=0, cv=5),
        )
    ]
    assert losses[1] < 0.3 * losses[0]


@pytest.mark.parametrize("tau", [0.0, 1.0])
def test_a_class_without_weight_has_no_probability_at_any_temperature(tau, data):
    X, X_test, y, _ = data
    weight = np.where(y == "rare", 0.0, 1.0)
    model = PriorCorrectedClassifier(GaussianNB(), tau=tau, cv=3).fit(X, y, sample_weight=weight)
    without = clone(model).fit(X[y != "rare"], y[y != "rare"])
    proba = model.predict_proba(X_test)
    np.testing.assert_allclose(proba[:, [0, 2]], without.predict_proba(X_test))
    np.testing.assert_allclose(proba[:, 1], 0.0, atol=1e-200)
    assert np.isfinite(model.decision_function(X_test)).all()


def test_a_temperature_is_a_tau_for_decisions(data):
    X, X_test, y, _ = data
    model = PriorCorrectedClassifier(GaussianNB(), cv=3, tau=0.8).fit(X, y)
    mean = np.mean([member.predict_proba(X_test) for member in model.estimators_], axis=0)
    scores = np.log(mean) - 0.8 * model.temperature_ * np.log(model.source_prior_)
    np.testing.assert_array_equal(model.predict(X_test), model.classes_[scores.argmax(1)])


def test_without_cv_nothing_is_changed(data):
    X, X_test, y, _ = data
    model = PriorCorrectedClassifier(GaussianNB(), cv=3).fit(X, y)
    again = model.set_params(cv=None).fit(X, y).predict_proba(X_test)
    fresh = PriorCorrectedClassifier(GaussianNB()).fit(X, y)
    np.testing.assert_array_equal(again, fresh.predict_proba(X_test))
    assert model.temperature_ == 1.0
    assert not hasattr(model, "estimators_")
    assert not hasattr(model, "oof_proba_")
    assert not hasattr(model.set_params(cv=2).fit(X, y), "estimator_")


@pytest.mark.parametrize("form", [pd.DataFrame, pl.DataFrame, csr_array, torch.from_numpy])
def test_cv_of_networks_in_any_form(form, one_of_a_class):
    X, y = one_of_a_class
    X, y = X[y < 2], y[y < 2]
    base = RebalancedClassifier(max_epochs=2, random_state=0)
    model = PriorCorrectedClassifier(base, cv=3).fit(form(X), y)
    expected = PriorCorrectedClassifier(base, cv=3).fit(X, y)
    assert model.temperature_ == pytest.approx(expected.temperature_, rel=1e-3)
    np.testing.assert_allclose(
        model.predict_proba(form(X)), expected.predict_proba(X), rtol=1e-3, atol=1e-5
    )
    assert model.predict_proba(form(X)).dtype == np.float32
    if form is pd.DataFrame:
        named = pd.DataFrame(X, columns=list("abcdef"))
        assert model.fit(named, y).feature_names_in_.tolist() == list("abcdef")


def test_cv_of_a_dataset(data):
    X, _, y, _ = data
    codes = torch.from_numpy(np.unique(y, return_inverse=True)[1])
    source = torch.utils.data.TensorDataset(torch.from_numpy(X), codes)
    net = RebalancedClassifier(module=MLP, max_epochs=2, random_state=0)
    model = PriorCorrectedClassifier(net, cv=2).fit(source)
    weight = np.where(np.arange(len(y)) % 3, 1.0, 0.0)
    assert np.isfinite(model.predict_proba(source)).all()
    sliced = PriorCorrectedClassifier(net, cv=2).fit(SliceDataset(source), codes.numpy())
    np.testing.assert_array_equal(sliced.predict_proba(source), model.predict_proba(source))
    weighted = PriorCorrectedClassifier(net, cv=2).fit(source, sample_weight=weight)
    kept = torch.utils.data.Subset(source, np.flatnonzero(weight).tolist())
    without = PriorCorrectedClassifier(net, cv=2).fit(kept)
    np.testing.assert_array_equal(weighted.predict_proba(source), without.predict_proba(source))


@pytest.mark.parametrize("base", [GaussianNB(), KNeighborsClassifier()], ids=["weights", "none"])
@pytest.mark.parametrize("target", [None, {0: 0.2, 1: 0.3, 2: 0.5}])
def test_cv_in_bags(base, target):
    X, y = make_classification(150, 6, n_informative=4, weights=[0.7], random_state=0)
    y[:7] = 2
    model = PriorCorrectedClassifier(base, target_prior=target, cv=3)
    with warnings.catch_warnings():
        # a bag may hold a class once
        warnings.filterwarnings("ignore", message="y has one sample only")
        bags = BaggingClassifier(model, 6, max_samples=0.7, random_state=1).fit(X, y)
    proba = bags.predict_proba(X)
    assert proba.shape == (150, 3)
    np.testing.assert_allclose(proba.sum(1), 1.0)
    scores = cross_val_score(model, X, y, cv=KFold(4, shuffle=True, random_state=0))
    assert np.isfinite(scores).all()


def test_metadata_goes_to_the_classifier_and_to_the_splitter(data):
    X, _, y, _ = data
    groups, weight = np.arange(len(y)) % 30, np.where(y == "rare", 3.0, 1.0)
    folds = list(GroupKFold(3).split(X, y, groups))
    with sklearn.config_context(enable_metadata_routing=True):
        base = LogisticRegression().set_fit_request(sample_weight=True)
        model = PriorCorrectedClassifier(base, cv=GroupKFold(3).set_split_request(groups=True))
        model.fit(X, y, sample_weight=weight, groups=groups)
    expected = PriorCorrectedClassifier(LogisticRegression(), cv=folds)
    expected.fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(model.predict_proba(X), expected.predict_proba(X))
    with pytest.raises(ValueError, match="'groups' parameter"):
        model.fit(X, y)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_folds_at_once_are_the_same(n_jobs, data):
    X, _, y, _ = data
    model = PriorCorrectedClassifier(LogisticRegression(), cv=3, n_jobs=n_jobs).fit(X, y)
    one = PriorCorrectedClassifier(LogisticRegression(), cv=3).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), one.predict_proba(X))


@pytest.mark.parametrize("cv", [1, 0, -3, 2.5, "5", True])
def test_what_is_no_cv(cv, data):
    with pytest.raises(ValueError, match="'cv' parameter of PriorCorrectedClassifier must be an i"):
        PriorCorrectedClassifier(GaussianNB(), cv=cv).fit(data[0], data[2])


def test_a_frozen_classifier_has_no_folds(data):
    X, _, y, _ = data
    frozen = FrozenEstimator(GaussianNB().fit(X, y))
    with pytest.raises(ValueError, match=r"cv=3 fits clones.*CalibratedClassifierCV"):
        PriorCorrectedClassifier(frozen, cv=3).fit(X, y)


# --- costs -------------------------------------------------------------------------------------

COSTS = np.array([[0.0, 1.0, 2.0], [30.0, 0.0, 20.0], [9.0, 8.0, 0.0]])


@pytest.mark.parametrize("cv", [None, 3])
@pytest.mark.parametrize("target", [None, [0.2, 0.5, 0.3]])
def test_the_least_expected_cost(cv, target, data):
    X, X_test, y, _ = data
    model = PriorCorrectedClassifier(GaussianNB(), cv=cv, cost_matrix=COSTS, target_prior=target)
    proba = model.fit(X, y).predict_proba(X_test)
    least = [
        min(range(3), key=lambda j: sum(row[i] * COSTS[i, j] for i in range(3))) for row in proba
    ]
    np.testing.assert_array_equal(model.predict(X_test), model.classes_[least])
    np.testing.assert_allclose(model.decision_function(X_test), -proba @ COSTS)
    np.testing.assert_allclose(
        model.target_prior_, model.source_prior_ if target is None else target
    )
    plain = PriorCorrectedClassifier(GaussianNB(), cv=cv, target_prior=target)
    if target is None:  # nothing is moved
        plain.set_params(tau=0)
    np.testing.assert_allclose(proba, plain.fit(X, y).predict_proba(X_test))


@pytest.mark.parametrize("given", [{("yes", "no"): 9, ("no", "yes"): 1}, {"yes": 9, "no": 1}])
def test_two_classes_are_cut_where_costs_say(given, data):
    X, X_test, y, y_test = data
    y, y_test = np.where(y == "bulk", "no", "yes"), np.where(y_test == "bulk", "no", "yes")
    model = PriorCorrectedClassifier(LogisticRegression(), cost_matrix=given).fit(X, y)
    high = model.predict_proba(X_test)[:, 1] > 0.1
    np.testing.assert_array_equal(model.predict(X_test), np.where(high, "yes", "no"))
    np.testing.assert_array_equal(model.decision_function(X_test) > 0, high)
    plain = LogisticRegression().fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X_test), plain.predict_proba(X_test))
    paid = [
        np.sum(np.where(y_test == "yes", 9, 1) * (found != y_test))
        for found in (model.predict(X_test), plain.predict(X_test))
    ]
    assert paid[0] < 0.8 * paid[1]


def test_a_class_that_is_ruled_out_is_not_predicted_however_cheap(data):
    X, X_test, y, _ = data
    cheap = np.array([[0.0, 1.0, 9.0], [9.0, 0.0, 9.0], [9.0, 1.0, 0.0]])  # "rare" is a safe guess
    model = PriorCorrectedClassifier(GaussianNB(), cost_matrix=cheap, target_prior=[1, 0, 1])
    assert "rare" not in model.fit(X, y).predict(X_test)
    assert np.isfinite(model.decision_function(X_test)).all()
    weightless = PriorCorrectedClassifier(GaussianNB(), cost_matrix=cheap)
    weightless.fit(X, y, sample_weight=np.where(y == "rare", 0.0, 1.0))
    assert "rare" not in weightless.predict(X_test)


def test_costs_by_label_where_a_fold_lacks_a_class(one_of_a_class):
    X, y = one_of_a_class
    by_label = {(a, b): 1.0 + a for a in range(3) for b in range(3) if a != b}
    model = PriorCorrectedClassifier(GaussianNB(), cost_matrix=by_label)
    folds = KFold(3, shuffle=True, random_state=0)
    assert np.isfinite(cross_val_score(model, X, y, cv=folds, error_score="raise")).all()
    with pytest.raises(ValueError, match=r"cost_matrix must have the shape \(2, 2\)"):
        model.set_params(cost_matrix=COSTS).fit(X[y < 2], y[y < 2])


def test_wrong_costs_are_told_before_anything_is_fitted(data):
    class Slow(GaussianNB):
        def fit(self, X, y, sample_weight=None):
            raise AssertionError("it was fitted")

    for settings, name in (
        ({"cost_matrix": COSTS[:2]}, "cost_matrix"),
        ({"target_prior": [0.5, 0.5]}, "target_prior"),
    ):
        with pytest.raises(ValueError, match=name):
            PriorCorrectedClassifier(Slow(), cv=3, **settings).fit(data[0], data[2])


# --- what the classifier can do beside ---------------------------------------------------------


def test_partial_fit_adds_up(data):
    X, X_test, y, _ = data
    model = PriorCorrectedClassifier(GaussianNB())
    parts = np.array_split(np.arange(len(y)), 4)
    for part in parts:
        model.partial_fit(X[part], y[part], classes=["some", "bulk", "rare"])
    whole = PriorCorrectedClassifier(GaussianNB()).fit(X, y)
    np.testing.assert_allclose(model.source_prior_, whole.source_prior_)
    np.testing.assert_allclose(model.class_counts_, [np.sum(y == k) for k in model.classes_])
    np.testing.assert_allclose(model.predict_proba(X_test), whole.predict_proba(X_test), rtol=1e-6)
    assert model.n_features_in_ == 8
    model.fit(X[parts[0]], y[parts[0]]).partial_fit(X[parts[1]], y[parts[1]])
    assert model.class_counts_.sum() == len(parts[0]) + len(parts[1])
    model.set_params(cv=2).fit(X, y)
    model.set_params(cv=None).partial_fit(X[parts[0]], y[parts[0]], np.unique(y))
    assert model.class_counts_.sum() == len(parts[0])
    alone = GaussianNB().fit(X[parts[0]], y[parts[0]])
    np.testing.assert_allclose(model.estimator_.predict_proba(X), alone.predict_proba(X))
    assert not hasattr(model, "oof_proba_")


def test_partial_fit_with_weights_and_classes_not_seen(data):
    X, X_test, y, _ = data
    model = PriorCorrectedClassifier(SGDClassifier(loss="log_loss", random_state=0))
    bulk, rare = np.flatnonzero(y == "bulk"), np.flatnonzero(y != "bulk")
    model.partial_fit(X[bulk], y[bulk], np.unique(y), sample_weight=np.full(len(bulk), 2.0))
    assert set(model.predict(X_test)) == {"bulk"}
    model.partial_fit(X[rare], y[rare], sample_weight=np.full(len(rare), 0.5))
    np.testing.assert_allclose(
        model.class_counts_,
        [2.0 * len(bulk), 0.5 * np.sum(y == "rare"), 0.5 * np.sum(y == "some")],
    )
    assert np.isfinite(model.predict_proba(X_test)).all()
    with pytest.raises(ValueError, match="labels"):
        model.partial_fit(X[:1], ["new"])


def test_partial_fit_only_counts_for_a_frozen_classifier(data):
    X, X_test, y, _ = data
    base = GaussianNB().fit(X, y)
    before = base.predict_proba(X_test)
    model = PriorCorrectedClassifier(FrozenEstimator(base))
    for part in np.array_split(np.arange(len(y)), 3):
        model.partial_fit(X[part], y[part])
    np.testing.assert_array_equal(base.predict_proba(X_test), before)
    np.testing.assert_allclose(
        model.predict_proba(X_test), PriorCorrectedClassifier(base).fit(X, y).predict_proba(X_test)
    )


def test_partial_fit_where_there_is_none(data):
    assert hasattr(PriorCorrectedClassifier(GaussianNB()), "partial_fit")
    assert not hasattr(PriorCorrectedClassifier(LogisticRegression()), "partial_fit")
    model = PriorCorrectedClassifier(GaussianNB(), cv=5)
    assert not hasattr(model, "partial_fit")
    with pytest.raises(AttributeError) as error:
        model.partial_fit(data[0], data[2])
    assert "with cv=5. Set cv=None" in str(error.value.__cause__)


def test_features_of_the_classifier(data):
    X, _, y, _ = data
    net = RebalancedClassifier(max_epochs=2, random_state=0)
    model = PriorCorrectedClassifier(net).fit(X, y)
    features = model.transform(X)
    np.testing.assert_array_equal(features, model.estimator_.transform(X))
    names = model.get_feature_names_out()
    np.testing.assert_array_equal(names, model.estimator_.get_feature_names_out())
    np.testing.assert_array_equal(clone(model).fit_transform(X, y), features)
    assert make_pipeline(clone(model), LogisticRegression(max_iter=500)).fit(X, y)
    folded = PriorCorrectedClassifier(net, cv=2).fit(X, y)
    np.testing.assert_array_equal(
        folded.transform(X), np.hstack([member.transform(X) for member in folded.estimators_])
    )
    assert folded.get_feature_names_out()[0].startswith("fold0__")
    assert len(folded.get_feature_names_out()) == folded.transform(X).shape[1]
    assert not hasattr(PriorCorrectedClassifier(GaussianNB()), "transform")
    sparse = PriorCorrectedClassifier(make_pipeline(MaxAbsScaler(), _Passing()), cv=2)
    assert sparse.fit(csr_array(X), y).transform(csr_array(X)).shape == (len(X), 16)


class _Passing(LogisticRegression):
    def transform(self, X):
        return X
