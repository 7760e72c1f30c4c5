from __future__ import annotations

import numpy as np
import pytest

from sklimb._compare.decisions.aims import make_aim
from sklimb._compare.decisions.decision import decide
from sklimb._compare.decisions.held_out import HeldOut
from sklimb._compare.decisions.thresholds import best_threshold
from sklimb._compare.errors import InputError

TWO, THREE = np.array([0, 1]), np.array([0, 1, 2])


def _held(n=2000, seed=0, response="predict_proba", separation=2.0, noise=False):
    rng = np.random.default_rng(seed)
    truth = (rng.random(n) < 0.1).astype(int)
    score = rng.normal(size=n) + (0 if noise else separation * truth)
    p = 1 / (1 + np.exp(-(separation * score - separation**2 / 2 + np.log(0.1 / 0.9))))
    proba = np.column_stack([1 - p, p])
    part = np.arange(n) % 5
    prior = np.array([0.9, 0.1])
    return HeldOut(np.arange(n), part, truth, proba.argmax(1), proba, response, prior, 1.0)


def test_without_an_aim_it_is_what_the_method_predicts():
    held = _held()
    decision = decide(held, None)
    assert decision.threshold is None
    hits = (held.predicted == 1) & (held.truth == 1)
    assert decision.table[1, 1] == hits.sum()
    assert decision.table.sum() == 2000
    share, low, high = decision.recall(1)
    assert share == hits.sum() / (held.truth == 1).sum()
    assert low < share < high
    with pytest.raises(InputError, match=r"positions in comparison.classes, 0 to 1.*got 'fraud'"):
        decision.precision("fraud")


def test_a_recall_is_reached_within_its_interval_on_parts_that_did_not_choose():
    held = _held()
    decision = decide(held, make_aim("recall=0.8", None, TWO, 1))
    _, low, high = decision.recall(1)
    assert low < 0.8 < high
    assert decision.reached
    called = held.proba[:, 1] >= decision.threshold
    assert called[held.truth == 1].mean() >= 0.8


def test_counts_are_cross_fitted():
    # Pure noise, few rows: a threshold chosen and counted on the same rows looks precise.
    gains = []
    for seed in range(20):
        held = _held(n=100, seed=seed, noise=True)
        aim = make_aim("precision=0.3", None, TWO, 1)
        positive = held.truth == 1
        called = held.proba[:, 1] >= best_threshold(held.proba[:, 1], positive, aim)[0]
        honest = decide(held, aim).precision(1)[0]
        gains.append(positive[called].mean() - np.nan_to_num(honest))
    assert np.mean(gains) > 0.05


def test_costs_choose_about_the_threshold_of_elkan():
    held = _held(n=20_000)
    decision = decide(held, make_aim(None, "miss=9,alarm=1", TWO, 1))
    assert decision.threshold == pytest.approx(0.1, abs=0.05)  # 1 / (1 + 9), p is calibrated
    assert decision.cost < decision.cost_as_is
    low, high = decision.cost_interval
    assert low < decision.cost < high


def _many(power):
    """Three classes, probabilities as of a training on shares that were moved by a power."""
    rng = np.random.default_rng(0)
    prior = np.array([0.8, 0.15, 0.05])
    truth = rng.choice(3, 3000, p=prior)
    like = np.exp(-(((rng.normal(size=3000) + 1.5 * truth)[:, None] - 1.5 * THREE) ** 2) / 2)
    proba = like * prior ** (1 - power)
    proba /= proba.sum(axis=1, keepdims=True)
    part = np.arange(3000) % 5
    return HeldOut(
        np.arange(3000), part, truth, proba.argmax(1), proba, "predict_proba", prior, 1.0
    )


@pytest.mark.parametrize("power", [0.0, 1.0])
def test_costs_of_many_classes_find_how_the_method_was_balanced(power):
    costs = make_aim(None, {0: 1, 1: 5, 2: 20}, THREE, 2)
    decision = decide(_many(power), costs)
    # Powers beside the right one cost next to nothing more on so few rows of the rarest class.
    assert abs(decision.power - power) <= 0.5
    other = decide(_many(1 - power), costs)
    assert decision.cost == pytest.approx(other.cost, rel=0.1)
    assert decision.cost <= 1.1 * decision.cost_as_is


def test_costs_of_many_classes_need_probabilities():
    held = _many(0.0)
    scores = HeldOut(**{**vars(held), "response": "decision_function"})
    assert decide(scores, make_aim(None, {0: 1, 1: 5, 2: 20}, THREE, 2)) is None
    assert decide(_held(response="decision_function"), make_aim("recall=0.8", None, TWO, 1))


def test_repeats_count_once():
    held = _held()
    twice = HeldOut(
        *[np.concatenate([a, a]) for a in (held.rows, held.part, held.truth, held.predicted)],
        np.concatenate([held.proba, held.proba]),
        held.response,
        held.prior,
        2.0,
    )
    np.testing.assert_array_equal(decide(twice, None).table, decide(held, None).table)
