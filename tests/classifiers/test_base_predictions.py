"""What a fitted network says of rows: shapes, types, and loops over its scores in float64."""

from __future__ import annotations

import copy
import math
import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.exceptions import NotFittedError
from torch import nn
from torch.utils.data import TensorDataset

from sklimb import RebalancedClassifier
from sklimb._random import isolated_rng
from sklimb._training.inference import features_of
from sklimb.backbones import MLP
from sklimb.classifiers import base
from tests.shared import global_state

X = np.random.default_rng(0).normal(size=(31, 3))
PREDICTIONS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform")
EXACT = {"rtol": 1e-12, "atol": 1e-12}


def tiny(labels, **settings):
    """A net, in float64 by default, that learns which of the first columns is the largest."""
    settings |= {"module": MLP, "module__hidden": (4,), "max_epochs": 9, "lr": 0.1}
    y = np.array(labels)[X[:, : len(labels)].argmax(1)]
    return RebalancedClassifier(random_state=0, **{"dtype": "float64"} | settings).fit(X, y)


@pytest.fixture(scope="module")
def three():
    return tiny(["some", "bulk", "rare"])


@pytest.fixture(scope="module")
def two():
    return tiny([5, -2])


@pytest.fixture(scope="module")
def members():
    return tiny(["some", "bulk", "rare"], n_members=2)


def scores_of(model, rows, member=None):
    """The scores of the network as lists of numbers."""
    module = model.module_.eval()
    with torch.no_grad():
        scores = module.head(module.features(torch.from_numpy(rows)))
    return (scores if member is None else scores[:, member]).tolist()


def log_sum_exp(row):
    top = max(row)
    return top + math.log(math.fsum(math.exp(s - top) for s in row))


def check_probabilities(model, rows, expected):
    """Compare all that follows from log probabilities, given as lists."""
    np.testing.assert_allclose(model.predict_log_proba(rows), expected, **EXACT)
    proba = model.predict_proba(rows)
    np.testing.assert_allclose(proba, [[math.exp(s) for s in row] for row in expected], **EXACT)
    np.testing.assert_allclose(proba.sum(1), 1.0, rtol=1e-12)
    best = [model.classes_[row.index(max(row))] for row in expected]
    assert model.predict(rows).tolist() == best
    assert len(set(best)) > 1  # else any constant would do


# --- from scores to what is said ----------------------------------------------------------------


def test_three_classes(three):
    scores = scores_of(three, X)
    np.testing.assert_allclose(three.decision_function(X), scores, **EXACT)
    check_probabilities(three, X, [[s - log_sum_exp(row) for s in row] for row in scores])
    assert three.predict(X).dtype == three.classes_.dtype
    assert three.classes_.tolist() == ["bulk", "rare", "some"]


def test_two_classes_have_one_score_the_second_minus_the_first(two):
    scores = scores_of(two, X)
    check_probabilities(two, X, [[s - log_sum_exp(row) for s in row] for row in scores])
    one = two.decision_function(X)
    assert one.shape == (31,)
    np.testing.assert_allclose(one, [second - first for first, second in scores], **EXACT)
    assert two.predict(X).tolist() == [5 if score > 0 else -2 for score in one]


def test_of_members_probabilities_are_averaged(members):
    log_half = []
    for one, other in zip(scores_of(members, X, 0), scores_of(members, X, 1)):
        shares = [[math.exp(s - log_sum_exp(row)) for s in row] for row in (one, other)]
        log_half.append([math.log((p + q) / 2) for p, q in zip(*shares)])
    check_probabilities(members, X, log_half)
    np.testing.assert_allclose(members.decision_function(X), log_half, **EXACT)


def test_logarithms_stay_finite_where_probabilities_underflow(three, two):
    far = 1e6 * X
    for model in (three, two):
        scores = scores_of(model, far)
        expected = [[s - log_sum_exp(row) for s in row] for row in scores]
        assert (model.predict_proba(far) == 0).any() and min(map(min, expected)) < -1000
        check_probabilities(model, far, expected)
        assert np.isfinite(model.predict_log_proba(far)).all()


def test_of_equal_scores_the_first_class_is_predicted(three, two):
    for model in (three, two):
        even = copy.deepcopy(model)
        for parameter in even.module_.head.parameters():
            nn.init.zeros_(parameter)
        assert set(even.predict(X)) == {even.classes_[0]}
        assert not even.decision_function(X).any()


