"""Temperatures."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss

from sklimb._training.calibration import (
    HIGHEST,
    LOWEST,
    fit_temperature,
    fit_temperature_and_shift,
    out_of_fold_temperature,
    shrunk_temperature,
    with_temperature,
)


def drawn(n=4000, sharper=1.0, n_classes=3, seed=0):
    """Classes drawn from probabilities, and these made sharper."""
    rng = np.random.default_rng(seed)
    logs = rng.normal(size=(n, n_classes)) * 1.5 + np.arange(n_classes)
    true = np.exp(logs) / np.exp(logs).sum(1, keepdims=True)
    y = (true.cumsum(1) < rng.random((n, 1))).sum(1)
    return np.exp(sharper * logs) / np.exp(sharper * logs).sum(1, keepdims=True), y


def naive(proba, temperature):
    return np.array(
        [[p ** (1 / temperature) / sum(q ** (1 / temperature) for q in row) for p in row]
         for row in proba.tolist()]
    )  # fmt: skip


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_formula(temperature):
    proba, _ = drawn(50)
    np.testing.assert_allclose(with_temperature(proba, temperature), naive(proba, temperature))


def test_a_zero_counts_as_the_least_that_there_is():
    found = with_temperature(np.array([[0.0, 1.0], [0.5, 0.5]]), 2.0)
    least = np.finfo(float).eps ** 0.5
    np.testing.assert_allclose(found, [[least, 1.0], [0.5, 0.5]])


@pytest.mark.parametrize("sharper", [0.7, 1.0, 2.5])
def test_it_undoes_too_much_and_too_little_confidence(sharper):
    proba, y = drawn(20_000, sharper)
    assert fit_temperature(proba, y) == pytest.approx(sharper, rel=0.05)


def test_no_temperature_on_a_grid_is_better():
    proba, y = drawn(500, 2.0, seed=1)
    weight = np.random.default_rng(2).random(500)
    best = fit_temperature(proba, y, weight)
    losses = {
        t: log_loss(y, naive(proba, t), sample_weight=weight)
        for t in (best, *np.geomspace(LOWEST, HIGHEST, 41))
    }
    assert min(losses, key=losses.get) == best


def test_weights_are_repetitions():
    proba, y = drawn(200, 2.0)
    times = np.random.default_rng(0).integers(0, 4, 200)
    rows = np.repeat(np.arange(200), times)
    weighted = fit_temperature(proba, y, times.astype(float))
    assert weighted == pytest.approx(fit_temperature(proba[rows], y[rows]), rel=1e-10)


def test_bounds_and_what_a_temperature_cannot_change():
    right, wrong = np.tile([0.2, 0.8], (10, 1)), np.tile([0.9, 0.1], (10, 1))
    ones = np.ones(10, dtype=int)
    assert fit_temperature(right, ones) == LOWEST
    assert fit_temperature(wrong, ones) == HIGHEST
    assert fit_temperature(np.full((10, 3), 1 / 3), ones) == 1.0
    certain = np.tile([0.0, 1.0], (10, 1))
    assert LOWEST <= fit_temperature(certain, ones) <= 1.0
    assert np.isfinite(fit_temperature(certain, np.arange(10) % 2))


def test_one_zero_for_the_truth_does_not_outweigh_the_others():
    proba, y = drawn(4000)
    proba[0] = np.eye(3)[(y[0] + 1) % 3]
    assert fit_temperature(proba, y) < 1.2


def test_the_same_as_scikit_learn_within_the_bounds():
    calibration = pytest.importorskip("sklearn.calibration")
    if not hasattr(calibration, "_TemperatureScaling"):
        pytest.skip("scikit-learn has temperature scaling from 1.8 on")
    for sharper in (0.6, 3.0):
        proba, y = drawn(1000, sharper)
        theirs = calibration._TemperatureScaling().fit(proba, y)
        assert fit_temperature(proba, y) == pytest.approx(1 / theirs.beta_, rel=1e-4)


def test_shrinking():
    for temperature in (0.5, 3.0):
        few, some, many = (shrunk_temperature(temperature, m) for m in (1, 20, 1e9))
        assert abs(np.log(few)) < abs(np.log(some)) < abs(np.log(many))
        assert many == pytest.approx(temperature)
        assert shrunk_temperature(temperature, 0) == 1.0
        assert shrunk_temperature(temperature, 7, half_way=7) == pytest.approx(temperature**0.5)
    assert shrunk_temperature(1.0, 5) == 1.0


def test_the_samples_and_classes_that_tell():
    proba, y = drawn(600, 2.0, n_classes=4)
    weight = np.random.default_rng(3).random(600) * (y != 1)
    counts = np.array([weight[y == k].sum() for k in range(4)])
    usable = (np.arange(600) % 3 > 0) & (y != 1)
    found = out_of_fold_temperature(proba, y, counts, usable=usable, weight=weight)
    three = proba[usable][:, [0, 2, 3]]
    best = fit_temperature(three, np.array([0, -1, 1, 2])[y[usable]], weight[usable])
    assert found == pytest.approx(shrunk_temperature(best, counts[[0, 2, 3]].min()))
    assert found > 1.2
    proba[~usable] = np.nan
    assert out_of_fold_temperature(proba, y, counts, usable=usable, weight=weight) == found
    assert out_of_fold_temperature(proba, y, counts, usable=np.zeros(600, dtype=bool)) == 1.0


# --- with a shift of each class -----------------------------------------------------------------


def naive_objective(scores, y, weight, temperature, shift):
    loss, total = 0.0, sum(weight)
    for row, own, w in zip(scores.tolist(), y.tolist(), weight.tolist(), strict=True):
        logits = [s / temperature + c for s, c in zip(row, shift, strict=True)]
        loss += w / total * (np.log(sum(np.exp(logits))) - logits[own])
    n_effective = total**2 / sum(w * w for w in weight)
    return n_effective * loss + 0.5 * sum(c * c for c in shift)


def test_nothing_near_the_temperature_and_the_shift_is_better():
    proba, y = drawn(300)
    scores = 2.0 * np.log(proba) + [0.5, -1.0, 0.0]
    weight = np.random.default_rng(1).random(300) + 0.1
    T, moved = fit_temperature_and_shift(scores, y, weight, lowest=1e-3, highest=1e3)
    assert abs(moved.mean()) < 1e-12
    least = naive_objective(scores, y, weight, T, moved / T)
    for step in (-0.01, 0.01):
        assert naive_objective(scores, y, weight, T * (1 + step), moved / T) > least
        for k in range(3):
            other = moved / T + step * np.eye(3)[k]
            assert naive_objective(scores, y, weight, T, other) > least


def test_temperature_and_shift_are_found_where_there_are_many_samples():
    proba, y = drawn(20_000)
    T, moved = fit_temperature_and_shift(
        3.0 * np.log(proba) - [2.0, -1.0, -1.0], y, lowest=1e-3, highest=1e3
    )
    assert pytest.approx(3.0, rel=0.05) == T
    np.testing.assert_allclose(moved, [2.0, -1.0, -1.0], atol=0.15)


def test_few_samples_of_a_class_move_it_little():
    scores, y = np.zeros((4, 2)), np.array([0, 0, 0, 1])
    T, few = fit_temperature_and_shift(scores, y, lowest=1e-3, highest=1e3)
    _, many = fit_temperature_and_shift(
        np.tile(scores, (99, 1)), np.tile(y, 99), lowest=1, highest=2
    )
    assert 0 < np.ptp(few) / T < 0.7 * np.log(3) < 0.9 * np.log(3) < np.ptp(many)
