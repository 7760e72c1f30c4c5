"""Focal, margin and logit-adjusted losses against loops written from their papers' equations."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from sklimb.losses import (
    am_softmax_loss,
    balanced_softmax_loss,
    focal_loss,
    ldam_loss,
    ldam_margins,
    logit_adjusted_loss,
)

COUNTS = torch.tensor([500.0, 30.0, 4.0, 77.0], dtype=torch.float64)
WEIGHT = torch.tensor([0.1, 1.0, 7.0, 0.4], dtype=torch.float64)


@pytest.fixture(params=[0, 1])
def batch(request):
    generator = torch.Generator().manual_seed(request.param)
    scores = torch.randn(9, 4, generator=generator, dtype=torch.float64).tanh()
    return scores, torch.randint(4, (9,), generator=generator)


def softmax(row):
    return [math.exp(s) / sum(math.exp(t) for t in row) for s in row]


def naive_focal(row, k, gamma):
    p = softmax(row)[k]
    return -((1 - p) ** gamma) * math.log(p)


def naive_margin(row, k, margin, scale):
    own = math.exp(scale * (row[k] - margin))
    rest = sum(math.exp(scale * s) for j, s in enumerate(row) if j != k)
    return -math.log(own / (own + rest))


def naive_ldam(row, k, max_margin, scale):
    # Eq. 13: the margin is C / n_j^(1/4), C such that the largest is max_margin
    roots = [n**-0.25 for n in COUNTS.tolist()]
    return naive_margin(row, k, max_margin * roots[k] / max(roots), scale)


def naive_adjusted(row, k, tau):
    share = [n / COUNTS.sum().item() for n in COUNTS.tolist()]
    lifted = [s * 1.0 + tau * math.log(p) for s, p in zip(row, share)]
    return -math.log(softmax(lifted)[k])


def naive_balanced_softmax(row, k):
    lifted = [n * math.exp(s) for s, n in zip(row, COUNTS.tolist())]
    return -math.log(lifted[k] / sum(lifted))


LOSSES = {
    "focal": (lambda s, y, **k: focal_loss(s, y, 2.0, **k), lambda r, k: naive_focal(r, k, 2.0)),
    "focal 0.5": (
        lambda s, y, **k: focal_loss(s, y, 0.5, **k),
        lambda r, k: naive_focal(r, k, 0.5),
    ),
    "ldam": (
        lambda s, y, **k: ldam_loss(s, y, COUNTS, 0.4, 7.0, **k),
        lambda r, k: naive_ldam(r, k, 0.4, 7.0),
    ),
    "am_softmax": (
        lambda s, y, **k: am_softmax_loss(s, y, 0.3, 5.0, **k),
        lambda r, k: naive_margin(r, k, 0.3, 5.0),
    ),
    "logit_adjusted": (
        lambda s, y, **k: logit_adjusted_loss(s, y, COUNTS, 1.5, **k),
        lambda r, k: naive_adjusted(r, k, 1.5),
    ),
    "balanced_softmax": (
        lambda s, y, **k: balanced_softmax_loss(s, y, COUNTS, **k),
        naive_balanced_softmax,
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_against_a_loop(name, batch):
    scores, y = batch
    loss, naive = LOSSES[name]
    rows = torch.tensor(
        [naive(row, k) for row, k in zip(scores.tolist(), y.tolist())], dtype=torch.float64
    )
    exact = {"rtol": 1e-12, "atol": 1e-12}
    torch.testing.assert_close(loss(scores, y, reduction="none"), rows, **exact)
    torch.testing.assert_close(loss(scores, y), rows.mean(), **exact)
    weighted = WEIGHT[y] * rows
    torch.testing.assert_close(loss(scores, y, weight=WEIGHT, reduction="none"), weighted, **exact)
    mean = weighted.sum() / WEIGHT[y].sum()
    torch.testing.assert_close(loss(scores, y, weight=WEIGHT), mean, **exact)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients(name, batch):
    scores, y = batch
    scores = scores.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda s: LOSSES[name][0](s, y), (scores,))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("size", [1e-6, 1.0, 80.0, 1e4])
def test_finite_at_extremes(name, size):
    scores = torch.tensor([[size, -size, 0.0, 1.0]]).repeat(4, 1).requires_grad_()
    loss = LOSSES[name][0](scores, torch.arange(4))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(scores.grad).all()


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_reductions_to_the_cross_entropy(batch, weight):
    scores, y = batch
    plain = F.cross_entropy(scores, y, weight)
    exact = {"rtol": 1e-12, "atol": 1e-12}
    torch.testing.assert_close(focal_loss(scores, y, 0.0, weight), plain, **exact)
    adjusted = logit_adjusted_loss(scores, y, COUNTS, 0.0, weight)
    torch.testing.assert_close(adjusted, plain, **exact)
    scaled = F.cross_entropy(9.0 * scores, y, weight)
    margin_free = ldam_loss(scores, y, COUNTS, 0.0, 9.0, weight)
    torch.testing.assert_close(margin_free, scaled, **exact)
    torch.testing.assert_close(am_softmax_loss(scores, y, 0.0, 9.0, weight), scaled, **exact)


def test_equal_counts_change_nothing(batch):
    scores, y = batch
    equal = torch.full((4,), 13.0)
    plain = F.cross_entropy(scores, y)
    close = {"rtol": 0, "atol": 1e-6}
    torch.testing.assert_close(logit_adjusted_loss(scores, y, equal, 2.0), plain, **close)
    torch.testing.assert_close(balanced_softmax_loss(scores, y, equal), plain, **close)


def test_ldam_margins_grow_with_rarity():
    margins = ldam_margins(torch.tensor([256.0, 16.0, 1.0, 0.0]), 0.5)
    torch.testing.assert_close(margins, torch.tensor([0.125, 0.25, 0.5, 0.5]))


def test_a_class_without_rows_yet_is_finite(batch):
    scores, y = batch
    counts = torch.tensor([10.0, 0.0, 0.0, 1.0])
    for loss in (ldam_loss, logit_adjusted_loss, balanced_softmax_loss):
        assert torch.isfinite(loss(scores, y, counts, reduction="none")).all()


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
