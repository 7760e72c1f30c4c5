from __future__ import annotations

import io

import pandas as pd
import pytest

from sklimb._compare.data.sheets import first_shown, sheet_notes, sheets_of
from sklimb._compare.errors import InputError
from sklimb._compare.reading import read_table

openpyxl = pytest.importorskip("openpyxl")


@pytest.fixture
def book(tmp_path):
    """Return a function that writes a workbook whose second sheet holds the table."""

    def write(*, hidden=(), merged=(), hidden_rows=()):
        made = openpyxl.Workbook()
        made.active.title = "lists & keys"
        made.active.append(["key", "value"])
        made.active.append(["a", "b"])
        sheet = made.create_sheet("data")
        sheet.append(["site", "x", "y"])
        for i in range(20):
            sheet.append([f"s{i // 5}", i, "ab"[i % 2]])
        for cells in merged:
            sheet.merge_cells(cells)
        for row in hidden_rows:
            sheet.row_dimensions[row].hidden = True
        for name in hidden:
            made[name].sheet_state = "hidden"
            made.active = 1
        path = tmp_path / "book.xlsx"
        made.save(path)
        return path

    return write


def test_a_hidden_sheet_is_not_read(book):
    """The first sheet was read, though nobody sees it."""
    path = book(hidden=["lists & keys"])
    table = read_table(path, target="y")
    assert list(table.X["x"]) == list(range(20))
    [note] = table.notes
    assert "'data', the first that is not hidden, was read (before it: 'lists & keys')" in note
    space: dict = {}
    exec(table.code, space)
    pd.testing.assert_frame_equal(space["X"], table.X)
    second = read_table(book(), target="value")
    assert "2 sheets; the first, 'lists & keys', was read" in second.notes[0]


def test_merged_cells_and_hidden_rows_are_named(book):
    path = book(hidden=["lists & keys"], merged=["A7:A11", "A2:A6", "B3:C3"], hidden_rows=[4, 9])
    [_, merged, hidden] = read_table(path, target="y").notes
    assert "merged cells in column site (A2:A6): only the first row" in merged
    assert "2 rows of book.xlsx are hidden" in hidden


def test_merged_labels_are_refused(book):
    path = book(hidden=["lists & keys"], merged=["C2:C6"])
    with pytest.raises(InputError, match="target 'y' has merged cells"):
        read_table(path, target="y")


def test_what_is_no_workbook_says_nothing():
    assert sheets_of(io.BytesIO(b"no zip")) == []
    assert first_shown("f", ["a"], []) == ("a", [])


def test_an_ordinary_sheet_has_no_notes(book):
    data = io.BytesIO(book().read_bytes())
    lists, sheet = sheets_of(data)
    assert (lists.name, lists.shown, sheet.name) == ("lists & keys", True, "data")
    assert sheet_notes("f", data, sheet, pd.DataFrame(columns=["site", "x", "y"])) == ([], [])
