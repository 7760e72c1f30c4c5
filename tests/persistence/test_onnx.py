"""ONNX graphs give the probabilities of the classifier; skipped where nothing runs them."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklimb import (
    AffinityClassifier,
    DecoupledClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb.backbones import MLP, ResNet
from sklimb.persistence import to_onnx
from tests.shared import QUICK
from tests.shared import data as data

MODELS = [
    RebalancedClassifier(loss="ldam", **QUICK),
    RebalancedClassifier(cross_fit=True, n_members=2, **QUICK),
    RebalancedClassifier(n_members=2, dtype="float64", **QUICK),
    RebalancedClassifier(module=MLP, n_members=2, **QUICK),
    RebalancedClassifier(module__embedding="piecewise_linear", **QUICK),
    AffinityClassifier(n_prototypes=2, **QUICK),
    AffinityClassifier(distance="manhattan", similarity="inverse", normalize=False, **QUICK),
    AffinityClassifier(distance="euclidean", n_members=2, **QUICK),
    OffsetDebiasedClassifier(**QUICK),
    OffsetDebiasedClassifier(offset="empirical", **QUICK),
    RSGClassifier(contrast_channels=8, **QUICK),
    M2mClassifier(gamma=0.3, **QUICK),
    DecoupledClassifier(classifier_epochs=1, **QUICK),
    DecoupledClassifier(method="ncm", **QUICK),
]


def probabilities(graph, X):
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"X": X})[0]


@pytest.fixture
def exporter():
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")


@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_the_same_probabilities(model, exporter, data, capfd):
    X, y = data
    model.fit(X, y)
    before = model.predict_proba(X)
    graph = to_onnx(model, X[:1])
    np.testing.assert_allclose(probabilities(graph, X), before, atol=1e-5)
    np.testing.assert_allclose(probabilities(graph, X[:1]), before[:1], atol=1e-5)
    np.testing.assert_array_equal(model.predict_proba(X), before)  # the model stays as it was
    (classes,) = (json.loads(p.value) for p in graph.metadata_props if p.key == "classes")
    assert classes == ["bulk", "rare", "some"]
    assert capfd.readouterr() == ("", "")


def test_sparse_rows_images_and_float32(exporter, data):
    X, y = data
    rows = sparse.csr_array(np.where(abs(X) > 0.7, X, 0))
    model = RebalancedClassifier(module=MLP, **QUICK).fit(rows, y)
    found = probabilities(to_onnx(model, rows), rows.toarray())
    np.testing.assert_allclose(found, model.predict_proba(rows), atol=1e-5)
    images = np.random.default_rng(0).integers(0, 256, (30, 3, 8, 8)).astype(np.uint8)
    for module in (None, ResNet):
        model = RebalancedClassifier(module=module, max_epochs=1).fit(images, np.arange(30) % 3)
        found = probabilities(to_onnx(model, images), images)
        np.testing.assert_allclose(found, model.predict_proba(images), atol=1e-5)
    X = X.astype(np.float32)
    model = RebalancedClassifier(**QUICK).fit(X, y)
    np.testing.assert_allclose(
        probabilities(to_onnx(model, X), X), model.predict_proba(X), atol=1e-5
    )


def test_what_cannot_be_written_is_said(exporter, data):
    X, y = data
    model = RebalancedClassifier(module__scaling="quantile", **QUICK).fit(X, y)
    with pytest.raises(
        ValueError, match="TabularMLP and LinearHead does what torch cannot"
    ) as told:
        to_onnx(model, X)
    assert "\n" not in str(told.value)
    with pytest.raises(TypeError, match=r"got Pipeline\. Of a pipeline give the last step"):
        to_onnx(make_pipeline(StandardScaler(), model), X)
    with pytest.raises(NotFittedError):
        to_onnx(RebalancedClassifier(), X)
    with pytest.raises(ValueError, match="5 features"):
        to_onnx(model, X[:, :5])


def test_without_onnx_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install sklimb\[onnx\]"):
        to_onnx(RebalancedClassifier(), [[0.0]])
