from __future__ import annotations

import numpy as np
import pytest

from sklimb._compare.decisions.aims import make_aim
from sklimb._compare.decisions.thresholds import best_threshold, operating_points, precision_at

CLASSES = np.array(["no", "yes"])


def _naive(scores, positive, aim):
    """All thresholds one after the other; return the counts (found, alarms) of the best."""
    options = []
    for threshold in [np.inf, *np.unique(scores)[::-1]]:
        called = scores >= threshold
        options.append((int((called & positive).sum()), int(called.sum())))
    if aim.kind == "recall":
        return next(o for o in options if o[0] >= aim.least * positive.sum() - 1e-9)
    if aim.kind == "precision":
        return [o for o in options if o[0] and o[0] >= aim.least * o[1] - 1e-12][-1]
    miss, alarm = aim.costs[1, 0], aim.costs[0, 1]
    return min(options, key=lambda o: miss * (positive.sum() - o[0]) + alarm * (o[1] - o[0]))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("aim", "costs"),
    [
        ("recall=0.8", None), ("recall=1", None), ("precision=0.5", None),
        (None, "miss=10,alarm=1"), (None, "miss=1,alarm=10"),
    ],
)  # fmt: skip
def test_the_threshold_is_the_best_of_all(seed, aim, costs):
    rng = np.random.default_rng(seed)
    positive = rng.random(200) < 0.2
    scores = np.round(rng.normal(size=200) + positive, 1)  # with ties
    wanted = make_aim(aim, costs, CLASSES, "yes")
    threshold, reached = best_threshold(scores, positive, wanted)
    called = scores >= threshold
    assert reached
    assert ((called & positive).sum(), called.sum()) == _naive(scores, positive, wanted)


def test_a_precision_that_no_threshold_reaches():
    scores, positive = np.array([3.0, 2.0, 1.0, 0.0]), np.array([False, True, False, False])
    threshold, reached = best_threshold(
        scores, positive, make_aim("precision=0.9", None, CLASSES, "yes")
    )
    assert not reached
    assert ((scores >= threshold) == [True, True, False, False]).all()


def test_no_alarm_at_all_where_an_alarm_costs_more_than_it_finds():
    scores, positive = np.array([0.9, 0.8]), np.array([False, True])
    aim = make_aim(None, "miss=1,alarm=100", CLASSES, "yes")
    threshold, _ = best_threshold(scores, positive, aim)
    assert np.isfinite(threshold) and not (scores >= threshold).any()


def test_a_threshold_lies_between_two_scores():
    scores, positive = np.array([0.9, 0.7, 0.1]), np.array([True, True, False])
    threshold, _ = best_threshold(scores, positive, make_aim("recall=1", None, CLASSES, "yes"))
    assert threshold == pytest.approx(0.4)


def test_precision_at_a_recall_is_the_best_from_it_on():
    scores, positive = np.array([4.0, 3.0, 2.0, 1.0]), np.array([True, False, True, False])
    assert precision_at(scores, positive, [0.5, 1.0]) == [1.0, pytest.approx(2 / 3)]
    # finding more can be more precise
    assert precision_at(scores, positive[::-1], [0.5]) == [0.5]
    assert np.isnan(precision_at(scores, np.zeros(4, dtype=bool), [0.5])[0])


def test_few_operating_points_stand_for_many():
    rng = np.random.default_rng(0)
    scores, positive = rng.random(5000), rng.random(5000) < 0.02
    points, place = operating_points(scores, positive, 100, called_at=1234)
    assert len(points.thresholds) <= 101
    assert points.called[place] == 1234
    assert points.called[-1] == 5000 and points.found[-1] == positive.sum()
    for threshold, found, called in zip(*points):
        assert ((scores >= threshold).sum(), positive[scores >= threshold].sum()) == (called, found)
    # all that is found is told apart, and so are the rows that are called
    assert np.diff(points.found).max() <= 3
    assert np.diff(points.called).max() <= 5000 / 40
