"""Translation of a table's rows: Algorithm 1 in the units of the steps, and what it keeps."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from scipy import sparse
from torch import nn

from sklimb.classifiers.sources import ClassScores
from sklimb.over_sampling import _table_translation as module
from sklimb.over_sampling._rows import TableRows
from sklimb.over_sampling._table_translation import TableTranslation, chunk_size
from sklimb.transforms import start_noise
from tests.transforms.test_m2m import naive_translate, network

# units far from each other, and none a power of two: x / spread * spread is not x to the bit
UNITS = np.array([3.1, 700.0, 0.013, 1.0, 47.0])


def in_units(net, scale):
    """A copy of a network that takes rows divided by a scale."""
    net = copy.deepcopy(net)
    net[0].weight.data *= torch.as_tensor(scale)
    return net


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal(0.5, 1.0, (40, 5)) * UNITS


@pytest.fixture(scope="module")
def nets():
    """g and f of tables in these units, four classes."""
    return tuple(in_units(network(seed), 1 / UNITS).train() for seed in (0, 1))


CASE = {"origin": np.array([0, 1] * 6), "target": np.array([2, 2, 3] * 4)}


def translation(X, nets, *, whole=(), **settings):
    settings = {
        "unit": "spread", "lam": 0.5, "step_size": 0.4, "n_steps": 5, "max_nnz": None,
        "device": "cpu", "generator": torch.Generator().manual_seed(3),
    } | settings  # fmt: skip
    g, f = (net and ClassScores(net, 4) for net in nets)
    rows = TableRows(X, np.isin(np.arange(X.shape[1]), whole))
    return TableTranslation(rows, g, f, **settings)


def naive_confidence(net, rows, target):
    with torch.no_grad():
        scores = net[3](torch.tanh(net[0](torch.from_numpy(rows)))).tolist()
    return [math.exp(row[k]) / sum(math.exp(s) for s in row) for row, k in zip(scores, target)]


@pytest.fixture
def no_noise(monkeypatch):
    monkeypatch.setattr(module, "start_noise", lambda like, generator: 0 * like)


# --- Algorithm 1 in units -----------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["spread", "raw"])
@pytest.mark.parametrize("lam", [0.0, 0.5, 3.0])
@pytest.mark.parametrize("make", [np.array, sparse.csr_array])
def test_against_a_loop(make, lam, unit, X, nets):
    spread = X.std(0) if unit == "spread" else np.ones(5)
    seeds = X[:12]
    moved, confidence = translation(make(X), nets, unit=unit, lam=lam)(seeds, **CASE)
    start = torch.from_numpy(seeds / spread)
    expected = naive_translate(
        start, CASE["origin"], CASE["target"], *(in_units(net, spread) for net in nets),
        lam, 0.4, 5, start_noise(start, torch.Generator().manual_seed(3)),
        torch.from_numpy(X.min(0) / spread), torch.from_numpy(X.max(0) / spread),
    )  # fmt: skip
    np.testing.assert_allclose(moved / spread, expected, rtol=1e-9, atol=1e-12)
    assert moved.dtype == confidence.dtype == np.float64
    np.testing.assert_allclose(
        confidence, naive_confidence(nets[0], moved, CASE["target"]), rtol=1e-12
    )
    assert all(net.training and net[0].weight.grad is None for net in nets)


def test_units_of_columns_do_not_matter_unless_raw(X, nets):
    factors = np.array([1.0, 1000.0, 1.0, 1e-4, 1.0])
    other = tuple(in_units(net, 1 / factors) for net in nets)
    for unit, same in (("spread", True), ("raw", False)):
        moved, sure = translation(X, nets, unit=unit)(X[:12], **CASE)
        times, as_sure = translation(X * factors, other, unit=unit)(X[:12] * factors, **CASE)
        assert np.allclose(times, moved * factors, rtol=1e-9) == same
        assert np.allclose(as_sure, sure, rtol=1e-9) == same


def test_the_noise_goes_on_from_call_to_call(X, nets):
    translate = translation(X, nets, n_steps=0)
    first, second = (translate(X[:12], **CASE)[0] for _ in range(2))
    draw = torch.Generator().manual_seed(3)
    for moved in (first, second):
        noise = start_noise(torch.empty(12, 5, dtype=torch.float64), draw).numpy()
        expected = np.clip(X[:12] + noise * X.std(0), X.min(0), X.max(0))
        np.testing.assert_allclose(moved, expected, rtol=1e-12)
    assert (first != second).any(1).all()


@pytest.mark.usefixtures("no_noise")
def test_chunks_change_nothing(X, nets):
    translate = translation(X, nets)
    moved, confidence = translate(X[:12], **CASE)
    parts = [
        translate(X[:12][part], CASE["origin"][part], CASE["target"][part])
        for part in (slice(0, 1), slice(1, 8), slice(8, 12))
    ]
    np.testing.assert_allclose(np.concatenate([m for m, _ in parts]), moved, rtol=1e-12)
    np.testing.assert_allclose(np.concatenate([c for _, c in parts]), confidence, rtol=1e-12)


def test_without_lam_there_need_be_no_f(X, nets):
    g, f = nets
    alone, sure = translation(X, (g, None), lam=0.0)(X[:12], **CASE)
    moved, as_sure = translation(X, (g, f), lam=0.0)(X[:12], **CASE)
    np.testing.assert_array_equal(alone, moved)
    np.testing.assert_array_equal(sure, as_sure)


# --- where rows may go --------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["spread", "raw"])
def test_rows_stay_in_range_to_the_bit(unit, X, nets):
    settings = {"unit": unit, "step_size": 5.0 if unit == "spread" else 5e3}
    moved, _ = translation(X, nets, **settings)(X[:12], **CASE)
    assert (moved >= X.min(0)).all() and (moved <= X.max(0)).all()
    at_a_limit = (moved == X.min(0)) | (moved == X.max(0))
    assert at_a_limit.sum() > 12


def test_a_constant_column_stays_so(X, nets):
    X = X.copy()
    X[:, 2] = 0.1
    moved, _ = translation(X, nets)(X[:12], **CASE)
    assert (moved[:, 2] == 0.1).all() and (moved[:, [0, 1, 3, 4]] != X[:12][:, [0, 1, 3, 4]]).all()


@pytest.mark.parametrize(
    ("max_nnz", "expected"),
    [(None, [4, 4, 8, 12, 13, 13]), (0, [0] * 6), (3, [3] * 6), (13, [13] * 6), (99, [13] * 6)],
)
def test_how_many_entries_change(max_nnz, expected):
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(size=(6, 13)), np.full((1, 13), -9.0), np.full((1, 13), 9.0)])
    X[np.arange(13) >= np.array([0, 1, 2, 3, 4, 13, 13, 13])[:, None]] = 0.0
    nets = [network(seed, n_features=13) for seed in (0, 1)]
    settings = {"max_nnz": max_nnz, "step_size": 0.1}
    moved, _ = translation(X, nets, **settings)(X[:6], CASE["origin"][:6], CASE["target"][:6])
    assert (moved != X[:6]).sum(1).tolist() == expected


def test_what_did_not_move_is_the_seeds_to_the_bit(X, nets):
    seeds, spread = X[:12], X.std(0)
    assert (seeds / spread * spread != seeds).any()  # else this could not fail
    moved, _ = translation(X, nets, max_nnz=1)(seeds, **CASE)
    assert ((moved != seeds).sum(1) == 1).all()
    # and those that moved furthest, in the units of the steps
    free, _ = translation(X, nets, max_nnz=5)(seeds, **CASE)
    furthest = np.abs((free - seeds) / spread).argmax(1)
    np.testing.assert_array_equal((moved != seeds).argmax(1), furthest)
    np.testing.assert_array_equal(moved, np.where(moved != seeds, free, seeds))


def test_columns_of_integers_are_rounded_before_g_is_asked(X, nets):
    X = X.copy()
    X[:, [1, 3]] = np.rint(X[:, [1, 3]])
    moved, confidence = translation(X, nets, whole=[1, 3])(X[:12], **CASE)
    floats, of_floats = translation(X, nets)(X[:12], **CASE)
    expected = floats.copy()
    expected[:, [1, 3]] = np.rint(floats[:, [1, 3]])
    np.testing.assert_array_equal(moved, expected)
    as_returned = naive_confidence(nets[0], moved, CASE["target"])
    np.testing.assert_allclose(confidence, as_returned, rtol=1e-12)
    assert not np.allclose(of_floats, as_returned, rtol=1e-3)


# --- what g knows -------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [np.array, sparse.csr_array])
@pytest.mark.parametrize("at_once", [4096, 7, 1])
def test_recognised(make, at_once, X, nets, monkeypatch):
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", at_once)
    g = nets[0]
    with torch.no_grad():
        scores = g[3](torch.tanh(g[0](torch.from_numpy(X)))).tolist()
    predicted = np.array([row.index(max(row)) for row in scores])
    seen = np.bincount(predicted, minlength=4)
    known, other = np.argsort(seen)[-1], np.argsort(seen)[-2]
    assert seen[other] > 1
    # one row of the one class is recognised, the last; the other is predicted for strangers alone
    codes = np.where(predicted == known, other, known)
    translate = translation(make(X), nets)
    assert translate.recognised(codes, np.arange(4)) == set()
    last = np.flatnonzero(predicted == known)[-1]
    codes[last] = known
    for among, expected in (
        ([0, 1, 2, 3], {known}),
        ([other], set()),
        ([known], {known}),
        ([], set()),
    ):
        assert translate.recognised(codes, np.array(among, dtype=int)) == expected
    assert translate.recognised(predicted, np.arange(4)) == set(np.flatnonzero(seen))
    assert g.training and all(p.requires_grad for p in g.parameters())


def test_g_is_asked_a_chunk_at_a_time_without_dropout_or_gradients(X, monkeypatch):
    class Notes(nn.Linear):
        def forward(self, x):
            seen.append((self.training, torch.is_grad_enabled(), len(x)))
            return super().forward(x)

    seen = []
    net = Notes(5, 4).double().train()
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", 8)
    translation(X, (net, None), lam=0.0).recognised(np.repeat([0, 1], 20), np.array([1]))
    assert seen == [(False, False, 8), (False, False, 8), (False, False, 4)]


# --- devices and chunks -------------------------------------------------------------------------


def test_of_mps_no_float64_is_asked(X, nets, monkeypatch):
    translate = translation(X, nets)
    for device, dtype in (("mps", np.float32), ("mps:0", np.float32), ("cpu", np.float64)):
        translate.device = device
        with monkeypatch.context() as patch:  # there need be no such device here
            patch.setattr(torch, "as_tensor", lambda array, device: (array.dtype, device))
            assert translate._tensor(np.ones(2)) == (dtype, device)
            assert translate._tensor(np.arange(2)) == (np.int64, device)


@pytest.mark.parametrize(
    ("n_columns", "rows"),
    [(0, 4096), (1, 4096), (512, 4096), (513, 4088), (2048, 1024), (2**21, 1), (2**22, 1)],
)
def test_rows_at_once(n_columns, rows):
    found = chunk_size(n_columns)
    assert found == rows and type(found) is int
    assert found == 1 or found * n_columns * np.dtype(np.float64).itemsize <= 32 * 2**20
