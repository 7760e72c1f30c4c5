from __future__ import annotations

import pandas as pd
import pytest

from sklimb._compare.report import wording
from sklimb._compare.report.wording import chosen, legend, percent, seconds, table
from sklimb._compare.run.scores import SCORES

LABELS = {"plain": "plain net", "smote": "SMOTE + net", "forest": "balanced random forest"}


def verdict(*given, **told):
    """The verdict with its reasons."""
    return wording.joined(*wording.verdict(*given, **told))


def _frames(values, errors=None):
    """Return results and folds of methods whose scores by split are given."""
    errors = errors or {}
    rows = []
    for name, scores in values.items():
        series = pd.Series(scores, dtype=float)
        row = {"method": name, "label": LABELS[name], "error": errors.get(name, "")}
        for score in SCORES:
            row |= {score: series.mean(), f"{score}_std": series.std()}
        row |= {"fit_seconds": 1.234, "n_splits": len(scores), "times_chosen": 1}
        row |= {"best_params": "lr=0.01", "stage": 1, "setting": "tuned"}
        rows.append(row)
    results = pd.DataFrame(rows).sort_values("macro_f1", ascending=False, ignore_index=True)
    folds = pd.DataFrame(
        [
            {"method": name, "setting": "tuned", "repeat": 0, "fold": fold, "macro_f1": value}
            for name, scores in values.items()
            for fold, value in enumerate(scores)
        ]
    )
    folds["setting"] = pd.Categorical(folds["setting"], ["untuned", "tuned"], ordered=True)
    return results, folds


def test_percent_and_seconds():
    assert percent(0.5, float("nan")) == "50.0"
    assert percent(1.0, 0.0) == "100.0 ±0.0"
    assert [seconds(v) for v in (0.034, 9.99, 61.2, float("nan"))] == ["0.03", "9.99", "61", "-"]


def test_the_table_fits_a_screen_and_starts_with_the_metric():
    values = {"plain": [1.0, 0.5], "smote": [0.6, 0.5], "forest": [0.3, 0.2]}
    text = table(_frames(values)[0], "macro_f1")
    lines = text.splitlines()
    assert max(map(len, lines)) <= 112
    assert lines[0].split()[:3] == ["method", "macro", "F1"]
    assert lines[2].startswith("plain net")
    assert "75.0 ±35.4" in lines[2]
    assert len({len(line) for line in lines}) == 1


def test_a_failed_method_has_a_row_that_says_why():
    why = "RuntimeError: " + "a very long story " * 10 + "(2 of 2 splits)"
    results, _ = _frames({"plain": [0.5, 0.6], "smote": [0.1, 0.2]}, {"smote": why})
    text = table(results, "macro_f1")
    assert "failed: RuntimeError: a very long story" in text
    assert "(2 of 2" in text
    assert max(map(len, text.splitlines())) <= 112


def test_uneven_splits_are_shown():
    results, _ = _frames({"plain": [0.5, 0.6], "smote": [0.1]})
    lines = table(results, "macro_f1").splitlines()
    assert lines[0].endswith("splits")
    assert [line.split()[-1] for line in lines[2:]] == ["2", "1"]
    assert "that each method finished" in legend(results, 3, "c", 4, 100)


def test_legend_says_what_the_figures_are():
    results, _ = _frames({"plain": [0.5, 0.6]})
    text = legend(results, 2, "yes", 4, 1000)
    assert "over 2 splits" in text
    assert "class yes (4 of 1,000 rows)" in text
    assert text.endswith("avg. prec.: of the rarest class.")
    assert "each against the rest" in legend(results, 3, "yes", 4, 1000)
    assert "on one split" in legend(_frames({"plain": [0.5]})[0], 2, "yes", 4, 1000)


def test_chosen_parameters_leave_out_failures():
    results, _ = _frames({"plain": [0.5, 0.6], "smote": [0.1, 0.2]}, {"smote": "no"})
    assert "plain net  lr=0.01 (1 of 2)" in chosen(results)
    assert "SMOTE" not in chosen(results)
    assert chosen(results[results["error"] != ""]) == ""


def test_a_lead_larger_than_its_spread():
    results, folds = _frames({"plain": [0.5, 0.6], "forest": [0.7, 0.82], "smote": [0.6, 0.7]})
    text = verdict(results, folds, "macro_f1")
    assert text.startswith(
        "Use balanced random forest: macro F1 76.0, 11.0 points ahead of SMOTE + net. "
        "The lead is larger than its spread (1.4, the standard deviation of the difference over "
        "2 splits)."
    )
    assert "+11.0 ±1.4 over SMOTE + net, +21.0 ±1.4 over plain net" in text


def test_a_lead_that_is_not_larger_than_its_spread():
    results, folds = _frames({"plain": [0.5, 0.6], "smote": [0.6, 0.52]})
    text = verdict(results, folds, "macro_f1")
    assert "1.0 points ahead of plain net. The lead is not larger than its spread (12.7" in text
    assert "over SMOTE" not in text


@pytest.mark.parametrize(
    "values, said",
    [
        ({"plain": [0.5], "smote": [0.6]}, "there is no spread to hold the lead against"),
        ({"plain": [0.5, 0.6]}, "Use plain net (the only one compared): macro F1 55.0."),
        ({"plain": [0.5, 0.6], "smote": [0.5, 0.6]}, "not ahead of"),
        ({"plain": [0.5, 0.6], "smote": [0.5, 0.6001]}, "less than 0.1 points ahead of"),
    ],
)
def test_special_cases(values, said):
    assert said in verdict(*_frames(values), "macro_f1")


