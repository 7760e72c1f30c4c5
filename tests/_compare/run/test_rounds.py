from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sklimb._compare.run.levels import Level, exhaustive
from sklimb._compare.run.rounds import Course
from sklimb._compare.run.running import Outcome
from sklimb._compare.run.scores import Scoring, score
from sklimb._compare.run.splits import outer_splits
from tests._compare.stand_ins import method

Y = np.random.RandomState(0).permutation(np.repeat([0, 1], [450, 150]))
CLASSES = np.array([0, 1])
SPLITS, _ = outer_splits(Y, folds=5, repeats=1, inner_folds=2, seed=0)
LEVELS = [Level(1, False), Level(3, False), Level(3, True), Level(5, True)]


def _methods(turns):
    return [replace(method(name), turn=turn) for name, turn in turns.items()]


def _play(course, wrong, failing=()):
    """Go through all rounds with methods whose shares of errors are given; return the rounds."""
    played = []
    for this in course.rounds():
        played.append((this.level, [m.name for m in this.methods]))
        for m in this.methods:
            for key in course.keys(this.level, m):
                split = next(s for s in SPLITS if (s.repeat, s.fold) == key[2:])
                truth = Y[split.test]
                noise = np.random.RandomState(split.fold).rand(len(truth)) < wrong[m.name]
                predicted = np.where(noise, 1 - truth, truth)
                proba = np.column_stack([1 - predicted, predicted]).astype(float)
                course.found[key] = Outcome(
                    m.name,
                    split.repeat,
                    split.fold,
                    setting=this.level.setting,
                    scores=score(truth, predicted, proba, CLASSES, 1),
                    proba=proba,
                    predicted=predicted,
                    error="RuntimeError: no" if m.name in failing else None,
                )
    return played


def _course(methods, levels=LEVELS, **options):
    scoring = Scoring("balanced_accuracy", CLASSES, 1)
    return Course(methods, levels, SPLITS, Y, scoring, **options)


TURNS = {"a": 1, "b": 1, "c": 2, "d": 2, "e": 3, "f": 3, "slow": 4, "slower": 4}
WRONG = {"a": 0.10, "b": 0.40, "c": 0.11, "d": 0.12, "e": 0.5, "f": 0.5, "slow": 0.05}


def test_cheap_ones_first_then_the_best_of_more_and_the_slow_ones_last():
    played = _play(_course(_methods(TURNS)), WRONG | {"slower": 0.5})
    assert played == [
        (LEVELS[0], ["a", "b"]),
        (LEVELS[0], ["c", "d"]),
        (LEVELS[0], ["e", "f"]),
        (LEVELS[1], ["a", "c", "d"]),
        (LEVELS[2], played[4][1]),
        (LEVELS[0], ["slow", "slower"]),
        (LEVELS[1], ["slow"]),
        (LEVELS[2], ["slow"]),
        (LEVELS[3], played[8][1]),
    ]
    assert played[8][1][0] == "slow"
    assert 2 <= len(played[8][1]) <= 3


def test_a_slow_method_that_is_clearly_behind_does_not_climb():
    played = _play(_course(_methods(TURNS)), WRONG | {"slow": 0.5, "slower": 0.5})
    assert [names for level, names in played if "slow" in names] == [["slow", "slower"]]
    assert played[-1][0] == LEVELS[3]


def test_of_the_methods_at_most_half_go_on_and_two_to_the_end():
    names = {f"m{k}": 1 for k in range(12)}
    played = _play(_course(_methods(names)), dict.fromkeys(names, 0.2))
    assert [len(names) for _, names in played] == [12, 6, 3, 2]


def test_methods_that_were_named_stay_unless_they_are_clearly_behind():
    names = {f"m{k}": 1 + k % 3 for k in range(8)}
    wrong = dict.fromkeys(names, 0.2) | {"m7": 0.5}
    played = _play(_course(_methods(names), asked_for=True), wrong)
    assert [len(names) for _, names in played] == [8, 7, 7, 7]
    assert "m7" in played[0][1]


def test_a_favourite_goes_on_until_another_is_clearly_ahead():
    wrong = dict.fromkeys("abcdefgh", 0.1)
    methods = [replace(m, favourite=m.name == "h") for m in _methods(dict.fromkeys(wrong, 1))]
    course = _course(methods)
    near = _play(course, wrong)
    assert [len(names) for _, names in near] == [8, 5, 4, 3]  # half of them, and it
    assert all("h" in names for _, names in near)
    assert course.leader(near[-1][0]) == "h"
    behind = _course(methods)
    far = _play(behind, wrong | {"h": 0.4})
    assert "h" in far[1][1]  # one split shows no spread
    assert all("h" not in names for _, names in far[2:])
    assert behind.leader(far[0][0]) == behind.leader(far[1][0]) == "a"


def test_a_method_that_fails_goes_no_further():
    played = _play(_course(_methods({"a": 1, "b": 1, "c": 1})), WRONG, failing={"a"})
    assert all("a" not in names for _, names in played[1:])
    assert played[1][1] == ["c", "b"]
    played = _play(_course(_methods({"a": 1})), WRONG, failing={"a"})
    assert len(played) == 1


def test_without_a_budget_there_is_one_round_with_the_cheap_ones_in_front():
    methods = _methods({"slow": 4, "a": 1, "c": 2, "b": 1})
    played = _play(_course(methods, exhaustive(SPLITS)), WRONG)
    assert played == [(Level(5, True), ["a", "b", "c", "slow"])]


def test_slow_methods_alone_are_the_first_round():
    played = _play(_course(_methods({"slow": 4, "slower": 4})), WRONG | {"slower": 0.5})
    assert played[0] == (LEVELS[0], ["slow", "slower"])


def test_rounds_follow_from_what_was_found_alone():
    one, two = (_play(_course(_methods(TURNS)), WRONG | {"slower": 0.3}) for _ in range(2))
    assert one == two


@pytest.mark.parametrize(("n", "said"), [(1, "1 method on"), (2, "2 methods on")])
def test_words(n, said):
    course = _course(_methods({f"m{k}": 1 for k in range(n)}))
    assert next(course.rounds()).words == f"{said} 1 split, untuned"
