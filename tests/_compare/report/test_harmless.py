from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.report.harmless import harmless, harmless_cell, shown


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_would_run_is_text(start):
    assert harmless_cell(f"{start}cmd|' /C calc'!A0").startswith("'")


@pytest.mark.parametrize("value", [-1.5, "-1.5", "+3", "-2e-5", ".5", "plain", "", None, True])
def test_numbers_and_ordinary_texts_stay(value):
    assert harmless_cell(value) is value or harmless_cell(value) == value


def test_numbers_of_a_frame_stay_numbers_and_names_are_cells_too():
    frame = pd.DataFrame(
        {"=a": [-1.5, 2.0], "text": ["=1+1", "x"], "n": [1, -2]}, index=pd.Index(["@b", "c"])
    )
    before = frame.copy()
    made = harmless(frame)
    assert list(made.columns) == ["'=a", "text", "n"] and list(made.index) == ["'@b", "c"]
    assert made["text"].tolist() == ["'=1+1", "x"] and made["'=a"].tolist() == [-1.5, 2.0]
    pd.testing.assert_frame_equal(frame, before)
    read = pd.read_csv(io.StringIO(made.to_csv()), index_col=0)
    assert read["n"].dtype == np.int64


def test_columns_of_the_same_name_are_taken_one_by_one():
    frame = pd.DataFrame([["=1", "=2"]], columns=["a", "a"])
    assert harmless(frame).to_numpy().tolist() == [["'=1", "'=2"]]


def test_marks_of_direction_and_control_characters_are_shown():
    assert shown("in\u202ecod\u2066e\x1b[2J\x00") == "in<U+202E>cod<U+2066>e<U+001B>[2J<U+0000>"
    assert shown("zwei\nZeilen\tmit ü und ± 👍🏻 نص") == "zwei\nZeilen\tmit ü und ± 👍🏻 نص"
