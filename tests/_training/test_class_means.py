"""Means of the classes' features, against a loop over samples."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sklimb import OffsetDebiasedClassifier
from sklimb._data.training_data import ArrayData
from sklimb._training.class_means import class_means
from tests.shared import data as data


@pytest.mark.parametrize("weighted", [False, True])
def test_they_are_those_of_a_loop(weighted, data):
    X, y = data
    model = OffsetDebiasedClassifier(
        max_epochs=1, batch_size=50, dtype="float64", random_state=0
    ).fit(X, y)
    codes = np.searchsorted(model.classes_, y)
    weight = np.random.default_rng(0).uniform(0.1, 4, len(y)) if weighted else None
    kept = codes != 1  # a class without samples has no mean
    part = ArrayData(X[kept], codes[kept], None if weight is None else weight[kept])
    means, present = class_means(model.net_, part, 3)
    assert present.tolist() == [True, False, True] and means.shape[:2] == (1, 3)
    with torch.no_grad():
        features = model.module_.eval().backbone(torch.from_numpy(X)).numpy()
    for k in (0, 2):
        total, mass = np.zeros(features.shape[1]), 0.0
        for row, code, w in zip(features, codes, np.ones(len(y)) if weight is None else weight):
            if code == k:
                total, mass = total + w * row, mass + w
        np.testing.assert_allclose(means[0, k], total / mass, rtol=1e-10)
