"""Categories and texts of a second table, however spelled, as those of the first."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from sklimb._compare.data.columns import Column
from sklimb._compare.data.spelling import is_plain_number
from sklimb._compare.errors import InputError
from sklimb._compare.phrases import first_few, first_hit
from sklimb.feature_extraction._spelling import folded

# From this share on the values of a column are no slips: the two tables mean different things.
TOO_MANY = 0.5
# So much more of a test part may be new than chance lets one expect.
_MARGIN = 0.3
# A day written so that no doubt is left which number is the month.
_DAY = re.compile(
    r"(?P<y>\d{4})([./-])(?P<m>\d{1,2})\2(?P<d>\d{1,2})(?!\d)"
    r"|(?P<d2>\d{1,2})\.(?P<m2>\d{1,2})\.(?P<y2>\d{4})(?!\d)"
)
_TIME = re.compile(r"[T ]0{1,2}:00(:00(\.0+)?)?(Z|\+00:?00)?")


def match_text(cells: pd.Series, column: Column) -> tuple[dict[str, str], list[str]]:
    """Return which cells are values of the first table in another spelling.

    Parameters
    ----------
    cells : Series of str
        Missing ones are None.
    column : Column
        Of the first table, one of text.

    Returns
    -------
    change : dict of str to str
        From a cell as it is written to the value as the first table writes it.
    notes : list of str
        What was written otherwise, and what is new where that is more than chance.

    Raises
    ------
    InputError
        If most cells are numbers and no value is.
    """
    change, strange = _spelled_otherwise(cells, column)
    return change, [*_changed(cells, change, column), *_unseen(cells, strange, column)]


def _spelled_otherwise(cells: pd.Series, column: Column) -> tuple[dict[str, str], list[str]]:
    """Return unseen cells that are one of the values but for their spelling, and all others."""
    new = [cell for cell in cells.dropna().unique() if cell not in column.values]
    by_key: dict[str, list[str]] = {}
    for value in column.values if new else ():
        by_key.setdefault(spelling_key(value), []).append(value)
    change, strange = {}, []
    for cell in new:
        same = by_key.get(spelling_key(cell), [])
        if len(same) == 1:
            change[cell] = same[0]
        else:
            strange.append(cell)
    return change, strange


def _changed(cells: pd.Series, change: dict[str, str], column: Column) -> list[str]:
    if not change:
        return []
    hit = cells.isin(list(change)).to_numpy()
    first = int(np.flatnonzero(hit)[0])
    old = cells.iloc[first]
    return [
        f"column {column.name}: {hit.sum():,} of {len(cells):,} values of the test part are "
        f"written otherwise than in the training part, and taken as there (the first: row "
        f"{first + 1}, {old!r} as {change[old]!r})"
    ]


def _unseen(cells: pd.Series, strange: list[str], column: Column) -> list[str]:
    if not strange:
        return []
    hit = cells.isin(strange).to_numpy()
    n_present = int(cells.notna().sum())
    shown = first_hit(hit, cells)
    n_numbers = sum(map(is_plain_number, cells[hit]))
    if n_numbers > TOO_MANY * n_present and not any(map(is_plain_number, column.values)):
        raise InputError(
            f"column {column.name!r} holds {_what(column)}, but numbers in {n_numbers:,} of "
            f"{len(cells):,} rows of the test part ({shown}): is it the same column?"
        )
    form = _other_form(strange, column) if hit.sum() > TOO_MANY * n_present else ""
    # By Good and Turing's estimate new rows hold new values as often as rows hold a value alone.
    open_ended = column.many or column.kind == "text"
    if open_ended and hit.sum() <= (column.alone + _MARGIN) * n_present and not form:
        return []
    return [
        f"column {column.name}: {hit.sum():,} of {len(cells):,} values of the test part do not "
        f"occur in the training part{form} ({shown})"
    ]


def _what(column: Column) -> str:
    kind = "categories" if column.kind == "category" and not column.many else "text"
    return f"{kind} ({first_few(sorted(column.values))})"


def _other_form(strange: list[str], column: Column) -> str:
    """Say that new values are of a form that no value has; empty where some are, or of sentences.

    The form is what is left of a text whose words and numbers are all the same.
    """
    if column.kind == "text" or not column.many:
        return ""
    forms = {_form(value) for value in column.values}
    if any(_form(cell) in forms for cell in strange):
        return ""
    example = next(iter(column.values))
    return f", and are written in another form than there ({example!r})"


def _form(text: str) -> str:
    return re.sub(r"\w+", "x", text)


def spelling_key(cell: str) -> str:
    """Return what spellings of one value share: no case, leading zeros, midnight or order of date.

    Examples
    --------
    >>> spelling_key("CITY 7"), spelling_key("007"), spelling_key("05.01.2024")
    ('city 7', '7', '2024-01-05')
    """
    text = folded(cell)
    if is_plain_number(text):
        if "." in text and "e" not in text:
            text = text.rstrip("0").rstrip(".")
        return text.lstrip("+0") or "0"
    day = _DAY.match(text)
    if day is not None:
        rest = text[day.end() :]
        year, month, date = (day["y"], day["m"], day["d"]) if day["y"] else (
            day["y2"], day["m2"], day["d2"])  # fmt: skip
        return f"{year}-{month:0>2}-{date:0>2}" + (
            "" if _TIME.fullmatch(rest.upper()) else rest.replace("t", " ")
        )
    return "0" if text == "false" else "1" if text == "true" else text
