from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sklimb._compare.run.costs import with_costs
from sklimb._compare.run.leads import beyond_luck, not_clearly_behind, standings, unseen
from sklimb._compare.run.running import Outcome
from sklimb._compare.run.scores import METRICS, Scoring, score
from sklimb._compare.run.splits import make_split

N = 600
Y = np.random.RandomState(0).permutation(np.repeat(["a", "b"], [N - 120, 120]))
CLASSES = np.array(["a", "b"])
SCORING = Scoring("balanced_accuracy", CLASSES, "b")


def _splits(n):
    rows = np.arange(N)
    return [make_split(0, k, rows[rows % n != k], rows[rows % n == k], Y, 2, 0) for k in range(n)]


def _outcome(name, split, error_rate, seed=0, scoring=SCORING):
    """Predictions of which a share is wrong."""
    rng = np.random.RandomState(seed + split.fold)
    truth = np.searchsorted(CLASSES, Y[split.test])
    wrong = rng.rand(len(truth)) < error_rate
    predicted = np.where(wrong, 1 - truth, truth)
    proba = np.column_stack([1 - predicted, predicted]) * 0.8 + rng.rand(len(truth), 1) * 0.1
    scores = score(Y[split.test], CLASSES[predicted], proba, CLASSES, "b")
    return Outcome(name, split.repeat, split.fold, scores=scores, proba=proba, predicted=predicted)


def _all(rates, splits):
    return {
        name: [_outcome(name, split, rate, seed=7 * k) for split in splits]
        for k, (name, rate) in enumerate(rates.items())
    }


@pytest.mark.parametrize("n_splits", [1, 3])
@pytest.mark.parametrize("metric", METRICS)
def test_much_worse_is_clearly_behind_and_about_as_good_is_not(n_splits, metric):
    splits = _splits(3)[:n_splits]
    scoring = Scoring(metric, CLASSES, "b")
    found = standings(_all({"good": 0.1, "as good": 0.11, "bad": 0.45}, splits), splits, Y, scoring)
    assert found[0][1:] == (0.0, 0.0)
    assert found[-1][0] == "bad"
    assert set(not_clearly_behind(found)) == {"good", "as good"}
    assert all(error > 0 for _, _, error in found[1:])


def test_of_costs_less_is_better():
    splits = _splits(3)
    scoring = Scoring("cost", CLASSES, "b", np.array([[0.0, 1.0], [4.0, 0.0]]))
    rates = {"bad": 0.45, "as good": 0.11, "good": 0.1}
    costly = {
        name: with_costs(own, splits, Y, scoring) for name, own in _all(rates, splits).items()
    }
    found = standings(costly, splits, Y, scoring)
    assert found[-1][0] == "bad"
    assert set(not_clearly_behind(found)) == {"good", "as good"}
    assert all(behind >= 0 and error > 0 for _, behind, error in found[1:])


def test_the_same_predictions_are_never_behind():
    splits = _splits(3)
    own = [_outcome("one", split, 0.2) for split in splits]
    found = standings({"one": own, "two": own}, splits, Y, SCORING)
    assert found[0] == ("one", 0.0, 0.0) and found[1][:2] == ("two", 0.0)
    assert not_clearly_behind(found) == ["one", "two"]


def test_few_samples_on_which_two_agree_do_not_tell_them_apart():
    # Both find all three rare samples; of the others one calls 4 % wrong.
    truth = np.repeat([0, 1], [100, 3])
    split = make_split(0, 0, np.arange(103), np.arange(103), CLASSES[truth], 2, 0)
    own = {}
    for name, n_wrong in (("one", 0), ("two", 4)):
        predicted = np.where(np.arange(103) < n_wrong, 1, truth)
        proba = np.column_stack([1 - predicted, predicted]).astype(float)
        scores = score(CLASSES[truth], CLASSES[predicted], proba, CLASSES, "b")
        own[name] = [Outcome(name, 0, 0, scores=scores, proba=proba, predicted=predicted)]
    _, (_, behind, error) = standings(own, [split], CLASSES[truth], SCORING)
    assert 0.0 < behind < error


