from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score

from sklimb._compare.decisions.intervals import (
    _weighted_average_precision,
    average_precision_interval,
    bootstrap_mean,
    wilson,
)
from sklimb._compare.run.running import Outcome
from sklimb._compare.run.splits import Split, outer_splits


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (3, 10), (83, 100), (7, 7)])
def test_wilson_is_that_of_scipy(hits, n):
    theirs = binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson(hits, n) == pytest.approx((theirs.low, theirs.high))


def test_nothing_counted_says_nothing():
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_bootstrap_covers_the_mean_and_narrows_with_the_root_of_the_rows():
    values = np.repeat([0.0, 1.0, 50.0], [900, 80, 20])
    low, high = bootstrap_mean(values)
    assert low < values.mean() < high
    error = values.std() / np.sqrt(len(values))
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.15)


def _ranked(n=2000, seed=0):
    """Return labels of two classes and scores that tell them apart somewhat."""
    rng = np.random.default_rng(seed)
    y = np.where(rng.random(n) < 0.1, "yes", "no")
    scores = np.round(rng.normal(size=n) + 1.5 * (y == "yes"), 1)  # with ties
    return y, np.column_stack([-scores, scores])


def _outcomes(splits, proba):
    return [Outcome("m", s.repeat, s.fold, proba=proba[s.test]) for s in splits]


CLASSES = np.array(["no", "yes"])


def test_average_precision_is_that_of_scikit_learn_and_inside_its_interval():
    y, proba = _ranked()
    times = np.random.default_rng(1).integers(3, size=len(y))
    own = _weighted_average_precision(proba[:, 1], y == "yes", np.arange(len(y)))
    wanted = average_precision_score(y == "yes", proba[:, 1], sample_weight=times)
    assert own(times.astype(float)) == pytest.approx(wanted)
    splits, _ = outer_splits(y, folds=4, repeats=1, inner_folds=2, seed=0)
    low, high = average_precision_interval(_outcomes(splits, proba), splits, y, CLASSES, "yes")
    folds = [average_precision_score(y[s.test] == "yes", proba[s.test, 1]) for s in splits]
    assert (low + high) / 2 == pytest.approx(np.mean(folds))
    few, few_proba = _ranked(200)
    splits, _ = outer_splits(few, folds=2, repeats=1, inner_folds=2, seed=0)
    found = average_precision_interval(_outcomes(splits, few_proba), splits, few, CLASSES, "yes")
    assert found[1] - found[0] > 1.5 * (high - low)


def test_the_interval_covers_what_other_samples_give():
    means, halves = [], []
    for seed in range(30):
        y, proba = _ranked(400, seed)
        rows = np.arange(len(y))
        splits = [Split(0, 0, rows[:0], rows, [], 0)]
        low, high = average_precision_interval(_outcomes(splits, proba), splits, y, CLASSES, "yes")
        means.append((low + high) / 2)
        halves.append((high - low) / 2)
    # 1.96 standard deviations of what is drawn anew each time, counts of the class included
    assert 0.5 < np.mean(halves) / (1.96 * np.std(means)) < 1.6


def test_a_test_part_that_is_scored_twice_is_no_more_samples():
    y, proba = _ranked()
    rows = np.arange(len(y))
    splits = [Split(r, 0, rows[:0], rows, [], 0) for r in range(2)]
    once, twice = (
        average_precision_interval(_outcomes(some, proba), splits, y, CLASSES, "yes")
        for some in (splits[:1], splits)
    )
    assert once == pytest.approx(twice)


def test_where_nothing_can_be_ranked_there_is_no_interval():
    y, proba = _ranked()
    rows = np.flatnonzero(y == "no")
    splits = [Split(0, 0, rows[:0], rows, [], 0)]
    found = average_precision_interval(_outcomes(splits, proba), splits, y, CLASSES, "yes")
    assert np.isnan(found).all()
    # in a part with one sample of the class often none is drawn
    y = np.array(["no", "yes"] * 20 + ["no"] * 20)
    proba = np.column_stack([np.zeros(60), np.arange(60) % 7])
    parts = [np.arange(39), np.arange(39, 60)]
    splits = [Split(0, k, part[:0], part, [], 0) for k, part in enumerate(parts)]
    low, high = average_precision_interval(_outcomes(splits, proba), splits, y, CLASSES, "yes")
    assert 0 <= low < high <= 1
