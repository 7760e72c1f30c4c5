"""Classifiers on scipy.sparse input, beside the same numbers dense."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import scipy.sparse
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from torch import nn

from sklimb import (
    AffinityClassifier,
    DecoupledClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
)
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
@pytest.mark.parametrize("standardize", [True, False])
def test_sparse_and_dense_agree(form, standardize, bag):
    X, y = bag
    params = QUICK | EXACT | {"module__standardize": standardize}
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
    model = RebalancedClassifier(**QUICK | {"max_epochs": 15}).fit(X, y)
    given = scipy.sparse.csr_array(X)
    np.testing.assert_allclose(model.predict_proba(given), model.predict_proba(X), atol=1e-5)
    sparse = RebalancedClassifier(**QUICK | {"max_epochs": 15}).fit(given, y)
    np.testing.assert_allclose(sparse.predict_proba(given), model.predict_proba(X), atol=1e-2)
    assert np.mean(sparse.predict(given) == y) > 0.9


@pytest.mark.parametrize(
    "model",
    [
        RebalancedClassifier(mixup=0.5),
        RebalancedClassifier(loss="ldam", sampling="balanced", rebalance_from=0.5),
        RebalancedClassifier(early_stopping=True, n_iter_no_change=2),
        AffinityClassifier(),
        DecoupledClassifier(classifier_epochs=2),
        DecoupledClassifier(method="tau_norm"),
    ],
    ids=lambda model: str(model)[:60],
)
def test_every_way_of_training(model, bag):
    X, y = bag
    model.set_params(**QUICK, **EXACT)
    expected = model.fit(X, y).decision_function(X)
    found = model.fit(scipy.sparse.csr_array(X), y).decision_function(scipy.sparse.csr_array(X))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


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
    assert models[1].transform(single).dtype == np.float32
    assert models[0].transform(whole).dtype == np.float64


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
