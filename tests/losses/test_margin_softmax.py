"""Losses with a margin against loops written from their papers' equations."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from sklimb.losses import am_softmax_loss, ldam_loss, ldam_margins
from tests.losses.shared import (
    COUNTS,
    EXACT,
    check_against_a_loop,
    check_finite_at_extremes,
    check_gradients,
    check_types,
    each_size,
    each_weight,
)
from tests.losses.shared import batch as batch


def naive_margin(row, k, margin, scale):  # Wang et al., Eq. 6
    own = math.exp(scale * (row[k] - margin))
    rest = sum(math.exp(scale * s) for j, s in enumerate(row) if j != k)
    return -math.log(own / (own + rest))


def naive_ldam(row, k, max_margin, scale):
    # Cao et al., Eq. 13: the margin is C / n_j^(1/4), C such that the largest is max_margin
    roots = [n**-0.25 for n in COUNTS.tolist()]
    return naive_margin(row, k, max_margin * roots[k] / max(roots), scale)


LOSSES = {
    "ldam": (
        lambda s, y, **k: ldam_loss(s, y, COUNTS, 0.4, 7.0, **k),
        lambda r, k: naive_ldam(r, k, 0.4, 7.0),
    ),
    "ldam, as its authors' code": (
        lambda s, y, **k: ldam_loss(s, y, COUNTS, **k),
        lambda r, k: naive_ldam(r, k, 0.5, 30.0),
    ),
    "am_softmax": (
        lambda s, y, **k: am_softmax_loss(s, y, 0.3, 5.0, **k),
        lambda r, k: naive_margin(r, k, 0.3, 5.0),
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
def test_without_a_margin_it_is_the_cross_entropy_of_scaled_scores(weight, batch):
    scores, y = batch
    scaled = F.cross_entropy(9.0 * scores, y, weight)
    margin_free = ldam_loss(scores, y, COUNTS, 0.0, 9.0, weight)
    torch.testing.assert_close(margin_free, scaled, **EXACT)
    torch.testing.assert_close(am_softmax_loss(scores, y, 0.0, 9.0, weight), scaled, **EXACT)


def test_ldam_margins_grow_with_rarity():
    margins = ldam_margins(torch.tensor([256.0, 16.0, 1.0, 0.0]), 0.5)
    torch.testing.assert_close(margins, torch.tensor([0.125, 0.25, 0.5, 0.5]))


def test_the_largest_of_ldams_margins_is_a_half_by_default():
    margins = ldam_margins(torch.tensor([512, 0, 32]))  # whole counts, none of them 1
    torch.testing.assert_close(margins, torch.tensor([0.25, 0.5, 0.5]))


def test_a_class_without_rows_yet_is_finite(batch):
    scores, y = batch
    counts = torch.tensor([10.0, 0.0, 0.0, 1.0])
    assert torch.isfinite(ldam_loss(scores, y, counts, reduction="none")).all()


def test_the_type_is_that_of_the_scores():
    check_types(ldam_loss)
