"""The contract of the base, on the public classifiers: what goes in and what comes out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.exceptions import NotFittedError
from sklearn.metrics import balanced_accuracy_score

from sklimb import AffinityClassifier, RebalancedClassifier
from tests.shared import QUICK, each_classifier
from tests.shared import binary as binary
from tests.shared import data as data

# --- what goes in and what comes out ----------------------------------------------------------


@each_classifier
def test_outputs(cls, data, binary):
    X, y = data
    model = cls(**QUICK).fit(X, y)
    assert model.classes_.tolist() == ["bulk", "rare", "some"]
    assert set(model.predict(X)) <= set(y)
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(proba), rtol=1e-5, atol=1e-7)
    scores = model.decision_function(X)
    assert scores.shape == (len(X), 3)
    assert np.array_equal(model.classes_[scores.argmax(1)], model.predict(X))
    features = model.transform(X)
    width = 128 if cls is AffinityClassifier else 16  # its embedding, whatever the hidden width
    assert features.shape == (len(X), width)
    names = model.get_feature_names_out()
    assert names[0] == cls.__name__.lower() + "0"
    assert len(names) == width
    assert model.class_counts_.sum() == len(X)
    assert model.n_iter_ == len(model.history_) == 4
    assert model.device_ == "cpu"

    X, y = binary
    model = cls(**QUICK).fit(X, y)
    scores = model.decision_function(X)
    assert scores.shape == (len(X),)
    assert np.array_equal(model.classes_[(scores > 0).astype(int)], model.predict(X))


@each_classifier
def test_before_fit(cls, data):
    X, _ = data
    model = cls()
    for method in ("predict", "predict_proba", "decision_function", "transform"):
        with pytest.raises(NotFittedError):
            getattr(model, method)(X)
    assert not hasattr(model, "module_")
    assert not hasattr(model, "prototypes_")


@pytest.mark.parametrize(
    "labels",
    [
        np.array([5, -2, 7]),
        np.array([True, False]),
        np.array(["a", "b", "c"]),
        np.array(["a", "b", "c"], dtype=object),
        np.array([0.0, 1.0, 2.0]),
        pd.Categorical(["x", "y", "z"]),
    ],
    ids=["int", "bool", "str", "object", "float", "categorical"],
)
def test_label_types(labels, data):
    X, y = data
    labels = np.asarray(labels)
    codes = np.unique(y, return_inverse=True)[1] % len(labels)
    y = labels[codes]
    predicted = RebalancedClassifier(**QUICK).fit(X, y).predict(X)
    assert predicted.dtype == np.unique(y).dtype
    assert set(predicted) <= set(y)


@pytest.mark.parametrize(
    "convert",
    [
        lambda X: X.astype(np.float32),
        lambda X: X.astype(np.float16),
        lambda X: (X * 100).astype(np.int64),
        lambda X: X > 0,
        lambda X: X.tolist(),
        lambda X: np.asfortranarray(X),
        lambda X: torch.from_numpy(X),
        lambda X: pd.DataFrame(X, columns=list("abcdef")),
        lambda X: pl.DataFrame(X, schema=list("abcdef")),
    ],
    ids=["f32", "f16", "int", "bool", "list", "fortran", "tensor", "pandas", "polars"],
)
def test_input_types(convert, data):
    X, y = data
    X = convert(X)
    model = RebalancedClassifier(**QUICK).fit(X, y)
    assert model.predict(X).shape == (240,)
    assert model.transform(X).dtype == np.float32  # as computed, whatever X has


def test_read_only_input_is_not_written_to(data):
    X, y = (np.array(part) for part in data)
    X.flags.writeable = y.flags.writeable = False
    before = X.copy()
    RebalancedClassifier(**QUICK).fit(X, y).predict(X)
    assert np.array_equal(X, before)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_keep_column_names(frame, data):
    X, y = data
    X = frame({name: column for name, column in zip("abcdef", X.T)})
    model = RebalancedClassifier(**QUICK).fit(X, y)
    assert model.feature_names_in_.tolist() == list("abcdef")
    with pytest.raises(ValueError, match="feature names"):
        model.predict(X[list("bacdef")])


@each_classifier
def test_bad_input_gets_scikit_learns_errors(cls, data):
    X, y = data
    model = cls(**QUICK)
    for bad, message in ((np.nan, "NaN"), (np.inf, "infinity")):
        broken = X.copy()
        broken[3, 2] = bad
        with pytest.raises(ValueError, match=message):
            model.fit(broken, y)
    with pytest.raises(ValueError, match="one class only"):
        model.fit(X, np.zeros(len(X)))
    with pytest.raises(ValueError, match="Found array with 0 sample"):
        model.fit(X[:0], y[:0])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, y[:-1])
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        model.fit(X, X[:, 0])
    with pytest.raises(ValueError, match="y should be a 1d array"):
        model.fit(X, np.eye(3, dtype=int)[np.unique(y, return_inverse=True)[1]])
    with pytest.raises(ValueError, match="Expected 2D array"):
        model.fit(X[0], y[:1])
    model.fit(X, y)
    with pytest.raises(ValueError, match=r"X has 5 features, but .* is expecting 6"):
        model.predict(X[:, :5])


def test_columns_of_any_scale_need_no_scaler(binary):
    X, y = binary
    plain = RebalancedClassifier(max_epochs=20, random_state=0)
    scaled = X * np.array([1e6, 1e-3, 1, 1e9, 1e-9, 1]) + np.array([1e9, 0, 5, 0, 1, 0])
    expected = balanced_accuracy_score(y, plain.fit(X, y).predict(X))
    assert expected > 0.9
    got = balanced_accuracy_score(y, plain.fit(scaled, y).predict(scaled))
    assert abs(got - expected) < 0.02
    affinity = AffinityClassifier(max_epochs=20, random_state=0).fit(scaled, y)
    assert balanced_accuracy_score(y, affinity.predict(scaled)) > 0.9


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@each_classifier
def test_fit_on_cuda(cls, data):
    X, y = data
    model = cls(device="auto", **QUICK).fit(X, y)
    assert model.device_ == "cuda"
    on_cpu = cls(**QUICK).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), on_cpu.predict_proba(X), atol=1e-3)
