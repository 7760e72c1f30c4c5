from __future__ import annotations

import numpy as np
import pytest

from sklimb._compare.decisions.aims import make_aim
from sklimb._compare.decisions.decision import decide
from sklimb._compare.decisions.held_out import held_out
from sklimb._compare.run.costs import cheapest, decided_within, parts_of, with_costs
from sklimb._compare.run.running import Outcome
from sklimb._compare.run.scores import Scoring
from sklimb._compare.run.splits import make_split, outer_splits

COSTS = np.array([[0.0, 1.0], [20.0, 0.0]])
PRIOR = np.array([0.9, 0.1])
N = 400
Y = np.where(np.arange(N) % 10 == 0, "yes", "no")
CLASSES = np.array(["no", "yes"])
SCORING = Scoring("cost", CLASSES, "yes", COSTS)


def _scored(n=N, seed=0, separation=1.5):
    rng = np.random.default_rng(seed)
    truth = (np.arange(n) % 10 == 0).astype(int)
    p = 1 / (1 + np.exp(2 - rng.normal(size=n) - separation * truth))
    return truth, np.column_stack([1 - p, p])


def test_no_part_is_decided_by_its_own_samples():
    truth, proba = _scored(60)
    decided = decided_within(truth, proba, truth, COSTS, 1, PRIOR)
    part = parts_of(truth, 5)
    for row in range(60):
        other = proba.copy()
        # would move the threshold of all that it helps to decide
        other[row] = [1.0, 0.0] if truth[row] else [0.0, 1.0]
        again = decided_within(truth, other, truth, COSTS, 1, PRIOR)
        own = part == part[row]
        own[row] = False
        np.testing.assert_array_equal(again[own], decided[own])


def test_costs_decide_otherwise_than_the_method_and_cheaper():
    truth, proba = _scored(4000)
    predicted = proba.argmax(1)
    decided = decided_within(truth, proba, predicted, COSTS, 1, PRIOR)
    assert COSTS[truth, decided].mean() < 0.8 * COSTS[truth, predicted].mean()
    dear = decided_within(truth, proba, predicted, COSTS.T, 1, PRIOR)
    assert dear.sum() < decided.sum()


def test_where_the_others_lack_a_class_the_method_predicts():
    truth = np.array([0, 0, 0, 0, 1])
    proba = np.full((5, 2), 0.5)
    predicted = np.array([0, 1, 0, 0, 0])
    part = parts_of(truth, 5)
    decided = decided_within(truth, proba, predicted, COSTS, 1, PRIOR)
    assert decided[4] == 0  # the others are all of one class
    assert len(np.unique(part)) == 5
    nobody = decided_within(np.zeros(5, int), proba, predicted, COSTS, 1, PRIOR)
    np.testing.assert_array_equal(nobody, predicted)


def test_of_many_classes_a_power_is_chosen():
    rng = np.random.default_rng(0)
    prior = np.array([0.8, 0.15, 0.05])
    truth = rng.choice(3, 3000, p=prior)
    like = np.exp(-(((rng.normal(size=3000) + 1.5 * truth)[:, None] - 1.5 * np.arange(3)) ** 2) / 2)
    proba = like / like.sum(1, keepdims=True)  # as of training on equal classes
    costs = make_aim(None, {0: 1, 1: 5, 2: 20}, np.arange(3), 2).costs
    choose, apply = cheapest(truth, proba, costs, 2, prior)
    power = choose(np.ones(3000, bool))
    assert power >= 0.5
    expected = (proba * prior**power) @ costs
    np.testing.assert_array_equal(apply(power), expected.argmin(1))


def _outcomes(splits, seed=0):
    _, proba = _scored(seed=seed)
    return [
        Outcome("m", s.repeat, s.fold, proba=proba[s.test], predicted=proba[s.test].argmax(1))
        for s in splits
    ]


def test_over_splits_costs_are_those_of_the_decision():
    splits, _ = outer_splits(Y, folds=4, repeats=1, inner_folds=2, seed=0)
    outcomes = _outcomes(splits)
    found = with_costs(outcomes, splits, Y, SCORING)
    decision = decide(
        held_out(outcomes, splits, Y, CLASSES), make_aim(None, "miss=20,alarm=1", CLASSES, "yes")
    )
    assert np.mean([o.scores["cost"] for o in found]) == pytest.approx(decision.cost)
    for o, split in zip(found, splits, strict=True):
        truth = (Y[split.test] == "yes").astype(int)
        assert o.scores["cost"] == COSTS[truth, o.decided].mean()
    assert all(o.decided is None for o in outcomes)  # what is kept stays as it is


def test_a_split_alone_and_a_test_part_are_decided_in_parts():
    rows, test = np.arange(200), np.arange(200, N)
    splits = [make_split(r, 0, rows, test, Y, 2, 0) for r in range(2)]
    (alone,) = with_costs(_outcomes(splits[:1]), splits, Y, SCORING)
    truth, proba = _scored()
    wanted = decided_within(
        truth[test], proba[test], proba[test].argmax(1), COSTS, 1, np.array([0.9, 0.1])
    )
    np.testing.assert_array_equal(alone.decided, wanted)
    both = with_costs(_outcomes(splits), splits, Y, SCORING)
    assert [len(o.decided) for o in both] == [200, 200]


def test_what_needs_no_costs_and_what_failed_stays():
    splits, _ = outer_splits(Y, folds=4, repeats=1, inner_folds=2, seed=0)
    outcomes = _outcomes(splits)
    assert with_costs(outcomes, splits, Y, Scoring("macro_f1", CLASSES, "yes")) == outcomes
    failed = [*outcomes[:2], Outcome("m", 0, 2, error="no")]
    assert with_costs(failed, splits, Y, SCORING) == failed
    assert with_costs([], splits, Y, SCORING) == []
