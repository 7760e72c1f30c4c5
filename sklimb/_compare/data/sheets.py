"""What a workbook says of its sheets beside their cells: which are hidden, and which are merged."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sklimb._compare.phrases import counted, first_few

_SHEET = re.compile(r"<(?:\w+:)?sheet\s[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\s[^>]*>")
_ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row\s[^>]*?hidden="(?:1|true)"')


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook.

    Parameters
    ----------
    name : str
    shown : bool
    part : str
        Where it is in the file.
    """

    name: str
    shown: bool
    part: str


def sheets_of(data: io.BytesIO) -> list[Sheet]:
    """Return the sheets of an ``.xlsx`` file, in their order; empty where it does not say.

    Parameters
    ----------
    data : BytesIO

    Returns
    -------
    sheets : list of Sheet
    """
    try:
        with zipfile.ZipFile(data) as archive:
            book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
            relations = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    except (zipfile.BadZipFile, KeyError, OSError):
        return []
    parts = {}
    for tag in _RELATION.findall(relations):
        said = dict(_ATTRIBUTE.findall(tag))
        target = said.get("Target", "")
        parts[said.get("Id", "")] = target[1:] if target.startswith("/") else f"xl/{target}"
    sheets = []
    for tag in _SHEET.findall(book):
        said = dict(_ATTRIBUTE.findall(tag))
        place = next((v for k, v in said.items() if k.endswith(":id")), "")
        name = html.unescape(said.get("name", ""))
        sheets.append(Sheet(name, said.get("state", "visible") == "visible", parts.get(place, "")))
    return [sheet for sheet in sheets if "/worksheets/" in sheet.part]


def first_shown(file: str, names: Sequence[str], sheets: Sequence[Sheet]) -> tuple[str, list[str]]:
    """Return the sheet to read, and what to say of the others.

    Parameters
    ----------
    file : str
        Its name.
    names : sequence of str
        All sheets, as pandas finds them.
    sheets : sequence of Sheet
        As `sheets_of` returns them; empty where nothing is known.

    Returns
    -------
    name : str
        The first one that is not hidden.
    notes : list of str
    """
    hidden = {sheet.name for sheet in sheets if not sheet.shown}
    name = next((name for name in names if name not in hidden), names[0])
    if len(names) == 1:
        return name, []
    note = f"{file} has {len(names)} sheets; the first, {name!r}, was read"
    if name != names[0]:
        before = first_few(map(repr, names[: names.index(name)]), n=3)
        note = (
            f"{file} has {len(names)} sheets; {name!r}, the first that is not hidden, was read "
            f"(before it: {before})"
        )
    return name, [note]


def sheet_notes(
    file: str, data: io.BytesIO, sheet: Sheet, frame: pd.DataFrame
) -> tuple[list[str], list[str]]:
    """Say what a sheet shows otherwise than its cells have it.

    Parameters
    ----------
    file : str
        Its name.
    data : BytesIO
        The workbook.
    sheet : Sheet
    frame : DataFrame
        As it was read, its names in the first row.

    Returns
    -------
    notes : list of str
        Of merged cells below the names, and of rows that a filter hides.
    merged : list of str
        Columns with merged cells, of which all but the first have no value.
    """
    try:
        with zipfile.ZipFile(data) as archive:
            text = archive.read(sheet.part)
    except (zipfile.BadZipFile, KeyError, OSError):
        return [], []
    notes: list[str] = []
    merged: dict[str, str] = {}
    for first, top, _, bottom in sorted(_MERGED.findall(text), key=lambda found: int(found[1])):
        place = _place(first.decode()) - 1
        if int(bottom) > int(top) > 1 and place < frame.shape[1]:
            cells = f"{first.decode()}{int(top)}:{first.decode()}{int(bottom)}"
            merged.setdefault(str(frame.columns[place]), cells)
    if merged:
        shown = first_few((f"{name} ({cells})" for name, cells in merged.items()), n=3)
        one = len(merged) == 1
        notes.append(
            f"{file} has merged cells in column{'' if one else 's'} {shown}: only the first row of "
            "each has the value, and all others are missing; unmerge them and fill the value in"
        )
    n_hidden = len(_HIDDEN_ROW.findall(text))
    if n_hidden:
        rows = counted(n_hidden, "row")
        notes.append(
            f"{rows} of {file} {'is' if n_hidden == 1 else 'are'} hidden, as by a filter, and "
            f"{'was' if n_hidden == 1 else 'were'} read like the others: delete them if they are "
            "not to count"
        )
    return notes, list(merged)


def _place(letters: str) -> int:
    """Return the number of a column from its letters."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number
