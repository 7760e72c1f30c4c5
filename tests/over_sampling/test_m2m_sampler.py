"""M2mSampler: imbalanced-learn's own checks, Algorithm 1, and what tables it takes."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from imblearn.pipeline import Pipeline
from imblearn.utils.estimator_checks import estimator_checks_generator
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_blobs, make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier
from torch import nn

from sklimb import AffinityClassifier, M2mSampler, RebalancedClassifier
from sklimb._random import Streams
from sklimb.transforms import start_noise
from tests.shared import global_state
from tests.transforms.test_m2m import naive_translate

QUICK = RebalancedClassifier(
    max_epochs=40, lr=1e-2, module__hidden=(16,), module__dropout=0.0, lr_schedule=None
)


def quick(**settings):
    settings = {"random_state": 0, "source_estimator": QUICK, "target_estimator": QUICK} | settings
    return M2mSampler(**settings)


@pytest.fixture(scope="module")
def data():
    X, y = make_blobs([90, 40, 6], 4, cluster_std=2.0, random_state=1)
    return X, np.array(["bulk", "some", "rare"])[y]


@pytest.fixture(scope="module")
def fitted(data):
    sampler = quick()
    return sampler, *sampler.fit_resample(*data)


# what `parametrize_with_checks` does, which hands pytest a generator, and pytest warns of that
CHECKS = [check for _, check in estimator_checks_generator(M2mSampler(random_state=0))]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.func.__name__)
def test_imbalanced_learns_checks(check):
    if check.func.__name__ == "check_samplers_fit":  # of ten samples few epochs learn nothing
        check(M2mSampler(random_state=0))
    else:  # fewer epochs only: the checks fit hundreds of times
        few = RebalancedClassifier(max_epochs=10, lr=1e-2, cross_fit=False)
        check(M2mSampler(random_state=0, source_estimator=few, target_estimator=few))


def test_there_are_checks():
    assert len(CHECKS) >= 15


# --- Algorithm 1 --------------------------------------------------------------------------------


def test_old_rows_come_first_and_every_new_row_has_its_record(fitted, data):
    sampler, X_new, y_new = fitted
    X, y = data
    np.testing.assert_array_equal(X_new[: len(X)], X)
    np.testing.assert_array_equal(y_new[: len(y)], y)
    assert dict(zip(*np.unique(y_new, return_counts=True))) == dict.fromkeys(np.unique(y), 90)
    added, labels = X_new[len(X) :], y_new[len(y) :]
    translated, seeds = sampler.translated_, sampler.seed_indices_
    assert len(added) == len(translated) == len(seeds) == 84 + 50
    assert sampler.acceptance_rate_ == translated.mean() and 0.3 < translated.mean() < 1
    # a repeated row is a row of the class, a translation comes from a larger one
    np.testing.assert_array_equal(added[~translated], X[seeds[~translated]])
    np.testing.assert_array_equal(y[seeds[~translated]], labels[~translated])
    size = {"bulk": 90, "some": 40, "rare": 6}
    for seed, label in zip(y[seeds[translated]], labels[translated]):
        assert size[seed] > size[label]
    assert (added[translated] != X[seeds[translated]]).any(1).all()
    np.testing.assert_array_equal(sampler.seed_classes_, y[seeds])
    assert (sampler.confidence_[translated] >= sampler.gamma).all()
    assert not (sampler.confidence_[~translated] >= sampler.gamma).any()
    # the record is g's word on the rows as they came back
    g = sampler.source_estimator_
    proba = g.predict_proba(added)[np.arange(len(labels)), np.searchsorted(g.classes_, labels)]
    tried = ~np.isnan(sampler.confidence_)
    np.testing.assert_allclose(sampler.confidence_[translated], proba[translated], rtol=1e-5)
    assert tried[translated].all()
    assert (X_new.min(0) == X.min(0)).all() and (X_new.max(0) == X.max(0)).all()


@pytest.mark.parametrize("unit", ["raw", "spread"])
@pytest.mark.parametrize("lam", [0.0, 2.0])
def test_translations_are_algorithm_1(unit, lam, data):
    X, y = data
    X = X * np.array([1.0, 100.0, 0.01, 5.0])
    torch.manual_seed(0)
    g, f = (
        nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(), nn.Linear(8, 3)).double()
        for _ in range(2)
    )
    for net in (g, f):
        net[0].weight.data /= torch.from_numpy(X.std(0))
    settings = {"unit": unit, "lam": lam, "gamma": 0.0, "beta": 0.0, "step_size": 0.2, "n_steps": 4}
    sampler = quick(source_estimator=g, target_estimator=f, max_nnz=4, **settings)
    with pytest.warns(UserWarning, match="recognises no training sample"):
        X_new, y_new = sampler.fit_resample(X, y)
    spread = X.std(0) if unit == "spread" else np.ones(4)
    scale = torch.from_numpy(spread)

    def in_units(net):
        first = nn.Linear(4, 8).double()
        first.weight.data, first.bias.data = net[0].weight.data * scale, net[0].bias.data
        return nn.Sequential(first, *net[1:])

    assert sampler.translated_.all()
    seeds = torch.from_numpy(X[sampler.seed_indices_] / spread)
    classes = np.unique(y)
    noise = start_noise(
        seeds, torch.Generator().manual_seed(Streams(0).seed("transform", 1)), max_norm=0.5
    )
    expected = naive_translate(
        seeds,
        np.searchsorted(classes, sampler.seed_classes_),
        np.searchsorted(classes, y_new[len(y) :]),
        in_units(g),
        in_units(f),
        lam,
        0.2,
        4,
        noise,
        torch.from_numpy(X.min(0) / spread),
        torch.from_numpy(X.max(0) / spread),
    )
    np.testing.assert_allclose(X_new[len(y) :] / spread, expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    "strategy, counts",
    [
        ("all", [90, 90, 90]),
        ("minority", [90, 40, 90]),
        ("not minority", [90, 90, 6]),
        ({"rare": 20}, [90, 40, 20]),
        ({"bulk": 100, "rare": 7}, [100, 40, 7]),
        (lambda y: {"some": 41}, [90, 41, 6]),
    ],
)
def test_sampling_strategies(strategy, counts, data):
    y_new = quick(sampling_strategy=strategy, gamma=0.0, beta=0.0).fit_resample(*data)[1]
    assert [int((y_new == label).sum()) for label in ("bulk", "some", "rare")] == counts


def test_a_ratio_for_two_classes(data):
    X, y = data[0], data[1] == "rare"
    y_new = quick(sampling_strategy=0.5).fit_resample(X, y)[1]
    assert y_new.dtype == bool and y_new.sum() == 65


# --- edges --------------------------------------------------------------------------------------


def test_equal_classes_have_nothing_to_do(data):
    X, y = data[0][:12], np.repeat([3, 1], 6)
    sampler = M2mSampler(source_estimator=Unfittable())
    X_new, y_new = sampler.fit_resample(X, y)
    np.testing.assert_array_equal(X_new, X)
    np.testing.assert_array_equal(y_new, y)
    assert len(sampler.translated_) == len(sampler.seed_indices_) == 0
    assert np.isnan(sampler.acceptance_rate_) and not hasattr(sampler, "source_estimator_")


class Unfittable(RebalancedClassifier):
    """Says so when it is fitted: there are cases where nothing must be."""

    def __init__(self):
        super().__init__()

    def fit(self, X, y=None, sample_weight=None):
        raise AssertionError("fitted")


def test_beta_one_repeats_and_trains_nothing(data):
    sampler = M2mSampler(beta=1.0, source_estimator=Unfittable(), random_state=0)
    X_new, _ = sampler.fit_resample(*data)
    assert not sampler.translated_.any() and sampler.acceptance_rate_ == 0
    np.testing.assert_array_equal(X_new[len(data[0]) :], data[0][sampler.seed_indices_])


def test_beta_zero_tries_every_row(data):
    sampler = quick(beta=0.0, gamma=0.0)
    sampler.fit_resample(*data)
    assert sampler.translated_.all()


def test_lam_zero_trains_no_f(data):
    sampler = quick(lam=0.0, target_estimator=Unfittable())
    sampler.fit_resample(*data)
    assert not hasattr(sampler, "target_estimator_")
    with pytest.raises(AssertionError, match="fitted"):
        quick(lam=0.1, target_estimator=Unfittable()).fit_resample(*data)


def test_nothing_accepted_is_said_once(data):
    sampler = quick(gamma=1.0, n_steps=0)
    with pytest.warns(UserWarning, match=r"reached a confidence of gamma=1;.*repeat") as caught:
        X_new, _ = sampler.fit_resample(*data)
    assert len(caught) == 1 and caught[0].filename == __file__
    assert sampler.acceptance_rate_ == 0 and len(X_new) == 270
    np.testing.assert_array_equal(X_new[136:], data[0][sampler.seed_indices_])


def test_a_class_that_g_never_learnt_is_named(data):
    never = nn.Linear(4, 3)
    never.weight.data.zero_()
    never.bias.data.copy_(torch.tensor([1.0, 0.0, 1.0]))  # bulk, rare, some
    with pytest.warns(UserWarning) as caught:
        quick(source_estimator=never).fit_resample(*data)
    first, second = (str(w.message) for w in caught)
    assert "recognises no training sample of the classes ['rare', 'some']" in first
    assert "reached a confidence" in second
    assert all(w.filename == __file__ for w in caught)


def test_a_class_of_one_row(data):
    X, y = np.vstack([data[0], [[9.0, -9.0, 9.0, -9.0]]]), np.append(data[1], "single")
    sampler = quick(beta=0.0, step_size=1.0, gamma=0.6)
    y_new = sampler.fit_resample(X, y)[1]
    new = y_new[len(y) :] == "single"
    assert new.sum() == 89
    assert sampler.translated_[new].any()


def test_constant_columns_stay_constant(data):
    X = np.insert(data[0], 2, 7.25, axis=1)
    for unit, step in (("spread", 0.3), ("raw", 2.0)):
        X_new, _ = quick(unit=unit, step_size=step, max_nnz=5).fit_resample(X, data[1])
        assert (X_new[:, 2] == 7.25).all()


def test_new_rows_stay_in_the_range_of_the_columns_to_the_bit(data):
    # many columns of odd units, and steps that go to the very limits
    X = np.tile(data[0], 8) * np.linspace(0.1, 7.3, 32) ** 3 + 0.1
    X_new, _ = quick(step_size=20.0, max_nnz=32, gamma=0.0).fit_resample(X, data[1])
    added = X_new[len(X) :]
    assert (added >= X.min(0)).all() and (added <= X.max(0)).all()
    assert ((added == X.min(0)) | (added == X.max(0))).sum() > 100


def test_units_of_columns_do_not_matter(data):
    X, y = data
    X_new = quick().fit_resample(X, y)[0]
    factors = np.array([1000.0, 1e-7, 1.0, 3.7e8])
    scaled = quick().fit_resample(X * factors, y)[0]
    np.testing.assert_allclose(scaled / factors, X_new, rtol=1e-6, atol=1e-9)
    raw = quick(unit="raw", step_size=2.0).fit_resample(X, y)[0]
    assert not np.allclose(raw, X_new)


def test_same_seed_same_rows_and_nothing_global_moves(data):
    before = global_state()
    first, again = (M2mSampler(random_state=3).fit_resample(*data)[0] for _ in range(2))
    assert global_state() == before
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, quick(random_state=4).fit_resample(*data)[0])


def test_default_networks_learn_and_differ(data):
    sampler = M2mSampler(random_state=0)
    sampler.fit_resample(*data)
    g, f = sampler.source_estimator_, sampler.target_estimator_
    assert isinstance(g, RebalancedClassifier) and g.score(*data) > 0.95
    assert not np.allclose(g.predict_proba(data[0]), f.predict_proba(data[0]))
    assert sampler.acceptance_rate_ > 0.3


def test_chunks_change_nothing(data, monkeypatch):
    X, y = data
    where = "sklimb.over_sampling._table_translation"
    monkeypatch.setattr(f"{where}.start_noise", lambda like, generator: 0 * like)
    whole = quick().fit_resample(X, y)[0]
    monkeypatch.setattr(f"{where}._ROWS_AT_ONCE", 7)
    np.testing.assert_allclose(quick().fit_resample(X, y)[0], whole, rtol=1e-5, atol=1e-6)


# --- tables -------------------------------------------------------------------------------------


def test_sparse_is_dense(data):
    X, y = make_classification(150, 30, weights=[0.8], random_state=0)
    X[np.abs(X) < 1.0] = 0.0
    sampler = quick(max_nnz=3, beta=0.0, gamma=0.5)
    X_new, y_new = sampler.fit_resample(X, y)
    assert sampler.translated_.sum() > 20
    for make in (sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array):
        given = make(X)
        found, y_found = clone(sampler).fit_resample(given, y)
        assert found.format == given.format and found.dtype == X.dtype
        np.testing.assert_allclose(found.toarray(), X_new, rtol=1e-6, atol=1e-12)
        np.testing.assert_array_equal(y_found, y_new)
    seeds = X[sampler.seed_indices_[sampler.translated_]]
    changes = (X_new[len(X) :][sampler.translated_] != seeds).sum(1)
    assert changes.max() == 3


def test_sparse_rows_stay_sparse_by_default():
    rng = np.random.default_rng(0)
    X = sparse.random(120, 300, 0.02, format="csr", random_state=0)
    y = (rng.random(120) < 0.2).astype(int)
    sampler = quick(beta=0.0, gamma=0.0)
    X_new, _ = sampler.fit_resample(X, y)
    entries = np.maximum(np.diff(X[sampler.seed_indices_].indptr), 1)
    added = X_new[120:]
    assert (np.diff(added.indptr) <= 5 * entries).all()
    assert np.diff(added.indptr).max() > np.diff(X.indptr).max()
    free = quick(beta=0.0, gamma=0.0, max_nnz=300).fit_resample(X, y)[0]
    assert free[120:].nnz > 2 * added.nnz


def test_an_empty_seed_gets_entries_too():
    X = sparse.random(120, 60, 0.1, format="lil", random_state=0)
    X[:100] = 0
    y = np.repeat([0, 1], [100, 20])
    sampler = quick(beta=0.0, gamma=0.0)
    added = sampler.fit_resample(X.tocsr(), y)[0][120:]
    assert sampler.translated_.all()
    entries = np.diff(added.indptr)
    assert entries.max() == 4 and entries.min() >= 1


def test_entries_of_one_place_add_up(data):
    X, y = data
    twice = sparse.csr_matrix(
        (np.tile(X / 2, 2).ravel(), np.tile(np.arange(4), 2 * len(X)), 8 * np.arange(len(X) + 1))
    )
    assert not twice.has_canonical_format
    found = quick().fit_resample(twice, y)[0].toarray()
    np.testing.assert_allclose(found, quick().fit_resample(X, y)[0], rtol=1e-6)
    assert twice.nnz == 8 * len(X)  # the user's own matrix is as it was


def test_frames_keep_columns_and_types(data):
    X, y = data
    frame = pd.DataFrame(X, columns=list("abcd"), index=np.arange(len(X)) + 50)
    frame["b"] = (100 * frame["b"]).round().astype(int)
    frame["d"] = frame["d"].astype(np.float32)
    frame["e"] = frame["a"] > frame["a"].median()
    target = pd.Series(y, name="kind")
    sampler = quick()
    X_new, y_new = sampler.fit_resample(frame, target)
    assert list(X_new.columns) == list("abcde") and y_new.name == "kind"
    assert (X_new.dtypes == frame.dtypes).all()
    pd.testing.assert_frame_equal(X_new.head(len(X)), frame.reset_index(drop=True))
    exact = quick(round_integers=False)
    floats = exact.fit_resample(frame, target)[0]
    assert floats["b"].dtype == floats["e"].dtype == np.float64
    assert (floats["b"] % 1 != 0).any()
    # rounded to the nearest, where both are accepted
    both = np.append(np.zeros(len(X), bool), sampler.translated_ & exact.translated_)
    assert both.sum() > 20
    np.testing.assert_array_equal(X_new["b"][both], np.rint(floats["b"])[both])


@pytest.fixture(scope="module")
def polars_frame(data):
    X = data[0]
    return pl.DataFrame(
        {
            "a": X[:, 0],
            "b": (100 * X[:, 1]).round().astype(int),
            "c": pl.Series(X[:, 2], dtype=pl.Float32),
            "d": pl.Series((20 * X[:, 3]).round(), dtype=pl.Int16),
            "e": X[:, 0] > np.median(X[:, 0]),
        }
    )


def test_polars_frames_keep_columns_and_types(data, polars_frame):
    frame, y = polars_frame, data[1]
    for dtype in (pl.String, pl.Categorical, pl.Enum(["bulk", "some", "rare"])):
        target = pl.Series("kind", y, dtype=pl.String).cast(dtype)
        sampler = quick()
        X_new, y_new = sampler.fit_resample(frame, target)
        assert isinstance(X_new, pl.DataFrame) and X_new.schema == frame.schema
        assert X_new.head(len(y)).equals(frame)
        assert isinstance(y_new, pl.Series) and (y_new.name, y_new.dtype) == ("kind", dtype)
        assert y_new.head(len(y)).equals(target)
    assert sampler.feature_names_in_.tolist() == list("abcde")
    pandas = pd.DataFrame({name: frame[name].to_numpy() for name in frame.columns})
    other = quick()
    X_pandas, y_pandas = other.fit_resample(pandas, y)
    assert sampler.translated_.sum() > 20
    for name in frame.columns:
        np.testing.assert_array_equal(X_new[name].to_numpy(), X_pandas[name])
    assert y_new.to_list() == y_pandas.tolist()
    assert set(vars(sampler)) == set(vars(other))


def test_polars_integers_as_floats_and_categories(data, polars_frame):
    X_new, y_new = quick(round_integers=False).fit_resample(polars_frame, data[1])
    assert isinstance(y_new, np.ndarray)
    dtypes = [pl.Float64, pl.Float64, pl.Float32, pl.Float64, pl.Float64]
    assert X_new.dtypes == dtypes and ((X_new["d"] % 1) != 0).any()
    for dtype in (pl.Categorical, pl.Enum(["x"])):
        odd = polars_frame.with_columns(b=pl.lit("x").cast(dtype))
        with pytest.raises(TypeError, match=r"Columns \['b'\] are categorical.*OneHotEncoder"):
            quick().fit_resample(odd, data[1])


def test_integers_are_rounded(data):
    X = np.rint(10 * data[0]).astype(np.int32)
    X_new, _ = quick().fit_resample(X, data[1])
    assert X_new.dtype == np.int32
    floats, _ = quick(round_integers=False).fit_resample(X, data[1])
    assert floats.dtype == np.float64 and (floats % 1 != 0).any()
    matrix, _ = quick(max_nnz=4).fit_resample(sparse.csr_matrix(X), data[1])
    assert matrix.dtype == np.int32
    np.testing.assert_array_equal(matrix.toarray(), quick(max_nnz=4).fit_resample(X, data[1])[0])


@pytest.mark.parametrize("round_integers", [True, False])
def test_lists_come_back_as_lists(round_integers, data):
    X, y = np.rint(10 * data[0]).astype(int).tolist(), data[1].tolist()
    sampler = M2mSampler(round_integers=round_integers, beta=1.0, random_state=0)  # it repeats
    X_new, y_new = sampler.fit_resample(X, y)
    assert isinstance(X_new, list) and isinstance(y_new, list)
    assert X_new[: len(X)] == X and type(X_new[0][0]) is (int if round_integers else float)


def test_rounding_that_undoes_everything_is_said(data):
    X = (data[0] > 0).astype(int)
    with pytest.warns(UserWarning, match=r"undid every change; pass round_integers=False"):
        quick(unit="raw", step_size=1e-3, n_steps=1, gamma=0.99).fit_resample(X, data[1])


def test_categories_are_refused(data):
    frame = pd.DataFrame(data[0], columns=list("abcd"))
    frame["b"] = pd.Categorical(np.arange(len(frame)) % 2)
    with pytest.raises(TypeError, match=r"Columns \['b'\] are categorical.*OneHotEncoder"):
        quick().fit_resample(frame, data[1])


# --- g and f of one's own -----------------------------------------------------------------------


class Softmax(nn.Module):
    def __init__(self, n_out=3):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, n_out))

    def forward(self, x):
        return self.layers(x).softmax(1)


def skorch_net(module=Softmax, **settings):
    return NeuralNetClassifier(
        module,
        **{"max_epochs": 60, "lr": 0.1, "verbose": 0, "train_split": None, "classes": [0, 1, 2]}
        | settings,
    )


def test_skorch_nets_are_cloned_and_fitted(data):
    net = skorch_net()
    sampler = quick(source_estimator=net, target_estimator=net)
    X_new, _ = sampler.fit_resample(*data)
    np.testing.assert_array_equal(X_new, sampler.fit_resample(*data)[0])
    assert not net.initialized_ and sampler.source_estimator_.initialized_
    translated = X_new[len(data[0]) :][sampler.translated_].astype(np.float32)
    proba = sampler.source_estimator_.predict_proba(translated).max(1)
    # the log of a softmax goes in, so that g's confidence is skorch's own probability
    np.testing.assert_allclose(sampler.confidence_[sampler.translated_], proba, rtol=1e-4)
    assert sampler.acceptance_rate_ > 0.2
    found = sampler.fit_resample(sparse.csr_matrix(data[0]), data[1])[0]
    np.testing.assert_allclose(found.toarray(), X_new, rtol=1e-5)


def test_skorchs_binary_net(data):
    class Logit(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))

        def forward(self, x):
            return self.layers(x).squeeze(-1)

    X, y = data[0], np.where(data[1] == "bulk", "no", "yes")
    net = NeuralNetBinaryClassifier(Logit, max_epochs=60, lr=0.1, verbose=0, train_split=None)
    sampler = quick(source_estimator=net, target_estimator=net)
    X_new, y_new = sampler.fit_resample(X, y)
    assert (y_new[len(y) :] == "yes").all()
    assert (sampler.source_estimator_.predict(X_new[len(y) :].astype(np.float32)) == 1).mean() > 0.9


def test_fitted_networks_are_taken_as_they_are(data):
    X, y = data
    ours = clone(QUICK).set_params(random_state=5).fit(X, y)
    before = pickle.dumps(ours.module_.state_dict())
    frozen = quick(source_estimator=FrozenEstimator(ours), target_estimator=FrozenEstimator(ours))
    X_frozen = clone(frozen).fit_resample(X, y)[0]
    module = quick(source_estimator=ours.module_, target_estimator=ours.module_)
    np.testing.assert_array_equal(module.fit_resample(X, y)[0], X_frozen)
    assert module.source_estimator_ is ours.module_
    assert pickle.dumps(ours.module_.state_dict()) == before
    # its classes may be more, and in another order
    codes = np.array([{"bulk": 3, "some": 1, "rare": 2}[label] for label in y])
    more = clone(QUICK).fit(np.vstack([X, X[:9] + 30]), np.append(codes, [0] * 9))
    sampler = quick(source_estimator=FrozenEstimator(more), target_estimator=FrozenEstimator(more))
    X_new, y_new = sampler.fit_resample(X, codes)
    assert sampler.translated_.sum() > 20
    added = X_new[len(X) :][sampler.translated_]
    among_three = more.predict_proba(added)[:, 1:]  # g is asked for the sampler's classes only
    of_target = among_three[np.arange(len(added)), y_new[len(X) :][sampler.translated_] - 1]
    assert (of_target / among_three.sum(1)).min() > sampler.gamma - 1e-4


def test_a_fitted_skorch_net(data):
    codes = np.unique(data[1], return_inverse=True)[1]
    net = skorch_net(criterion=nn.CrossEntropyLoss).fit(data[0].astype(np.float32), codes)
    frozen = FrozenEstimator(net)
    sampler = quick(source_estimator=frozen, target_estimator=frozen, gamma=0.4)
    assert len(sampler.fit_resample(*data)[0]) == 270
    assert sampler.translated_.any()


def test_other_methods_can_be_g(data):
    g = AffinityClassifier(max_epochs=40, lr=1e-2, module__hidden=(16,))
    sampler = quick(source_estimator=g, gamma=0.5)
    sampler.fit_resample(*data)
    assert sampler.translated_.any()


@pytest.mark.parametrize(
    "settings, error, message",
    [
        ({"source_estimator": LogisticRegression()}, TypeError, "a gradient goes through"),
        ({"target_estimator": "net"}, TypeError, "target_estimator must be a network"),
        ({"source_estimator": nn.Linear(4, 2)}, ValueError, r"shape \(\d+, 2\).*each of the 3"),
        ({"source_estimator": FrozenEstimator(QUICK)}, ValueError, "frozen but not fitted"),
        ({"lam": -1}, ValueError, "'lam' parameter"),
        ({"beta": 1.5}, ValueError, "'beta' parameter"),
        ({"unit": "sd"}, ValueError, "'unit' parameter"),
        ({"device": "nowhere"}, ValueError, "is not a device"),
    ],
)
def test_refusals(settings, error, message, data):
    with pytest.raises(error, match=message):
        quick(**settings).fit_resample(*data)


def test_of_members_f_alone_gives_mean_scores(data, monkeypatch):
    import sklimb.over_sampling._m2m_sampler as module

    asked, plain = {}, module.score_network

    def score_network(source, classes, name, *, mean_scores):
        asked[name] = mean_scores
        return plain(source, classes, name, mean_scores=mean_scores)

    monkeypatch.setattr(module, "score_network", score_network)
    quick().fit_resample(*data)
    assert asked == {"source_estimator": False, "target_estimator": True}


def test_g_must_know_all_classes(data):
    X, y = data
    two = clone(QUICK).fit(X[y != "rare"], y[y != "rare"])
    with pytest.raises(ValueError, match=r"does not know the classes \['rare'\]"):
        quick(source_estimator=FrozenEstimator(two)).fit_resample(X, y)


# --- among others -------------------------------------------------------------------------------


def test_in_a_pipeline_under_grid_search(data):
    pipeline = Pipeline(
        [("scale", StandardScaler()), ("m2m", quick()), ("clf", LogisticRegression())]
    )
    grid = {"m2m__lam": [0.0, 0.5], "m2m__beta": [0.9], "m2m__gamma": [0.9],
            "m2m__source_estimator__lr": [1e-2]}  # fmt: skip
    search = GridSearchCV(pipeline, grid, cv=2, scoring="balanced_accuracy", error_score="raise")
    search.fit(*data)
    assert search.best_score_ > 0.7
    assert pickle.loads(pickle.dumps(search)).predict(data[0]).shape == (136,)


def test_translation_changes_what_is_predicted():
    # one class in twenty, away from the rest: translated rows widen what is taken for it
    X, y = make_blobs([400, 20], centers=[[0, 0], [2.5, 0]], random_state=0)
    test, _ = make_blobs([500, 500], centers=[[0, 0], [2.5, 0]], random_state=1)
    predictions = {}
    for beta in (0.9, 1.0):  # 1 only repeats
        pipeline = Pipeline(
            [("m2m", quick(beta=beta, lam=0.1)), ("clf", RebalancedClassifier(random_state=0))]
        )
        predictions[beta] = pipeline.fit(X, y).predict(test)
    assert (predictions[0.9] != predictions[1.0]).mean() > 0


def test_round_integers_is_a_boolean():
    with pytest.raises(ValueError, match=r"^round_integers must be True or False, got array"):
        M2mSampler(round_integers=np.eye(3)).fit_resample(np.eye(4), [0, 0, 0, 1])
