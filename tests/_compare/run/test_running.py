from __future__ import annotations

import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline
from sklearn.naive_bayes import GaussianNB

from sklimb._compare.errors import InputError
from sklimb._compare.run.running import Outcome, Task, first_line, reason, run_task, run_tasks
from sklimb._compare.run.scores import Scoring
from sklimb._compare.run.splits import outer_splits
from tests._compare.stand_ins import SMOOTHING, Broken, Dying, Recorder, Stopping, Warning_, blobs

CANDIDATES = [{"classify__var_smoothing": [value]} for value in SMOOTHING]


@pytest.fixture
def data():
    X, y = blobs([40, 15, 8])
    X[:, 0] = np.arange(len(X))  # the rows' names, for the recorder
    splits, _ = outer_splits(y, folds=3, repeats=1, inner_folds=3, seed=0)
    return X, y, splits, Scoring("balanced_accuracy", np.unique(y), 2)


def _task(classifier, split, name="method", candidates=CANDIDATES, sampler=None):
    steps = [("resample", sampler)] if sampler is not None else []
    return Task(name, Pipeline([*steps, ("classify", classifier)]), candidates, split)


@pytest.mark.parametrize("sampler", [None, RandomOverSampler(random_state=0)])
def test_the_search_and_the_sampler_never_see_the_scored_rows(data, sampler, monkeypatch):
    X, y, splits, scoring = data
    for split in splits:
        monkeypatch.setattr(Recorder, "log", ())
        outcome = run_task(_task(Recorder(), split, sampler=sampler), X, y, scoring)
        assert outcome.error is None
        fits = [entry for entry in Recorder.log if entry[0] == "fit"]
        predictions = [entry for entry in Recorder.log if entry[0] == "predict"]
        # four candidates on three inner splits and the chosen one on the whole training part
        assert len(fits) == len(predictions) == 13
        own, scored = set(split.train), set(split.test)
        assert all(rows <= own for _, rows, _ in fits)
        assert fits[-1][1] == own
        assert predictions[-1][1] == scored
        for (_, learnt, counts), (_, held, n_held) in zip(fits[:-1], predictions[:-1], strict=True):
            assert held <= own - learnt
            assert len(held) == n_held  # nothing is drawn twice where it is scored
            assert (len(set(counts)) == 1) == (sampler is not None)


def test_two_methods_see_the_same_rows(data, monkeypatch):
    X, y, splits, scoring = data
    logs = []
    for name in ("one", "two"):
        monkeypatch.setattr(Recorder, "log", ())
        run_task(_task(Recorder(), splits[0], name), X, y, scoring)
        logs.append(Recorder.log)
    assert logs[0] == logs[1]


def test_an_outcome_has_scores_recalls_parameters_and_times(data):
    X, y, splits, scoring = data
    outcome = run_task(_task(Recorder(), splits[1]), X, y, scoring)
    assert (outcome.method, outcome.repeat, outcome.fold) == ("method", 0, 1)
    assert outcome.scores["balanced_accuracy"] == pytest.approx(np.mean(outcome.recalls))
    assert outcome.inner_scores.shape == (4,)
    chosen = SMOOTHING[int(outcome.inner_scores.argmax())]
    assert outcome.params == {"var_smoothing": chosen}
    assert 0 < outcome.fit_seconds < outcome.search_seconds


def test_a_failure_becomes_a_line(data):
    X, y, splits, scoring = data
    outcome = run_task(_task(Broken(), splits[0], candidates=[{}]), X, y, scoring)
    assert outcome.error == "RuntimeError: the loss is not finite"
    assert outcome.scores == {}


def test_a_candidate_that_fails_does_not_lose_the_others(data):
    X, y, splits, scoring = data
    candidates = [{"classify__var_smoothing": [value]} for value in (-1.0, 1e-9)]
    outcome = run_task(_task(Recorder(), splits[0], candidates=candidates), X, y, scoring)
    assert outcome.error is None
    assert outcome.params == {"var_smoothing": 1e-9}
    assert np.isnan(outcome.inner_scores[0])


def test_warnings_are_counted_and_not_shown(data, recwarn):
    X, y, splits, scoring = data
    outcome = run_task(_task(Warning_(), splits[0]), X, y, scoring)
    assert outcome.warnings == {"RuntimeWarning: it did not converge": 13}
    assert not recwarn.list


def test_an_interrupt_keeps_what_is_finished(data, monkeypatch):
    X, y, splits, scoring = data
    monkeypatch.setattr(Stopping, "fits_left", 15)
    tasks = [_task(Stopping(), split) for split in splits]
    seen = []
    outcomes, interrupted = run_tasks(tasks, X, y, scoring, n_jobs=1, on_done=seen.append)
    assert interrupted
    assert outcomes == seen
    assert [(o.fold, o.error) for o in outcomes] == [(0, None)]


def test_a_process_that_dies_loses_only_its_own_method(data):
    X, y, splits, scoring = data
    tasks = [_task(Dying(), splits[0], "dying", [{}]), _task(Recorder(), splits[0], "good")]
    outcomes, interrupted = run_tasks(tasks, X, y, scoring, n_jobs=2, on_done=lambda _: None)
    assert not interrupted
    errors = {outcome.method: outcome.error for outcome in outcomes}
    assert len(outcomes) == len(errors) == 2
    assert errors["good"] is None
    assert "its process died" in errors["dying"]


def test_reason_takes_the_end_of_what_grid_search_says():
    text = "\nAll the 4 fits failed.\n---\nTraceback (most recent call last):\n  File x\n"
    text += "ValueError: too few rows\nand more of it\n"
    assert reason(ValueError(text)) == "ValueError: too few rows"
    assert reason(ValueError("3 rows\nare few")) == "ValueError: 3 rows"
    assert reason(KeyError()) == "KeyError"
    assert first_line("\n  \n one \n two") == "one"


def test_outcomes_do_not_share_their_containers():
    one, two = Outcome("a", 0, 0), Outcome("a", 0, 1)
    one.scores["x"] = 1.0
    one.warnings["w"] += 1
    assert two.scores == {}
    assert not two.warnings


def test_what_cannot_be_kept_ends_the_run_and_is_no_process_that_died(data):
    X, y, splits, scoring = data
    seen = []

    def full(outcome):
        seen.append(outcome)
        raise InputError("no room")

    tasks = [_task(GaussianNB(), split) for split in splits]
    with pytest.raises(InputError, match="no room"):
        run_tasks(tasks, X, y, scoring, n_jobs=1, on_done=full)
    assert len(seen) == 1
