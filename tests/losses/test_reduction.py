"""From a value a row to a loss, against a loop and PyTorch's own weighted cross entropy."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from sklimb.losses._reduction import reduce

VALUES = [0.5, 3.0, 0.0, 7.25, 1.5]
CODES = [2, 0, 2, 1, 0]
WEIGHTS = [0.2, 3.0, 1.7]


@pytest.fixture
def rows():
    return torch.tensor(VALUES, dtype=torch.float64), torch.tensor(CODES)


def test_without_weights(rows):
    values, y = rows
    assert reduce(values, y, None, "none") is values
    mean = reduce(values, y, None, "mean")
    assert mean.shape == () and mean.item() == pytest.approx(math.fsum(VALUES) / 5, rel=1e-15)
    assert reduce(values, None, None, "mean") == mean  # no weights, no classes


def test_weights_against_a_loop(rows):
    values, y = rows
    weight = torch.tensor(WEIGHTS, dtype=torch.float64)
    weighted = [WEIGHTS[k] * value for value, k in zip(VALUES, CODES)]
    got = reduce(values, y, weight, "none")
    torch.testing.assert_close(got, torch.tensor(weighted, dtype=torch.float64), rtol=1e-15, atol=0)
    mean = reduce(values, y, weight, "mean")
    assert mean.shape == ()
    expected = math.fsum(weighted) / math.fsum(WEIGHTS[k] for k in CODES)
    assert mean.item() == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("weight", [None, torch.tensor(WEIGHTS)], ids=["plain", "weighted"])
def test_it_is_what_torchs_cross_entropy_does(weight, reduction):
    scores = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    y = torch.tensor(CODES)
    per_row = F.cross_entropy(scores, y, reduction="none")
    expected = F.cross_entropy(scores, y, weight, reduction=reduction)
    torch.testing.assert_close(reduce(per_row, y, weight, reduction), expected)


@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("given", [torch.float32, torch.float64, torch.int64])
def test_the_type_is_that_of_the_values(given, reduction, rows):
    values, y = rows
    weight = torch.tensor([1, 3, 2], dtype=given)
    for dtype in (torch.float32, torch.float64):
        assert reduce(values.to(dtype), y, weight, reduction).dtype == dtype


def test_rows_that_weigh_nothing_give_zero_with_a_gradient_of_zero(rows):
    values = rows[0].requires_grad_()
    loss = reduce(values, torch.zeros(5, dtype=torch.long), torch.tensor([0.0, 1.0]), "mean")
    loss.backward()
    assert loss == 0 and not values.grad.any()


def test_the_unit_of_small_weights_cancels(rows):
    values, y = rows
    weight = torch.tensor(WEIGHTS, dtype=torch.float64)
    expected = reduce(values, y, weight, "mean")
    torch.testing.assert_close(reduce(values, y, 1e-200 * weight, "mean"), expected)


def test_other_reductions_are_refused(rows):
    for weight in (None, torch.ones(3)):
        with pytest.raises(ValueError, match="reduction must be 'mean' or 'none', got 'sum'"):
            reduce(*rows, weight, "sum")
