"""The suite at other versions: what is asked for, where it is run, what is counted and kept."""

from __future__ import annotations

import sys

import pytest
import versions
from packaging.requirements import Requirement

REPORT = """<testsuites><testsuite errors="1" failures="2" skipped="3" tests="10" time="4.6">
</testsuite></testsuites>"""

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with 3.11")


def test_what_the_project_names():
    assert versions.named_pythons()[:2] == ["3.10", "3.11"]
    names = {Requirement(text).name for text in versions.requirements()}
    assert {"torch", "numpy", "pytest", "pillow", "skops"} <= names  # and the extras of the extra
    assert "sklimb" not in names


def test_another_torch():
    texts = ["numpy>=2", "torch>=2.6"]
    assert versions.chosen(texts, "") == texts
    assert versions.chosen(texts, "2.13.0+cpu") == ["numpy>=2", "torch==2.13.0+cpu"]


def test_interpreters_that_start():
    assert versions.interpreter("{}.{}".format(*sys.version_info)) == sys.executable
    assert versions.interpreter("3.999") is None


def test_what_pytest_counted(tmp_path):
    (tmp_path / "report.xml").write_text(REPORT)
    assert versions.count(tmp_path / "report.xml") == {
        "passed": 4, "failed": 3, "skipped": 3, "seconds": 5
    }  # fmt: skip


def test_what_was_not_run_is_said_and_what_was_run_before_is_kept(monkeypatch, tmp_path):
    row = versions.run("3.999", "lowest", ["tests/losses"], "", 1, tmp_path).row()
    assert row["outcome"] == "not run: there is no such interpreter here"
    assert set(row) == set(versions.COLUMNS) and row["passed"] == ""
    before = [{**row, "python": p, "outcome": "passed"} for p in ("3.12", "3.999", "3.9")]
    monkeypatch.setattr(versions, "read_csv", lambda name: before)
    found = [(kept["python"], kept["outcome"]) for kept in versions.merged([row])]
    assert found == [("3.9", "passed"), ("3.12", "passed"), ("3.999", row["outcome"])]
