from __future__ import annotations

import numpy as np
import pytest

from sklimb._compare.decisions.held_out import held_out
from sklimb._compare.run.running import Outcome
from sklimb._compare.run.splits import make_split, outer_splits

Y = np.array(["a", "b", "b", "a", "b", "b", "a", "b"] * 3)
CLASSES = np.array(["a", "b"])


def _outcomes(splits):
    """Predictions that name their row: row / 100."""
    return [
        Outcome(
            "m",
            s.repeat,
            s.fold,
            proba=np.column_stack([s.test, s.test]) / 100,
            predicted=np.searchsorted(CLASSES, Y[s.test]),
        )
        for s in splits
    ]


@pytest.mark.parametrize("repeats", [1, 2])
def test_folds_are_put_together_row_by_row(repeats):
    splits, _ = outer_splits(Y, folds=3, repeats=repeats, inner_folds=2, seed=0)
    held = held_out(_outcomes(splits), splits, Y, CLASSES)
    np.testing.assert_allclose(held.proba[:, 0], held.rows / 100)
    np.testing.assert_array_equal(CLASSES[held.truth], Y[held.rows])
    assert held.n_repeats == repeats
    assert sorted(held.rows) == sorted([*range(24)] * repeats)
    np.testing.assert_allclose(held.prior, [9 / 24, 15 / 24])


@pytest.mark.parametrize("repeats", [1, 2])
def test_a_part_is_decided_without_its_own_rows(repeats):
    splits, _ = outer_splits(Y, folds=3, repeats=repeats, inner_folds=2, seed=0)
    held = held_out(_outcomes(splits), splits, Y, CLASSES)
    for part in np.unique(held.part):
        own, others = set(held.rows[held.part == part]), set(held.rows[held.others(part)])
        assert not own & others
    assert held.others(0).any()


def test_a_test_part_is_cut_in_halves_that_have_all_classes():
    rows, test = np.arange(16), np.arange(16, 24)
    splits = [make_split(r, 0, rows, test, Y, 2, 0) for r in range(3)]
    held = held_out(_outcomes(splits), splits, Y, CLASSES)
    assert held.n_repeats == 3
    for part in (0, 1):
        assert set(held.truth[held.part == part]) == {0, 1}
        assert not set(held.rows[held.part == part]) & set(held.rows[held.others(part)])
