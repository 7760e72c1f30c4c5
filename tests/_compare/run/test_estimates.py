from __future__ import annotations

import numpy as np
import pytest

from sklimb._compare.run.estimates import last_seconds, pace_of, round_seconds, task_seconds
from sklimb._compare.run.methods import METHODS
from sklimb._compare.run.running import Outcome, Task
from sklimb._compare.run.splits import make_split

NET, FOREST = METHODS["plain"], METHODS["forest"]


def _task(method, n=1000, tuned=False):
    y = np.arange(n + 10) % 2
    split = make_split(0, 0, np.arange(n), np.arange(n, n + 10), y, 3, 0)
    candidates = method.candidates("quick") if tuned else method.only_candidate()
    return Task(method.name, None, candidates, split, "tuned" if tuned else "untuned")


def _done(method, n, seconds, setting="untuned"):
    return Outcome(
        method.name, 0, 0, fit_seconds=seconds, search_seconds=0.0, n_rows=n, setting=setting
    )


def test_more_rows_columns_and_classes_take_longer():
    base = task_seconds(_task(NET), NET, 10, 2, [])
    assert task_seconds(_task(NET, 10_000), NET, 10, 2, []) > base
    assert task_seconds(_task(NET), NET, 1000, 2, []) > base
    boosting = METHODS["boosting"]
    few, many = (task_seconds(_task(boosting), boosting, 10, n, []) for n in (2, 20))
    assert many == pytest.approx(10 * few)


def test_a_search_takes_as_long_as_its_fits():
    # 4 candidates on two thirds of the rows, three times, and the last fit
    one, search = (task_seconds(_task(NET, tuned=t), NET, 10, 2, []) for t in (False, True))
    assert search == pytest.approx(9 * one, rel=0.01)


def test_what_was_measured_counts_the_nearest_in_rows_first():
    done = [_done(NET, 100, 5.0), _done(NET, 900, 2.0), _done(FOREST, 1000, 99.0)]
    assert task_seconds(_task(NET, 900), NET, 10, 2, done) == 2.0
    larger = task_seconds(_task(NET, 9000, tuned=True), NET, 10, 2, done)
    assert 9 * 2.0 < larger < 90 * 2.0
    assert task_seconds(_task(NET), NET, 10, 2, [_done(NET, 9, float("nan"))]) < 5


def test_the_last_fits_go_by_the_slowest_of_the_largest():
    done = [_done(NET, 500, 9.0), _done(NET, 1000, 2.0), _done(NET, 990, 3.0)]
    alone = {"refit": True, "deciding": False}
    assert last_seconds(done, 1000, 2, **alone) == pytest.approx(3.0 * 1000 / 990)
    assert last_seconds(done, 9900, 2, **alone) == pytest.approx(30.0)
    # three more, two at a time
    assert last_seconds(done, 9900, 2, refit=True, deciding=True) == pytest.approx(90.0)
    assert last_seconds(done, 9900, 1, refit=False, deciding=True) == pytest.approx(90.0)
    assert last_seconds(done, 9900, 8, refit=False, deciding=False) == 0
    assert last_seconds([_done(NET, 9, float("nan"))], 9900, 2, **alone) == 0


def test_what_others_took_says_how_fast_the_machine_is():
    methods = {"plain": NET, "forest": FOREST}
    assert pace_of([], methods, 10, 2) == 1.0
    rough = task_seconds(_task(NET), NET, 10, 2, [])
    done = [_done(NET, 1000, 3 * rough), _done(FOREST, 1000, float("nan"))]
    pace = pace_of(done, methods, 10, 2)
    assert pace == pytest.approx(3.0)
    forest = task_seconds(_task(FOREST), FOREST, 10, 2, done, pace)
    assert forest == pytest.approx(3 * task_seconds(_task(FOREST), FOREST, 10, 2, []))
    assert pace_of([_done(NET, 1000, 1e9)], methods, 10, 2) <= 10


def test_a_round_is_as_long_as_its_longest_task_and_all_together():
    assert round_seconds([], 2, fresh=True) == 0.0
    assert round_seconds([4.0], 2, fresh=False) == 4.0
    assert round_seconds([1.0] * 8, 1, fresh=True) == 8.0
    two = round_seconds([1.0] * 8, 2, fresh=False)
    assert 4.0 <= two <= 5.0
    assert round_seconds([1.0] * 8, 2, fresh=True) > two
