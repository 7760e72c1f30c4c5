"""Classifiers on scipy.sparse input, beside the same numbers dense."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import scipy.sparse
import torch
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from torch import nn

from sklimb import (
    AffinityClassifier,
    DecoupledClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb.backbones import MLP
from tests.shared import QUICK, same_bits

FORMS = {
    "csr_array": scipy.sparse.csr_array,
    "csr_matrix": scipy.sparse.csr_matrix,
    "csc_array": scipy.sparse.csc_array,
    "csc_matrix": scipy.sparse.csc_matrix,
}
EXACT = {"dtype": "float64", "module__dropout": 0.0}


@pytest.fixture(scope="module")
def bag():
    """Counts of 40 words, most of them rare, in documents of two topics."""
    rng = np.random.default_rng(0)
    y = (rng.random(200) < 0.2).astype(int)
    rate = np.r_[np.full(4, 2.0), np.full(36, 0.06)]
    rate = rate * np.where((np.arange(40) % 2)[None, :] == y[:, None], 1.5, 0.5)
    return rng.poisson(rate).astype(float), np.array(["common", "rare"])[y]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "backbone",
    [{}, {"module": MLP}, {"module": MLP, "module__standardize": False}],
    ids=["default", "MLP", "MLP, not standardised"],
)
def test_sparse_and_dense_agree(form, backbone, bag):
    X, y = bag
    params = QUICK | EXACT | backbone
    dense = RebalancedClassifier(**params).fit(X, y)
    given = FORMS[form](X)
    sparse = RebalancedClassifier(**params).fit(given, y)
    for what in ("decision_function", "predict_proba", "transform"):
        expected = getattr(dense, what)(X)
        np.testing.assert_allclose(getattr(sparse, what)(given), expected, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(getattr(sparse, what)(X), expected, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(getattr(dense, what)(given), expected, rtol=1e-8, atol=1e-10)
    assert sparse.n_features_in_ == 40


def test_a_timestamp_beside_rare_columns_keeps_its_digits(bag):
    X, y = bag
    seconds = 1.6e9 + 100 * (np.random.default_rng(0).normal(size=200) + 3 * (y == "rare"))
    X = np.c_[X, seconds]
    settings = QUICK | {"max_epochs": 30, "lr": 1e-2}  # over six seeds all samples are right
    model = RebalancedClassifier(**settings).fit(X, y)
    given = scipy.sparse.csr_array(X)
    np.testing.assert_allclose(model.predict_proba(given), model.predict_proba(X), atol=1e-5)
    sparse = RebalancedClassifier(**settings).fit(given, y)
    np.testing.assert_allclose(sparse.predict_proba(given), model.predict_proba(X), atol=1e-2)
    assert np.mean(sparse.predict(given) == y) > 0.9


SOURCE = RebalancedClassifier(module=MLP, **QUICK | {"max_epochs": 15}, **EXACT)
WAYS = [
    RebalancedClassifier(module=MLP),
    RebalancedClassifier(mixup=0.5),
    RebalancedClassifier(loss="ldam", sampling="balanced", rebalance_from=0.5),
    RebalancedClassifier(early_stopping=True, n_iter_no_change=2),
    AffinityClassifier(),
    OffsetDebiasedClassifier(),
    OffsetDebiasedClassifier(offset="empirical"),
    OffsetDebiasedClassifier(offset="zero"),
    RSGClassifier(generate_from=1, n_centers=3, contrast_channels=8),
    RSGClassifier(generate_from=0, end_to_end=True, loss="ldam"),
    M2mClassifier(source_estimator=SOURCE, translate_from=1, gamma=0.5, beta=0.5),
    M2mClassifier(source_estimator=SOURCE, translate_from=1, gamma=0.5, unit="raw", seed_pool=5),
    M2mClassifier(translate_from=3, gamma=0.5),
    DecoupledClassifier(classifier_epochs=2),
    DecoupledClassifier(method="lws", classifier_epochs=2),
    DecoupledClassifier(method="tau_norm"),
    DecoupledClassifier(method="ncm"),
]
each_way = pytest.mark.parametrize("model", WAYS, ids=lambda model: str(model)[:60])


@each_way
def test_every_way_of_training(model, bag):
    X, y = bag
    model = clone(model).set_params(**QUICK, **EXACT)
    expected = model.fit(X, y).decision_function(X)
    counts = [model.history_[-1].get(name) for name in ("n_generated", "n_translated")]
    given = scipy.sparse.csr_array(X)
    found = model.fit(given, y).decision_function(given)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)
    assert counts == [model.history_[-1].get(name) for name in ("n_generated", "n_translated")]
    if isinstance(model, (RSGClassifier, M2mClassifier)):  # there was something to agree on
        assert max(filter(None, counts)) > 0


class Own(nn.Module):
    """A backbone that knows nothing of sparse batches."""

    def __init__(self, in_features):
        super().__init__()
        self.layer = nn.Linear(in_features, 8)

    def forward(self, x):
        return self.layer(x).relu()


NEVER_WHOLE = [
    *((model, "csr_array") for model in WAYS),
    (PriorCorrectedClassifier(RebalancedClassifier()), "csr_array"),
    *((RebalancedClassifier(), form) for form in ("csr_matrix", "csc_array", "torch")),
    *((RebalancedClassifier(module=Own), form) for form in ("csr_array", "torch")),
]


@pytest.mark.parametrize(("model", "form"), NEVER_WHOLE, ids=lambda value: str(value)[:60])
def test_no_more_than_a_batch_is_made_dense(model, form, bag, monkeypatch):
    X, y = bag
    given = torch.from_numpy(X).to_sparse() if form == "torch" else FORMS[form](X)
    model = clone(model)
    settings = {"batch_size": 32, "max_epochs": 4, "random_state": 0}
    if hasattr(model, "keep_training_state"):
        settings["keep_training_state"] = True  # for partial_fit
    settings["iterator_valid__batch_size"] = 32
    getattr(model, "estimator", model).set_params(**settings)
    sizes = []

    def recorded(real):
        def dense(self, *args, **kwargs):
            sizes.append(np.prod(self.shape))
            return real(self, *args, **kwargs)

        return dense

    for cls in (torch.Tensor, *vars(scipy.sparse).values()):
        for name in ("toarray", "todense", "to_dense"):
            if isinstance(cls, type) and hasattr(cls, name):
                monkeypatch.setattr(cls, name, recorded(getattr(cls, name)))
    model.fit(given, y)
    for method in ("predict_proba", "transform"):
        if hasattr(model, method):
            getattr(model, method)(given)
    if hasattr(model, "partial_fit"):
        model.partial_fit(given, y)
    # a last single row joins the batch before it, and those to predict are padded to fours
    assert max(sizes, default=0) <= (32 + 1 + 3) * X.shape[1]
    if isinstance(model, M2mClassifier) or getattr(model, "module", None) is Own:
        assert max(sizes) >= 32 * X.shape[1]  # the record sees what there is


def test_prior_correction(bag):
    X, y = bag
    corrected = PriorCorrectedClassifier(RebalancedClassifier(**QUICK, **EXACT))
    expected = corrected.fit(X, y).predict_proba(X)
    given = scipy.sparse.csc_array(X)
    np.testing.assert_allclose(corrected.fit(given, y).predict_proba(given), expected, rtol=1e-8)


def test_partial_fit_and_weights(bag):
    X, y = bag
    weight = np.arange(200) % 3  # some of them 0
    given = scipy.sparse.csr_array(X)
    models = [RebalancedClassifier(**QUICK, **EXACT) for _ in range(2)]
    for model, rows in zip(models, (X, given)):
        model.partial_fit(rows[:120], y[:120], sample_weight=weight[:120])
        model.partial_fit(rows[120:], y[120:], sample_weight=weight[120:])
    scores = [model.decision_function(X) for model in models]
    np.testing.assert_allclose(scores[1], scores[0], rtol=1e-8, atol=1e-10)


def test_the_users_matrix_stays_as_it_is(bag):
    X, y = bag
    # unsorted, with a place given twice and an explicit 0
    rows, columns = X.nonzero()
    order = np.random.default_rng(0).permutation(len(rows))
    values = X[rows, columns][order]
    twice = scipy.sparse.coo_array(
        (
            np.r_[values / 2, values / 2, 0.0],
            (np.r_[rows[order], rows[order], 3], np.r_[columns[order], columns[order], 5]),
        ),
        shape=X.shape,
    )
    indptr = np.r_[0, np.cumsum(np.bincount(twice.coords[0], minlength=len(X)))]
    by_row = np.argsort(twice.coords[0], kind="stable")
    given = scipy.sparse.csr_array(
        (twice.data[by_row], twice.coords[1][by_row], indptr), shape=X.shape
    )
    before = [part.copy() for part in (given.data, given.indices, given.indptr)]
    model = RebalancedClassifier(**QUICK, **EXACT)
    found = model.fit(given, y).decision_function(given)
    expected = model.fit(X, y).decision_function(X)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)
    for part, was in zip((given.data, given.indices, given.indptr), before):
        np.testing.assert_array_equal(part, was)


def test_float32_and_integers(bag):
    X, y = bag
    whole = scipy.sparse.csr_array(X.astype(np.int64))
    single = scipy.sparse.csr_array(X.astype(np.float32))
    models = [RebalancedClassifier(**QUICK).fit(given, y) for given in (whole, single)]
    assert same_bits(*models)
    for model, given in zip(models, (whole, single)):
        assert model.transform(given).dtype == np.float32


def test_it_is_never_densified_whole(bag):
    n, d = 400, 20_000
    X = scipy.sparse.random_array(
        (n, d), density=1e-3, rng=np.random.default_rng(0), dtype=np.float32
    ).tocsr()
    y = np.arange(n) % 4 == 0
    model = RebalancedClassifier(max_epochs=1, module__hidden=(4,), batch_size=20, random_state=0)
    tracemalloc.start()
    model.fit(X, y).predict(X)
    peak = tracemalloc.get_traced_memory()[1]  # numpy's share
    tracemalloc.stop()
    assert peak < n * d * 4 / 4


def test_a_users_own_backbone_gets_dense_batches(bag):
    class Own(nn.Module):
        def __init__(self, in_features):
            super().__init__()
            self.layer = nn.Linear(in_features, 8)

        def forward(self, x):
            assert x.layout == torch.strided and len(x) <= 52
            return self.layer(x).relu()

    X, y = bag
    params = QUICK | {"dtype": "float64", "module": Own, "batch_size": 50}
    params["iterator_valid__batch_size"] = 50
    params.pop("module__hidden")
    expected = RebalancedClassifier(**params).fit(X, y).decision_function(X)
    given = scipy.sparse.csr_array(X)
    found = RebalancedClassifier(**params).fit(given, y).decision_function(given)
    np.testing.assert_array_equal(found, expected)


def test_bad_values_and_widths_are_refused(bag):
    X, y = bag
    given = scipy.sparse.csr_array(X)
    given.data[3] = np.nan
    with pytest.raises(ValueError, match="contains NaN"):
        RebalancedClassifier(**QUICK).fit(given, y)
    model = RebalancedClassifier(**QUICK).fit(scipy.sparse.csr_array(X), y)
    with pytest.raises(ValueError, match="39 features, but RebalancedClassifier is expecting 40"):
        model.predict(scipy.sparse.csr_array(X[:, 1:]))


def test_text_end_to_end():
    texts = ["pump broken leak", "leak pump", "ok fine", "fine", "all ok fine", "ok"] * 8
    y = ["fault", "fault", "ok", "ok", "ok", "ok"] * 8
    pipeline = Pipeline(
        [("words", TfidfVectorizer()), ("model", AffinityClassifier(**QUICK | {"max_epochs": 10}))]
    )
    grid = {
        "words__sublinear_tf": [False, True],
        "model__sigma": [0.5, 1.0],
        "model__class_weight": [None, "balanced"],
    }
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(texts, y)
    assert len(search.cv_results_["params"]) == 8
    assert search.predict(["pump leak", "fine ok"]).tolist() == ["fault", "ok"]
