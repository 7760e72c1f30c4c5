"""The focal loss against a loop written from the paper's equation."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from sklimb.losses import focal_loss
from tests.losses.shared import (
    EXACT,
    check_against_a_loop,
    check_finite_at_extremes,
    check_gradients,
    each_size,
    each_weight,
    naive_softmax,
)
from tests.losses.shared import batch as batch

each_gamma = pytest.mark.parametrize("gamma", [2.0, 0.5])


def naive_focal(row, k, gamma):  # Eq. 5
    p = naive_softmax(row)[k]
    return -((1 - p) ** gamma) * math.log(p)


def focal(gamma):
    return lambda scores, y, **settings: focal_loss(scores, y, gamma, **settings)


@each_gamma
def test_against_a_loop(gamma, batch):
    check_against_a_loop(focal(gamma), lambda row, k: naive_focal(row, k, gamma), batch)


@each_gamma
def test_gradients(gamma, batch):
    check_gradients(focal(gamma), batch)


@each_gamma
@each_size
def test_finite_at_extremes(gamma, size):
    check_finite_at_extremes(focal(gamma), size)


@each_weight
def test_gamma_zero_is_the_cross_entropy(weight, batch):
    scores, y = batch
    plain = F.cross_entropy(scores, y, weight)
    torch.testing.assert_close(focal_loss(scores, y, 0.0, weight), plain, **EXACT)


@each_gamma
def test_a_row_that_is_nearly_right_keeps_its_digits(gamma):
    scores = torch.tensor([[math.log(1e10), 0.0]], dtype=torch.float64)
    y = torch.tensor([0])
    cross_entropy = F.cross_entropy(scores, y).item()
    assert 0 < cross_entropy < 1.1e-10  # 1 - exp(-it) has six digits
    expected = (-math.expm1(-cross_entropy)) ** gamma * cross_entropy
    assert focal_loss(scores, y, gamma).item() == pytest.approx(expected, rel=1e-12, abs=0)


def test_a_batch_that_weighs_nothing_gives_zero(batch):
    scores, _ = batch
    y = torch.zeros(9, dtype=torch.long)
    weight = torch.tensor([0.0, 1.0, 1.0, 1.0], dtype=torch.float64)
    assert focal_loss(scores, y, 2.0, weight) == 0


def test_errors(batch):
    scores, y = batch
    with pytest.raises(ValueError, match="gamma must not be negative, got -1"):
        focal_loss(scores, y, -1)
    with pytest.raises(ValueError, match="reduction must be 'mean' or 'none', got 'sum'"):
        focal_loss(scores, y, 2.0, reduction="sum")
