"""The learning-rate factor, epoch by epoch."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from sklimb._training.schedule import learning_rate_factor


def factors(schedule, n, **kwargs):
    return [learning_rate_factor(schedule, epoch, n, **kwargs) for epoch in range(n)]


def test_none_keeps_the_rate():
    assert factors(None, 5) == [1.0] * 5


def test_cosine():
    got = factors("cosine", 8)
    np.testing.assert_allclose(got, [(1 + math.cos(math.pi * e / 8)) / 2 for e in range(8)])
    assert got[0] == 1.0
    assert got[4] == pytest.approx(0.5)
    assert all(a > b > 0 for a, b in pairwise(got))


def test_step_at_shares_and_at_epochs():
    expected = [1.0] * 160 + [1e-2] * 20 + [1e-4] * 20
    np.testing.assert_allclose(factors("step", 200), expected)
    np.testing.assert_allclose(factors("step", 200, milestones=(160, 180)), expected)
    np.testing.assert_allclose(factors("step", 200, milestones=(180, 0.8)), expected)
    np.testing.assert_allclose(factors("step", 4, milestones=(1,), decay=0.5), [1, 0.5, 0.5, 0.5])
    # 1 is an epoch and 1.0 the whole length
    assert factors("step", 4, milestones=(1.0,)) == [1.0] * 4
    assert factors("step", 4, milestones=()) == [1.0] * 4
    np.testing.assert_allclose(factors("step", 2, milestones=(0, 0.0), decay=0.5), [0.25, 0.25])


def test_an_epoch_may_be_an_integer_of_numpy():
    # as rebalance_from may: a grid over np.arange hands such over
    expected = factors("step", 10, milestones=(5,))
    assert factors("step", 10, milestones=(np.int64(5),)) == expected


@pytest.mark.parametrize("schedule", [None, "cosine", "step"])
def test_warm_up_multiplies_any_schedule(schedule):
    plain = factors(schedule, 10)
    warm = factors(schedule, 10, warmup_epochs=4)
    expected = [f * min(1.0, (e + 1) / 4) for e, f in enumerate(plain)]
    np.testing.assert_allclose(warm, expected)
    assert factors(None, 3, warmup_epochs=1) == [1.0] * 3
    np.testing.assert_allclose(factors(None, 3, warmup_epochs=6), [1 / 6, 2 / 6, 3 / 6])


@pytest.mark.parametrize("schedule", [None, "cosine", "step"])
def test_after_the_end_the_last_factor_stays(schedule):
    last = learning_rate_factor(schedule, 9, 10, warmup_epochs=3)
    for epoch in (10, 11, 10_000):
        assert learning_rate_factor(schedule, epoch, 10, warmup_epochs=3) == last
