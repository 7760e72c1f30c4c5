"""Blends: averaged, then calibrated out of fold, then corrected."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
import torch
from joblib import parallel_config
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    BaggingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, log_loss
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
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils import get_tags

from sklimb import BlendedClassifier, PriorCorrectedClassifier, RebalancedClassifier
from sklimb._training.calibration import HALF_WAY
from sklimb.backbones import MLP
from sklimb.classifiers.blended import default_estimators

FOREST = RandomForestClassifier(60, min_samples_leaf=2, oob_score=True, random_state=0)
LINEAR = LogisticRegression()
BOTH = [("bayes", GaussianNB()), ("forest", FOREST)]
COSTS = np.array([[0.0, 1.0, 2.0], [30.0, 0.0, 20.0], [9.0, 8.0, 0.0]])


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(
        900, 8, n_informative=6, n_classes=3, weights=[0.8, 0.13], class_sep=0.8, random_state=0
    )
    y = np.array(["bulk", "some", "rare"])[y]
    return train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)


# --- the formula -------------------------------------------------------------------------------


def naive_blend(X, X_test, y, *, weights, tau, target, sample_weight, n_folds=5):
    """Recompute a blend of naive Bayes (by folds) and `FOREST` (by its bags), in float64."""
    labels = np.unique(y)
    mass = np.ones(len(y)) if sample_weight is None else sample_weight
    kept, test = np.zeros((len(y), len(labels))), 0.0
    for train, out in StratifiedKFold(n_folds).split(X, y):
        bayes = GaussianNB().fit(X[train], y[train], sample_weight=mass[train])
        kept[out] = bayes.predict_proba(X[out])
        test = test + bayes.predict_proba(X_test) / n_folds
    forest = clone(FOREST).fit(X, y, sample_weight=sample_weight)
    w = np.array([1.0, 1.0] if weights is None else weights) / np.sum(weights or [1, 1])
    kept = w[0] * kept + w[1] * forest.oob_decision_function_
    test = w[0] * test + w[1] * forest.predict_proba(X_test)

    def loss(log_temperature):
        raised = np.maximum(kept, np.finfo(float).eps) ** np.exp(-log_temperature)
        own = raised[np.arange(len(y)), np.searchsorted(labels, y)] / raised.sum(1)
        return -np.sum(mass * np.log(own))

    found = minimize_scalar(loss, bounds=(np.log(0.5), np.log(5)), method="bounded").x
    counts = np.array([mass[y == label].sum() for label in labels])
    temperature = np.exp(found * counts.min() / (counts.min() + HALF_WAY))
    test = np.maximum(test, np.finfo(float).eps)
    proba = test ** (1 / temperature) * (target / (counts / counts.sum())) ** tau
    return temperature, kept, proba / proba.sum(1, keepdims=True)


@pytest.mark.parametrize(
    ("weights", "tau", "target", "weighted"),
    [
        (None, 1.0, None, False),
        ([3, 1], 1.0, None, False),
        ([0.0, 2.0], 0.5, None, True),
        (None, 1.0, [0.2, 0.5, 0.3], True),
        ([1, 2], 0.0, None, True),
    ],
)
def test_the_formula(weights, tau, target, weighted, data):
    X, X_test, y, _ = data
    X, X_test = np.repeat(X, 3, axis=1), np.repeat(X_test, 3, axis=1)  # makes Bayes too certain
    mass = np.random.default_rng(0).uniform(0.5, 2.0, len(y)) if weighted else None
    model = BlendedClassifier(estimators=BOTH, weights=weights, tau=tau, target_prior=target)
    model.fit(X, y, sample_weight=mass)
    temperature, kept, proba = naive_blend(
        X, X_test, y, weights=weights, tau=tau, sample_weight=mass,
        target=np.full(3, 1 / 3) if target is None else np.array(target),
    )  # fmt: skip
    assert model.temperature_ == pytest.approx(temperature, rel=1e-4)
    assert abs(np.log(temperature)) > 0.02  # else there would be nothing to see
    np.testing.assert_allclose(model.oof_proba_, kept, atol=1e-12)
    np.testing.assert_allclose(model.predict_proba(X_test), proba, rtol=1e-3)
    np.testing.assert_allclose(model.predict_log_proba(X_test), np.log(proba), atol=1e-3)
    np.testing.assert_array_equal(model.predict(X_test), model.classes_[proba.argmax(1)])
    scores = model.decision_function(X_test)
    np.testing.assert_array_equal(scores.argmax(1), proba.argmax(1))
    shares = np.array([np.sum(mass[y == k]) if weighted else np.sum(y == k) for k in np.unique(y)])
    np.testing.assert_allclose(model.class_counts_, shares)
    np.testing.assert_allclose(model.source_prior_, shares / shares.sum())


def test_one_classifier_is_as_prior_corrected(data):
    X, X_test, y, _ = data
    for more in ({}, {"cost_matrix": COSTS}, {"target_prior": {"some": 3, "bulk": 2, "rare": 5}}):
        blend = BlendedClassifier(estimators=[GaussianNB()], cv=4, **more).fit(X, y)
        single = PriorCorrectedClassifier(GaussianNB(), cv=4, **more).fit(X, y)
        assert blend.temperature_ == single.temperature_
        for name in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
            found, expected = getattr(blend, name)(X_test), getattr(single, name)(X_test)
            np.testing.assert_array_equal(found, expected)
        for name in ("oof_proba_", "source_prior_", "target_prior_", "class_counts_"):
            np.testing.assert_array_equal(getattr(blend, name), getattr(single, name))


def test_least_expected_costs(data):
    X, X_test, y, _ = data
    model = BlendedClassifier(estimators=BOTH, cost_matrix=COSTS).fit(X, y)
    proba = model.predict_proba(X_test)
    np.testing.assert_array_equal(model.predict(X_test), model.classes_[(proba @ COSTS).argmin(1)])
    plain = BlendedClassifier(estimators=BOTH, tau=0).fit(X, y)
    np.testing.assert_allclose(proba, plain.predict_proba(X_test))
    np.testing.assert_array_equal(model.target_prior_, model.source_prior_)


def test_two_classes(data):
    X, X_test, y, _ = data
    model = BlendedClassifier(estimators=BOTH).fit(X, y == "bulk")
    scores = model.decision_function(X_test)
    assert scores.shape == (len(X_test),)
    np.testing.assert_array_equal(model.predict(X_test), scores > 0)


def test_it_is_better_than_what_it_is_made_of():
    X, y = make_classification(
        3000, 12, n_informative=6, weights=[0.9], n_clusters_per_class=2, flip_y=0.05,
        class_sep=0.6, random_state=2,
    )  # fmt: skip
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    parts = [("bayes", make_pipeline(StandardScaler(), GaussianNB())), ("forest", FOREST)]

    def losses(model):
        model.fit(X_train, y_train)
        return (
            log_loss(y_test, model.set_params(tau=0).predict_proba(X_test)),
            -balanced_accuracy_score(y_test, model.set_params(tau=1).predict(X_test)),
        )

    blend = losses(BlendedClassifier(estimators=parts))
    worst = [losses(BlendedClassifier(estimators=[part])) for part in parts]
    assert blend[0] < max(loss for loss, _ in worst)
    assert blend[1] < max(loss for _, loss in worst)


# --- the classifiers ---------------------------------------------------------------------------


def test_the_default():
    X, y = make_classification(240, 6, n_informative=4, weights=[0.8], random_state=0)
    model = BlendedClassifier(random_state=0).fit(X, y)
    assert list(model.named_estimators_) == ["net", "forest"]
    net, forest = model.estimators_
    assert isinstance(net, RebalancedClassifier)
    assert isinstance(forest, RandomForestClassifier)  # each fitted once
    expected = (net.oof_proba_ + forest.oob_decision_function_) / 2
    np.testing.assert_allclose(model.oof_proba_, expected)
    again = BlendedClassifier(random_state=0).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))
    assert balanced_accuracy_score(y, model.predict(X)) > 0.8
    assert net.random_state != forest.random_state


def test_defaults_are_not_shared_and_not_seeded_by_numpy(monkeypatch):
    assert default_estimators()[0][1] is not default_estimators()[0][1]
    (net, network), (forest, trees) = default_estimators()
    small = [
        (net, network.set_params(max_epochs=1)),
        (forest, trees.set_params(n_estimators=60)),
    ]
    monkeypatch.setattr("sklimb.classifiers.blended.default_estimators", lambda: small)
    X, y = make_classification(60, 4, weights=[0.7], random_state=0)
    before = np.random.get_state()[1].copy()
    models = [BlendedClassifier().fit(X, y) for _ in range(2)]
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    assert len({one.random_state for model in models for one in model.estimators_}) == 4


@pytest.mark.parametrize("given", [None, 3, np.random.RandomState(1), np.random.default_rng(1)])
def test_seeds_of_classifiers_that_are_given(given, data):
    X, _, y, _ = data
    parts = [
        ("set", RandomForestClassifier(5, random_state=7)),
        ("open", RandomForestClassifier(5)),
        ("piped", make_pipeline(StandardScaler(), RandomForestClassifier(5))),
    ]
    model = BlendedClassifier(estimators=parts, random_state=given, cv=2).fit(X, y)
    first = [fold.estimators_[0] for fold in model.estimators_]
    seeds = [first[0].random_state, first[1].random_state, first[2][-1].random_state]
    assert seeds[0] == 7
    if given is None:
        assert seeds[1:] == [None, None]
    else:
        assert len({*seeds}) == 3
        assert None not in seeds
    assert parts[1][1].random_state is None
    if given == 3:
        again = clone(model).fit(X, y)
        np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
        other = clone(model).set_params(random_state=4).fit(X, y)
        assert (other.predict_proba(X) != model.predict_proba(X)).any()


def test_names_and_their_parameters(data):
    X, X_test, y, _ = data
    net = RebalancedClassifier(max_epochs=2, random_state=0)
    model = BlendedClassifier(estimators=[("net", net), LINEAR], cv=2)
    model.set_params(net__max_epochs=3, logisticregression__C=0.5)
    fitted = clone(model).fit(X, y)
    assert list(fitted.named_estimators_) == ["net", "logisticregression"]
    assert fitted.named_estimators_.net.estimators_[0].n_iter_ == 3
    assert fitted.named_estimators_.logisticregression.estimators_[0].C == 0.5
    assert not hasattr(net, "net_")  # what is given is not fitted
    search = GridSearchCV(
        BlendedClassifier(estimators=BOTH, cv=2),
        {"bayes__var_smoothing": [1e-9, 1e9], "weights": [[1, 0], [1, 1]]},
        scoring="balanced_accuracy",
        cv=2,
    ).fit(X, y)
    assert search.predict(X_test).shape == (len(X_test),)


def test_one_that_is_dropped_or_weighs_nothing(data):
    X, X_test, y, _ = data
    alone = BlendedClassifier(estimators=[("bayes", GaussianNB())]).fit(X, y)
    for model in (
        BlendedClassifier(estimators=BOTH).set_params(forest="drop"),
        BlendedClassifier(estimators=[BOTH[0], ("forest", "drop")], weights=[2, 5]),
        BlendedClassifier(estimators=BOTH, weights=[2, 0]),
    ):
        model.fit(X, y)
        assert model.temperature_ == alone.temperature_
        np.testing.assert_array_equal(model.predict_proba(X_test), alone.predict_proba(X_test))
        np.testing.assert_array_equal(model.oof_proba_, alone.oof_proba_)
        assert len(model.named_estimators_) == 2
    assert model.named_estimators_.forest is model.estimators_[1]


def test_blends_and_corrected_ones_inside(data):
    X, X_test, y, _ = data
    inner = BlendedClassifier(estimators=BOTH, tau=0, cv=2)
    corrected = PriorCorrectedClassifier(GaussianNB(), tau=0, cv=2)
    model = BlendedClassifier(estimators=[("inner", inner), ("one", corrected)], cv=2).fit(X, y)
    assert len(model.named_estimators_.inner.estimators_) == 2  # by folds: what they keep is raw
    assert model.set_params(inner__bayes__var_smoothing=0.1)
    assert np.isfinite(model.predict_proba(X_test)).all()


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_any_number_of_jobs_gives_the_same_bits(backend, data):
    X, X_test, y, _ = data
    parts = [*BOTH, ("net", RebalancedClassifier(max_epochs=2)), ("trees", clone(FOREST))]
    model = BlendedClassifier(estimators=parts, random_state=5, cv=2)
    one = clone(model).fit(X, y)
    with parallel_config(backend):
        two = clone(model).set_params(n_jobs=2).fit(X, y)
    assert one.temperature_ == two.temperature_
    np.testing.assert_array_equal(one.predict_proba(X_test), two.predict_proba(X_test))
    np.testing.assert_array_equal(one.oof_proba_, two.oof_proba_)


# --- data --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [list, pd.DataFrame, pl.DataFrame, csr_array, torch.from_numpy])
def test_forms_of_data(form, data):
    X, X_test, y, _ = data
    X, X_test = X.astype(np.float32).astype(float), X_test.astype(np.float32).astype(float)
    net = RebalancedClassifier(max_epochs=2, random_state=0)
    model = BlendedClassifier(estimators=[("net", net), ("forest", FOREST)], cv=2)
    expected = clone(model).fit(X, y).predict_proba(X_test)
    shown = (lambda rows: rows.tolist()) if form is list else form
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        found = model.fit(shown(X), y).predict_proba(shown(X_test))
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1e-4)
    assert model.n_features_in_ == 8


def test_each_prepares_columns_in_its_own_way():
    rng = np.random.default_rng(0)
    kind = rng.choice(["red", "blue", "green", None], 300)
    said = np.where(rng.random(300) < 0.5, "a good day", "a bad night")
    X = pd.DataFrame({"size": rng.normal(size=300), "kind": kind, "said": said})
    X.loc[::9, "size"] = np.nan
    y = np.where((kind == "red") | (said == "a bad night") & (rng.random(300) < 0.5), "yes", "no")
    one_hot = make_column_transformer((OneHotEncoder(sparse_output=False), ["kind"]))
    codes = OrdinalEncoder(encoded_missing_value=np.nan)
    blend = BlendedClassifier(
        estimators=[
            ("net", make_pipeline(one_hot, RebalancedClassifier(max_epochs=3, random_state=0))),
            (
                "boosting",
                make_pipeline(
                    make_column_transformer((codes, ["kind"]), ("passthrough", ["size"])),
                    HistGradientBoostingClassifier(max_iter=5, categorical_features=[0]),
                ),
            ),
            (
                "words",
                make_pipeline(
                    make_column_transformer((TfidfVectorizer(), "said")), LogisticRegression()
                ),
            ),
        ],
        cv=2,
        random_state=0,
    ).fit(X, y)
    alone = blend.named_estimators_.words.predict(X)
    assert balanced_accuracy_score(y, blend.predict(X)) > balanced_accuracy_score(y, alone)
    assert np.isfinite(blend.oof_proba_).all()


def test_names_of_columns_are_of_the_last_fit(data):
    X, X_test, y, _ = data
    frame = pd.DataFrame(X, columns=list("abcdefgh"))
    model = BlendedClassifier(estimators=BOTH).fit(frame, pd.Series(y, index=range(5, 5 + len(y))))
    assert model.feature_names_in_.tolist() == list("abcdefgh")
    model.predict(pd.DataFrame(X_test, columns=list("abcdefgh")))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(pd.DataFrame(X_test, columns=list("hgfedcba")))
    assert not hasattr(model.fit(X, y), "feature_names_in_")


def test_a_dataset_for_networks(data):
    X, _, y, _ = data
    y_encoded = torch.from_numpy(np.unique(y, return_inverse=True)[1])
    source = torch.utils.data.TensorDataset(torch.from_numpy(X), y_encoded)
    net = RebalancedClassifier(module=MLP, max_epochs=2, random_state=0)
    model = BlendedClassifier(estimators=[net, clone(net).set_params(lr=1e-2)], cv=2).fit(source)
    assert model.predict_proba(source).shape == (len(y), 3)
    assert model.predict_proba(source).dtype == np.float32


def test_precision(data):
    X, X_test, y, _ = data
    net = RebalancedClassifier(max_epochs=2, random_state=0)
    assert BlendedClassifier(estimators=BOTH).fit(X, y).predict_proba(X_test).dtype == np.float64
    for parts, dtype in (([net], np.float32), ([net, LINEAR], np.float64)):
        model = BlendedClassifier(estimators=parts, cv=2).fit(X, y)
        assert model.decision_function(X_test).dtype == dtype


def test_tags():
    assert get_tags(BlendedClassifier()).input_tags.sparse
    assert not get_tags(BlendedClassifier(estimators=[LINEAR, GaussianNB()])).input_tags.sparse
    assert get_tags(BlendedClassifier(estimators=[FOREST])).input_tags.allow_nan
    assert not get_tags(BlendedClassifier(estimators=[FOREST, LINEAR])).input_tags.allow_nan


# --- weights, and classes that are hardly there -------------------------------------------------


def test_weights_reach_those_that_take_them(data):
    X, X_test, y, _ = data
    mass = np.where(y == "rare", 3.0, 1.0)
    mass[:20] = 0.0
    kept = mass > 0
    parts = [
        ("knn", KNeighborsClassifier()),  # takes none
        ("piped", make_pipeline(StandardScaler(), LogisticRegression())),
        ("forest", FOREST),
    ]
    model = BlendedClassifier(estimators=parts, cv=3).fit(X, y, sample_weight=mass)
    without = clone(model).fit(X[kept], y[kept], sample_weight=mass[kept])
    np.testing.assert_allclose(model.predict_proba(X_test), without.predict_proba(X_test))
    assert np.isnan(model.oof_proba_[~kept]).all()
    assert np.isfinite(model.oof_proba_[kept]).all()
    forest = clone(FOREST).fit(X[kept], y[kept], sample_weight=mass[kept])
    np.testing.assert_allclose(
        model.named_estimators_.forest.predict_proba(X_test), forest.predict_proba(X_test)
    )
    plain = clone(model).fit(X, y)
    assert (plain.predict_proba(X_test) != model.predict_proba(X_test)).any()
    with pytest.raises(TypeError, match="KNeighborsClassifier takes no sample_weight, and samples"):
        model.fit(X, y, sample_weight=mass + 0.5)


def test_a_class_without_weight_has_no_probability(data):
    X, X_test, y, _ = data
    mass = np.where(y == "rare", 0.0, 1.0)
    model = BlendedClassifier(estimators=BOTH, cv=3).fit(X, y, sample_weight=mass)
    without = clone(model).fit(X[mass > 0], y[mass > 0], sample_weight=mass[mass > 0])
    proba = model.predict_proba(X_test)
    np.testing.assert_allclose(proba[:, [0, 2]], without.predict_proba(X_test))
    assert not proba[:, 1].any()
    assert np.isfinite(model.decision_function(X_test)).all()


def test_a_class_of_one_or_two_samples():
    X, y = make_classification(120, 6, n_informative=4, weights=[0.7], random_state=0)
    y[:2] = 2
    model = BlendedClassifier(estimators=[("linear", LINEAR), ("forest", FOREST)])
    assert np.isfinite(model.fit(X, y).predict_proba(X)).all()
    y[0] = 0
    with pytest.warns(UserWarning, match=r"one sample only of the classes \[2\]"):
        model.fit(X, y)
    np.testing.assert_allclose(  # what the forest says and the shares, for the single sample
        model.oof_proba_[1],
        (model.named_estimators_.forest.oob_decision_function_[1] + model.source_prior_) / 2,
    )
    assert np.isfinite(model.predict_proba(X)).all()


def test_few_samples():
    X, y = np.random.default_rng(0).normal(size=(4, 2)), np.array([0, 0, 0, 1])
    with pytest.warns(UserWarning, match=r"one sample only of the classes \[1\]"):
        model = BlendedClassifier(estimators=[GaussianNB()]).fit(X, y)
    assert len(model.estimators_[0].estimators_) == 3  # no more folds than samples of a class
    with pytest.raises(ValueError, match="one sample only of each of its 4 classes"):
        model.fit(X, np.arange(4))
    with pytest.raises(ValueError, match=r"y has one class, \[0\]"):
        model.fit(X[:3], y[:3])
    with pytest.raises(ValueError, match=r"y has one class, \[0\]"):
        model.fit(X, y, sample_weight=[1, 1, 1, 0])
    assert model.oof_proba_.shape == (4, 2)  # that of the fit that ended well
    assert model.predict(X).shape == (4,)


def test_in_bags_and_folds():
    X, y = make_classification(150, 6, n_informative=4, weights=[0.7], random_state=0)
    y[:7] = 2
    model = BlendedClassifier(
        estimators=[("bayes", GaussianNB()), ("knn", KNeighborsClassifier())],
        target_prior={0: 0.2, 1: 0.3, 2: 0.5}, cv=3,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="y has one sample only")  # in a bag
        bags = BaggingClassifier(model, 6, max_samples=0.7, random_state=1).fit(X, y)
    np.testing.assert_allclose(bags.predict_proba(X).sum(1), 1.0)
    scores = cross_val_score(model, X, y, cv=KFold(4, shuffle=True, random_state=0))
    assert np.isfinite(scores).all()


def test_a_class_that_some_folds_do_not_know(data):
    X, _, y, _ = data
    y = np.where(y == "some", "bulk", y)
    rare, bulk = np.flatnonzero(y == "rare"), np.flatnonzero(y == "bulk")
    y = y.astype(object)
    y[bulk[:40]] = "third"
    third, bulk = bulk[:40], bulk[40:]
    folds = [
        (np.r_[bulk[::2], rare[::2]], np.r_[bulk[1::2], rare[1::2]]),
        (np.r_[bulk[1::2], rare[1::2], third], np.r_[bulk[::2], rare[::2]]),
    ]
    with pytest.warns(UserWarning, match=r"1 of 2 folds of cv train without"):
        model = BlendedClassifier(estimators=BOTH, cv=folds, weights=[1, 3]).fit(X, y)
    proba = model.set_params(tau=0).predict_proba(X)
    np.testing.assert_allclose(proba.sum(1), 1.0)
    one, two = (fold.predict_proba(X) for fold in model.estimators_[0].estimators_)
    bayes = np.column_stack([(one + two[:, :2]) / 2, two[:, 2]])
    bayes /= bayes.sum(1, keepdims=True)
    mean = (bayes + 3 * model.estimators_[1].predict_proba(X)) / 4
    expected = np.maximum(mean, np.finfo(float).eps) ** (1 / model.temperature_)
    np.testing.assert_allclose(proba, expected / expected.sum(1, keepdims=True), rtol=1e-6)


# --- metadata, pickles, errors ------------------------------------------------------------------


def test_metadata_goes_to_the_classifiers_and_the_splitter(data):
    X, X_test, y, _ = data
    groups, mass = np.arange(len(y)) % 30, np.where(y == "rare", 3.0, 1.0)
    folds = list(GroupKFold(3).split(X, y, groups))
    parts = [("linear", LogisticRegression()), ("forest", clone(FOREST))]
    expected = BlendedClassifier(estimators=parts, cv=folds).fit(X, y, sample_weight=mass)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = [(name, clone(one).set_fit_request(sample_weight=True)) for name, one in parts]
        model = BlendedClassifier(
            estimators=routed, cv=GroupKFold(3).set_split_request(groups=True)
        ).fit(X, y, sample_weight=mass, groups=groups)
    np.testing.assert_allclose(model.predict_proba(X_test), expected.predict_proba(X_test))
    with pytest.raises(ValueError, match=r"\['groups'\] can reach the classifier only with metada"):
        model.fit(X, y, groups=groups)


def test_default_ones_ask_for_their_weights():
    with sklearn.config_context(enable_metadata_routing=True):
        router = BlendedClassifier().get_metadata_routing()
        assert router.consumes("fit", ["sample_weight"]) == {"sample_weight"}


def test_pickles_and_clones(data):
    X, X_test, y, _ = data
    net = RebalancedClassifier(max_epochs=2, random_state=0)
    model = BlendedClassifier(estimators=[("net", net), *BOTH], weights=[1, 2, 3], cv=2)
    model.fit(X, y)
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.predict_proba(X_test), model.predict_proba(X_test))
    again = clone(copied).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X_test), model.predict_proba(X_test))
    assert repr(model)
    assert model._repr_html_()


class Broken(GaussianNB):
    def fit(self, X, y, sample_weight=None):
        raise AssertionError("it was fitted")


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"estimators": []}, ValueError, "estimators has no classifier, the list is empty. Give"),
        ({"estimators": LINEAR}, TypeError, "estimators is LogisticRegression.*Give a list"),
        ({"estimators": [("cv", LINEAR)]}, ValueError, "'cv', which is a parameter beside"),
        ({"estimators": [("svm", LinearSVC())]}, TypeError, "svm=LinearSVC.*CalibratedClassifierC"),
        ({"estimators": [FrozenEstimator(LINEAR)]}, ValueError, "not to be fitted.*Give the class"),
        ({"estimators": [LogisticRegression]}, TypeError, "instance"),
        ({"weights": [1]}, ValueError, r"each of 2 estimators, \['bayes', 'forest'\], got \[1\]"),
        ({"weights": {"bayes": 1}}, ValueError, "weights by name must hold a number for each of"),
        ({"weights": "equal"}, ValueError, "got 'equal'. None weighs them equally"),
        ({"weights": [1, -1]}, ValueError, r"none negative.*got \[1, -1\]"),
        ({"weights": [0, 0]}, ValueError, r"not all 0.*got \[0, 0\]"),
        ({"weights": [1, np.inf]}, ValueError, r"finite.*got \[1, inf\]"),
        ({"weights": [0, 1], "estimators": [("a", LINEAR), ("b", "drop")]}, ValueError, "not all"),
        ({"tau": np.nan}, ValueError, "'tau' parameter of BlendedClassifier .* Got nan instead"),
        ({"cv": 1}, ValueError, "'cv' parameter of BlendedClassifier must be an int"),
        ({"cv": 2.5}, ValueError, "'cv' parameter"),
        ({"n_jobs": "all"}, ValueError, "'n_jobs' parameter .* Got 'all' instead"),
        ({"random_state": "x"}, ValueError, "'random_state' parameter .* Got 'x' instead"),
        ({"cv": 1000}, ValueError, "cv=1000 needs a class of 1000 samples or more"),
        ({"target_prior": [0.5, 0.5]}, ValueError, "target_prior must hold a share for each of 3"),
        ({"cost_matrix": COSTS[:2]}, ValueError, "cost_matrix must have the shape"),
    ],
)
def test_errors_come_before_anything_is_fitted(params, error, message, data):
    X, _, y, _ = data
    broken = [("bayes", Broken()), ("forest", Broken())]
    with pytest.raises(error, match=message):
        BlendedClassifier(**({"estimators": broken} | params)).fit(X, y)


def test_no_labels(data):
    with pytest.raises(ValueError, match="requires y to be passed"):
        BlendedClassifier(estimators=BOTH).fit(data[0])
    with pytest.raises(TypeError, match="positional"):
        BlendedClassifier(BOTH)


def test_a_network_that_corrects_by_itself_is_named():
    X, y = make_classification(80, weights=[0.8], random_state=0)
    net = RebalancedClassifier(loss="logit_adjusted", cross_fit=True, n_members=2, max_epochs=1)
    blend = BlendedClassifier(estimators=[("net", net), ("line", LogisticRegression())])
    with pytest.warns(UserWarning, match=r"\['net'\] correct for the class sizes by their loss"):
        blend.fit(X, y)
