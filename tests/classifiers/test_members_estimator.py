"""Several members as an estimator: kept, continued, searched over, and with any module."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse
import torch
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback
from torch import nn

from sklimb import M2mSampler, RebalancedClassifier, RSGClassifier
from sklimb.backbones import MemberCopies, TabularMLP
from tests.classifiers.of_members import SMALL, each_backbone, make
from tests.shared import data as data
from tests.shared import same_bits


def test_the_sampler_takes_members_for_g_and_f(data):
    X, y = data
    net = RebalancedClassifier(module=TabularMLP, n_members=2, **SMALL | {"max_epochs": 30})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        sampler = M2mSampler(source_estimator=net, target_estimator=net, gamma=0.2, random_state=0)
        more, labels = sampler.fit_resample(X, y)
    assert len(set(np.unique(labels, return_counts=True)[1].tolist())) == 1
    assert np.isfinite(more).all()


@each_backbone
def test_on_from_where_it_was(backbone, data, tmp_path):
    X, y = data
    model = make("offset", backbone, n_members=2).fit(X, y)
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    model.net_.save_params(f_params=tmp_path / "net.pt")
    other = make("offset", backbone, n_members=2, random_state=7).fit(X, y)
    other.net_.load_params(f_params=tmp_path / "net.pt")
    np.testing.assert_allclose(other.predict_proba(X), model.predict_proba(X), rtol=1e-6)
    warm = clone(model).set_params(warm_start=True).fit(X, y)
    before = copy.deepcopy(warm.module_.state_dict())
    warm.fit(X, y)
    assert warm.n_iter_ == 8
    assert any(not torch.equal(before[k], v) for k, v in warm.module_.state_dict().items())


@each_backbone
def test_partial_fit_and_early_stopping(backbone, data):
    X, y = data
    model = make("affinity", backbone, n_members=2)
    for _ in range(3):
        model.partial_fit(X, y, classes=np.unique(y))
    assert model.n_iter_ == 3
    assert model.prototypes_.shape[0] == 2
    stopped = make(
        "cross_entropy", backbone, n_members=2, early_stopping=True, n_iter_no_change=1, lr=0.1
    )
    stopped.set_params(max_epochs=30).fit(X, y)
    assert stopped.n_iter_ < 30
    assert "valid_score" in stopped.history_[-1]


def test_search_over_the_number_of_members(data):
    X, y = data
    search = GridSearchCV(
        make("logit_adjusted"), {"n_members": [1, 2]}, scoring="balanced_accuracy", cv=2
    ).fit(X, y)
    assert search.best_estimator_.module_.n_members == search.best_params_["n_members"]
    assert clone(search.best_estimator_).get_params()["n_members"] in (1, 2)


def test_weights_are_rows_in_the_exact_setting(data):
    X, y = data
    weight = np.random.default_rng(0).integers(0, 3, len(X))
    settings = {"dtype": "float64", "batch_size": 10_000, "module__dropout": 0.0, "n_members": 3}
    for embedding in (None, "piecewise_linear", "periodic"):
        model = make("logit_adjusted", module__embedding=embedding, **settings)
        by_weight = clone(model).fit(X, y, weight)
        by_rows = clone(model).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
        np.testing.assert_allclose(
            by_weight.predict_proba(X), by_rows.predict_proba(X), rtol=1e-7, atol=1e-9
        )


def test_dense_rows_and_sparse_ones_give_the_same_members(data):
    X, y = np.round(data[0]) * (np.abs(data[0]) > 1), data[1]
    a = make("cross_entropy", n_members=2).fit(X, y)
    b = make("cross_entropy", n_members=2).fit(scipy.sparse.csr_array(X), y)
    assert same_bits(a, b)


class Own(nn.Sequential):
    """A user's module, that knows no members."""

    def __init__(self, in_features):
        super().__init__(nn.Linear(in_features, 8), nn.BatchNorm1d(8), nn.ReLU())


def test_any_module_has_members(data):
    X, y = data
    model = RebalancedClassifier(module=Own, n_members=3, max_epochs=3, random_state=0).fit(X, y)
    assert isinstance(model.module_.backbone, MemberCopies)
    first, second = (m[0].weight for m in model.module_.backbone.members[:2])
    assert not torch.equal(first, second)
    instance = RebalancedClassifier(module=Own(6), n_members=2, max_epochs=1).fit(X, y)
    assert instance.module_.n_members == 2
    members = TabularMLP(6, n_members=4, hidden=(8,))
    assert RebalancedClassifier(module=members, max_epochs=1).fit(X, y).module_.n_members == 4
    generated = RSGClassifier(
        module=Own, n_members=2, stage="0", generate_from=0, max_epochs=2, random_state=0
    ).fit(X, y)
    assert generated.history_[-1, "n_generated"] > 0


def test_numbers_of_members_that_cannot_be(data):
    X, y = data
    with pytest.raises(ValueError, match="n_members=2 and module__n_members=3 disagree"):
        RebalancedClassifier(module=TabularMLP, n_members=2, module__n_members=3).fit(X, y)
    with pytest.raises(ValueError, match="instance of TabularMLP with n_members=4"):
        RebalancedClassifier(module=TabularMLP(6, n_members=4), n_members=2).fit(X, y)
    with pytest.raises(ValueError, match=r"'n_members' parameter .* Got 0"):
        RebalancedClassifier(n_members=0).fit(X, y)
    with pytest.raises(TypeError, match=r"'n_members' parameter .* Got 2\.5"):
        RebalancedClassifier(n_members=2.5).fit(X, y)


def test_callbacks_see_one_prediction_a_row(data):
    seen = []

    class Shapes(Callback):
        def on_batch_end(self, net, batch, training, y_pred, **kwargs):
            seen.append((y_pred.shape, float(y_pred.exp().sum(1).mean())))

    make("cross_entropy", n_members=3, callbacks=[Shapes()], batch_size=120).fit(*data)
    assert {shape for shape, _ in seen} == {(120, 3)}
    assert all(total == pytest.approx(1, rel=1e-5) for _, total in seen)


def test_members_together_are_better_than_each():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 6))
    y = (np.sin(2 * X[:, 0]) * X[:, 1] + 0.3 * rng.normal(size=900) > 0.8).astype(int)
    model = RebalancedClassifier(
        module=TabularMLP, n_members=8, loss="logit_adjusted", module__hidden=(64, 64),
        max_epochs=30, random_state=0,
    ).fit(X[:300], y[:300])  # fmt: skip
    with torch.no_grad():
        scores = model.module_.head(model.module_.backbone(torch.from_numpy(X[300:]).float()))
    of_each = [balanced_accuracy_score(y[300:], scores[:, k].argmax(1)) for k in range(8)]
    together = balanced_accuracy_score(y[300:], model.predict(X[300:]))
    # on five draws of the rows 1.5 to 8 points better than their mean
    assert together > np.mean(of_each) + 0.01
