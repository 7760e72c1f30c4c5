"""Fits that answer with one class, or end worse than they began, say so."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from torch.utils.data import TensorDataset

from sklimb import (
    AffinityClassifier,
    BlendedClassifier,
    DecoupledClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
)
from sklimb.classifiers import one_class
from tests.shared import same_bits

X, Y = make_classification(200, 5, weights=[0.9], class_sep=2.0, random_state=0)
LABELS = np.where(Y == 1, "rare", "bulk")
# what nobody can tell apart
NOISE = np.random.default_rng(0).normal(size=(200, 5))
# at such a rate nothing is left of a network
WRECKED = {"lr": 10.0, "batch_size": 16, "max_epochs": 10, "random_state": 0}
SHORT = {"max_epochs": 10, "batch_size": 16, "module__hidden": (8,), "random_state": 0}


def said(model, X=X, y=LABELS, **fit_params):
    """The one warning of a fit, or None."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y, **fit_params)
    assert all(w.category is ConvergenceWarning for w in caught), [str(w.message) for w in caught]
    assert len({w.filename for w in caught}) < 2 and len(caught) < 2
    return str(caught[0].message) if caught else None


@pytest.mark.parametrize("cls", [RebalancedClassifier, AffinityClassifier, DecoupledClassifier])
def test_a_rate_far_too_high_is_named(cls):
    text = said(cls(**WRECKED))
    # what such a training ends in goes by the processor: one class, or a loss above a guess's
    if text.startswith(f"{cls.__name__} answers with "):
        assert "lr=10 is likely too high" in text and "0.003" in text
    else:
        assert text.startswith(f"The training loss of {cls.__name__} ended at ")
        assert "Lower lr (now 10)" in text


def test_the_members_of_folds_too():
    model = RebalancedClassifier(lr=10.0, cross_fit=True, max_epochs=10, random_state=0)
    assert "lr=10 is likely too high" in said(model)


def test_a_good_fit_is_silent():
    assert said(RebalancedClassifier(max_epochs=30, random_state=0)) is None


def test_the_largest_class_alone_where_nothing_corrects(monkeypatch):
    text = said(RebalancedClassifier(**SHORT), NOISE)
    assert "answers with 'bulk'" in text and 'loss="logit_adjusted"' in text
    assert "PriorCorrectedClassifier" in text
    monkeypatch.setattr(one_class, "_NEARLY_ALL", 0.0)  # every fit is looked at
    affinity = AffinityClassifier(**SHORT, class_weight=None)  # it has no loss to choose
    assert 'class_weight="balanced"' in said(affinity)


def test_more_epochs_where_the_loss_corrects(monkeypatch):
    monkeypatch.setattr(one_class, "_NEARLY_ALL", 0.0)  # every fit is looked at
    loss = {"loss": "logit_adjusted", **SHORT}
    text = said(RebalancedClassifier(**loss))
    assert "max_epochs (now 10)" in text and "cross_fit=True" in text
    images = np.tile(NOISE[:20, None, :1, None], (1, 1, 8, 8))
    model = RebalancedClassifier(loss="logit_adjusted", max_epochs=50)
    text = said(model, images, np.arange(20) > 15)
    assert "max_epochs (now 50)" in text and "cross_fit" not in text
    by_members = {"cross_fit": True, "loss": "logit_adjusted", "n_members": 2, **SHORT}
    assert "left out" in said(RebalancedClassifier(**by_members))
    assert "lr=1e-05 is likely too low" in said(RebalancedClassifier(lr=1e-5, **loss))


def test_weights_of_a_users_own_may_ask_for_one_class():
    assert said(RebalancedClassifier(**SHORT, class_weight={"rare": 1e4}), NOISE) is None
    assert said(RebalancedClassifier(**SHORT, class_weight={"bulk": 1.5}), NOISE) is None
    assert said(RebalancedClassifier(**SHORT, class_weight={"bulk": 1, "rare": 1}), NOISE)


