"""The losses by name, as settings of a classifier."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification
from sklearn.metrics import recall_score
from torch import nn
from torch.nn import functional as F

from sklimb import RebalancedClassifier
from sklimb.backbones import MLP
from sklimb.heads import CosineHead, LinearHead

QUICK = {"module": MLP, "max_epochs": 5, "module__hidden": (16,), "random_state": 0}
NAMES = ("cross_entropy", "focal", "ldam", "am_softmax", "logit_adjusted", "balanced_softmax")


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(
        400,
        8,
        n_informative=6,
        n_redundant=0,
        n_classes=3,
        weights=[0.85, 0.1],
        class_sep=0.7,
        random_state=0,
    )
    return X, np.array(["bulk", "some", "rare"])[y]


def proba(X, y, **params):
    return RebalancedClassifier(**(QUICK | params)).fit(X, y).predict_proba(X)


@pytest.mark.parametrize("loss", NAMES)
def test_every_loss_trains_and_predicts(loss, data):
    X, y = data
    model = RebalancedClassifier(loss=loss, **(QUICK | {"max_epochs": 30})).fit(X, y)
    losses = [row["train_loss"] for row in model.history_]
    assert losses[-1] < 0.8 * losses[0]
    head = CosineHead if loss in ("ldam", "am_softmax") else LinearHead
    assert type(model.module_.head) is head
    np.testing.assert_allclose(model.predict_proba(X).sum(1), 1.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("loss", "switched_off"),
    [
        ("focal", {"focal_gamma": 0.0}),
        ("logit_adjusted", {"tau": 0.0}),
    ],
)
def test_a_loss_switched_off_is_the_plain_net(loss, switched_off, data):
    # Not bit for bit: cross entropy takes torch's own mean, these a value a row and then the mean.
    np.testing.assert_allclose(
        proba(*data, loss=loss, **switched_off), proba(*data), rtol=1e-4, atol=1e-5
    )
    assert not np.allclose(proba(*data, loss=loss), proba(*data), atol=1e-3)


def test_ldam_without_margin_is_am_softmax_without(data):
    a, b = (proba(*data, loss=loss, max_margin=0.0) for loss in ("ldam", "am_softmax"))
    np.testing.assert_allclose(a, b, atol=1e-6)


def test_balanced_softmax_is_logit_adjusted_at_one(data):
    assert np.array_equal(
        proba(*data, loss="balanced_softmax", tau=7.0), proba(*data, loss="logit_adjusted")
    )


def test_adjusted_losses_find_more_of_the_rare_class(data):
    X, y = data
    recalls = {
        loss: recall_score(
            y,
            RebalancedClassifier(loss=loss, **(QUICK | {"max_epochs": 15})).fit(X, y).predict(X),
            average="macro",
        )
        for loss in ("cross_entropy", "logit_adjusted")
    }
    assert recalls["logit_adjusted"] > recalls["cross_entropy"] + 0.1


@pytest.mark.parametrize("loss", NAMES[:4])
@pytest.mark.parametrize(
    "rebalancing",
    [
        {"class_weight": "balanced"},
        {"class_weight": "effective"},
        {"sampling": "balanced"},
    ],
)
def test_every_loss_combines_with_rebalancing_and_its_deferral(loss, rebalancing, data):
    X, y = data
    params = {"loss": loss, "lr_schedule": None}  # the last epochs count as much as the first
    plain = proba(X, y, **params)
    assert np.array_equal(proba(X, y, rebalance_from=1.0, **params, **rebalancing), plain)
    deferred = proba(X, y, rebalance_from=0.6, **params, **rebalancing)
    assert not np.allclose(deferred, plain, atol=1e-3)
    assert not np.allclose(deferred, proba(X, y, **params, **rebalancing), atol=1e-3)


@pytest.mark.parametrize("loss", ["logit_adjusted", "balanced_softmax"])
@pytest.mark.parametrize("second", [{"class_weight": "balanced"}, {"sampling": "balanced"}])
def test_a_second_correction_warns(loss, second, data):
    with pytest.warns(UserWarning, match="corrects for the class sizes, and so does"):
        proba(*data, loss=loss, **second)


def test_costs_are_no_second_correction(data):  # warnings are errors
    proba(*data, loss="logit_adjusted", class_weight={"rare": 3.0})


@pytest.mark.parametrize("loss", ["ldam", "logit_adjusted", "balanced_softmax"])
def test_counts_grow_with_partial_fit_and_classes_may_come_late(loss, data):
    X, y = data
    model = RebalancedClassifier(loss=loss, **QUICK)
    early = y != "rare"
    model.partial_fit(X[early], y[early], classes=np.unique(y))
    for _ in range(40):
        model.partial_fit(X, y)
    assert np.isfinite(model.predict_proba(X)).all()
    assert "rare" in model.predict(X)


def test_counts_are_weighted(data):
    X, y = data
    weight = np.where(y == "rare", 20.0, 1.0)
    model = RebalancedClassifier(loss="logit_adjusted", **QUICK).fit(X, y, sample_weight=weight)
    (term,) = [term for _, term in model.net_.criterion_.terms.values()]
    np.testing.assert_allclose(
        term.counts, [np.sum(y == k) * (20 if k == "rare" else 1) for k in model.classes_]
    )


def test_a_class_of_one_row():
    X, y = make_classification(60, 6, random_state=0)
    y[0] = 2
    for loss in NAMES:
        assert proba(X, y, loss=loss).shape == (60, 3)


# --- a user's own loss ------------------------------------------------------------------------


def test_own_module_is_copied_and_gets_weights(data):
    X, y = data
    own = nn.CrossEntropyLoss(label_smoothing=0.1)
    weighted = proba(X, y, loss=own, class_weight="balanced")
    assert own.reduction == "mean"
    smoothed = proba(X, y, loss=own)
    assert not np.allclose(weighted, smoothed, atol=1e-3)
    assert not np.allclose(smoothed, proba(X, y), atol=1e-4)
    np.testing.assert_allclose(
        proba(X, y, loss=nn.CrossEntropyLoss()), proba(X, y), rtol=1e-4, atol=1e-5
    )


def own_function(scores, y):
    return F.cross_entropy(scores, y, reduction="none")


def own_mean(scores, y):
    return F.cross_entropy(scores, y)


def test_own_function(data):
    X, y = data
    plain = proba(X, y, class_weight="balanced")
    got = proba(X, y, loss=own_function, class_weight="balanced")
    np.testing.assert_allclose(got, plain, rtol=1e-4, atol=1e-5)
    assert np.array_equal(proba(X, y, loss=own_mean), proba(X, y))
    with pytest.raises(ValueError, match="weights of samples cannot be applied"):
        proba(X, y, loss=own_mean, class_weight="balanced")


class Tempered(nn.Module):
    def __init__(self):
        super().__init__()
        self.log_temperature = nn.Parameter(torch.zeros(()))

    def forward(self, scores, y):
        return F.cross_entropy(scores * self.log_temperature.exp(), y, reduction="none")


def test_own_module_may_learn(data):
    X, y = data
    own = Tempered()
    model = RebalancedClassifier(loss=own, **QUICK).fit(X, y)
    (learnt,) = model.net_.criterion_.parameters()
    assert learnt.item() != 0.0
    assert own.log_temperature.item() == 0.0


@pytest.mark.parametrize("loss", ["hinge", None, 3])
def test_unknown_loss(loss, data):
    with pytest.raises(ValueError, match=r"'loss' parameter of .*'ldam'.* Got "):
        proba(*data, loss=loss)


def test_a_loss_that_cannot_be_called_on_scores_and_y(data):
    with pytest.raises(TypeError, match=r"an instance.*pass loss=CrossEntropyLoss\(\)"):
        proba(*data, loss=nn.CrossEntropyLoss)
    with pytest.raises(TypeError, match=r"loss must be a function of \(scores, y\), got one that"):
        proba(*data, loss=lambda scores: scores.sum())
    with pytest.raises(TypeError, match=r"loss .* must return a tensor .* got None"):
        proba(*data, loss=lambda scores, y: None)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"focal_gamma": -1.0}, "'focal_gamma' parameter of .* Got "),
        ({"max_margin": -0.1}, "'max_margin' parameter of .* Got "),
        ({"scale": 0.0}, "'scale' parameter of .* Got "),
        ({"tau": "one"}, "'tau' parameter of .* Got "),
    ],
)
def test_settings_of_losses(params, message, data):
    with pytest.raises((ValueError, TypeError), match=message):
        proba(*data, **params)
