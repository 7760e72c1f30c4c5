from __future__ import annotations

import re

import numpy as np
import pytest

from sklimb._compare import ComparisonInterrupted, InputError, answering, compare
from tests._compare.stand_ins import BAYES, TREE, Stopping, blobs, method

X, Y = blobs([60, 25, 12], labels=["many", "some", "few"])
OPTIONS = {"methods": [BAYES, TREE], "folds": 3, "random_state": 0, "refit": False}


class Clock:
    """A clock on which every look at it is so many seconds later."""

    def __init__(self, step):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


def test_each_round_gives_an_answer_before_the_last():
    seen = []
    found = compare(X, Y, budget=1e6, n_jobs=1, on_round=seen.append, **OPTIONS)
    assert len(seen) == 2  # one split; three; and tuned, which is the result
    assert all(one.provisional and one.best_estimator_ is None for one in seen)
    assert all(one.verdict.startswith("So far, use") for one in seen)
    assert all("model.fit(X, y)" in one.code for one in seen)
    assert not found.provisional
    assert [len(one.folds) for one in (*seen, found)] == sorted(
        len(one.folds) for one in (*seen, found)
    )


def test_the_same_rounds_give_the_same_whatever_the_jobs_and_the_clock(monkeypatch):
    # The clock is the budget's only, so one that runs in leaps ends two runs after the same rounds.
    found = []
    for n_jobs in (1, 2):
        monkeypatch.setattr(answering, "clock", Clock(20.0))
        found.append(compare(X, Y, budget=80.0, n_jobs=n_jobs, **OPTIONS))
    one, two = found
    assert one.provisional and two.provisional
    assert one.verdict == two.verdict
    assert one.code == two.code
    for name in ("bayes", "tree"):
        np.testing.assert_array_equal(one.predictions[name].proba, two.predictions[name].proba)


@pytest.mark.parametrize("budget", [0, -1, float("nan"), "60", True])
def test_a_budget_is_a_number_of_seconds(budget):
    with pytest.raises(InputError, match="budget must be a number of seconds above 0"):
        compare(X, Y, budget=budget, **OPTIONS)


def test_a_checkpoint_goes_on_where_it_was_and_gives_the_same(tmp_path):
    cut = compare(X, Y, budget=1e-6, n_jobs=1, checkpoint=tmp_path, **OPTIONS)
    assert cut.provisional
    more = compare(X, Y, budget=1e6, n_jobs=1, checkpoint=tmp_path, **OPTIONS)
    assert "2 finished runs read, not run again" in more.notes
    fresh = compare(X, Y, budget=1e6, n_jobs=1, **OPTIONS)
    assert more.verdict == fresh.verdict
    assert more.code == fresh.code
    with pytest.raises(InputError, match=r"other data \(97 rows.*not of this \(96 rows"):
        compare(X[:-1], Y[:-1], n_jobs=1, checkpoint=tmp_path, **OPTIONS)
    with pytest.raises(InputError, match=r"metric \(there 'balanced_accuracy', here 'macro_f1'"):
        compare(X, Y, metric="macro_f1", n_jobs=1, checkpoint=tmp_path, **OPTIONS)


def test_other_costs_are_another_comparison_where_they_rank(tmp_path):
    ways = {"metric": "cost", "budget": 1e-6, "n_jobs": 1, "checkpoint": tmp_path, **OPTIONS}
    cheap = {"many": 1, "some": 2, "few": 5}
    one = compare(X, Y, costs=cheap, **ways)
    again = compare(X, Y, costs=cheap, **ways)
    assert again.verdict == one.verdict
    assert "2 finished runs read, not run again" in again.notes
    with pytest.raises(InputError, match="but with other costs"):
        compare(X, Y, costs={**cheap, "few": 50}, **ways)


def test_a_checkpoint_that_is_not_to_be_read_is_emptied(tmp_path):
    compare(X, Y, budget=1e6, n_jobs=1, checkpoint=tmp_path, **OPTIONS)
    anew = compare(
        X, Y, metric="macro_f1", budget=1e-6, n_jobs=1, checkpoint=tmp_path, resume=False, **OPTIONS
    )
    assert not any("read, not run again" in note for note in anew.notes)
    assert len(list(tmp_path.glob("*.npz"))) == 2


def test_ctrl_c_while_an_answer_is_written_keeps_it():
    def stop(comparison):
        raise KeyboardInterrupt

    with pytest.raises(ComparisonInterrupted) as caught:
        compare(X, Y, budget=1e6, n_jobs=1, on_round=stop, **OPTIONS)
    assert caught.value.comparison.best_method in ("bayes", "tree")


def test_ctrl_c_in_a_round_shows_the_rounds_before(monkeypatch, tmp_path):
    monkeypatch.setattr(Stopping, "fits_left", 2)
    options = {**OPTIONS, "methods": [BAYES, method("stopping", Stopping)]}
    with pytest.raises(ComparisonInterrupted) as caught:
        compare(X, Y, budget=1e6, n_jobs=1, checkpoint=tmp_path, **options)
    found = caught.value.comparison
    assert found.provisional and found.interrupted
    assert set(found.results["method"]) == {"bayes", "stopping"}
    assert (found.results["n_splits"] == 1).all()
    assert any("interrupted in round 2 (2 methods on 3 splits" in note for note in found.notes)
    # what the cut round had finished is kept
    assert len(list(tmp_path.glob("*.npz"))) > 2


def test_progress_tells_of_each_round(capfd):
    compare(X, Y, budget=1e6, n_jobs=1, progress=True, **OPTIONS)
    err = capfd.readouterr().err
    for part in ("Round 1: 2 methods on 1 split, untuned, about", "Round 3: ", "s: So far, use"):
        assert part in err


def test_what_the_last_fits_take_beyond_the_budget_is_told(monkeypatch, capfd):
    monkeypatch.setattr(answering, "clock", Clock(20.0))
    options = {**OPTIONS, "refit": True, "progress": True}
    found = compare(X, Y, budget=80.0, n_jobs=1, **options)
    said = rf"Last: a fit of {found.labels[found.best_method]} to all samples, for the model, about"
    assert re.search(said + r" 5 s: about \d+ s more than the budget", capfd.readouterr().err)
    compare(X, Y, budget=1e6, n_jobs=1, **options)
    assert "Last: " not in capfd.readouterr().err  # a fit of no time needs no word


def test_texts_have_methods_that_take_them():
    texts = [f"{label} word{k % 7} more" for k, label in enumerate(Y)]
    found = compare(texts, Y, budget=1e-6, n_jobs=1, folds=3, random_state=0, refit=False)
    first = {"linear_svc", "logistic", "forest", "logit_adjusted", "offset"}
    assert set(found.results["method"]) == first
    assert (found.results["error"] == "").all()
    assert "max_epochs=25" in found.results.set_index("method").loc["offset", "best_params"]


def test_a_long_list_of_names_takes_turns_as_all_methods_do():
    names = ["logistic", "linear_svc", "plain", "smote", "reweight", "ldam_drw", "affinity"]
    found = compare(X, Y, methods=names, budget=1e-6, n_jobs=1, random_state=0, refit=False)
    assert list(found.results["method"]) == ["logistic"]
    few = compare(X, Y, methods=["logistic", "linear_svc"], budget=1e-6, n_jobs=1, random_state=0)
    assert set(few.results["method"]) == {"logistic", "linear_svc"}
