"""What a fitted network says of rows: shapes, types, and loops over its scores in float64."""

from __future__ import annotations

import copy
import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.exceptions import NotFittedError
from torch import nn
from torch.utils.data import TensorDataset

from sklimb import RebalancedClassifier
from sklimb._prediction import features_of
from sklimb.backbones import MLP
from tests.shared import global_state

X = np.random.default_rng(0).normal(size=(31, 3))
PREDICTIONS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform")
EXACT = {"rtol": 1e-12, "atol": 1e-12}


def tiny(labels, **settings):
    """A net in float64 that learns which of the first columns is the largest."""
    settings |= {"module": MLP, "module__hidden": (4,), "max_epochs": 9, "lr": 0.1}
    y = np.array(labels)[X[:, : len(labels)].argmax(1)]
    return RebalancedClassifier(dtype="float64", random_state=0, **settings).fit(X, y)


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
        scores = module.head(module.features(torch.from_numpy(np.asarray(rows, dtype=float))))
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
        np.testing.assert_array_equal(getattr(three, name)(X[:1]), every[:1])


# --- types --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("convert", "single"),
    [
        (lambda X: X, False),
        (lambda X: X.tolist(), False),
        (lambda X: (10 * X).astype(np.int32), False),
        (lambda X: X > 0, False),
        (lambda X: X.astype(np.float32), True),
        (lambda X: X.astype(np.float16), True),
        (lambda X: torch.from_numpy(X), False),
        (lambda X: torch.from_numpy(X).float(), True),
        (lambda X: torch.from_numpy(X).bfloat16(), True),
        (lambda X: sparse.csr_matrix(X), False),
        (lambda X: sparse.csc_array(X.astype(np.float32)), True),
        (lambda X: pd.DataFrame(X).astype(np.float32), True),
        (lambda X: TensorDataset(torch.from_numpy(X).float()), False),
    ],
    ids=["f64", "list", "int", "bool", "f32", "f16", "tensor", "tensor f32", "bf16", "sparse",
         "sparse f32", "frame f32", "Dataset"],
)  # fmt: skip
def test_types_of_what_comes_out(convert, single, three, two):
    given = convert(X)
    for model in (three, two):
        n_classes = len(model.classes_)
        assert model.transform(given).dtype == (np.float32 if single else np.float64)
        assert model.transform(given).shape == (31, 4)
        for name in ("predict_proba", "predict_log_proba"):
            found = getattr(model, name)(given)
            assert found.dtype == np.float64 and found.shape == (31, n_classes)
        scores = model.decision_function(given)
        assert scores.dtype == np.float64
        assert scores.shape == ((31,) if n_classes == 2 else (31, 3))
        predicted = model.predict(given)
        assert predicted.dtype == model.classes_.dtype and predicted.shape == (31,)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(np.uint8, np.float64), (np.float32, np.float32), (np.float64, np.float64)],
)
def test_types_of_features_of_images(dtype, expected):
    images = np.random.default_rng(0).integers(0, 9, (12, 1, 2, 2)).astype(dtype)
    model = RebalancedClassifier(module=nn.Flatten(), max_epochs=1).fit(images, np.arange(12) % 2)
    features = model.transform(images)
    assert features.dtype == expected and features.shape == (12, 4)
    np.testing.assert_array_equal(features, images.reshape(12, 4))


# --- what is left alone, and what is not there yet ----------------------------------------------


def test_a_network_that_draws_leaves_the_global_generators_alone(three):
    model = copy.deepcopy(three)
    model.module_.backbone.register_forward_pre_hook(
        lambda module, args: drawn.append(torch.rand(1))
    )
    drawn = []
    before = global_state()
    for name in PREDICTIONS:
        getattr(model, name)(X)
    assert len(drawn) >= len(PREDICTIONS) and global_state() == before


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
