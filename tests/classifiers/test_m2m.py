"""M2mClassifier: g, the ablations, what is kept, and what translation does to a training."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits, make_blobs, make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, train_test_split
from skorch import NeuralNetClassifier
from torch import nn

from sklimb import AffinityClassifier, M2mClassifier, RebalancedClassifier
from sklimb.datasets import make_long_tailed
from tests.shared import QUICK, global_state, same_bits
from tests.shared import data as data
from tests.test_common import exact, passes_in_the_exact_setting

G = RebalancedClassifier(max_epochs=30, lr=2e-2, module__hidden=(16,), module__dropout=0.0)
PLAIN = {"loss": "cross_entropy"}  # the paper's, and the plain network's by default
M2M = QUICK | PLAIN | {"source_estimator": G, "translate_from": 2, "beta": 0.5, "gamma": 0.6}


@pytest.fixture(scope="module")
def fitted(data):
    return M2mClassifier(**M2M).fit(*data)


# --- switched off -------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["cross_entropy", "ldam"])
def test_beyond_the_last_epoch_it_is_the_plain_net_bit_for_bit(loss, data):
    plain = RebalancedClassifier(loss=loss, **QUICK).fit(*data)
    for start in (4, 1.0, 99):
        off = M2mClassifier(**M2M | {"loss": loss, "translate_from": start}).fit(*data)
        assert same_bits(off, plain)
    assert np.isnan(off.history_[-1, "acceptance_rate"])


def test_a_fused_optimiser_with_momentum_keeps_the_bits_too(data):
    sgd = {"optimizer": torch.optim.SGD, "optimizer__momentum": 0.9, "lr": 0.01}
    plain = RebalancedClassifier(**QUICK | sgd).fit(*data)
    assert same_bits(plain, M2mClassifier(translate_from=1.0, **QUICK | PLAIN | sgd).fit(*data))


def test_until_it_starts_it_is_the_plain_net(fitted, data):
    plain = RebalancedClassifier(**QUICK).fit(*data)
    for epoch in range(2):
        assert fitted.history_[epoch, "train_loss"] == plain.history_[epoch, "train_loss"]
    assert fitted.history_[2, "train_loss"] != plain.history_[2, "train_loss"]


def test_where_nothing_is_accepted_it_is_deferred_resampling(data):
    with pytest.warns(UserWarning, match=r"None of \d+ samples was translated.*gamma=1") as caught:
        none = M2mClassifier(**M2M | {"gamma": 1.0, "n_steps": 0}).fit(*data)
    assert len(caught) == 1 and caught[0].filename == __file__
    drs = RebalancedClassifier(**QUICK, sampling="balanced", rebalance_from=2).fit(*data)
    assert same_bits(none, drs)
    assert none.history_[-1, "n_to_translate"] > 20 and none.history_[-1, "n_translated"] == 0
    # beta 1 tries nothing, so there is nothing to say
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        assert same_bits(M2mClassifier(**M2M | {"beta": 1.0}).fit(*data), drs)


def test_equal_classes_have_nothing_to_do():
    X, y = make_blobs([30, 30, 30], 3, random_state=0)
    model = M2mClassifier(**M2M, keep_training_state=True).fit(X, y)
    assert model.history_[-1, "n_to_translate"] == 0
    assert not hasattr(model, "source_estimator_")  # and no g is trained for it
    drs = RebalancedClassifier(**QUICK, sampling="balanced", rebalance_from=2).fit(X, y)
    assert same_bits(model, drs)
    # one row less of a class, and there is something to do
    model = M2mClassifier(**M2M | {"beta": 0.0}, keep_training_state=True).fit(X[1:], y[1:])
    assert hasattr(model, "source_estimator_")
    off = M2mClassifier(**M2M | {"beta": 1.0}, keep_training_state=True).fit(X[1:], y[1:])
    assert not hasattr(off, "source_estimator_")


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_sample_weight_equivalence_in_the_exact_setting(class_weight):
    estimator = exact(M2mClassifier).set_params(**PLAIN, translate_from=1.0)
    estimator.set_params(class_weight=class_weight)
    passes_in_the_exact_setting(estimator)


def test_so_few_rare_rows_that_the_epochs_are_one_still_translate():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(8000, 3)), np.zeros(8000, dtype=int)
    y[:6], X[:6] = 1, X[:6] + 4.0
    g = clone(G).set_params(max_epochs=5)
    model = M2mClassifier(random_state=0, cross_fit=False, source_estimator=g).fit(X, y)
    assert model.n_iter_ <= 2
    assert model.history_[-1, "n_translated"] > 0


def test_early_stopping_before_it_starts_is_said(data):
    params = {"early_stopping": True, "n_iter_no_change": 1, "lr": 1e-9, "max_epochs": 10}
    with pytest.warns(UserWarning, match="before translation starts") as caught:
        model = M2mClassifier(**M2M | params | {"translate_from": 0.8}).fit(*data)
    assert caught[0].filename == __file__ and model.n_iter_ < 8
    assert not any(model.history_[:, "n_to_translate"])


# --- what it does -------------------------------------------------------------------------------


def test_history_has_each_epochs_figures(fitted):
    for epoch, row in enumerate(fitted.history_):
        assert (row["n_to_translate"] > 0) == (epoch >= 2)
        if epoch >= 2:
            assert 0 < row["n_translated"] < row["n_to_translate"]
            assert row["acceptance_rate"] == row["n_translated"] / row["n_to_translate"]
            assert 0.5 < row["source_confidence"] < 1
            assert row["translated_loss"] > 0


def test_same_seed_same_bits_and_nothing_global_moves(fitted, data):
    before = global_state()
    again = M2mClassifier(**M2M).fit(*data)
    assert global_state() == before
    assert same_bits(again, fitted)
    assert not same_bits(M2mClassifier(**M2M | {"random_state": 1}).fit(*data), fitted)


@pytest.mark.parametrize(
    "setting",
    [
        {"lam": 0.0},
        {"lam": 5.0},
        {"beta": 0.99},
        {"gamma": 0.9},
        {"step_size": 0.1},
        {"n_steps": 3},
        {"unit": "raw"},
        {"clean_seeds": True},
        {"random_label": True},
        {"seed_pool": 3},
        {"bounded": False},
        {"start_noise": 0.0},
        {"translate_from": 0},
        {"loss": "ldam"},
        {"loss": "logit_adjusted"},
        {"class_weight": "balanced"},
    ],
    ids=str,
)
def test_settings_and_ablations_change_the_training(setting, fitted, data):
    model = M2mClassifier(**M2M | setting).fit(*data)
    assert not same_bits(model, fitted)
    assert model.history_[-1, "n_translated"] > 0
    assert np.isfinite(model.history_[:, "train_loss"]).all()


def test_units_of_columns_do_not_matter(fitted, data):
    X, y = data
    factors = np.array([2.0**20, 2.0**-30, 1.0, 4.0, 0.5, 1.0])
    scaled = M2mClassifier(**M2M).fit(X * factors, y)
    np.testing.assert_allclose(
        scaled.predict_proba(X * factors), fitted.predict_proba(X), rtol=1e-4
    )


def test_sparse_rows(data):
    X, y = make_classification(150, 12, weights=[0.8], random_state=0)
    X[np.abs(X) < 0.7] = 0
    dense, thin = (M2mClassifier(**M2M).fit(form(X), y) for form in (np.array, sparse.csr_array))
    assert thin.history_[-1, "n_translated"] > 0
    np.testing.assert_allclose(dense.predict_proba(X), thin.predict_proba(X), atol=0.05)
    pool = M2mClassifier(**M2M, seed_pool=4).fit(sparse.csr_array(X), y)
    assert pool.history_[-1, "n_translated"] > 0


def test_a_pool_holds_so_many_rows_of_each_class_drawn_at_random(data):
    X, y = data
    pools = []
    for seed in (0, 0, 1):
        settings = M2M | {"random_state": seed, "source_estimator": clone(G)}
        model = M2mClassifier(**settings, seed_pool=30, keep_training_state=True).fit(X, y)
        transform = model.net_.transform_
        names = model.classes_[transform.pool_y_encoded]
        expected = {name: min(30, int((y == name).sum())) for name in model.classes_}
        assert dict(zip(*np.unique(names, return_counts=True))) == expected
        rows = [np.flatnonzero((row == X).all(1)) for row in transform.pool.numpy()]
        rows = np.concatenate(rows)  # each is one row, of that class, and none is there twice
        assert len(np.unique(rows)) == len(transform.pool)
        np.testing.assert_array_equal(y[rows], names)
        pools.append(rows)
    np.testing.assert_array_equal(pools[0], pools[1])
    bulk = pools[0][y[pools[0]] == "bulk"]
    assert set(bulk) != set(np.flatnonzero(y == "bulk")[:30])
    assert set(bulk) != set(pools[2][y[pools[2]] == "bulk"])


class Tiny(nn.Module):
    def __init__(self, in_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 4, 3)

    def forward(self, x):
        return self.conv(x / 16.0).relu().flatten(1)


def test_images_and_datasets():
    X, y = load_digits(return_X_y=True)
    X, y = make_long_tailed(X.astype(np.uint8).reshape(-1, 1, 8, 8), y, ratio=10, random_state=0)
    settings = {"module": Tiny, "max_epochs": 3, "translate_from": 1, "random_state": 0,
                "step_size": 4.0, "beta": 0.9, "gamma": 0.3}  # fmt: skip
    model = M2mClassifier(keep_training_state=True, **settings).fit(X, y)
    assert model.history_[-1, "n_translated"] > 0
    transform = model.net_.transform_
    assert transform.scale.shape == (1, 1, 1) and float(transform.scale) == 1  # raw for images
    assert (float(transform.low), float(transform.high)) == (0, 16)
    settings["source_estimator"] = model.source_estimator_.module_  # no need to train it again
    source = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(y))
    streamed = M2mClassifier(**settings | {"module": Tiny(1)}).fit(source)
    assert streamed.history_[-1, "n_translated"] > 0
    spread = M2mClassifier(**settings | {"unit": "spread"}, keep_training_state=True).fit(X, y)
    np.testing.assert_allclose(float(spread.net_.transform_.scale), X.std())


def test_translation_finds_more_of_a_rare_class():
    centers = [[0, 0, 0, 0], [3, 0, 0, 0]]
    X, y = make_blobs([600, 12], 4, centers=centers, random_state=1)
    X_test, y_test = make_blobs([500, 500], 4, centers=centers, random_state=2)
    settings = {"max_epochs": 20, "random_state": 0}
    plain = RebalancedClassifier(**settings).fit(X, y)
    m2m = M2mClassifier(**settings).fit(X, y)
    recall = [float((m.predict(X_test) == y_test)[y_test == 1].mean()) for m in (plain, m2m)]
    assert recall[1] > recall[0] + 0.05


# --- edges --------------------------------------------------------------------------------------


def test_two_classes_and_a_class_of_one_row():
    X, y = make_blobs([60, 9], 3, random_state=0)
    y = np.where(y == 0, "fine", "fraud")
    model = M2mClassifier(**M2M).fit(X, y)
    assert model.history_[-1, "n_translated"] > 0 and set(model.predict(X)) <= set(y)
    with pytest.raises(ValueError, match="needs three classes or more"):
        M2mClassifier(**M2M, random_label=True).fit(X, y)
    X, y = np.vstack([X, [[50.0, 50.0, 50.0]]]), np.append(y, "single")
    assert M2mClassifier(**M2M).fit(X, y).predict_proba(X).shape == (70, 3)


def test_constant_columns(data):
    X = np.insert(data[0], 1, 3.0, axis=1)
    model = M2mClassifier(**M2M).fit(X, data[1])
    assert model.history_[-1, "n_translated"] > 0


def test_a_class_that_g_never_learnt_is_named(data):
    never = nn.Linear(6, 3)
    never.weight.data.zero_()
    never.bias.data.copy_(torch.tensor([1.0, 0.0, 1.0]))  # bulk, rare, some
    said = r"recognises no training sample of the classes \['rare'"
    with pytest.warns(UserWarning, match=said) as caught:
        M2mClassifier(**M2M | {"source_estimator": never, "gamma": 0.0}).fit(*data)
    assert caught[0].filename == __file__


def test_a_class_without_weight_is_no_target(data):
    X, y = data
    weight = np.where(y == "rare", 0.0, 1.0)
    model = M2mClassifier(**M2M).fit(X, y, sample_weight=weight)
    assert model.history_[-1, "n_translated"] > 0
    assert model.class_counts_[1] == 0


@pytest.mark.parametrize(
    "setting, error, message",
    [
        ({"lam": -1.0}, ValueError, "lam"),
        ({"beta": 1.5}, ValueError, "'beta' parameter of .* Got "),
        ({"gamma": -0.5}, ValueError, "gamma"),
        ({"step_size": 0}, ValueError, "step_size"),
        ({"n_steps": -1}, ValueError, "n_steps"),
        ({"translate_from": 1.5}, ValueError, "translate_from"),
        ({"unit": "sd"}, ValueError, "'unit' parameter of .* Got "),
        ({"seed_pool": 0}, ValueError, "seed_pool"),
        ({"source_estimator": "net"}, TypeError, "source_estimator must be a network"),
    ],
    ids=str,
)
def test_refusals(setting, error, message, data):
    with pytest.raises(error, match=message):
        M2mClassifier(**M2M | setting).fit(*data)


# --- g ------------------------------------------------------------------------------------------


def test_g_is_a_plain_net_of_the_same_kind(data):
    model = M2mClassifier(
        **QUICK, loss="ldam", class_weight="effective", translate_from=2, beta=0.5,
        keep_training_state=True,
    ).fit(*data)  # fmt: skip
    g = model.source_estimator_
    assert type(g) is RebalancedClassifier and g.loss == "cross_entropy"
    assert g.class_weight is None and g.sampling is None
    dropped = ([m.p for m in net.module_.modules() if "Dropout" in type(m).__name__]
               for net in (g, model))  # fmt: skip
    assert not any(next(dropped)) and any(next(dropped))
    shapes = ([p.shape for p in m.backbone.parameters()] for m in (g.module_, model.module_))
    assert next(shapes) == next(shapes)
    # 240 rows in batches of 64: 300 steps are 75 epochs
    assert g.n_iter_ == 75 and g.score(data[0], np.unique(data[1], return_inverse=True)[1]) > 0.8
    assert model.net_.transform_.source.network is g.module_


def test_g_may_be_given(data):
    X, y = data
    seeded = clone(G).set_params(random_state=3)
    g = clone(seeded).fit(X, y)
    before = {name: value.clone() for name, value in g.module_.state_dict().items()}
    settings = M2M | {"translate_from": 1}
    by_module = M2mClassifier(**settings | {"source_estimator": g.module_}).fit(X, y)
    frozen = M2mClassifier(**settings | {"source_estimator": FrozenEstimator(g)}).fit(X, y)
    assert same_bits(by_module, frozen)
    assert same_bits(frozen, M2mClassifier(**settings | {"source_estimator": seeded}).fit(X, y))
    assert all(torch.equal(v, before[name]) for name, v in g.module_.state_dict().items())
    other = AffinityClassifier(max_epochs=15, lr=1e-2, random_state=0)
    affinity = M2mClassifier(**settings | {"source_estimator": other, "gamma": 0.3}).fit(X, y)
    assert affinity.history_[-1, "n_translated"] > 0


class Softmax(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3), nn.Softmax(1))


def test_g_may_be_a_skorch_net(data):
    net = NeuralNetClassifier(Softmax, max_epochs=40, lr=0.1, verbose=0, train_split=None)
    model = M2mClassifier(**M2M | {"source_estimator": net}).fit(*data)
    assert model.history_[-1, "n_translated"] > 0
    called = M2mClassifier(**M2M | {"source_estimator": net, "translate_from": 1})
    for _ in range(2):
        called.partial_fit(*data)
    assert called.history_[-1, "n_translated"] > 0


# --- what is kept -------------------------------------------------------------------------------


def test_nothing_of_g_is_left_after_fit(fitted, data):
    assert not fitted.net_.has_transform and not hasattr(fitted, "source_estimator_")
    plain = RebalancedClassifier(**QUICK).fit(*data)
    assert len(pickle.dumps(fitted)) < 1.2 * len(pickle.dumps(plain))
    names = [name for name, _ in fitted.module_.named_parameters()]
    assert names == [name for name, _ in plain.module_.named_parameters()]
    kept = M2mClassifier(**M2M, keep_training_state=True).fit(*data)
    assert same_bits(kept, fitted)
    assert len(pickle.dumps(kept)) > 1.5 * len(pickle.dumps(fitted))


def test_kept_training_goes_on_as_one_training(data):
    settings = M2M | {"lr_schedule": None, "keep_training_state": True}
    whole = M2mClassifier(**settings).fit(*data)
    halves = M2mClassifier(**settings | {"max_epochs": 3}, warm_start=True).fit(*data)
    halves = pickle.loads(pickle.dumps(halves)).set_params(max_epochs=1).fit(*data)
    assert same_bits(halves, whole)
    assert whole.history_[-1, "n_translated"] == halves.history_[-1, "n_translated"] > 0


def test_what_a_warm_start_takes_of_the_translation(data):
    model = M2mClassifier(**M2M, warm_start=True, keep_training_state=True).fit(*data)
    model.set_params(gamma=0.7, unit="raw")
    with pytest.warns(UserWarning, match=r"gamma=0\.7 \(built with 0\.6\), unit='raw'"):
        model.fit(*data)
    model = M2mClassifier(**M2M, warm_start=True).fit(*data)
    model.set_params(source_estimator=clone(G), unit="raw", seed_pool=20)
    with pytest.warns(RuntimeWarning, match="built anew") as told:
        model.fit(*data)
    assert not [str(w.message) for w in told if "no effect" in str(w.message)]


def test_without_it_g_is_built_anew(data):
    model = M2mClassifier(**M2M).fit(*data)
    with pytest.warns(RuntimeWarning, match="keep_training_state=True") as caught:
        model.partial_fit(*data)
    assert caught[0].filename == __file__
    assert model.history_[-1, "n_to_translate"] > 0
    assert model.source_estimator_.n_iter_ == 30  # translation is due at once: g is trained whole
    model.partial_fit(*data)
    assert model.source_estimator_.n_iter_ == 31  # and learns along
    # and a new fit has nothing to do with it
    assert same_bits(model.fit(*data), M2mClassifier(**M2M).fit(*data))
    assert not hasattr(model, "source_estimator_")


def test_in_partial_fit_g_learns_along(data):
    X, y = data
    model = M2mClassifier(**M2M | {"translate_from": 12, "max_epochs": 40, "batch_size": 8})
    classes = ["rare", "some", "bulk", "never"]
    for call in range(15):
        rows = np.arange(call % 2, len(y), 2)
        model.partial_fit(X[rows], y[rows], classes=classes)
        assert model.source_estimator_.n_iter_ == call + 1
        assert (model.history_[-1, "n_to_translate"] > 0) == (call >= 12)
    assert model.history_[-1, "n_translated"] > 0
    off = M2mClassifier(**QUICK, translate_from=1.0).partial_fit(X, y)
    assert not hasattr(off, "source_estimator_")
    at_once = M2mClassifier(**M2M | {"translate_from": 0}).partial_fit(X, y, classes=classes)
    assert at_once.source_estimator_.n_iter_ == 30


def test_early_stopping_and_grid_search(data):
    model = M2mClassifier(
        **M2M | {"translate_from": 0}, early_stopping=True, n_iter_no_change=2
    ).fit(*data)
    assert model.history_[0, "n_translated"] > 0
    search = GridSearchCV(
        M2mClassifier(**M2M), {"lam": [0.0, 0.5], "source_estimator__lr": [2e-2]}, cv=2,
        error_score="raise",
    ).fit(*data)  # fmt: skip
    assert pickle.loads(pickle.dumps(search)).predict(data[0]).shape == (240,)


def test_on_digits_it_translates_and_changes_predictions():
    X, y = load_digits(return_X_y=True)
    X, X_test, y, _ = train_test_split(X, y, test_size=0.4, random_state=0, stratify=y)
    X, y = make_long_tailed(X, y, ratio=20, random_state=0)
    settings = {"max_epochs": 60, "random_state": 0, "module__hidden": (64,)}
    drs = RebalancedClassifier(**settings, sampling="balanced", rebalance_from=0.8).fit(X, y)
    m2m = M2mClassifier(**settings, step_size=0.5).fit(X, y)
    assert m2m.history_[-1, "acceptance_rate"] > 0.2
    changed = (m2m.predict(X_test) != drs.predict(X_test)).mean()
    assert 0 < changed < 0.3


def test_where_draws_correct_for_sizes_the_loss_does_not(data):
    # from the start, so that no batch has the training data's own shares
    settings = M2M | {"translate_from": 0, "cross_fit": False}
    plain = M2mClassifier(**settings).fit(*data)
    adjusted = M2mClassifier(**settings | {"loss": "logit_adjusted"}).fit(*data)
    np.testing.assert_allclose(
        adjusted.predict_proba(data[0]), plain.predict_proba(data[0]), rtol=1e-4, atol=1e-6
    )
    settings |= {"loss": "logit_adjusted", "translate_from": 1.0}
    later = M2mClassifier(**settings).fit(*data)
    assert np.abs(later.predict_proba(data[0]) - plain.predict_proba(data[0])).max() > 0.01


def test_a_pool_of_seeds_is_of_no_fold(data):
    with pytest.raises(ValueError, match=r"seed_pool=5 .*cross_fit=False"):
        M2mClassifier(seed_pool=5, cross_fit=True).fit(*data)
    pooled = M2mClassifier(seed_pool=5, random_state=0).fit(*data)
    assert not hasattr(pooled, "oof_proba_")
