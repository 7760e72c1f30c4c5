from __future__ import annotations

import numpy as np

from sklimb._compare.report.standing import standing
from sklimb._compare.run.levels import Level
from sklimb._compare.run.rounds import Course, Round
from sklimb._compare.run.running import Outcome
from sklimb._compare.run.scores import Scoring
from sklimb._compare.run.splits import outer_splits
from tests._compare.stand_ins import method

Y = np.repeat([0, 1], [40, 20])
SPLITS, _ = outer_splits(Y, folds=3, repeats=1, inner_folds=2, seed=0)
A, B, C = (method(name) for name in "abc")
LOOK, CLOSER = Level(1, False), Level(3, True)


def _course(found, levels=(LOOK, CLOSER)):
    scoring = Scoring("macro_f1", np.array([0, 1]), 1)
    course = Course([A, B, C], levels, SPLITS, Y, scoring)
    for name, setting, fold in found:
        outcome = Outcome(name, 0, fold, setting=setting)
        course.found[outcome.key] = outcome
    return course


def _shown(result):
    return sorted((o.method, o.setting, o.fold) for o in result.outcomes)


FIRST = [("a", "untuned", 0), ("b", "untuned", 0)]
SECOND = [("a", "tuned", fold) for fold in range(3)]


def test_each_method_stands_where_it_came_to():
    done = [Round(LOOK, (A, B)), Round(CLOSER, (A,))]
    result = standing(_course(FIRST + SECOND), done)
    assert _shown(result) == sorted([("b", "untuned", 0), *SECOND])
    assert result.stages == {"a": 1, "b": 0}
    assert (result.words(1), result.words(0)) == ("3 splits, tuned", "1 split, untuned")


def test_a_round_that_was_cut_is_left_out():
    result = standing(_course([*FIRST, *SECOND[:2]]), [Round(LOOK, (A, B))])
    assert _shown(result) == FIRST


def test_of_a_first_round_that_was_cut_the_splits_that_all_have_are_taken():
    found = [("a", "tuned", 0), ("a", "tuned", 1), ("a", "tuned", 2), ("b", "tuned", 1),
             ("b", "tuned", 0), ("c", "tuned", 2)]  # fmt: skip
    result = standing(_course(found, [CLOSER]), [])
    # c has not the split that most have
    assert _shown(result) == [(m, "tuned", k) for m in "ab" for k in (0, 1)]
    assert result.words(0) == "2 splits, tuned"


def test_nothing_yet():
    result = standing(_course([]), [])
    assert (result.outcomes, result.stages) == ([], {})