def test_average_precision_has_an_interval_where_it_ranks():
    results, folds = _frames({"plain": [0.5, 0.6]})
    folds["average_precision"] = folds["macro_f1"]
    said = verdict(results, folds, "average_precision", interval=(0.4413, 0.6))
    assert "average precision 55.0 (95 % interval 44 to 60)." in said
    assert "interval" not in verdict(results, folds, "macro_f1", interval=(0.4413, 0.6))
    nan = float("nan")
    assert "interval" not in verdict(results, folds, "average_precision", interval=(nan, nan))


def test_another_than_the_one_on_top_is_named_with_the_reason():
    results, folds = _frames({"plain": [0.5, 0.6], "forest": [0.7, 0.8], "smote": [0.71, 0.83]})
    text = verdict(results, folds, "macro_f1", "forest", luck=2.87)
    assert text.startswith(
        "Use balanced random forest: macro F1 75.0, 2.0 points behind SMOTE + net, which may be "
        "luck. The lead of SMOTE + net is less than 2.9 standard errors of the difference: with so "
        "many methods compared, luck alone may give as much. Where"
    )
    assert "-2.0 ±1.4 over SMOTE + net, +20.0 ±0.0 over plain net" in text
    assert verdict(results, folds, "macro_f1", "smote") == verdict(results, folds, "macro_f1")


def test_the_best_of_many_that_are_not_told_apart_looks_better_than_it_is():
    near = {"plain": [0.5, 0.6], "forest": [0.7, 0.8], "smote": [0.6, 0.92]}
    said = "Expect less of it on new texts: chosen for the best figure of 3, it may be the lucki"
    results, folds = _frames(near)
    assert said in verdict(results, folds, "macro_f1", noun="text", by_mean=True)
    assert "Expect less" not in verdict(results, folds, "macro_f1", noun="text")
    clear, two = near | {"smote": [0.8, 0.9]}, {name: near[name] for name in ("plain", "forest")}
    for values in (clear, two):
        assert "Expect less" not in verdict(*_frames(values), "macro_f1", by_mean=True)


def test_costs_are_told_in_costs():
    results, folds = _frames({"plain": [0.05, 0.07], "forest": [0.02, 0.03], "smote": [0.5, 0.7]})
    results = results.rename(columns={"macro_f1": "cost", "macro_f1_std": "cost_std"})
    results = results.assign(macro_f1=0.5, macro_f1_std=0.1).sort_values("cost")
    folds = folds.rename(columns={"macro_f1": "cost"})
    assert verdict(results, folds, "cost") == (
        "Use balanced random forest: 100 rows cost 2.5, 3.5 less than with plain net. The lead is "
        "larger than its spread (0.707, the standard deviation of the difference over 2 splits). "
        "It saves 57.5 ±13.4 against SMOTE + net, 3.5 ±0.707 against plain net."
    )
    lines = table(results, "cost").splitlines()
    assert lines[0].split()[:4] == ["method", "cost", "of", "100"]
    assert "2.5 ±0.707" in lines[2]
    assert max(map(len, lines)) <= 112
    assert "cost of 100: what so many cost" in legend(results, 2, "yes", 4, 100)
    same = folds.assign(cost=0.1)
    assert "as much as with plain net" in verdict(results, same, "cost")


def test_failures_are_not_recommended():
    results, folds = _frames({"plain": [0.5, 0.6], "smote": [0.9, 0.9]}, {"smote": "no"})
    assert "Use plain net (no other finished)" in verdict(results, folds, "macro_f1")
    failed = results.assign(error="no")
    assert verdict(failed, folds, "macro_f1").startswith("No method finished")


def test_after_an_interrupt_the_shared_splits_decide_what_is_said():
    results, folds = _frames({"plain": [0.7, 0.9], "smote": [0.75]})
    text = verdict(results, folds, "macro_f1", provisional=True)
    assert text.startswith("So far, use plain net: macro F1 80.0, though on the 1 splits that both")


def test_stages_stand_above_their_methods():
    results, _ = _frames({"plain": [0.5, 0.6], "smote": [0.9, 0.9], "forest": [0.1, 0.1]})
    results["stage"] = [1, 2, 2]
    results = results.sort_values(["stage", "macro_f1"], ascending=False)
    lines = table(results, "macro_f1", {1: "1 split, untuned", 2: "3 splits, tuned"}).splitlines()
    assert lines[2] == "on 3 splits, tuned:"
    assert lines[5] == "earlier, on 1 split, untuned:"
    assert "on 3 splits" not in table(results, "macro_f1")


def test_what_was_not_searched_has_defaults():
    results, _ = _frames({"plain": [0.5, 0.6]})
    results["setting"], results["best_params"] = "untuned, from 4,000 samples", ""
    assert "plain net  defaults (untuned)" in chosen(results)


def test_provisional_says_so_far():
    frames = _frames({"plain": [0.5], "smote": [0.6]})
    assert verdict(*frames, "macro_f1", provisional=True).startswith("So far, use SMOTE + net")
    assert "ask for more repeats" in verdict(*frames, "macro_f1")
    assert "ask for more repeats" not in verdict(*frames, "macro_f1", provisional=True)
