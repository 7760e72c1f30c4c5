"""The table of real sets: order of the fits, shares of probabilities, choice, rows, summary."""

from __future__ import annotations

import csv
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
from lib import real_summary, records
from lib.methods import Method, made
from lib.real_methods import METHODS
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from tables import real

HOME = Path("no such folder")  # so that the committed list of tables is read


def method(make, **more) -> Method:
    return Method("x", "x", make, **more)


def test_fast_methods_come_first_and_the_folds_to_choose_on_before_the_others():
    args = Namespace(data_home=HOME, sets=["sylva", "glass2"], folds=[0, 1, 2, 3, 4], tuning="none")
    methods = [METHODS[name] for name in ("tabm_corrected", "logit_adjusted", "easy_ensemble")]
    found = [(job["method"], job["fold"], job["set"]) for job in real.jobs(args, methods)]
    assert found[:4] == [
        ("logit_adjusted", 0, "glass2"), ("easy_ensemble", 0, "glass2"),
        ("logit_adjusted", 0, "sylva"), ("easy_ensemble", 0, "sylva"),
    ]  # fmt: skip
    assert [fold for name, fold, _ in found if name == "easy_ensemble"] == sorted([*range(5)] * 2)
    assert all(name == "tabm_corrected" for name, _, _ in found[20:]) and len(found) == 30


def test_a_fit_that_fails_leaves_a_row_that_says_why(tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    X, y = make_classification(60, weights=[0.7], random_state=0)
    np.savez(tmp_path / "real" / "mine.npz", X=X, y=y)
    bad = method(made(LogisticRegression, C=-1.0))
    monkeypatch.setitem(real.METHODS, "x", bad)
    job = {"set": "mine", "method": "x", "tuning": "none", "fold": 0}
    row = real.one(job, data_home=tmp_path)
    assert list(row) == real.COLUMNS
    assert row["note"].startswith("InvalidParameterError: ") and row["log_loss"] == ""
    monkeypatch.setitem(real.METHODS, "x", method(made(LogisticRegression)))
    row = real.one(job, data_home=tmp_path)
    assert row["note"] == "" and 0 < float(row["log_loss"]) < 2 and row["n_train"] == 48


def rows_of(values: dict[str, dict[str, float]], folds=(0, 1)) -> list[dict[str, str]]:
    """Rows of a results file, all scores alike."""
    return [
        dict.fromkeys(real.COLUMNS, "0")
        | dict.fromkeys(real_summary.METRICS, str(value))
        | {"set": name, "method": of, "tuning": "none", "fold": str(fold), "note": ""}
        for of, by_set in values.items()
        for name, value in by_set.items()
        for fold in folds
    ]


def test_tables_of_one_source_are_averaged_first():
    rows = rows_of({"a": {"cm1": 0.5, "kc1": 0.7, "glass2": 0.9}})
    frame = real_summary.frame_of(rows, [0, 1])
    found = real_summary.matrix(frame, "balanced_accuracy", HOME)
    assert found["a"].round(6).to_dict() == {"nasa": 0.6, "glass": 0.9}


def test_a_table_without_all_folds_does_not_count():
    rows = rows_of({"a": {"cm1": 0.5, "glass2": 0.9}, "b": {"cm1": 0.6, "glass2": 0.8}})
    rows[-1]["note"] = "it failed"
    frame = real_summary.frame_of(rows, [0, 1])
    assert real_summary.sets_of(frame, "a") == {"cm1", "glass2"}
    assert real_summary.sets_of(frame, "b") == {"cm1"}
    kept = real_summary.complete(frame, {"cm1", "glass2"})
    assert set(kept.index.get_level_values("line")) == {"a"}


def test_the_best_are_found_by_mean_rank():
    values = {
        "a": {"cm1": 0.5, "glass2": 0.9, "ecoli3": 0.6},
        "b": {"cm1": 0.6, "glass2": 0.95, "ecoli3": 0.7},
        "c": {"cm1": 0.4, "glass2": 0.99, "ecoli3": 0.5},
        "d": {"cm1": 0.9},
    }
    assert real_summary.best(rows_of(values), 2, HOME) == ["b", "a"]
    with pytest.raises(SystemExit, match="run that first"):
        real_summary.best([], 2, HOME)


def test_the_summary_is_printed_and_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    monkeypatch.setattr(real_summary, "RESULTS", tmp_path)
    sets = ["cm1", "kc1", "glass2", "ecoli3"]
    rng = np.random.default_rng(0)
    names = ("logit_adjusted", "catboost_calibrated", "rsg")
    values = {name: dict(zip(sets, rng.uniform(size=4))) for name in names}
    rows = rows_of(values) + rows_of({"m2m": {"cm1": 0.3}})
    failed = rows_of({"offset": {"cm1": 0.3}}, [0])[0] | {"note": "ValueError: no"}
    args = Namespace(
        sets=sets, folds=[0, 1], methods=None, against="catboost_calibrated", data_home=HOME,
        into="of_four",
    )  # fmt: skip
    real_summary.summarise([*rows, failed], args)
    said = capsys.readouterr().out
    assert "failed: offset on cm1, fold 0: ValueError: no" in said
    assert "left out, for not all are run: m2m (1 of 4)" in said
    with (tmp_path / "tables" / "of_four.csv").open() as file:
        found = list(csv.DictReader(line for line in file if not line.startswith("#")))
    seconds = [row for row in found if row["metric"] in real_summary.SECONDS]
    assert len(seconds) == len(names) * len(real_summary.SECONDS)
    assert len(found) - len(seconds) == len(names) * len(real_summary.METRICS)
    assert {row["n_sources"] for row in found} == {"3"}
    assert {row["n_sets"] for row in found if row not in seconds} == {"4"}
    assert not (tmp_path / real_summary.PICTURE).exists()
    args.into = real_summary.SUMMARY
    real_summary.summarise(rows, args)
    assert (tmp_path / "tables" / "real_summary.csv").exists()
    assert (tmp_path / real_summary.PICTURE).exists()
    args.against = "offset"
    with pytest.raises(SystemExit, match="offset has no table with all of the folds"):
        real_summary.summarise(rows, args)


def test_only_methods_with_four_candidates_are_tuned(capsys):
    assert [found.name for found in real.to_tune(["logit_adjusted", "rsg"])] == [
        "logit_adjusted", "rsg",
    ]  # fmt: skip
    for name, found in METHODS.items():
        assert found.candidates[0] == {}, name
        assert len(found.candidates) == real.N_CANDIDATES or name == "blended"
