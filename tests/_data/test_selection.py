"""Which rows: against their definitions, and where a fit uses them."""

from __future__ import annotations

import numpy as np
import pytest

from sklimb import AffinityClassifier, RebalancedClassifier
from sklimb._data.selection import stratified_split, stratified_subsample
from sklimb._random import Streams
from sklimb._training import head_start
from tests.shared import QUICK

# --- some of each class -----------------------------------------------------------------------


def test_each_class_gives_alike_as_far_as_it_has_rows():
    codes = np.random.default_rng(0).permutation(np.repeat([0, 1, 3], [500, 40, 3]))
    rows = stratified_subsample(codes, 60, np.random.default_rng(0))
    assert np.array_equal(rows, np.unique(rows))  # in order, none twice
    assert np.bincount(codes[rows]).tolist() == [20, 20, 0, 3]
    # a class of more rows than its share gives others the next time, one of fewer the same
    again = stratified_subsample(codes, 60, np.random.default_rng(1))
    assert set(rows[codes[rows] == 0]) != set(again[codes[again] == 0])
    assert set(rows[codes[rows] == 3]) == set(again[codes[again] == 3])
    assert np.array_equal(rows, stratified_subsample(codes, 60, np.random.default_rng(0)))


def test_rows_that_are_drawn_are_any_of_the_class():
    codes = np.repeat([0, 1], [10, 5])
    drawn = [stratified_subsample(codes, 4, np.random.default_rng(seed)) for seed in range(300)]
    times = np.bincount(np.concatenate(drawn), minlength=15)
    # 60 expected of each of the 10 and 120 of each of the 5, with spread 7 and 8.5
    assert np.abs(times[:10] - 60).max() < 35
    assert np.abs(times[10:] - 120).max() < 42


def test_few_rows_are_all_taken():
    codes = np.array([2, 0, 0, 1, 2])
    for n in (5, 6, 1000):
        assert stratified_subsample(codes, n, np.random.default_rng(0)).tolist() == [0, 1, 2, 3, 4]
    # no class goes without, even if that makes more than n
    rows = stratified_subsample(codes, 2, np.random.default_rng(0))
    assert sorted(codes[rows].tolist()) == [0, 1, 2]


def test_every_class_starts_from_data_even_if_few_rows_are_looked_at(monkeypatch):
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(300, 3)), 9 + rng.normal(size=(2, 3))])
    y = np.array([0] * 300 + [1] * 2)
    monkeypatch.setattr(head_start, "_SAMPLES_TO_START_FROM", 20)
    for seed in range(4):
        model = AffinityClassifier(max_epochs=1, random_state=seed).fit(X, y)
        assert model.module_.head.started.all()


# --- rows held back ---------------------------------------------------------------------------


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
def test_the_split_holds_back_a_share_of_each_class(fraction):
    codes = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [120, 60, 20]))
    train, held = stratified_split(codes, fraction, Streams(0))
    assert sorted([*train, *held]) == list(range(200))
    assert np.array_equal(train, np.sort(train))
    assert np.array_equal(held, np.sort(held))
    assert np.bincount(codes[held]).tolist() == [120 * fraction, 60 * fraction, 20 * fraction]


def test_the_split_follows_from_the_seed():
    codes = np.arange(90) % 3
    first = stratified_split(codes, 0.2, Streams(0))[1]
    assert np.array_equal(first, stratified_split(codes, 0.2, Streams(0))[1])
    assert not np.array_equal(first, stratified_split(codes, 0.2, Streams(1))[1])


def test_a_class_of_one_row_stays_in_training():
    codes = np.array([0] * 30 + [1] + [2] * 10 + [4])  # class 3 has no rows
    for seed in range(5):
        train, held = stratified_split(codes, 0.2, Streams(seed))
        assert np.bincount(codes[held]).tolist() == [6, 0, 2]  # 0.2 of each
        assert np.bincount(codes[train]).tolist() == [24, 1, 8, 0, 1]


def test_every_class_of_two_rows_is_on_either_side():
    rng = np.random.default_rng(0)
    for fraction in (0.01, 0.1, 0.74, 0.99):
        for _ in range(50):
            codes = np.repeat(np.arange(4), rng.integers(2, 12, 4))
            train, held = stratified_split(codes, fraction, Streams(0))
            assert set(codes[train]) == set(codes[held]) == {0, 1, 2, 3}
            assert sorted([*train, *held]) == list(range(len(codes)))


def test_a_rare_class_is_held_back_too():
    _, held = stratified_split(np.repeat([0, 1, 2], [900, 90, 4]), 0.1, Streams(0))
    assert np.bincount(np.repeat([0, 1, 2], [900, 90, 4])[held]).tolist() == [90, 9, 1]


def test_early_stopping_on_too_few_rows():
    with pytest.raises(ValueError, match="No rows can be held back: each of 3 classes"):
        RebalancedClassifier(early_stopping=True).fit([[0.0], [1.0], [2.0]], [0, 1, 2])
    # a class of one row stays in training
    X = np.random.default_rng(0).normal(size=(21, 2))
    y = np.array([0] * 10 + [1] * 10 + [2])
    model = RebalancedClassifier(early_stopping=True, **QUICK).fit(X, y)
    assert model.class_counts_[2] == 1
