from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.decisions.aims import make_aim
from sklimb._compare.errors import InputError

TWO, THREE = np.array(["fraud", "ok"]), np.array(["a", "b", "c"])


@pytest.mark.parametrize("given", ["recall=0.8", {"recall": 0.8}, " Recall = 0.8 "])
def test_a_recall_to_reach(given):
    aim = make_aim(given, None, TWO, "fraud")
    assert (aim.kind, aim.least, aim.positive) == ("recall", 0.8, 0)
    assert aim.words == "recall of at least 80 %"


@pytest.mark.parametrize(
    "given",
    [
        "miss=50,alarm=1",
        {"miss": 50, "alarm": 1},
        {"Alarm": 1, "Miss": 50},
        pd.Series({"alarm": 1, "miss": 50}),
    ],
    ids=str,
)
@pytest.mark.parametrize("rare", TWO)
def test_costs_of_a_miss_and_an_alarm_go_by_the_rare_class(given, rare):
    aim = make_aim(None, given, TWO, rare)
    k = aim.positive
    assert TWO[k] == rare
    assert (aim.costs[k, 1 - k], aim.costs[1 - k, k]) == (50, 1)
    assert aim.words == "least cost, a miss at 50 and a false alarm at 1"


def test_a_matrix_for_many_classes():
    matrix = np.arange(9.0).reshape(3, 3) * (1 - np.eye(3))
    np.testing.assert_array_equal(make_aim(None, matrix, THREE, "a").costs, matrix)
    by_class = make_aim(None, {"a": 5, "b": 1, "c": 1}, THREE, "a")
    np.testing.assert_array_equal(by_class.costs, [[0, 5, 5], [1, 0, 1], [1, 1, 0]])
    assert by_class.words == "least cost"


def test_nothing_asked_for_is_no_aim():
    assert make_aim(None, None, TWO, "fraud") is None


@pytest.mark.parametrize(("aim", "costs"), [("recall=0.8", None), (None, "miss=2,alarm=1")])
def test_more_classes_than_two_are_named_with_what_to_do(aim, costs):
    labels = np.array(["Fraud", "fraud", "ok"])
    counts = {"Fraud": 3, "fraud": 90, "ok": 1900}
    with pytest.raises(InputError) as caught:
        make_aim(aim, costs, labels, "Fraud", counts)
    said = str(caught.value)
    assert "for two classes, and there are 3: 'ok' (1,900), 'fraud' (90), 'Fraud' (3); " in said
    assert "'Fraud' and 'fraud' differ only in case, and need one spelling" in said
    with pytest.raises(InputError, match="3: 'a', 'b', 'c'; leave two, with the others in one"):
        make_aim(aim, costs, THREE, "a")
    many = np.arange(20)
    with pytest.raises(InputError, match=r"20: 0 \(5\), .* and 12 more"):
        make_aim(aim, costs, many, 0, dict.fromkeys(many.tolist(), 5))


@pytest.mark.parametrize(
    ("aim", "costs", "classes", "said"),
    [
        ("recall=0.8", "miss=2,alarm=1", TWO, "give one of them"),
        ("recal=0.8", None, TWO, "recall=0.8, precision=0.9 or the like, not 'recal=0.8'"),
        ("recall=0.8,precision=0.9", None, TWO, "or the like"),
        ("recall=80", None, TWO, "recall=80 must be above 0 and at most 1"),
        ("recall=much", None, TWO, "name=number"),
        ("recall", None, TWO, "name=number"),
        ("recall=90%", None, TWO, "nothing behind the number, as in recall=0.8, not 'recall=90%'"),
        ("recall=0,8", None, TWO, "with a decimal point .* not 'recall=0,8'"),
        (None, "miss=1,5,alarm=1", TWO, "as in miss=50,alarm=1.5, not 'miss=1,5,alarm=1'"),
        ("recall=0.8", None, THREE, "for two classes, and there are 3"),
        (None, "miss=50", TWO, "miss=50,alarm=1"),
        (None, "miss=50,alarm=-1", TWO, "both above 0"),
        (None, "miss=50,alarm=1", THREE, "for two classes, and there are 3"),
        (None, [[0, 1], [1, 0]], THREE, r"costs must have the shape \(3, 3\)"),
    ],
)
def test_what_cannot_be_meant_is_one_line(aim, costs, classes, said):
    with pytest.raises(InputError, match=said) as caught:
        make_aim(aim, costs, classes, classes[0])
    assert "\n" not in str(caught.value)
