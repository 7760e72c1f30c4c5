from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sklimb._compare import compare
from tests._compare.stand_ins import BAYES, BROKEN, DRAWN, TREE, blobs

X, Y = blobs([60, 25, 12], labels=["many", "some", "few"])
OPTIONS = {"folds": 4, "n_jobs": 1, "random_state": 0, "refit": False}


def test_rounds_end_where_everything_has_been_done():
    whole = compare(X, Y, methods=[BAYES, DRAWN], **OPTIONS)
    found = compare(X, Y, methods=[BAYES, DRAWN], budget=1e6, **OPTIONS)
    assert not found.provisional
    assert found.verdict.startswith("Use ")
    timed = ["fit_seconds", "search_seconds", "stage"]
    pd.testing.assert_frame_equal(
        found.results.drop(columns=timed), whole.results.drop(columns=timed)
    )
    assert (found.results["setting"] == "tuned").all()
    assert set(found.folds["setting"]) == {"untuned", "tuned"}


@pytest.mark.parametrize("budget", [None, 1e6, 1e-6])
def test_a_favourite_is_named_unless_another_is_clearly_ahead(budget):
    given = {**OPTIONS, "budget": budget, "metric": "macro_f1"}
    tree = replace(TREE, favourite=True)
    found = compare(X, Y, methods=[BAYES, tree], **given)
    assert list(found.results["method"]) == ["bayes", "tree"]
    ahead = found.results["macro_f1"].iloc[0] - found.results["macro_f1"].iloc[1]
    assert ahead > 0
    assert found.best_method == "tree"
    assert f"{100 * ahead:.1f} points behind naive Bayes, which may be luck. " in found.verdict
    assert "less than 2.0 standard errors of the difference" in found.reasons
    assert compare(X, Y, methods=[BAYES, TREE], **given).best_method == "bayes"


def test_a_short_budget_is_provisional_and_says_what_is_left():
    found = compare(X, Y, methods=[BAYES, TREE], budget=1e-6, **OPTIONS)
    assert found.provisional
    assert found.verdict.startswith("So far, use")
    assert found.best_params_ == {}
    (note,) = [n for n in found.notes if "the budget was enough for 1 round" in n]
    assert "2 methods on 3 splits, untuned" in note
    assert "on 1 split, untuned:" in str(found)
    assert found.results["n_splits"].eq(1).all()


def test_a_method_that_fails_is_told_in_rounds_too():
    found = compare(X, Y, methods=[BAYES, BROKEN], budget=1e6, **OPTIONS)
    assert list(found.results["method"]) == ["bayes", "broken"]
    assert "the loss is not finite" in found.results["error"].iloc[1]
    assert found.best_method == "bayes"


def test_all_methods_failing_in_rounds_is_a_result():
    found = compare(X, Y, methods=[BROKEN], budget=1e6, **OPTIONS)
    assert found.best_method is None
    assert found.verdict.startswith("No method finished")


def test_those_with_the_same_splits_are_ranked_together():
    # names, so that all go on unless they are clearly behind: one split is all that has both
    found = compare(X, np.random.RandomState(0).permutation(Y), methods=[BAYES, TREE], budget=1e6,
                    **OPTIONS)  # fmt: skip
    for _, own in found.results.groupby("stage"):
        assert own["n_splits"].nunique() == own["setting"].nunique() == 1
    assert found.results["stage"].is_monotonic_decreasing