def test_features_are_what_the_head_compares(three, members):
    with torch.no_grad():
        features = three.module_.eval().features(torch.from_numpy(X))
        of_members = members.module_.eval().features(torch.from_numpy(X))
    assert features.shape == (31, 4) and of_members.shape == (31, 2, 4)
    np.testing.assert_allclose(three.transform(X), features, **EXACT)
    side_by_side = [[v for member in row for v in member] for row in of_members.tolist()]
    np.testing.assert_allclose(members.transform(X), side_by_side, **EXACT)
    assert torch.equal(features_of(members.module_, torch.from_numpy(X)), of_members.flatten(1))
    for model, width in ((three, 4), (members, 8)):
        names = [f"rebalancedclassifier{i}" for i in range(width)]
        assert model.get_feature_names_out().tolist() == names
        frame = copy.deepcopy(model).set_output(transform="pandas").transform(X)
        assert isinstance(frame, pd.DataFrame) and list(frame.columns) == names


def test_a_row_alone_is_as_good_as_many(three):
    for name in PREDICTIONS:
        every = getattr(three, name)(X)
        assert len(every) == 31
        alone = getattr(three, name)(X[:1])
        if name == "predict":
            np.testing.assert_array_equal(alone, every[:1])
        else:
            np.testing.assert_allclose(alone, every[:1], **EXACT)


# --- types --------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["float32", "float64"])
def of_type(request):
    """Models of two and of three classes that compute in one float type, and the type."""
    models = [tiny(labels, dtype=request.param) for labels in ([5, -2], ["some", "bulk", "rare"])]
    return models, np.dtype(request.param)


@pytest.mark.parametrize(
    "convert",
    [
        lambda X: X,
        lambda X: X.tolist(),
        lambda X: (10 * X).astype(np.int32),
        lambda X: X > 0,
        lambda X: X.astype(np.float32),
        lambda X: X.astype(np.float16),
        lambda X: torch.from_numpy(X),
        lambda X: torch.from_numpy(X).float(),
        lambda X: torch.from_numpy(X).bfloat16(),
        lambda X: sparse.csr_matrix(X),
        lambda X: sparse.csc_array(X.astype(np.float32)),
        lambda X: pd.DataFrame(X).astype(np.float32),
        lambda X: TensorDataset(torch.from_numpy(X).float()),
    ],
    ids=["f64", "list", "int", "bool", "f32", "f16", "tensor", "tensor f32", "bf16", "sparse",
         "sparse f32", "frame f32", "Dataset"],
)  # fmt: skip
def test_outputs_carry_the_type_that_they_were_computed_in(convert, of_type):
    models, dtype = of_type
    given = convert(X)
    for model in models:
        n_classes = len(model.classes_)
        features = model.transform(given)
        assert features.dtype == dtype and features.shape == (31, 4)
        for name in ("predict_proba", "predict_log_proba"):
            found = getattr(model, name)(given)
            assert found.dtype == dtype and found.shape == (31, n_classes)
        scores = model.decision_function(given)
        assert scores.dtype == dtype
        assert scores.shape == ((31,) if n_classes == 2 else (31, 3))
        predicted = model.predict(given)
        assert predicted.dtype == model.classes_.dtype and predicted.shape == (31,)


