"""Means of an epoch, against sums of fractions, and a loss that is not finite."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from sklimb import RebalancedClassifier
from sklimb._training.epoch import batch_means
from tests.shared import data as data


def test_batches_count_by_their_sizes():
    values, sizes = np.array([[1.0, 4.0], [2.0, 8.0], [4.0, 1.0]]), np.array([3, 3, 1])
    expected = [Fraction(3 * 1 + 3 * 2 + 4, 7), Fraction(3 * 4 + 3 * 8 + 1, 7)]
    np.testing.assert_allclose(batch_means(values, sizes), list(map(float, expected)))
    np.testing.assert_allclose(batch_means(values[:, 0], sizes), [float(expected[0])])


def test_a_term_that_a_batch_lacks_is_left_out_but_not_a_loss():
    values = np.array([[1.0, math.nan], [3.0, 5.0]])
    np.testing.assert_allclose(batch_means(values, np.array([1, 1])), [2.0, 5.0])
    never = batch_means(np.array([[1.0, math.nan]]), np.array([4]))
    assert never[0] == 1.0 and math.isnan(never[1])
    lost = batch_means(np.array([[math.nan, 1.0]]), np.array([4]))
    assert math.isnan(lost[0]) and lost[1] == 1.0


@pytest.mark.parametrize("kind", ["rows", "Dataset"])
def test_training_data_that_are_not_finite_for_the_network_are_named(kind, data):
    X, y = data
    X = X.copy()
    X[70] = 1e300 if kind == "rows" else np.nan  # in rows NaN does not come so far
    given = X if kind == "rows" else TensorDataset(torch.from_numpy(X))
    model = RebalancedClassifier(module=nn.Flatten(), max_epochs=2)
    with pytest.raises(
        ValueError, match=r"NaN or infinity, or a value too large for float32: in sample 70"
    ):
        model.fit(given, y)
