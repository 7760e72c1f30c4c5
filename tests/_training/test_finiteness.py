"""What is not finite is found, and said where it came in."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from sklimb import RebalancedClassifier
from sklimb._training.finiteness import finite_samples, not_finite
from tests.shared import data as data


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_samples_are_finite_if_all_their_values_are(shape):
    values = torch.zeros(4, *shape)
    values[1], values[3] = torch.nan, -torch.inf
    assert finite_samples(values).tolist() == [True, False, True, False]
    if shape:
        values[2, ..., -1] = torch.inf
        assert finite_samples(values).tolist() == [True, False, False, False]


def test_the_first_sample_is_named():
    said = not_finite(torch.tensor([True, False, False]), torch.float32)
    assert "2 of 3 samples (the first: row 1)" in said and "too large for float32" in said


@pytest.mark.parametrize("kind", ["rows", "Dataset"])
def test_training_data_that_are_not_finite_for_the_network_are_named(kind, data):
    X, y = data
    X = X.copy()
    X[70] = 1e300 if kind == "rows" else np.nan  # in rows NaN does not come so far
    given = X if kind == "rows" else TensorDataset(torch.from_numpy(X))
    model = RebalancedClassifier(module=nn.Flatten(), max_epochs=2)
    with pytest.raises(
        ValueError, match=r"NaN or infinity, or a value too large for float32: in row 70"
    ):
        model.fit(given, y)
