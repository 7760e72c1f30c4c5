from __future__ import annotations

import numpy as np
import pytest

from sklimb._compare.run.levels import Level, exhaustive, first_rows, ladder, thinned
from sklimb._compare.run.splits import make_split, outer_splits

Y = np.repeat([0, 1, 2], [9000, 900, 100])


def _splits(y, folds=5, repeats=1):
    return outer_splits(y, folds=folds, repeats=repeats, inner_folds=2, seed=0)[0]


def test_a_small_file_is_looked_at_whole_from_the_start():
    levels = ladder(_splits(np.repeat([0, 1], [90, 30])), n_columns=10, n_classes=2)
    assert levels == [
        Level(1, False),
        Level(3, False),
        Level(5, False),
        Level(3, True),
        Level(5, True),
    ]


def test_a_large_file_grows_to_all_of_its_rows():
    levels = ladder(_splits(Y), n_columns=200, n_classes=2)
    assert levels[:3] == [Level(1, False, 1000), Level(3, False, 1000), Level(3, False, 4000)]
    assert levels[3] == Level(3, False)
    assert levels[-1] == Level(5, True)


def test_one_split_has_one_level_of_each_kind():
    rows = np.arange(120)
    split = make_split(0, 0, rows[:90], rows[90:], np.repeat([0, 1], 60), 2, 0)
    assert ladder([split], 10, 2) == [Level(1, False), Level(1, True)]
    assert exhaustive([split] * 4) == [Level(4, True)]


def test_the_last_level_is_all_that_can_be_done():
    splits = _splits(np.repeat([0, 1], [90, 30]), repeats=3)
    assert ladder(splits, 10, 2)[-1] == exhaustive(splits)[0]


def test_wide_files_and_many_classes_start_smaller():
    assert first_rows(10, 2) == 4_000
    assert first_rows(100, 2) == 2_000
    assert first_rows(25, 20) == 1_600
    assert first_rows(100_000, 50) == 1_000


def test_words():
    assert Level(3, True).words == "3 splits, tuned"
    assert Level(1, False, 4000).words == "1 split, untuned, from 4,000 samples"


def test_thinned_keeps_shares_but_for_the_rarest_and_their_order():
    split = _splits(Y)[0]
    part = thinned(split, Y, 1000)
    counts = np.bincount(Y[part.train])
    assert counts[:2] == pytest.approx([900, 90], abs=1)
    assert counts[2] == 50
    assert set(part.train) <= set(split.train)
    assert (np.diff(part.train) > 0).all() == (np.diff(split.train) > 0).all()
    np.testing.assert_array_equal(part.test, split.test)
    np.testing.assert_array_equal(thinned(split, Y, 1000).train, part.train)
    assert part.inner == []


def test_thinned_leaves_what_is_small_enough():
    split = _splits(Y)[0]
    assert thinned(split, Y, None) is split
    assert thinned(split, Y, len(split.train)) is split
