"""What may be g and f of M2m, as networks of scores."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.frozen import FrozenEstimator
from torch import nn

from sklimb import RebalancedClassifier
from sklimb.backbones import TabularMLP
from sklimb.classifiers.sources import ClassScores, fit_source, score_network
from tests.shared import QUICK
from tests.shared import data as data


def test_of_members_it_is_the_log_of_the_mean_probability_or_the_mean_score(data):
    X, y = data
    net = RebalancedClassifier(module=TabularMLP, n_members=2, **QUICK).fit(X, y)
    net.module_.eval()
    x = torch.from_numpy(X)
    probability = score_network(net, net.classes_, "g")(x).softmax(1).detach()
    np.testing.assert_allclose(probability, net.predict_proba(X), rtol=1e-4)
    module = net.module_
    members = module.head(module.features(x)).detach()
    assert members.ndim == 3
    scores = score_network(net, net.classes_, "f", mean_scores=True)(x).detach()
    torch.testing.assert_close(scores, members.mean(1))
    assert not torch.allclose(scores.softmax(1), probability, atol=1e-4)


def test_columns_are_put_in_the_order_of_the_classes(data):
    X, y = data
    net = RebalancedClassifier(**QUICK).fit(X, y)
    net.module_.eval()
    turned = net.classes_[::-1]
    scores = score_network(FrozenEstimator(net), turned, "g")(torch.from_numpy(X)).detach()
    np.testing.assert_allclose(scores.softmax(1), net.predict_proba(X)[:, ::-1], rtol=1e-4)
    with pytest.raises(ValueError, match="g does not know the classes"):
        score_network(net, np.array(["rare", "unheard of"]), "g")


def test_probabilities_and_a_single_logit_become_scores():
    x = torch.tensor([[0.2, 0.8, 0.0]])
    scores = ClassScores(nn.Identity(), 3, gives="probabilities")(x)
    torch.testing.assert_close(scores.softmax(1), x)
    assert bool(torch.isfinite(scores).all())
    logit = torch.tensor([[0.7], [-2.0]])
    two = ClassScores(nn.Identity(), 2, gives="logit")(logit).softmax(1)
    torch.testing.assert_close(two[:, 1], logit[:, 0].sigmoid())


def test_a_source_that_is_left_open_knows_all_its_samples(data):
    X, y = data
    y_encoded = np.unique(y, return_inverse=True)[1]
    found = fit_source(RebalancedClassifier(), X, y, y_encoded, seed=0)
    assert found.module_.n_members == 1 and not hasattr(found, "oof_proba_")
    asked = RebalancedClassifier(cross_fit=True, n_members=2, max_epochs=1)
    assert fit_source(asked, X, y, y_encoded, seed=0).module_.n_members == 2


def test_a_network_that_cannot_take_x_is_named():
    with pytest.raises(
        ValueError, match=r"Linear, given as source_estimator .* shape \(2, 3\): mat1"
    ):
        ClassScores(nn.Linear(5, 2), 2)(torch.zeros(2, 3))