def test_a_training_that_has_hardly_begun_is_silent():
    assert said(RebalancedClassifier(**SHORT | {"max_epochs": 3}), NOISE) is None


def test_one_class_of_any_weight_and_pieces_of_a_training_are_silent():
    weight = (LABELS == "bulk").astype(float)
    assert said(RebalancedClassifier(**SHORT), sample_weight=weight) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RebalancedClassifier(**SHORT).partial_fit(NOISE, LABELS)


class Blind(torch.nn.Module):
    """Features that are the same for all samples."""

    def forward(self, x):
        return torch.ones_like(x)


def test_what_corrects_the_answers_hears_of_nothing_but_a_network_that_is_lost():
    for corrected in (
        PriorCorrectedClassifier(RebalancedClassifier(**SHORT)),
        PriorCorrectedClassifier(RebalancedClassifier(**SHORT), cv=2),
        BlendedClassifier(estimators=[("net", RebalancedClassifier(**SHORT))], cv=2),
    ):
        assert said(corrected, NOISE) is None
    lost = RebalancedClassifier(module=Blind, **WRECKED)
    assert "too high" in said(PriorCorrectedClassifier(lost))


def test_of_a_dataset_some_samples_are_read():
    items = TensorDataset(torch.from_numpy(NOISE).float(), torch.from_numpy(Y))
    model = RebalancedClassifier(module=torch.nn.Linear, module__out_features=2)
    assert "answers with 0" in said(model.set_params(max_epochs=20, random_state=0), items, None)


def test_a_loss_that_ends_above_its_first_epoch():
    class Rising(torch.nn.Module):
        """Grows from epoch to epoch, and goes by the scores."""

        calls = 0

        def forward(self, scores, y):
            self.calls += 1
            return self.calls + torch.nn.functional.cross_entropy(scores, y, reduction="none")

    settings = {"max_epochs": 10, "batch_size": 16, "random_state": 0, "lr": 1e-2}
    text = said(RebalancedClassifier(loss=Rising(), **settings))
    assert text.startswith("The training loss of RebalancedClassifier ended at ")
    assert "Lower lr (now 0.01)" in text
    # re-weighting from an epoch on makes another loss of it
    later = {"class_weight": "balanced", "rebalance_from": 0.5}
    assert said(RebalancedClassifier(loss=Rising(), **later, **settings)) is None
    assert said(RebalancedClassifier(loss=Rising(), early_stopping=True, **settings)) is None


def test_a_loss_far_above_that_of_a_guess(monkeypatch):
    monkeypatch.setattr(one_class, "_WORSE_THAN_A_GUESS", 1e-3)
    text = said(RebalancedClassifier(max_epochs=30, batch_size=32, random_state=0))
    assert "where 0.693 is that of a guess. Lower lr" in text


def test_the_look_changes_no_bit(monkeypatch):
    model = RebalancedClassifier(max_epochs=2, random_state=0, warm_start=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, Y).fit(X, Y)
        monkeypatch.setattr("sklimb.classifiers.fitting.warn_of_one_class", lambda *_: None)
        other = RebalancedClassifier(max_epochs=2, random_state=0, warm_start=True)
        other.fit(X, Y).fit(X, Y)
    assert same_bits(model, other)


def test_of_very_many_classes_some_samples_are_looked_at(monkeypatch):
    # scores of a sample of each class would be classes x classes
    looked_at = []
    run = one_class.run
    monkeypatch.setattr(one_class, "run", lambda *args: looked_at.append(args[-1]) or run(*args))
    y = np.arange(1_800) % 600
    X = np.column_stack([y, np.sqrt(y)]).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        RebalancedClassifier(max_epochs=4, batch_size=16, random_state=0).fit(X, y)
    assert len(looked_at[0]) == one_class._OF_ARRAYS == len(np.unique(looked_at[0]))