@pytest.mark.parametrize(
    "metric, expected",
    [("balanced_accuracy", np.hypot(1 / 102, 1 / 5) / 2), ("average_precision", 1 / 5)],
)
def test_unseen_differences_are_those_of_two_more_samples_of_each_class(metric, expected):
    codes, scoring = np.repeat([0, 1], [100, 3]), Scoring(metric, np.arange(2), 1)
    assert unseen(codes, scoring) == pytest.approx(expected)
    costs = replace(scoring, metric="cost", costs=np.array([[0.0, 1.0], [30.0, 0.0]]))
    assert unseen(codes, costs) == pytest.approx(np.hypot(1, 30) / 107)


def test_agresti_and_mins_variance_is_the_bootstraps_and_the_unseen():
    # of the mean of differences -1, 0, 1, with two samples more: one of no difference, half of each
    counts, gaps = np.array([20, 140, 30]), np.array([-1, 0, 1])
    smoothed = counts + np.array([0.5, 1.0, 0.5])
    n = smoothed.sum()
    expected = (smoothed @ gaps**2 / n - (smoothed @ gaps / n) ** 2) / n
    seen = (counts @ gaps**2 / (n - 2) - (counts @ gaps / (n - 2)) ** 2) / (n - 2)
    assert expected == pytest.approx(seen + 1 / n**2, rel=0.03)


@pytest.mark.parametrize("n_methods", [1, 5, 25])
def test_the_luckiest_of_equal_methods_is_seldom_ahead_by_more_than_luck(n_methods):
    # Gaps to one method share its error, so they go together as they do between classifiers.
    rng = np.random.default_rng(0)
    shared, own = rng.normal(size=(40_000, 1)), rng.normal(size=(40_000, n_methods))
    luckiest = ((own - shared) / np.sqrt(2)).max(axis=1)
    assert 0.008 < (luckiest > beyond_luck(n_methods)).mean() < 0.027
    found = [("lucky", 0.0, 0.0), ("favourite", 0.05, 0.02)]
    assert len(not_clearly_behind(found, beyond_luck(n_methods))) == (1 if n_methods < 5 else 2)


def test_differences_are_paired():
    # 100 rows of 600 that are easier for one of the two: shared errors cancel.
    (split,) = _splits(2)[:1]
    one = _outcome("one", split, 0.3)
    truth = np.searchsorted(CLASSES, Y[split.test])
    other = np.where(np.arange(len(truth)) % 12 == 0, 1 - truth, one.predicted)
    scores = score(Y[split.test], CLASSES[other], one.proba, CLASSES, "b")
    two = Outcome("two", 0, 0, scores=scores, proba=one.proba, predicted=other)
    (_, _, _), (_, _, paired) = standings({"one": [one], "two": [two]}, [split], Y, SCORING)
    three = _outcome("three", split, 0.3, seed=99)
    (_, _, _), (_, _, apart) = standings({"one": [one], "three": [three]}, [split], Y, SCORING)
    assert paired < apart


def test_repeats_of_one_test_part_are_no_more_rows():
    rows = np.arange(N)
    splits = [make_split(r, 0, rows[:300], rows[300:], Y, 2, 0) for r in range(2)]
    one = [_outcome("one", split, 0.2) for split in splits]
    two = [_outcome("two", split, 0.3, seed=5) for split in splits]
    twice = standings({"one": one, "two": two}, splits, Y, SCORING)[1][2]
    once = standings({"one": one[:1], "two": two[:1]}, splits[:1], Y, SCORING)[1][2]
    assert twice == pytest.approx(once, rel=0.2)


def test_nobody_is_no_standing():
    assert standings({}, [], Y, SCORING) == []
