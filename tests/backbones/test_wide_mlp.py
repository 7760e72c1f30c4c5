"""The network for many columns: its layers, and the norm of what they get."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import sparse
from torch import nn

from sklimb import AffinityClassifier, RebalancedClassifier
from sklimb.backbones import MLP, MemberCopies, SparseInputLinear, Standardize, WideMLP
from sklimb.datasets import scan_chunks

QUICK = {"max_epochs": 1, "module__hidden": (4,), "random_state": 0}


@pytest.fixture(scope="module")
def wide():
    rng = np.random.default_rng(0)
    X = rng.normal(3.0, 2.0, size=(60, 600)) * (rng.random((60, 600)) < 0.2)
    X[:, :50] = rng.normal(50.0, 9.0, size=(60, 50))
    return X.astype(np.float32), np.arange(60) % 3


def norms(model, X):
    layer = model.module_.backbone[0]
    return layer(torch.from_numpy(X)).double().norm(dim=1)


def test_layers():
    layers = list(WideMLP(9))
    kinds = [Standardize, SparseInputLinear, nn.ReLU, nn.Dropout]
    assert [type(layer) for layer in layers] == kinds
    assert layers[-1].p == 0.5
    assert WideMLP(9).wants_unit_norm and not WideMLP(9, standardize=False).wants_unit_norm
    assert MemberCopies([WideMLP(9), WideMLP(9)]).wants_unit_norm
    assert not hasattr(MLP(9), "wants_unit_norm")


@pytest.mark.parametrize("of", [np.asarray, sparse.csr_array])
def test_samples_have_a_norm_of_one_in_root_mean_square(of, wide):
    X, y = wide
    model = RebalancedClassifier(**QUICK).fit(of(X), y)
    assert type(model.module_.backbone) is WideMLP
    assert norms(model, X).square().mean().item() == pytest.approx(1.0, rel=1e-4)
    # the columns beside one another are as in an MLP
    plain = RebalancedClassifier(module=MLP, **QUICK).fit(of(X), y).module_.backbone[0]
    ratio = model.module_.backbone[0].scale / plain.scale
    torch.testing.assert_close(ratio, ratio[:1].expand_as(ratio))


def test_a_scan_has_the_norm_of_the_whole_table(wide):
    X, y = wide
    chunks = [(X[:25], y[:25]), (X[25:], y[25:])]
    scan = scan_chunks(chunks)
    model = RebalancedClassifier(**QUICK)
    for chunk, labels in chunks:
        model.partial_fit(chunk, labels, scan=scan)
    assert norms(model, X).square().mean().item() == pytest.approx(1.0, rel=1e-4)


def test_units_do_not_matter(wide):
    X, y = wide
    models = [AffinityClassifier(**QUICK).fit(unit * X, y) for unit in (1.0, 1024.0)]
    probabilities = [m.predict_proba(u * X) for m, u in zip(models, (1.0, 1024.0))]
    np.testing.assert_allclose(*probabilities, rtol=1e-3, atol=1e-5)