def test_probabilities_in_single_precision_are_those_of_their_scores_rounded(of_type):
    models, dtype = of_type
    for model in models:
        scores = scores_of(model, X.astype(dtype))
        expected = [[math.exp(s - log_sum_exp(row)) for s in row] for row in scores]
        proba = model.predict_proba(X)
        np.testing.assert_allclose(proba, expected, rtol=20 * np.finfo(dtype).eps)
        np.testing.assert_allclose(proba.sum(1), 1, rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_features_of_images_carry_the_networks_type(dtype):
    images = np.random.default_rng(0).integers(0, 9, (12, 1, 2, 2)).astype(dtype)
    for own in ("float32", "float64"):
        model = RebalancedClassifier(module=nn.Flatten(), max_epochs=1, dtype=own)
        features = model.fit(images, np.arange(12) % 2).transform(images)
        assert features.dtype == own and features.shape == (12, 4)
        np.testing.assert_array_equal(features, images.reshape(12, 4))


# --- what cannot be predicted -------------------------------------------------------------------


@pytest.mark.parametrize("name", PREDICTIONS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_dataset_of_numbers_that_are_not_finite(name, bad, three, two):
    rows = torch.from_numpy(X).clone()
    rows[[2, 7], 1] = bad
    said = r"2 of 31 samples \(the first: sample 2\)\. X contains"
    if np.isinf(bad):
        said = "X contains infinity: x of item 2 of the Dataset"
    for model in (three, two):
        with pytest.raises(ValueError, match=said):
            getattr(model, name)(TensorDataset(rows))


def test_a_number_too_large_for_the_network():
    model = RebalancedClassifier(module=MLP, max_epochs=1).fit(X, X[:, 0] > 0)
    rows = X.copy()
    rows[4] = 1e300
    with pytest.raises(ValueError, match=r"1 of 31 samples .*sample 4.* too large for float32"):
        model.predict(rows)


def test_a_network_whose_weights_are_not_finite(two):
    broken = copy.deepcopy(two)
    nn.init.constant_(next(broken.module_.parameters()), math.nan)
    with pytest.raises(ValueError, match="weights are no longer finite"):
        broken.predict_proba(X)


# --- what is left alone, and what is not there yet ----------------------------------------------


def test_prediction_sets_nothing_that_another_thread_sees(three, monkeypatch):
    before = global_state()
    for module, name in [
        (torch, "set_num_threads"), (torch, "set_rng_state"), (torch, "set_default_dtype"),
        (random, "setstate"), (random, "seed"), (np.random, "set_state"), (np.random, "seed"),
    ]:  # fmt: skip
        monkeypatch.setattr(module, name, lambda *args, name=name: pytest.fail(f"called {name}"))
    for given in (X, sparse.csr_array(X), TensorDataset(torch.from_numpy(X))):
        for name in PREDICTIONS:
            getattr(three, name)(given)
    assert global_state() == before


def test_prediction_does_not_wait_for_a_fit(three):
    with ThreadPoolExecutor() as pool, isolated_rng(threads=1):  # as a fit in this thread
        for given in (X, sparse.csr_array(X), TensorDataset(torch.from_numpy(X))):
            for name in PREDICTIONS:
                expected = getattr(three, name)(given)
                found = pool.submit(getattr(three, name), given).result(timeout=60)
                np.testing.assert_array_equal(found, expected)


def test_widths_and_values_are_checked(three):
    for name in PREDICTIONS:
        with pytest.raises(ValueError, match=r"X has 2 features, but .* is expecting 3"):
            getattr(three, name)(X[:, :2])
        with pytest.raises(ValueError, match="contains NaN"):
            getattr(three, name)(np.full((2, 3), np.nan))


def test_what_a_fitted_net_holds(three):
    assert three.module_ is three.net_.module_
    assert three.history_ is three.net_.history_ and len(three.history_) == 9
    assert three.device_ == "cpu"
    told = copy.deepcopy(three)
    told.net_.device = torch.device("cpu")  # skorch takes both
    assert told.device_ == "cpu"


def test_before_fit_it_is_not_there():
    model = RebalancedClassifier()
    for name in PREDICTIONS:
        with pytest.raises(NotFittedError):
            getattr(model, name)(X)
    with pytest.raises(NotFittedError):
        model.get_feature_names_out()
    for name in ("module_", "history_", "device_"):
        assert not hasattr(model, name)
        said = f"RebalancedClassifier has no '{name}' before fit"
        with pytest.raises(AttributeError, match=said):
            getattr(model, name)


@pytest.mark.parametrize("n_members", [1, 2])
def test_answers_of_many_classes_need_no_scores_of_all_samples(n_members, monkeypatch):
    rng = np.random.default_rng(0)
    y = np.array([f"class {k}" for k in np.arange(400) % 5])
    X = (rng.normal(size=(400, 3)) + np.arange(400)[:, None] % 5).astype(np.float32)
    model = RebalancedClassifier(n_members=n_members, max_epochs=5, random_state=0).fit(X, y)
    expected = model.predict(X)
    assert len(set(expected)) > 1
    monkeypatch.setattr(base, "_MANY_CLASSES", 4)
    kept = []
    run = base.run
    monkeypatch.setattr(base, "run", lambda *args: kept.append(run(*args)) or kept[-1])
    assert model.predict(X).tolist() == expected.tolist()
    assert kept[0].shape == (400,)
    # scores that are not finite are an error, as they are with fewer classes
    with torch.no_grad():
        for weight in model.module_.head.parameters():
            weight.fill_(torch.nan)
    with pytest.raises(ValueError, match="no longer finite"):
        model.predict(X)
