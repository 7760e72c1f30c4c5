from __future__ import annotations

import numpy as np
import pytest

from sklimb._compare.report.summary import (
    best_candidate,
    fold_frame,
    lead,
    method_frame,
    recall_frame,
    written,
)
from sklimb._compare.run.running import Outcome
from sklimb._compare.run.scores import SCORES
from tests._compare.stand_ins import BAYES, BROKEN, SMOOTHING, TREE

CLASSES = np.array(["a", "b", "c"])


def _outcome(method, fold, value, chosen=0, recalls=(1.0, 0.5, 0.0)):
    inner = np.linspace(0.5, 0.4, 4)
    inner[chosen] = 0.9
    grid = BAYES.candidates("quick") if method == "bayes" else TREE.candidates("quick")
    params = {key.removeprefix("classify__"): v for key, (v,) in grid[chosen].items()}
    return Outcome(
        method,
        0,
        fold,
        scores=dict.fromkeys(SCORES, value),
        recalls=np.array(recalls),
        params=params,
        inner_scores=inner,
        fit_seconds=1.0 + fold,
        search_seconds=10.0,
    )


@pytest.fixture
def outcomes():
    return [
        _outcome("tree", 1, 0.9),
        _outcome("bayes", 0, 0.6, chosen=1),
        _outcome("tree", 0, 0.7, recalls=(0.5, 0.5, np.nan)),
        Outcome("broken", 0, 0, error="RuntimeError: no"),
        _outcome("bayes", 1, 0.4, chosen=1),
    ]


def test_one_row_a_method_best_first_and_failures_last(outcomes):
    found = method_frame([BROKEN, BAYES, TREE], outcomes, "macro_f1", "quick")
    assert list(found["method"]) == ["tree", "bayes", "broken"]
    tree = found.iloc[0]
    assert tree["macro_f1"] == pytest.approx(0.8)
    assert tree["macro_f1_std"] == pytest.approx(np.std([0.9, 0.7], ddof=1))
    assert tree["fit_seconds"] == pytest.approx(1.5)
    assert (tree["n_splits"], tree["times_chosen"], tree["best_params"]) == (2, 2, "max_depth=1")
    assert tree["error"] == ""
    broken = found.iloc[2]
    assert np.isnan(broken["balanced_accuracy"])
    assert broken["error"] == "RuntimeError: no (1 of 1 splits)"


def test_a_method_that_failed_once_has_no_means(outcomes):
    outcomes.append(Outcome("tree", 0, 2, error="MemoryError: 9 GB"))
    found = method_frame([BAYES, TREE], outcomes, "macro_f1", "quick").set_index("method")
    assert np.isnan(found.loc["tree", "macro_f1"])
    assert found.loc["tree", "error"] == "MemoryError: 9 GB (1 of 3 splits)"


def test_a_method_that_has_not_begun_has_no_row(outcomes):
    found = method_frame([BAYES, TREE], outcomes[:1], "macro_f1", "quick")
    assert list(found["method"]) == ["tree"]
    assert np.isnan(found["macro_f1_std"].iloc[0])


def test_folds_are_in_the_order_of_methods_and_splits(outcomes):
    found = fold_frame([BAYES, TREE, BROKEN], outcomes)
    assert list(zip(found["method"], found["fold"], strict=True)) == [
        ("bayes", 0),
        ("bayes", 1),
        ("tree", 0),
        ("tree", 1),
        ("broken", 0),
    ]
    assert found["params"].iloc[0] == "var_smoothing=0.001"
    assert found["error"].iloc[-1] == "RuntimeError: no"


def test_the_best_candidate_is_best_over_all_splits():
    outcomes = [_outcome("bayes", 0, 0.5, 1), _outcome("bayes", 1, 0.5, 2)]
    outcomes[0].inner_scores = np.array([0.1, 0.8, 0.7, np.nan])
    outcomes[1].inner_scores = np.array([0.1, 0.2, 0.7, 0.9])
    params, times = best_candidate(BAYES, "quick", outcomes)
    assert params == {"var_smoothing": SMOOTHING[2]}
    assert times == 1


def test_recall_by_class_is_a_mean_over_the_splits_that_scored_it(outcomes):
    results = method_frame([BAYES, TREE, BROKEN], outcomes, "macro_f1", "quick")
    found = recall_frame(results, outcomes, CLASSES, np.array([5, 90, 7]))
    assert list(found.index) == ["b", "c", "a"]
    assert list(found.columns) == ["rows", "tree", "bayes"]
    np.testing.assert_allclose(found["tree"], [0.5, 0.0, 0.75])
    assert list(found["rows"]) == [90, 7, 5]


def test_recall_of_a_class_that_no_split_scored_is_missing_without_a_warning():
    outcomes = [_outcome("tree", 0, 0.7, recalls=(0.5, 0.5, np.nan))]
    results = method_frame([TREE], outcomes, "macro_f1", "quick")
    found = recall_frame(results, outcomes, CLASSES, np.array([3, 2, 1]))
    assert np.isnan(found.loc["c", "tree"])


def test_a_lead_is_the_mean_of_differences_and_its_spread_theirs(outcomes):
    folds = fold_frame([BAYES, TREE], [o for o in outcomes if o.method != "broken"])
    mean, spread, n = lead(folds, "macro_f1", "tree", "bayes")
    assert (mean, n) == (pytest.approx(0.3), 2)
    assert spread == pytest.approx(np.std([0.1, 0.5], ddof=1))
    mean, spread, n = lead(folds.iloc[1:], "macro_f1", "tree", "bayes")
    assert (mean, n) == (pytest.approx(0.5), 1)
    assert np.isnan(spread)


def test_parameters_are_written_without_the_prefix_of_the_module():
    assert written({"lr": 0.01, "module__hidden": (64, 64)}) == "lr=0.01, hidden=(64, 64)"
