"""What a backbone is told of the columns before training."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
import torch
from torch import nn

import sklimb._training.column_statistics
from sklimb import RebalancedClassifier
from sklimb._data.columns import column_quantiles

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(50, 3)), np.arange(50) % 2
WEIGHT = RNG.uniform(0.2, 2.0, 50)
SHARES = np.array([0.0, 0.3, 1.0])


class Asks(nn.Linear):
    """Keeps what it is told, in the order that it is told."""

    wants_quantiles = SHARES

    def __init__(self, in_features):
        super().__init__(in_features, 4)
        self.told = []

    def set_input_scaling(self, mean, scale):
        self.told.append(("moments", mean))

    def set_input_quantiles(self, quantiles):
        self.told.append(("quantiles", quantiles))


class AsksForQuantilesAlone(Asks):
    wants_scaling = False


def told(rows, weight=None, module=Asks, **params):
    model = RebalancedClassifier(module=module, max_epochs=1, random_state=0, **params)
    return model.fit(rows, Y, weight).module_.backbone.told


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_moments_first_then_quantiles_of_the_weighted_rows(weight):
    for rows in (X, scipy.sparse.csr_array(X)):
        (first, mean), (second, quantiles) = told(rows, weight)
        assert (first, second) == ("moments", "quantiles")
        np.testing.assert_allclose(mean, np.average(X, axis=0, weights=weight))
        np.testing.assert_array_equal(quantiles, column_quantiles(X, weight, SHARES))


def test_only_what_is_asked_for():
    ((name, _),) = told(X, module=AsksForQuantilesAlone)
    assert name == "quantiles"


def test_rows_that_are_held_back_do_not_count():
    (_, (_, quantiles)) = told(X, early_stopping=True, validation_fraction=0.4)
    assert not np.array_equal(quantiles, column_quantiles(X, None, SHARES))


def test_of_a_large_dataset_some_rows_drawn_once(monkeypatch):
    items = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    (_, (_, whole)) = told(items, WEIGHT)
    np.testing.assert_array_equal(whole, column_quantiles(X, WEIGHT, SHARES))
    monkeypatch.setattr(sklimb._training.column_statistics, "_ROWS_OF_QUANTILES", 20)
    (_, (_, some)) = told(items, WEIGHT)
    (_, (_, again)) = told(items, WEIGHT)
    np.testing.assert_array_equal(some, again)
    assert not np.array_equal(some, whole)
    assert np.isin(some[:, 0], X).all()
