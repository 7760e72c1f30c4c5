"""What the tests of the softmax losses share: a batch, and what each loss is held to."""

from __future__ import annotations

import math

import pytest
import torch

COUNTS = torch.tensor([500.0, 30.0, 4.0, 77.0], dtype=torch.float64)
WEIGHT = torch.tensor([0.1, 1.0, 7.0, 0.4], dtype=torch.float64)
EXACT = {"rtol": 1e-12, "atol": 1e-12}

each_size = pytest.mark.parametrize("size", [1e-6, 1.0, 80.0, 1e4])
each_weight = pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])


@pytest.fixture(params=[0, 1])
def batch(request):
    generator = torch.Generator().manual_seed(request.param)
    scores = torch.randn(9, 4, generator=generator, dtype=torch.float64).tanh()
    return scores, torch.randint(4, (9,), generator=generator)


def naive_softmax(row):
    return [math.exp(s) / sum(math.exp(t) for t in row) for s in row]


def check_against_a_loop(loss, naive, batch):
    """Compare loss(scores, y, weight=, reduction=) with naive(row of scores, class)."""
    scores, y = batch
    rows = torch.tensor(
        [naive(row, k) for row, k in zip(scores.tolist(), y.tolist())], dtype=torch.float64
    )
    torch.testing.assert_close(loss(scores, y, reduction="none"), rows, **EXACT)
    torch.testing.assert_close(loss(scores, y), rows.mean(), **EXACT)
    weighted = WEIGHT[y] * rows
    torch.testing.assert_close(loss(scores, y, weight=WEIGHT, reduction="none"), weighted, **EXACT)
    mean = weighted.sum() / WEIGHT[y].sum()
    torch.testing.assert_close(loss(scores, y, weight=WEIGHT), mean, **EXACT)


def check_gradients(loss, batch):
    scores, y = batch
    scores = scores.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda s: loss(s, y), (scores,))


def check_finite_at_extremes(loss, size):
    scores = torch.tensor([[size, -size, 0.0, 1.0]]).repeat(4, 1).requires_grad_()
    value = loss(scores, torch.arange(4))
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(scores.grad).all()


def check_types(loss):
    """Compare loss(scores, y, counts) by counts of several types: it is of the scores' type."""
    scores = torch.tensor([[0.3, -0.2, 0.9, 0.0]]).repeat(4, 1)
    y = torch.arange(4)
    for dtype in (torch.float32, torch.float64):
        expected = loss(scores.to(dtype), y, COUNTS.to(dtype))
        assert expected.dtype == dtype
        for given in (torch.int64, torch.float64):
            assert torch.equal(loss(scores.to(dtype), y, COUNTS.to(given)), expected)
