from __future__ import annotations

import numpy as np
import pytest

from sklimb._compare.errors import InputError
from sklimb._compare.run.splits import (
    gaps,
    group_pairs,
    inner_pairs,
    make_split,
    ordered_pairs,
    outer_splits,
    seed_from,
    smallest_part,
    stratified_pairs,
)


def _labels(*sizes, seed=0):
    return np.random.RandomState(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))


def _outer(y, **options):
    options = {"folds": 3, "repeats": 2, "inner_folds": 3, "seed": 0, **options}
    return outer_splits(y, **options)


def test_each_row_is_scored_once_a_repeat_and_never_learnt_from_there():
    y = _labels(60, 30, 9)
    splits, notes = _outer(y)
    assert notes == []
    assert [(s.repeat, s.fold) for s in splits] == [(r, f) for r in range(2) for f in range(3)]
    for split in splits:
        assert not set(split.train) & set(split.test)
        assert len(split.train) + len(split.test) == len(y)
        np.testing.assert_array_equal(np.bincount(y[split.test]), [20, 10, 3])
        for train, held in split.inner:
            assert not set(train) & set(held)
            assert max(*train, *held) < len(split.train)
    for repeat in range(2):
        rows = np.concatenate([s.test for s in splits if s.repeat == repeat])
        np.testing.assert_array_equal(np.sort(rows), np.arange(len(y)))
    assert not np.array_equal(splits[0].test, splits[3].test)
    assert len({s.seed for s in splits}) == 6


def test_a_seed_decides_everything():
    y = _labels(40, 12)
    first, second, other = _outer(y)[0], _outer(y)[0], _outer(y, seed=1)[0]
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.test, b.test)
        assert a.seed == b.seed
        for one, two in zip(a.inner, b.inner, strict=True):
            np.testing.assert_array_equal(one[1], two[1])
    assert not np.array_equal(first[0].test, other[0].test)
    assert seed_from(0, 1) != seed_from(1, 0)


def test_folds_shrink_to_the_rarest_class():
    splits, notes = _outer(_labels(50, 20, 2), folds=5, repeats=1)
    assert len(splits) == 2
    assert notes == ["class 2 has 2 rows: 2 folds instead of 5"]
    assert all((split.train.size, split.test.size) == (36, 36) for split in splits)


def test_inner_parts_never_lose_a_class():
    y = _labels(30, 5, 2, 1)
    pairs = stratified_pairs(y, 4, seed=0)
    assert len(pairs) == 4
    for train, held in pairs:
        np.testing.assert_array_equal(np.unique(y[train]), [0, 1, 2, 3])
        assert 3 not in y[held]
        assert len(train) + len(held) == len(y)
    held = np.concatenate([held for _, held in pairs])
    np.testing.assert_array_equal(np.sort(held), np.flatnonzero(y != 3))


def test_inner_parts_in_which_nothing_is_held_out_are_left_out():
    assert len(stratified_pairs(np.array([0, 0, 1]), 5, seed=0)) == 2


def test_ordered_splits_learn_from_the_past_alone():
    time = np.random.RandomState(0).permutation(100)
    pairs = ordered_pairs(time, 4)
    assert [len(test) for _, test in pairs] == [20] * 4
    assert [len(train) for train, _ in pairs] == [20, 40, 60, 80]
    for train, test in pairs:
        assert time[train].max() < time[test].min()


def test_rows_of_one_time_stay_together():
    time = np.repeat([3, 1, 2], [50, 30, 20])
    pairs = ordered_pairs(time, 4)
    # Cuts at 20, 40, 60, 80 of the ordered rows move to the ends of their times, 30, 50 and 100.
    assert [(len(train), len(test)) for train, test in pairs] == [(30, 20), (50, 50)]
    for train, test in pairs:
        assert time[train].max() < time[test].min()


def test_ordered_splits_say_what_lacks_classes():
    time = np.arange(60)
    y = np.tile([0, 0, 1], 20)
    y[:15] = 0  # nothing but one class before the first cut
    y[45:] = np.tile([0, 2, 2], 5)  # a class that comes up at the end
    splits, notes = _outer(y, time=time, folds=3, repeats=1)
    assert len(splits) == 2
    assert notes == [
        "1 split left out: only one class in the rows to learn from",
        "1 split of 2: class 2 not among the rows to learn from, so recall 0 there for every "
        "method",
        "2 splits of 2: classes 1, 2 not among the scored rows, so left out of the averages there",
    ]
    for split in splits:
        for train, held in split.inner:
            assert time[split.train[train]].max() < time[split.train[held]].min()


def test_order_that_leaves_nothing_to_learn_is_an_error():
    with pytest.raises(InputError, match="no split has two classes"):
        _outer(np.repeat([0, 1], 30), time=np.arange(60), folds=1)
    with pytest.raises(InputError, match="time column has one value"):
        _outer(np.repeat([0, 1], 30), time=np.zeros(60))


def test_groups_are_never_divided():
    y = _labels(60, 30, 20)
    groups = np.random.RandomState(1).randint(12, size=len(y))
    splits, notes = _outer(y, groups=groups)
    assert notes == []
    for split in splits:
        assert not set(groups[split.train]) & set(groups[split.test])
        own = groups[split.train]
        for train, held in split.inner:
            assert not set(own[train]) & set(own[held])


def test_folds_shrink_to_the_groups_of_a_class():
    y = np.repeat([0, 1, 2], [40, 10, 10])
    groups = np.concatenate([np.arange(40) % 10, np.arange(10) % 3, np.full(10, 7)])
    splits, notes = _outer(y, groups=groups, folds=5, repeats=1)
    assert len(splits) == 3
    assert notes[0] == "class 1 lives in 3 groups: 3 folds instead of 5"
    assert "class 2 not among the rows to learn from" in notes[1]
    with pytest.raises(InputError, match="groups column has one value"):
        _outer(y, groups=np.zeros(60))


def test_inner_parts_fall_back_where_groups_leave_nothing():
    y = np.tile([0, 1], 20)
    pairs = inner_pairs(y, 3, 0, groups=np.zeros(40))
    assert [len(held) for _, held in pairs] in ([14, 13, 13], [14, 14, 12])
    # A group for each class: every grouped part has one class to learn from.
    pairs = inner_pairs(y, 2, 0, groups=y)
    assert all(len(np.unique(y[train])) == 2 for train, _ in pairs)


def test_group_pairs_are_silent_about_small_classes(recwarn):
    y = np.repeat([0, 1], [40, 2])
    assert group_pairs(y, np.arange(42) % 7, 3, 0)
    assert not recwarn.list


def test_smallest_part_looks_into_the_inner_splits():
    y = _labels(40, 9)
    rows = np.arange(len(y))
    split = make_split(0, 0, rows, rows[:0], y, 3, 0)
    assert smallest_part(y, [split]) == (1, 6)


def test_no_gaps_no_notes():
    y = np.array([0, 1, 0, 1])
    split = make_split(0, 0, np.array([0, 1]), np.array([2, 3]), y, 2, 0)
    assert gaps(y, [split]) == []
