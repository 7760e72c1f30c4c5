from __future__ import annotations

import threading

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, SGDClassifier
from skorch.callbacks import Callback

from sklimb import (
    AffinityClassifier,
    BlendedClassifier,
    DecoupledClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb.classifiers.fitting_aside import aside, take, to_learn_on
from tests.shared import QUICK
from tests.shared import data as data

NETWORKS = [
    RebalancedClassifier(**QUICK),
    AffinityClassifier(**QUICK),
    OffsetDebiasedClassifier(offset="empirical", **QUICK),
    RSGClassifier(
        generate_from=1, n_centers=2, contrast_channels=8, keep_training_state=True, **QUICK
    ),
    M2mClassifier(
        translate_from=2,
        gamma=0.3,
        keep_training_state=True,
        source_estimator=RebalancedClassifier(class_weight="balanced", **QUICK),
        **QUICK,
    ),
    DecoupledClassifier(classifier_epochs=1, **QUICK),
]
each_network = pytest.mark.parametrize("network", NETWORKS, ids=lambda m: type(m).__name__)


class Look(Callback):
    """Do something at the end of each epoch from one on, counted over all."""

    def __init__(self, look=lambda: None):
        self.look = look

    def on_epoch_end(self, net, **kwargs):
        self.look()


def raises(error):
    def look():
        raise error

    return look


def state_of(model, X):
    names = sorted(name for name in vars(model) if name.endswith("_"))
    return names, model.predict_proba(X), model.n_iter_, model.class_counts_.tolist()


def same(a, b):
    return a[0] == b[0] and np.array_equal(a[1], b[1]) and a[2:] == b[2:]


@each_network
@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("full")], ids=repr)
def test_a_refit_that_is_broken_off_leaves_the_model_of_before(network, error, data):
    X, y = data
    look = Look()
    model = clone(network).set_params(callbacks=[look])
    model.callbacks = [look]  # not the clone's copy
    model.fit(X, y)
    before = state_of(model, X)
    look.look = raises(error)
    for again in (model.fit, model.partial_fit, model.set_params(warm_start=True).fit):
        with pytest.raises(type(error)):
            again(X[:200], y[:200])
        assert same(state_of(model, X), before)
    look.look = lambda: None
    expected = clone(network).fit(X[:200], y[:200]).predict_proba(X)
    model.set_params(warm_start=False).fit(X[:200], y[:200])
    assert np.array_equal(model.predict_proba(X), expected)


@each_network
def test_data_that_cannot_be_trained_on_leave_the_model_of_before(network, data):
    X, y = data
    model = clone(network).fit(X, y)
    before = state_of(model, X)
    bad = X.copy()
    bad[3, 2] = np.nan
    for given in ((bad, y), (X[:, :3], np.full(len(y), "bulk")), (X, y[:-1])):
        with pytest.raises(ValueError):
            model.fit(*given)
    with pytest.raises(ValueError):
        model.set_params(lr=-1.0).fit(X, y)
    assert same(state_of(model, X), before)
    assert model.lr == -1.0


def test_a_thread_predicts_by_the_model_of_before_during_a_refit(data):
    X, y = data
    look, seen, failed = Look(), [], []
    model = RebalancedClassifier(callbacks=[look], **QUICK).fit(X, y)
    expected = model.predict_proba(X)

    def predict():
        try:
            seen.append(np.array_equal(model.predict_proba(X), expected))
            seen.append(model.predict(X).dtype == y.dtype)
        except Exception as error:
            failed.append(error)

    def look_from_a_thread():
        thread = threading.Thread(target=predict)
        thread.start()
        thread.join(60)

    look.look = look_from_a_thread
    codes = np.searchsorted(np.unique(y), y)
    model.fit(X[:, :3], codes)  # other columns, other labels
    model.predict(X[:, :3])
    look.look = lambda: None
    model.fit(X, y)
    look.look = look_from_a_thread
    alone = clone(model).set_params(callbacks=None).fit(X, y).partial_fit(X, y)
    model.partial_fit(X, y)
    assert not failed
    assert len(seen) == 2 * (4 + 1)
    assert all(seen)
    # and who predicts does not disturb the training
    assert np.array_equal(model.predict_proba(X), alone.predict_proba(X))


def test_the_first_fit_that_fails_leaves_nothing(data):
    X, y = data
    model = RebalancedClassifier(callbacks=[Look(raises(RuntimeError("full")))], **QUICK)
    before = set(vars(model))
    with pytest.raises(RuntimeError):
        model.fit(X, y)
    assert set(vars(model)) == before


def test_parameters_set_during_a_fit_stay_set(data):
    X, y = data
    look = Look()
    model = RebalancedClassifier(callbacks=[look], **QUICK)
    look.look = lambda: model.set_params(lr=0.5, module__dropout=0.3)
    model.fit(X, y)
    assert (model.lr, model.module__dropout, model.module__hidden) == (0.5, 0.3, (16,))


# --- around other classifiers -----------------------------------------------------------------


class Failing(LogisticRegression):
    fails = False

    def fit(self, X, y, sample_weight=None):
        if Failing.fails:
            raise RuntimeError("full")
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize(
    "model",
    [
        PriorCorrectedClassifier(Failing()),
        PriorCorrectedClassifier(Failing(), cv=2),
        BlendedClassifier(estimators=[("a", Failing())], cv=2),
    ],
    ids=["once", "folds", "blend"],
)
def test_a_refit_of_what_is_around_others_leaves_the_model_of_before(model, data, monkeypatch):
    X, y = data
    model = clone(model).fit(X, y)
    before, names = model.predict_proba(X), set(vars(model))
    monkeypatch.setattr(Failing, "fails", True)
    with pytest.raises(RuntimeError):
        model.fit(X[:200], y[:200])
    assert np.array_equal(model.predict_proba(X), before)
    assert set(vars(model)) == names


@pytest.mark.parametrize(
    "inner", [RebalancedClassifier(**QUICK), SGDClassifier(loss="log_loss", random_state=0)]
)
def test_a_partial_fit_that_fails_changes_nothing(inner, data, monkeypatch):
    X, y = data
    model = PriorCorrectedClassifier(inner).partial_fit(X, y, classes=np.unique(y))
    before = model.predict_proba(X)

    def fail(*args):
        raise RuntimeError("full")

    monkeypatch.setattr(PriorCorrectedClassifier, "_correct_for", fail)
    with pytest.raises(RuntimeError):
        model.partial_fit(X, y)
    assert np.array_equal(model.predict_proba(X), before)


# --- the parts --------------------------------------------------------------------------------


def test_what_is_taken_are_the_attributes_alone():
    model = LogisticRegression(C=2.0)
    model.coef_, model.n_iter_ = 1, 2
    other = aside(model, "n_iter_", "classes_")
    assert (other.coef_, hasattr(other, "n_iter_"), model.n_iter_) == (1, False, 2)
    other.C, other.coef_ = 3.0, 4
    take(model, other)
    assert (model.C, model.coef_, hasattr(model, "n_iter_")) == (2.0, 4, False)


def test_what_learns_on_is_a_copy(data):
    X, y = data
    own = RebalancedClassifier(**QUICK).fit(X, y)
    other = to_learn_on(own)
    assert other.net_ is own.net_
    assert other.partial_fit(X, y).net_ is not own.net_
    assert own.n_iter_ == 4
    foreign = LogisticRegression().fit(X, y)
    assert to_learn_on(foreign).coef_ is not foreign.coef_
