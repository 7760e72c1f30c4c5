from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import StandardScaler

from sklimb._compare.run.levels import exhaustive, ladder
from sklimb._compare.run.options import make_options
from sklimb._compare.run.problems import make_problem
from sklimb._compare.run.racing import Ending, race, round_tasks
from sklimb._compare.run.rounds import Course
from sklimb._compare.run.scores import Scoring
from sklimb._compare.run.store import Store, fingerprint
from tests._compare.stand_ins import BAYES, TREE, Recorder, Stopping, blobs, method

X, Y = blobs([60, 25, 12])


class Clock:
    """A clock that goes on by one second a call."""

    def __init__(self, step=1.0):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


class Counting(GaussianNB):
    """Counts its fits."""

    n_fits = 0

    def fit(self, X, y, sample_weight=None):
        type(self).n_fits += 1
        return super().fit(X, y, sample_weight)


COUNTING = method("counting", Counting)


def _set_up(methods, budget, levels=None):
    options = make_options(
        metric="balanced_accuracy",
        folds=5,
        repeats=None,
        grid="quick",
        device="cpu",
        n_jobs=1,
        random_state=0,
        budget=budget,
    )
    problem = make_problem(
        X,
        Y,
        X_test=None,
        y_test=None,
        folds=5,
        repeats=1,
        inner_folds=3,
        groups=None,
        time=None,
        seed=0,
    )
    problem.prepare = StandardScaler()
    scoring = Scoring("balanced_accuracy", np.unique(Y), 2)
    levels = levels or ladder(problem.splits, 3, 3)
    course = Course(methods, levels, problem.splits, problem.y, scoring, asked_for=True)
    return course, problem, options


def _race(methods, budget, clock=None, **options):
    course, problem, opts = _set_up(methods, budget)
    ending = race(course, problem, opts, clock=clock or Clock(0), started=0.0, **options)
    return course, ending


def test_without_an_end_of_time_all_rounds_are_run():
    course, ending = _race([BAYES, TREE], budget=None)
    assert [this.level for this in ending.done] == course.levels
    assert len(ending.seconds) == len(ending.done)
    assert (ending.left, ending.interrupted) == (None, None)
    assert len(course.at(course.levels[-1], course.methods)) == 2


@pytest.mark.parametrize("budget", [1e-6, 4.0, 8.0])
def test_a_budget_decides_only_whether_the_next_round_starts(budget):
    whole, _ = _race([BAYES, TREE], budget=None)
    course, ending = _race([BAYES, TREE], budget=budget, clock=Clock(1.0))
    assert ending.done  # the first always
    assert ending.left is not None and ending.left_seconds >= 0
    assert ending.left.level == course.levels[len(ending.done)]
    for key, outcome in course.found.items():
        assert outcome.scores == whole.found[key].scores


def test_a_round_that_is_known_to_take_long_is_not_begun():
    course, problem, options = _set_up([BAYES], budget=50.0)

    def slow(outcome):  # as if each fit had taken a minute
        outcome.fit_seconds = 60.0

    watcher = type("Watcher", (), {"begin": lambda *a: None, "end": lambda *a: None})
    watcher.__call__ = lambda self, outcome: slow(outcome)
    ending = race(course, problem, options, clock=Clock(0), started=0.0, watcher=watcher())
    assert len(ending.done) == 1
    assert ending.left_seconds >= 60


@pytest.mark.parametrize("leads", [True, False])
def test_time_is_kept_for_the_last_fits_of_the_leader_alone(leads):
    course, problem, options = _set_up([BAYES, TREE], budget=60.0)
    race(course, problem, replace(options, budget=1e-6), clock=Clock(0), started=0.0)
    best = course.leader(course.levels[0])
    slow = {True: best, False: ({"bayes", "tree"} - {best}).pop()}[leads]
    for outcome in course.found.values():
        outcome.fit_seconds = 20.0 if outcome.method == slow else 0.0
        outcome.search_seconds = 0.0
    # 40 s of the next round are there, and not another 20 and more
    ending = race(course, problem, options, clock=Clock(0), started=0.0)
    assert (len(ending.done) == 1) == leads
    ending = race(course, problem, options, clock=Clock(0), started=0.0, refit=False)
    assert len(ending.done) > 1


def test_finished_fits_are_never_run_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(Counting, "n_fits", 0)
    _, problem, _ = _set_up([COUNTING], budget=4.0)
    key = fingerprint(problem.X, problem.y, problem.splits, {})

    def again(budget, clock):
        course, problem, options = _set_up([COUNTING], budget=budget)
        store = Store(tmp_path, key, "blobs")
        ending = race(course, problem, options, clock=clock, started=0.0, store=store)
        return course, ending

    _, first = again(1e-6, Clock())
    cut = Counting.n_fits
    assert len(first.done) == 1 and cut == 1
    course, ending = again(None, Clock())
    assert ending.n_read == 1
    whole = Counting.n_fits
    # 5 splits untuned, then 4 candidates on 3 inner splits and the last fit on each of 5
    assert whole == 5 + 5 * 13
    other, ending = again(None, Clock())
    assert Counting.n_fits == whole
    assert ending.n_read == 10
    assert {k: o.scores for k, o in other.found.items()} == {
        k: o.scores for k, o in course.found.items()
    }


def test_levels_share_what_they_have_in_common(monkeypatch):
    monkeypatch.setattr(Counting, "n_fits", 0)
    _race([COUNTING], budget=None)
    assert Counting.n_fits == 5 + 5 * 13


def test_ctrl_c_keeps_what_is_finished(monkeypatch):
    monkeypatch.setattr(Stopping, "fits_left", 2)
    course, ending = _race([BAYES, method("stopping", Stopping)], budget=60.0)
    assert ending.interrupted is not None
    assert ending.interrupted.level.n_splits == 3
    assert len(ending.done) == 1
    assert len(course.found) >= 4


def test_each_round_but_the_last_is_told():
    seen = []
    _, ending = _race([BAYES], None, on_round=lambda ending: seen.append(len(ending.done)))
    assert seen == list(range(1, len(ending.done)))


def test_tasks_are_split_by_split_and_search_only_where_tuned():
    course, problem, options = _set_up([BAYES, TREE], None)
    for this in (next(course.rounds()),):
        tasks = round_tasks(this, course, problem, options)
        assert [t.key for t in tasks] == [("bayes", "untuned", 0, 0), ("tree", "untuned", 0, 0)]
        assert all(len(t.candidates) == 1 for t in tasks)
    course, problem, options = _set_up([BAYES, TREE], None, exhaustive(problem.splits))
    tasks = round_tasks(next(course.rounds()), course, problem, options)
    assert [t.key[::3] for t in tasks[:4]] == [("bayes", 0), ("tree", 0), ("bayes", 1), ("tree", 1)]
    assert all(len(t.candidates) == 4 for t in tasks)


def test_an_untuned_fit_is_one_fit_on_the_whole_training_part(monkeypatch):
    monkeypatch.setattr(Recorder, "log", ())
    course, ending = _race([method("recorder", Recorder)], budget=1e-6)
    assert [entry[0] for entry in Recorder.log] == ["fit", "predict"]
    (outcome,) = course.found.values()
    assert outcome.n_rows == len(course.splits[0].train)
    assert isinstance(ending, Ending)
