"""What the pictures of the page show."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from sklimb._compare import compare
from sklimb._compare.report.charts import (
    axis_of,
    curves,
    dots,
    in_groups,
    largest_confusions,
    times,
)
from sklimb._compare.report.wording import readable
from tests._compare.stand_ins import BAYES, BROKEN, TREE, blobs


@pytest.fixture(scope="module")
def found():
    X, y = blobs([40, 12], labels=["no", "yes"])
    methods = [BAYES, TREE, BROKEN]
    return compare(
        X, y, methods=methods, folds=2, n_jobs=1, random_state=0, aim="recall=0.7", refit=False
    )


@pytest.mark.parametrize(("low", "high"), [(0.713, 0.88), (0.5, 0.5), (0, 1), (0.991, 0.9912)])
def test_an_axis_holds_its_values_between_a_few_round_ticks(low, high):
    ticks = axis_of(low, high)
    assert ticks[0] <= low <= high <= ticks[-1]
    assert 2 <= len(ticks) <= 7
    assert np.allclose(np.diff(ticks), ticks[1] - ticks[0])


def test_an_axis_of_costs_may_be_fine_or_wide():
    assert axis_of(0.00012, 0.0005, least=-6) == [0.0001, 0.0002, 0.0003, 0.0004, 0.0005]
    ticks = axis_of(12.0, 4321.0, least=-6)
    assert ticks[0] <= 12 and ticks[-1] >= 4321 and len(ticks) <= 7


def test_dots_stand_at_their_means_between_their_spreads(found):
    chart = dots(found)
    assert [row["method"] for row in chart["rows"]] == list(
        found.results.loc[found.results["error"] == "", "method"]
    )
    (low, _), (high, _) = chart["ticks"][0], chart["ticks"][-1]
    for row in chart["rows"]:
        assert low + row["at"] / 100 * (high - low) == pytest.approx(row["value"], abs=1e-3)
        assert 0 <= row["low"] <= row["at"] <= row["high"] <= 100
        wide = (row["high"] - row["low"]) / 100 * (high - low)
        assert wide <= 2 * row["spread"] + 1e-3


def test_each_point_of_a_curve_is_what_its_threshold_gives(found):
    chart = json.loads(json.dumps(curves(found)))  # plain numbers alone
    assert chart["rare"] == "yes"
    assert [m["label"] for m in chart["methods"]] == [dot["label"] for dot in dots(found)["rows"]]
    held = found.predictions[found.best_method]
    scores, positive = held.proba[:, 1], held.truth == 1
    best = chart["methods"][0]
    assert (best["positive"], best["total"]) == (positive.sum(), len(positive))
    for threshold, hits, called in zip(best["thresholds"], best["found"], best["called"]):
        above = scores >= threshold - 1e-5
        assert (above.sum(), (above & positive).sum()) == (called, hits)


def test_the_first_point_is_that_of_the_decision(found):
    best = curves(found)["methods"][0]
    held = found.predictions[found.best_method]
    assert best["called"][best["start"]] == np.sum(held.proba[:, 1] >= found.decision.threshold)


def test_times_go_by_logarithms(found):
    chart = times(found)
    assert [p["number"] for p in chart["points"]] == [1, 2]
    marks = {float(text): place for text, place in chart["x"]}
    first, last = min(marks), max(marks)
    for p in chart["points"]:
        share = np.log(p["seconds"] / first) / np.log(last / first)
        width = marks[last] - marks[first]
        assert p["x"] == pytest.approx(marks[first] + width * share, abs=0.1)


def test_nothing_finished_is_no_picture():
    X, y = blobs([40, 12])
    broken = compare(X, y, methods=[BROKEN], folds=2, n_jobs=1, random_state=0)
    assert dots(broken) is None and curves(broken) is None and times(broken) is None


def test_confusions_by_their_share():
    table = pd.DataFrame(
        [[90, 10, 0], [0, 3, 2], [0, 0, 0]], index=list("abc"), columns=list("abc")
    )
    assert largest_confusions(table) == [("b", "c", 2.0, 0.4), ("a", "b", 10.0, 0.1)]
    assert len(largest_confusions(table, most=1)) == 1


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("estimator__estimator__lr=0.01", "lr=0.01"),
        ("loss='logit_adjusted', class_weight=None", "loss='logit_adjusted', class_weight=None"),
        ("a__lr=1, b__c__lr=2", "a: lr=1, c: lr=2"),
        ("", ""),
    ],
)
def test_parameters_as_a_reader_knows_them(written, read):
    assert readable(written) == read


def test_groups():
    assert in_groups("abcdefg", 3) == [["a", "b", "c"], ["d", "e", "f"], ["g"]]
