"""Rows of a file that are none: names in the place of a row, names again, units, totals, rules."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from sklimb._compare.data.header import one_line
from sklimb._compare.data.spelling import MISSING, number_formats
from sklimb._compare.errors import InputError

# Rows at the end, and those below the names, that are looked at.
_LAST = 3
_FIRST = 2
_TOTALS = frozenset(
    [
        *("total", "totals", "grand total", "subtotal", "sub-total", "sum", "average", "avg"),
        *("mean", "count", "summe", "gesamt", "gesamtsumme", "gesamtergebnis", "zwischensumme"),
        *("mittelwert", "durchschnitt", "anzahl", "somme", "moyenne", "total général"),
        *("suma", "promedio", "total general", "totale", "media"),
    ]
)
_FOOT = re.compile(
    r"\(?\d[\d,. ]* (?:rows?|zeilen?|lignes?|filas?|records?)\b.*"
    r"|(?:source|quelle|exported|generated|created|erstellt|exportiert|stand|©|copyright|page"
    r"|seite|end of|eof|\*{3,})\b.*",
    re.I,
)
_RULE = re.compile(r"[-=_+|\s]{4,}")
_SURVEY = '{"ImportId"'


def check_first_label(path: Path, labels: pd.Series) -> None:
    """Refuse a file whose first line was taken for a row, and whose target says that it is none.

    Parameters
    ----------
    path : Path
    labels : Series of str
        As written.

    Raises
    ------
    InputError
        If the first label comes once and the others come again.
    """
    first, others = labels.iloc[0].strip(), labels.iloc[1:].str.strip()
    if first in MISSING or not len(others) or (others == first).any():
        return
    if others.value_counts().min() > 1:
        raise InputError(
            f"{path}: no other row has the target of the first, {first!r}: if the first line holds "
            "names, say --header yes; if it is a row, --header no"
        )


def check_rows(path: Path, cells: pd.DataFrame) -> None:
    """Refuse a file with rows that are none.

    Parameters
    ----------
    path : Path
    cells : DataFrame of str
        The columns that are not plain numbers, under the names that they have in the file.

    Raises
    ------
    InputError
        If a row repeats at least two names and half of those in `cells`; if the first row has
        text in two columns, and half of them, that hold nothing but numbers below; if one of the
        first or last rows is a rule of dashes, or holds the names that survey programs keep; or if
        one of the last is a total or a note on the file.
    """
    if len(cells) < 2 or cells.shape[1] < 2:
        return
    places = [*range(min(_FIRST, len(cells))), *range(max(_FIRST, len(cells) - _LAST), len(cells))]
    for place in places:
        if what := _stray(cells, place, place >= max(_FIRST, len(cells) - _LAST)):
            raise InputError(f"{path}: row {place + 1} below the names {what}: take it out")
    hits = sum((cells[name].map(one_line) == one_line(name)).astype(int) for name in cells)
    repeated = hits >= max(2, cells.shape[1] / 2)
    if repeated.any():
        row = int(repeated.to_numpy().argmax())
        raise InputError(
            f"{path}: row {row + 1} below the names has these names again "
            f"({', '.join(cells.iloc[row, :3])}{', ...' if cells.shape[1] > 3 else ''}): "
            "take it out"
        )
    units = {name: unit for name in cells if (unit := _unit(cells[name])) is not None}
    if len(units) >= max(2, cells.shape[1] / 2):
        shown = ", ".join(f"{unit!r} in {name}" for name, unit in list(units.items())[:3])
        raise InputError(
            f"{path}: row 1 below the names looks like units or a second line of names ({shown}), "
            "as all other rows have numbers there: take it out"
        )


def _stray(cells: pd.DataFrame, place: int, at_the_end: bool) -> str:
    """Return what a row is that is none; empty where it may be one."""
    row = [str(cell).strip() for cell in cells.iloc[place]]
    filled = [cell for cell in row if cell]
    if not filled:
        return ""
    if any(_RULE.fullmatch(cell) and sum(map(cell.count, "-=_")) > 3 for cell in filled):
        rule = next(cell for cell in filled if _RULE.fullmatch(cell))
        return f"is a ruled line ({rule[:20]})"
    if any(cell.startswith(_SURVEY) for cell in filled):
        return (
            "holds the names that a survey program keeps (ImportId), as may the row beside it "
            "hold the questions"
        )
    if not at_the_end:
        return ""
    name = cells.columns[row.index(filled[0])]
    first = filled[0].rstrip(":").casefold()
    once = int((cells[name].str.strip() == filled[0]).sum()) == 1
    if once and first in _TOTALS and (len(filled) < len(row) or _are_numbers(cells[name], place)):
        return f"looks like a total ({', '.join(filled[:3])})"
    if once and len(filled) == 1 and _FOOT.fullmatch(filled[0]):
        return f"looks like a note on the file ({filled[0][:40]!r})"
    return ""


def _are_numbers(column: pd.Series, place: int) -> bool:
    """Return whether the cells above a row are numbers."""
    above = {text for cell in column.iloc[:place].unique() if (text := cell.strip()) not in MISSING}
    return bool(above) and bool(number_formats(list(above)))


def _unit(column: pd.Series) -> str | None:
    """Return the first cell of a column if that is a text and all others are numbers."""
    first = column.iloc[0].strip()
    if first in MISSING or number_formats([first]):
        return None
    others = {text for cell in column.iloc[1:].unique() if (text := cell.strip()) not in MISSING}
    return first if len(others) > 1 and number_formats(list(others)) else None
