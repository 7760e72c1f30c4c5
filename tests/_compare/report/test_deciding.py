from __future__ import annotations

import html
import re
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score

from sklimb._compare import compare, snippet
from sklimb._compare.decisions.aims import make_aim
from sklimb._compare.decisions.decision import Decision, decide
from sklimb._compare.report.deciding import decided_model, decision_words
from sklimb._compare.report.wording import amount
from tests._compare.stand_ins import BAYES, BROKEN, TREE, blobs

TWO_X, TWO_Y = blobs([400, 60], labels=["ok", "fraud"], n_features=2)
OPTIONS = {"methods": [BAYES, TREE], "folds": 3, "n_jobs": 1, "random_state": 0}


@pytest.fixture(scope="module")
def found():
    return compare(TWO_X, TWO_Y, aim="recall=0.8", **OPTIONS)


def test_the_closing_lines_say_what_the_threshold_gives(found):
    table = found.confusion()
    hits, asked = table.loc["fraud", "fraud"], table.loc["fraud"].sum()
    said = re.search(
        r"At a threshold of \S+ \(recall of at least 80 %\) it finds (\d+) of 100 rows of class "
        r"fraud \(95 % interval (\d+) to (\d+)\)",
        found.verdict,
    )
    assert int(said[1]) == round(100 * hits / asked)
    assert int(said[2]) <= 80 <= int(said[3])
    right = re.search(r"(\d+) of 100 alarms", found.verdict)
    assert int(right[1]) == round(100 * hits / table["fraud"].sum())


def test_the_model_decides_by_the_threshold_and_its_code_makes_it(found):
    assert "FixedThresholdClassifier" in found.code
    space = {"X": TWO_X, "y": TWO_Y}
    exec(found.code, space)
    predicted = found.best_estimator_.predict(TWO_X)
    np.testing.assert_array_equal(space["model"].predict(TWO_X), predicted)
    fraud = found.best_estimator_.predict_proba(TWO_X)[:, 0]
    np.testing.assert_array_equal(predicted == "fraud", fraud >= found.decision.threshold)
    assert recall_score(TWO_Y, predicted, pos_label="fraud") > 0.7


def test_an_aim_ranks_by_average_precision_and_says_so(found):
    assert found.metric == "average_precision"
    assert any("ranked by average precision" in note for note in found.notes)
    assert "decision function" not in found.verdict
    asked = compare(TWO_X, TWO_Y, aim="recall=0.8", metric="macro_f1", refit=False, **OPTIONS)
    assert asked.metric == "macro_f1"


def test_costs_of_two_classes_are_in_the_words():
    found = compare(TWO_X, TWO_Y, costs="miss=50,alarm=1", refit=False, **OPTIONS)
    assert "least cost, a miss at 50 and a false alarm at 1" in found.verdict
    cost, as_is = (amount(c) for c in (found.decision.cost, found.decision.cost_as_is))
    assert re.search(rf"; 100 rows cost {cost} \(\S+ to \S+\)\.$", found.verdict)
    assert found.reasons.endswith(f"As the method itself predicts, 100 rows cost {as_is}.")
    assert found.decision.cost <= found.decision.cost_as_is


def test_methods_are_ranked_by_what_they_cost(tmp_path):
    ways = {"costs": "miss=50,alarm=1", "metric": "cost", "refit": False}
    found = compare(TWO_X, TWO_Y, **ways, **OPTIONS)
    done = found.results.set_index("method")["cost"]
    assert list(done) == sorted(done)
    for name in done.index:
        assert done[name] == pytest.approx(found.decide(name, costs=ways["costs"]).cost, rel=0.02)
    assert f"100 rows cost {amount(done.iloc[0])}, " in found.verdict
    assert found.verdict.count("100 rows cost") == 1  # and its interval is below
    assert re.search(
        r"100 rows cost \S+ \(\S+ to \S+\), \S+ as the method itself pr", found.reasons
    )
    assert any("if all are called fraud" in note for note in found.notes)
    page = found.save_report(tmp_path).read_text(encoding="utf-8")
    assert "Cost of 100 rows; the bar" in page and "in percent; the bar" not in page
    by_order = compare(TWO_X, TWO_Y, costs=ways["costs"], refit=False, **OPTIONS)
    assert any("metric='cost'" in note for note in by_order.notes)
    with pytest.raises(ValueError, match="'cost' needs to know what errors cost"):
        compare(TWO_X, TWO_Y, metric="cost", aim="recall=0.8", **OPTIONS)


