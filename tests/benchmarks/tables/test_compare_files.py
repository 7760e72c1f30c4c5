"""The six files and what is read from the command's words."""

from __future__ import annotations

from argparse import Namespace

import numpy as np
import pandas as pd
import pytest
from lib.made_files import FILES
from tables import compare_files
from tables.compare_files import Answer, answers, available, closing, method_of, worked

from sklimb._compare.reading import read_table

TEXT = [file for file in FILES if file.name.endswith(".csv")]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_same_seed_makes_the_same_rows_and_classes_are_imbalanced(file):
    frame = file.frame(0, 2000)
    pd.testing.assert_frame_equal(frame, file.frame(0, 2000))
    assert not frame.equals(file.frame(1, 2000))
    counts = frame.iloc[:, -1].value_counts()
    assert counts.max() > 3 * counts.min() > 0
    assert file.options[1] == frame.columns[-1]


@pytest.mark.parametrize("file", TEXT, ids=lambda file: file.name)
def test_columns_are_taken_for_what_they_are(file, tmp_path):
    frame = file.frame(0, 600)
    frame.to_csv(tmp_path / file.name, index=False, **file.write)
    table = read_table(tmp_path / file.name, target=file.options[1])
    kinds = {column.name: column.kind for column in table.columns}
    expected = {
        "payment": "identifier", "when": "date", "shop": "category", "ticket": "text",
        "said": "text", "cost": "number", "received": "date", "x00": "number",
        "s00": "number",
    }  # fmt: skip
    known = {name: kind for name, kind in expected.items() if name in kinds}
    assert known and {name: kinds[name] for name in known} == known


def test_files_whose_reader_is_lacking_are_left_out_by_name(monkeypatch, capsys):
    monkeypatch.setattr(compare_files.importlib.util, "find_spec", lambda name: None)
    assert [file.name for file in FILES if not available(file)] == ["customers.parquet"]
    args = type("Args", (), {"files": ["customers.parquet", "large.csv"]})
    assert [file.name for file in compare_files.chosen(args)] == ["large.csv"]
    assert "customers.parquet is left out" in capsys.readouterr().out


def test_answers_are_stamped_as_they_come():
    times = iter([(3.0, 4.0), (9.0, 12.0)])
    lines = [
        "reading\n",
        "After 3 s: So far, use a: 9.\n",
        "bar\rAfter 9 s: Use b: 8.\n",
        "Note: c",
    ]
    assert answers(lines, lambda: next(times)) == [
        Answer(3.0, 4.0, "So far, use a: 9."),
        Answer(9.0, 12.0, "Use b: 8."),
    ]


def test_the_verdict_and_its_method():
    said = (
        "table\n\nSo far, use plain net, tuned: balanced\naccuracy 83.\n\nimport numpy\n\nReport: x"
    )
    verdict = closing(said)
    assert verdict == "So far, use plain net, tuned: balanced accuracy 83."
    assert method_of(verdict, {"a": "plain net", "b": "plain net, tuned"}) == "b"
    assert method_of("No method is better than chance", {"a": "plain net"}) == ""


def test_work_is_counted():
    import os

    before = worked(os.getpid())
    np.linalg.svd(np.random.default_rng(0).normal(size=(300, 300)))
    assert worked(os.getpid()) >= before > 0


def test_methods_are_left_out_by_name():
    args = Namespace(methods=["logistic", "forest", "plain"], without=["forest"])
    assert compare_files.asked(args) == ["logistic", "plain"]
    assert compare_files.asked(Namespace(methods=None, without=())) is None
    with pytest.raises(SystemExit, match="--without forests: not among logistic"):
        compare_files.asked(Namespace(methods=["logistic"], without=["forests"]))


def test_a_run_replaces_an_older_one_of_the_same_file_rows_and_folds(monkeypatch, tmp_path):
    (tmp_path / "tables").mkdir()
    monkeypatch.setattr(compare_files, "RESULTS", tmp_path)
    runs = ((10, 2, ["a", "b"]), (20, 2, ["a"]), (10, 5, ["b"]), (10, 2, ["c"]))
    for rows, folds, methods in runs:
        results = pd.DataFrame({"method": methods}, index=range(5, 5 + len(methods)))
        compare_files.keep(results, {"file": "x.csv", "rows": rows, "folds": folds})
    kept = pd.read_csv(tmp_path / compare_files.ALL, comment="#")
    assert kept.iloc[:, 1:].to_numpy().tolist() == [[20, 2, "a"], [10, 5, "b"], [10, 2, "c"]]
