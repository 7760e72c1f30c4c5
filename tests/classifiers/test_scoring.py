"""Labels and weights to score by may be tensors of any kind: arrays of them, or one error."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.naive_bayes import GaussianNB

import sklimb
from sklimb import (
    BlendedClassifier,
    DecoupledClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
)
from sklimb.classifiers import LabelEncodedClassifier, scoring
from tests.shared import QUICK

X = np.random.default_rng(0).normal(size=(60, 3))
Y = (X[:, 0] > 0.3).astype(int)
MODELS = {
    "network": RebalancedClassifier(**QUICK),
    "decoupled": DecoupledClassifier(classifier_epochs=1, **QUICK),
    "prior": PriorCorrectedClassifier(GaussianNB()),
    "encoded": LabelEncodedClassifier(GaussianNB()),
    "blend": BlendedClassifier(
        estimators=[("bayes", GaussianNB()), ("net", RebalancedClassifier(**QUICK))]
    ),
}


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return MODELS[request.param].fit(X, Y)


def test_every_classifier_scores_so():
    own = [getattr(sklimb, name) for name in sklimb.__all__ if name.endswith("Classifier")]
    assert len(own) >= 7
    for cls in (*own, LabelEncodedClassifier):
        assert cls.score is scoring.score, cls


@pytest.mark.parametrize(
    "given",
    [
        lambda y: torch.tensor(y),
        lambda y: torch.tensor(y, dtype=torch.float32, requires_grad=True),
        lambda y: torch.tensor(y, dtype=torch.bfloat16),
        lambda y: [torch.tensor(label) for label in y],
        lambda y: pd.Series(y, dtype="Int64"),
        list,
    ],
)
def test_tensors_are_arrays(model, given):
    expected = (model.predict(X) == Y).mean()
    assert model.score(X, given(Y)) == pytest.approx(expected)


def test_weights_may_be_a_tensor_that_needs_a_gradient(model):
    weight = np.linspace(0.1, 1, len(Y))
    expected = np.average(model.predict(X) == Y, weights=weight)
    given = torch.tensor(weight, requires_grad=True)
    assert model.score(X, Y, sample_weight=given) == pytest.approx(expected)


@pytest.mark.parametrize(
    "given", [torch.tensor(Y).to_sparse(), torch.empty(60, device="meta")], ids=["sparse", "meta"]
)
def test_what_is_no_array_is_an_error_by_name(model, given):
    with pytest.raises((TypeError, ValueError), match=r"^y "):
        model.score(X, given)
    with pytest.raises((TypeError, ValueError), match=r"^sample_weight "):
        model.score(X, Y, sample_weight=given)