def test_one_split_alone_costs_in_the_line_what_it_costs_in_the_table():
    ways = {"costs": "miss=50,alarm=1", "metric": "cost", "refit": False, "budget": 1e-6}
    found = compare(TWO_X, TWO_Y, **ways, **OPTIONS)
    assert list(found.results["n_splits"]) == [1, 1]
    assert found.decision.cost == pytest.approx(found.results["cost"].min())


def test_a_method_that_saves_nothing_is_told():
    rng = np.random.default_rng(0)
    y = np.array(["ok", "fraud"]).repeat([270, 30])
    X = rng.normal(size=(300, 2)) + 0.6 * (y == "fraud")[:, None]
    dear = compare(X, y, costs="miss=1,alarm=900", metric="cost", refit=False, **OPTIONS)
    said = r"saves nothing by these costs: 100 rows cost \S+, and 10 if all are called ok"
    assert re.search(said, " ".join(dear.cautions))
    found = compare(TWO_X, TWO_Y, costs="miss=9,alarm=1", metric="cost", refit=False, **OPTIONS)
    assert not any("saves nothing" in line for line in found.cautions)


def test_costs_of_many_classes_are_part_of_the_model():
    X, y = blobs([200, 60, 30], labels=["a", "b", "c"])
    costs = {"a": 1, "b": 5, "c": 40}
    found = compare(X, y, costs=costs, **OPTIONS)
    assert "PriorCorrectedClassifier" in found.code
    space = {"X": X, "y": y}
    exec(found.code, space)
    predicted = found.best_estimator_.predict(X)
    np.testing.assert_array_equal(space["model"].predict(X), predicted)
    # that model is what was counted: probabilities times shares to the power, least cost
    proba = found.best_estimator_.estimator_.predict_proba(X)
    shares = np.array([200, 60, 30]) / 290
    matrix = make_aim(None, costs, np.array(["a", "b", "c"]), "c").costs
    expected = (proba * shares**found.decision.power) @ matrix
    assert (np.array(["a", "b", "c"])[expected.argmin(1)] == predicted).mean() > 0.99
    plain = compare(X, y, refit=False, **OPTIONS)
    assert found.decision.recall(2)[0] >= plain.decision.recall(2)[0]


def test_costs_of_many_classes_leave_out_what_has_no_probabilities():
    X, y = blobs([60, 30, 20])
    options = {**OPTIONS, "methods": [BAYES, "linear_svc"], "refit": False}
    found = compare(X, y, costs={0: 1, 1: 5, 2: 40}, **options)
    assert list(found.results["method"]) == ["bayes"]
    assert any("need probabilities: linear_svc" in note for note in found.notes)
    with pytest.raises(ValueError, match="linear_svc has none"):
        compare(X, y, costs={0: 1, 1: 5, 2: 40}, **{**options, "methods": ["linear_svc"]})


def test_a_threshold_on_a_decision_function():
    found = compare(TWO_X, TWO_Y, aim="precision=0.6", **{**OPTIONS, "methods": ["linear_svc"]})
    assert 'response_method="decision_function"' in found.code
    assert " on its decision function, for it has no probabilities (prec" in found.verdict
    space = {"X": TWO_X, "y": TWO_Y}
    exec(found.code, space)
    fraud = -found.best_estimator_.estimator_.decision_function(TWO_X)
    called = space["model"].predict(TWO_X) == "fraud"
    np.testing.assert_array_equal(called, fraud >= found.decision.threshold)
    assert 0 < called.sum() < 200


def test_without_an_aim_the_model_stays_as_it_is():
    model = LogisticRegression()
    assert decided_model(model, None, TWO_Y, np.unique(TWO_Y)) is model
    found = compare(TWO_X, TWO_Y, refit=False, **OPTIONS)
    assert "As it stands it finds" in found.verdict
    assert "FixedThreshold" not in found.code
    assert decision_words(None, found.classes, "fraud") == ("", "")


THREE_X, THREE_Y = blobs([200, 60, 30], labels=["a", "b", "c"])
NOISE = np.random.RandomState(0).normal(size=(460, 2))


