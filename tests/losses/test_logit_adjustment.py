"""Logit adjustment and balanced softmax against loops written from their papers' equations."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from sklimb.losses import balanced_softmax_loss, log_class_shares, logit_adjusted_loss
from tests.losses.shared import (
    COUNTS,
    EXACT,
    check_against_a_loop,
    check_finite_at_extremes,
    check_gradients,
    check_types,
    each_size,
    each_weight,
    naive_softmax,
)
from tests.losses.shared import batch as batch


def naive_adjusted(row, k, tau):  # Menon et al., Eq. 10
    share = [n / COUNTS.sum().item() for n in COUNTS.tolist()]
    lifted = [s * 1.0 + tau * math.log(p) for s, p in zip(row, share)]
    return -math.log(naive_softmax(lifted)[k])


def naive_balanced_softmax(row, k):  # Ren et al., Eq. 4
    lifted = [n * math.exp(s) for s, n in zip(row, COUNTS.tolist())]
    return -math.log(lifted[k] / sum(lifted))


LOSSES = {
    "logit_adjusted": (
        lambda s, y, **k: logit_adjusted_loss(s, y, COUNTS, 1.5, **k),
        lambda r, k: naive_adjusted(r, k, 1.5),
    ),
    "logit_adjusted, tau by default": (
        lambda s, y, **k: logit_adjusted_loss(s, y, COUNTS, **k),
        lambda r, k: naive_adjusted(r, k, 1.0),
    ),
    "balanced_softmax": (
        lambda s, y, **k: balanced_softmax_loss(s, y, COUNTS, **k),
        naive_balanced_softmax,
    ),
}
each_loss = pytest.mark.parametrize(("loss", "naive"), LOSSES.values(), ids=list(LOSSES))


@each_loss
def test_against_a_loop(loss, naive, batch):
    check_against_a_loop(loss, naive, batch)


@each_loss
def test_gradients(loss, naive, batch):
    check_gradients(loss, batch)


@each_loss
@each_size
def test_finite_at_extremes(loss, naive, size):
    check_finite_at_extremes(loss, size)


@each_weight
def test_tau_zero_is_the_cross_entropy(weight, batch):
    scores, y = batch
    plain = F.cross_entropy(scores, y, weight)
    adjusted = logit_adjusted_loss(scores, y, COUNTS, 0.0, weight)
    torch.testing.assert_close(adjusted, plain, **EXACT)


def test_equal_counts_change_nothing(batch):
    scores, y = batch
    equal = torch.full((4,), 13.0)
    plain = F.cross_entropy(scores, y)
    close = {"rtol": 0, "atol": 1e-6}
    torch.testing.assert_close(logit_adjusted_loss(scores, y, equal, 2.0), plain, **close)
    torch.testing.assert_close(balanced_softmax_loss(scores, y, equal), plain, **close)


@pytest.mark.parametrize("dtype", [torch.float64, torch.int64])
def test_a_class_without_rows_counts_as_a_thousandth_of_the_rarest(dtype):
    counts = torch.tensor([60, 0, 20, 0], dtype=dtype)
    expected = torch.tensor([60 / 80, 0.02 / 80, 20 / 80, 0.02 / 80], dtype=torch.float64).log()
    shares = log_class_shares(counts).double()
    torch.testing.assert_close(shares, expected, rtol=1e-6, atol=0)


def test_a_class_without_rows_yet_is_finite(batch):
    scores, y = batch
    counts = torch.tensor([10.0, 0.0, 0.0, 1.0])
    for loss in (logit_adjusted_loss, balanced_softmax_loss):
        assert torch.isfinite(loss(scores, y, counts, reduction="none")).all()


@pytest.mark.parametrize("loss", [logit_adjusted_loss, balanced_softmax_loss])
def test_the_type_is_that_of_the_scores(loss):
    check_types(loss)
