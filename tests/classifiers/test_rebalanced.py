"""Plain training and its re-balanced forms."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification
from sklearn.metrics import recall_score
from sklearn.utils.class_weight import compute_class_weight
from skorch.callbacks import Callback
from torch.nn import functional as F

from sklimb import RebalancedClassifier
from sklimb.backbones import MLP

QUICK = {"module": MLP, "max_epochs": 4, "module__hidden": (16,), "random_state": 0}
REBALANCED = [
    {"class_weight": "balanced"},
    {"class_weight": "effective", "effective_beta": 0.9999},
    {"class_weight": {"rare": 20.0}},
    {"sampling": "balanced"},
]


@pytest.fixture(scope="module")
def data():
    X, codes = make_classification(
        240,
        6,
        n_informative=5,
        n_redundant=0,
        n_classes=3,
        weights=[0.8, 0.15],
        class_sep=0.5,
        random_state=0,
    )
    return X, np.array(["bulk", "some", "rare"])[codes]


def same_bits(a, b):
    return all(
        torch.equal(p, q)
        for p, q in zip(
            a.module_.state_dict().values(), b.module_.state_dict().values(), strict=True
        )
    )


@pytest.fixture(scope="module")
def plain(data):
    return RebalancedClassifier(**QUICK).fit(*data)


@pytest.mark.parametrize("params", REBALANCED)
def test_until_the_epoch_comes_the_bits_are_those_of_the_plain_net(params, data, plain):
    for later in (4, 1.0, 99):
        deferred = RebalancedClassifier(rebalance_from=later, **params, **QUICK).fit(*data)
        assert same_bits(deferred, plain)
        assert deferred.history_[:, "train_loss"] == plain.history_[:, "train_loss"]


@pytest.mark.parametrize("params", REBALANCED)
def test_from_the_epoch_on_it_counts(params, data, plain):
    X, y = data
    deferred = RebalancedClassifier(rebalance_from=0.5, **params, **QUICK).fit(X, y)
    losses = deferred.history_[:, "train_loss"]
    assert losses[:2] == plain.history_[:2, "train_loss"]
    assert losses[2] != plain.history_[2, "train_loss"]
    as_int = RebalancedClassifier(rebalance_from=2, **params, **QUICK).fit(X, y)
    assert same_bits(as_int, deferred)
    at_once = RebalancedClassifier(**params, **QUICK).fit(X, y)
    assert not same_bits(at_once, deferred)


@pytest.mark.parametrize("params", REBALANCED)
def test_the_rare_class_is_found_more_often(params, data):
    X, y = data
    # over eight seeds at most 0.31 before, and at least 0.42 more after
    settings = QUICK | {"max_epochs": 30, "lr": 1e-2}

    def recall(model):
        return recall_score(y, model.fit(X, y).predict(X), labels=["rare"], average="macro")

    before = recall(RebalancedClassifier(**settings))
    assert before < 0.5
    assert recall(RebalancedClassifier(**params, **settings)) > before + 0.2


def test_balanced_is_the_dict_that_scikit_learn_computes(data):
    X, y = data
    classes = np.unique(y)
    weights = compute_class_weight("balanced", classes=classes, y=y)
    by_dict = dict(zip(classes.tolist(), weights, strict=True))
    a = RebalancedClassifier(class_weight="balanced", **QUICK).fit(X, y)
    b = RebalancedClassifier(class_weight=by_dict, **QUICK).fit(X, y)
    np.testing.assert_allclose(a.predict_proba(X), b.predict_proba(X), rtol=1e-4, atol=1e-6)


def test_class_weights_are_sample_weights_in_the_exact_setting(data):
    # but for the moments of the columns, which sample weights move; so no standardising here
    X, y = data
    exact = {
        "dtype": "float64",
        "batch_size": 240,
        "max_epochs": 5,
        "random_state": 0,
        "module": MLP,
        "module__standardize": False,
    }
    a = RebalancedClassifier(class_weight={"rare": 7.0, "some": 3.0}, **exact).fit(X, y)
    weight = np.where(y == "rare", 7.0, np.where(y == "some", 3.0, 1.0))
    b = RebalancedClassifier(**exact).fit(X, y, weight)
    np.testing.assert_allclose(a.predict_proba(X), b.predict_proba(X), rtol=1e-9)
    assert a.class_counts_.sum() == 240
    assert b.class_counts_.sum() == weight.sum()


def test_effective_with_beta_zero_is_plain(data, plain):
    got = RebalancedClassifier(class_weight="effective", effective_beta=0.0, **QUICK).fit(*data)
    assert same_bits(got, plain)


def naive_weights(X, codes, class_weight, lr, batches, by_number):
    """Weights and bias of a linear softmax after steps of plain SGD, sample by sample."""
    weight = class_weight[codes] / class_weight[codes].mean()
    W, b = np.zeros((3, X.shape[1])), np.zeros(3)
    for rows in batches:
        of_W, of_b = np.zeros_like(W), np.zeros_like(b)
        for i in rows:
            scores = W @ X[i] + b
            change = np.exp(scores - scores.max())
            change /= change.sum()
            change[codes[i]] -= 1
            of_W += weight[i] * np.outer(change, X[i])
            of_b += weight[i] * change
        mass = len(rows) if by_number else weight[rows].sum()
        W, b = W - lr * of_W / mass, b - lr * of_b / mass
    return W, b


class Columns(torch.nn.Identity):
    """The columns as features, for a linear softmax that starts at 0."""


@pytest.mark.parametrize("weight_average", ["batch", "mean"])
def test_weight_average_is_that_of_a_naive_loop(data, weight_average):
    X, y = data
    classes, codes = np.unique(y, return_inverse=True)
    given = np.array([1.0, 30.0, 5.0])

    class FromZero(Callback):
        def on_train_begin(self, net, **kwargs):
            torch.nn.init.zeros_(net.module_.head.weight)
            torch.nn.init.zeros_(net.module_.head.bias)

    model = RebalancedClassifier(
        module=Columns,
        class_weight=dict(zip(classes.tolist(), given, strict=True)),
        weight_average=weight_average,
        optimizer=torch.optim.SGD,
        lr=0.1,
        lr_schedule=None,
        max_epochs=2,
        batch_size=50,  # 240 samples: the last batch has 40
        iterator_train__shuffle=False,
        dtype="float64",
        callbacks=[FromZero()],
    ).fit(X, y)
    batches = [np.arange(start, min(start + 50, 240)) for start in range(0, 240, 50)] * 2
    W, b = naive_weights(X, codes, given, 0.1, batches, weight_average == "mean")
    head = model.module_.head
    np.testing.assert_allclose(head.weight.detach().numpy(), W, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(head.bias.detach().numpy(), b, rtol=1e-6, atol=1e-9)


def test_weight_average_matters_only_with_weights_and_knows_no_scale(data, plain):
    X, y = data
    unweighted = RebalancedClassifier(weight_average="mean", **QUICK).fit(X, y)
    assert same_bits(unweighted, plain)
    settings = QUICK | {"batch_size": 40, "weight_average": "mean"}
    a, b = (
        RebalancedClassifier(class_weight={"rare": 8 * k, "some": 4 * k, "bulk": k}, **settings)
        .fit(X, y)
        .predict_proba(X)
        for k in (1.0, 1e6)
    )
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    batch = RebalancedClassifier(
        class_weight={"rare": 8.0, "some": 4.0}, **settings | {"weight_average": "batch"}
    )
    assert not np.allclose(batch.fit(X, y).predict_proba(X), a, atol=1e-3)
    with pytest.raises(ValueError, match=r"'weight_average' parameter .* Got 'sum'"):
        RebalancedClassifier(weight_average="sum", **QUICK).fit(X, y)


def test_a_class_of_weight_zero_is_not_learnt(data):
    X, y = data
    settings = QUICK | {"max_epochs": 30}
    model = RebalancedClassifier(class_weight={"bulk": 0.0}, batch_size=3, **settings).fit(X, y)
    assert np.isfinite(model.history_[:, "train_loss"]).all()
    assert np.mean(model.predict(X) == "bulk") < 0.5


def test_the_loss_is_the_cross_entropy_of_its_scores(data):
    X, y = data
    codes = np.unique(y, return_inverse=True)[1]
    model = RebalancedClassifier(
        module=MLP,
        optimizer=torch.optim.SGD,
        lr=1e-30,
        batch_size=240,
        max_epochs=1,
        module__dropout=0.0,
        random_state=0,
    ).fit(X, y)
    scores = model.decision_function(X)
    expected = F.cross_entropy(torch.from_numpy(scores), torch.from_numpy(codes)).item()
    assert model.history_[0, "train_loss"] == pytest.approx(expected, rel=1e-5)
    proba = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(X), proba, rtol=1e-5)
    features = model.transform(X)
    head = model.module_.head
    naive = features @ head.weight.detach().double().numpy().T + head.bias.detach().numpy()
    np.testing.assert_allclose(scores, naive, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("loss", ["crossentropy", None, 3])
def test_unknown_losses(loss, data):
    with pytest.raises((TypeError, ValueError), match=r"'loss' parameter of .* Got "):
        RebalancedClassifier(loss=loss, **QUICK).fit(*data)


def test_the_signature_is_keyword_only_and_documented():
    parameters = inspect.signature(RebalancedClassifier).parameters
    for name, parameter in parameters.items():
        assert parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD), name
        assert f"{name} :" in RebalancedClassifier.__doc__.replace("**nested", "nested")
    assert "<<" not in RebalancedClassifier.__doc__
    with pytest.raises(TypeError):
        RebalancedClassifier("cross_entropy")