@pytest.mark.parametrize(
    "X, y, more, sentences",
    [
        (TWO_X, TWO_Y, {}, 2),
        (TWO_X, TWO_Y, {"methods": [BAYES]}, 2),
        (TWO_X, TWO_Y, {"methods": [BAYES, replace(BAYES, name="twin", label="a twin")]}, 2),
        (TWO_X, TWO_Y, {"aim": "recall=0.8"}, 2),
        (TWO_X, TWO_Y, {"aim": "precision=0.99"}, 2),
        (TWO_X, TWO_Y, {"costs": "miss=50,alarm=1"}, 2),
        (TWO_X, TWO_Y, {"costs": "miss=50,alarm=1", "metric": "cost"}, 2),
        (TWO_X, TWO_Y, {"costs": "miss=50,alarm=1", "budget": 1e-6}, 2),
        (THREE_X, THREE_Y, {}, 2),
        (THREE_X, THREE_Y, {"costs": {"a": 1, "b": 5, "c": 40}}, 2),
        (NOISE, TWO_Y, {"costs": "miss=50,alarm=1"}, 1),
        (TWO_X, TWO_Y, {"methods": [BROKEN]}, 1),
    ],
)
def test_the_verdict_is_two_sentences(X, y, more, sentences, tmp_path):
    found = compare(X, y, refit=False, **{**OPTIONS, **more})
    assert len(re.findall(r"[.?](?= [A-Z]|$)", found.verdict)) == sentences
    # alone on top of the page and in a paragraph of what is printed; the reasons come later
    page = html.unescape(found.save_report(tmp_path).read_text(encoding="utf-8"))
    assert re.search(r'<p class="verdict">(.*?)</p>', page, re.DOTALL)[1] == found.verdict
    said = [" ".join(part.split()) for part in str(found).split("\n\n")]
    assert found.verdict in said
    if found.reasons:
        assert page.index(found.verdict) < page.index("</figure>") < page.index(found.reasons)
        assert said.index(found.reasons) == said.index(found.verdict) + 1


def test_of_many_classes_the_mean_and_the_worst_are_told():
    table = np.diag([90.0, 40, 6, 10, 8])
    table[0, 1], table[1, 0], table[2, 0] = 10, 10, 4
    decision = Decision(None, None, None, "predict_proba", True, table)
    classes = np.array(["a", "b", "c", "d", "e"])
    # 90, 80, 60, 100 and 100 %; e, the rarest, is found always
    assert decision_words(decision, classes, "e") == (
        "As it stands it finds 86 % of a class on average; "
        "least of classes c (6 of 10), b (40 of 50).",
        "",
    )
    alike = Decision(None, None, None, "predict_proba", True, np.diag([5.0, 2, 0]))
    assert decision_words(alike, classes[:3], "b")[0] == (
        "As it stands it finds 100 % of a class on average; "
        "no class is found less often than the others."
    )
    costly = make_aim(None, {"a": 1, "b": 5, "c": 9}, classes[:3], "c")
    decided = Decision(costly, None, 0.5, "predict_proba", True, np.diag([5.0, 2, 1]))
    first, _ = decision_words(decided, classes[:3], "c")
    assert first.startswith("Decided by the costs it finds 100")


def test_an_aim_out_of_reach_is_told(found):
    held = found.predictions[found.best_method]
    ok = (held.truth == 1).astype(float)  # the other way round
    worst = type(held)(**{**vars(held), "proba": np.column_stack([ok, 1 - ok])})
    decision = decide(worst, make_aim("precision=0.99", None, found.classes, "fraud"))
    assert not decision.reached
    first, _ = decision_words(decision, found.classes, "fraud")
    assert "(the nearest to a precision of at least 99 %, which none reaches)" in first


def test_other_aims_need_no_new_fit(found):
    decision = found.decide(aim="precision=0.5")
    assert decision.precision(0)[2] > 0.5
    assert found.decide("tree", costs={"miss": 9, "alarm": 1}).cost > 0
    with pytest.raises(ValueError, match="did you mean 'tree'"):
        found.decide("treee")
    held = found.out_of_fold()
    assert list(held.columns) == ["row", "truth", "predicted", "fraud", "ok"]
    assert len(held) == 460
    np.testing.assert_array_equal(held["truth"], TWO_Y[held["row"]])


def test_precision_at_recalls_and_calibration(found):
    table = found.precision_at_recall()
    assert set(table.index) == {"bayes", "tree"}
    assert (table.diff(axis=1).iloc[:, 1:] <= 1e-12).all(axis=None)
    assert list(found.calibration("bayes").index) == ["before", "after"]
    assert found.confusion("tree").to_numpy().sum() == 460


def test_a_model_with_a_threshold_is_written_out():
    aim = make_aim("recall=0.5", None, np.array([0, 1]), 1)
    found = compare(TWO_X, (TWO_Y == "fraud").astype(int), aim="recall=0.5", **OPTIONS)
    model = decided_model(LogisticRegression(), found.decision, TWO_Y, np.array([0, 1]))
    code = snippet.construction(model)
    assert "pos_label=1" in code and repr(found.decision.threshold) in code
    assert aim.words == "recall of at least 50 %"
