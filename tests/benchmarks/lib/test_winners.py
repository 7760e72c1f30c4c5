"""How far the answer after a minute is behind the best of all, and the error of that."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from lib.winners import as_markdown, gap_error, held, with_answers, with_gaps

ROOT = Path(__file__).parents[3]
TRUTH = np.repeat([0, 1], [80, 20])


def answers_of(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.where(rng.random(len(TRUTH)) < 0.7, TRUTH, 1 - TRUTH)


def test_the_error_is_that_of_a_bootstrap_within_classes():
    one, other = answers_of(0), answers_of(1)
    rng = np.random.default_rng(2)
    drawn = []
    for _ in range(1000):
        gap = 0.0
        for label in (0, 1):
            of_class = np.flatnonzero(label == TRUTH)
            rows = rng.choice(of_class, len(of_class))
            gap += (np.mean(one[rows] == label) - np.mean(other[rows] == label)) / 2
        drawn.append(gap)
    assert gap_error(TRUTH, one, other) == pytest.approx(np.std(drawn), rel=0.15)


def test_a_method_beside_itself_has_no_error():
    assert gap_error(TRUTH, answers_of(0), answers_of(0)) == 0.0


def test_groups_that_agree_within_make_the_error_larger():
    copied = [np.repeat(values, 4) for values in (TRUTH, answers_of(0), answers_of(1))]
    groups = np.repeat([f"g{k}" for k in range(len(TRUTH))], 4)
    alone = gap_error(TRUTH, answers_of(0), answers_of(1))
    assert gap_error(*copied, groups) == pytest.approx(alone)
    assert gap_error(*copied) == pytest.approx(alone / 2)


def comparison_of(**answers: np.ndarray) -> SimpleNamespace:
    scores = {
        name: np.mean([np.mean(said[k == TRUTH] == k) for k in (0, 1)])
        for name, said in answers.items()
    }
    order = sorted(scores, key=scores.get, reverse=True)
    results = pd.DataFrame(
        {
            "method": order,
            "label": [name.upper() for name in order],
            "balanced_accuracy": [scores[name] for name in order],
        }
    )
    rows = np.arange(len(TRUTH))
    said = {
        name: SimpleNamespace(rows=rows, truth=TRUTH, predicted=predicted)
        for name, predicted in answers.items()
    }
    return SimpleNamespace(results=results, predictions=said)


def test_the_answer_is_held_against_the_winner_on_the_same_samples():
    results = with_gaps(comparison_of(right=TRUTH, wrong=1 - TRUTH, fair=answers_of(0)))
    assert list(results["method"]) == ["right", "fair", "wrong"]
    assert results["behind"].tolist()[::2] == [0.0, 1.0]
    everything = results.assign(file="a.csv", rows=100, rarest=20, folds=2)
    summary = held([{"file": "a.csv", "end_method": "fair"}], everything)
    row = summary.iloc[0]
    assert (row["answer"], row["winner"], row["rank"], row["methods"]) == ("FAIR", "RIGHT", 2, 3)
    assert row["behind"] == results["behind"].iloc[1]
    shown = as_markdown(summary)
    assert f"{100 * row['behind']:.1f} ± {100 * row['behind_error']:.1f}" in shown
    assert "`a.csv` | 100, 20 | 2 | 3 | FAIR" in shown


def test_each_run_of_a_file_has_a_row():
    results = with_gaps(comparison_of(right=TRUTH, wrong=1 - TRUTH))
    runs = [results.assign(file="a.csv", rows=9, rarest=2, folds=folds) for folds in (5, 2)]
    summary = held([{"file": "a.csv", "end_method": "right"}], pd.concat(runs))
    assert summary["folds"].tolist() == [2, 5] and summary["methods"].tolist() == [2, 2]


def test_a_method_that_was_not_run_or_failed_is_named_as_such():
    results = with_gaps(comparison_of(right=TRUTH, wrong=1 - TRUTH))
    failed = pd.DataFrame([{"method": "broken", "label": "BROKEN"}])
    everything = pd.concat([results, failed]).assign(file="a.csv", rows=9, rarest=2, folds=2)
    summary = held([{"file": "a.csv", "end_method": "broken"}], everything)
    assert pd.isna(summary["rank"].iloc[0]) and summary["methods"].iloc[0] == 2
    assert "not run" in as_markdown(summary) and "nan" not in as_markdown(summary)


def test_other_samples_are_refused():
    comparison = comparison_of(right=TRUTH, wrong=1 - TRUTH)
    comparison.predictions["wrong"].rows = np.arange(100)[::-1]
    with pytest.raises(ValueError, match="right and wrong were scored on other samples"):
        with_gaps(comparison)


def test_the_table_of_docs_is_that_of_the_summary():
    summary = pd.read_csv(
        ROOT / "benchmarks" / "results" / "tables" / "compare_files_best.csv", comment="#"
    )
    shown = with_answers(summary)
    assert set(shown["file"]) == set(summary["file"])  # no file is left out of the docs
    assert as_markdown(shown) in (ROOT / "docs" / "compare.md").read_text(encoding="utf-8")
