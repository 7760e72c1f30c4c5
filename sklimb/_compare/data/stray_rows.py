"""Rows of a file that are none: names in the place of a row, names again, units."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sklimb._compare.data.header import one_line
from sklimb._compare.data.spelling import MISSING, number_formats
from sklimb._compare.errors import InputError


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
    """Refuse a file in which the names come again, or units stand below them.

    Parameters
    ----------
    path : Path
    cells : DataFrame of str
        The columns that are not plain numbers, under the names that they have in the file.

    Raises
    ------
    InputError
        If a row repeats at least two names and half of those in `cells`, or if the first row has
        text in two columns, and half of them, that hold nothing but numbers below.
    """
    if len(cells) < 2 or cells.shape[1] < 2:
        return
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


def _unit(column: pd.Series) -> str | None:
    """Return the first cell of a column if that is a text and all others are numbers."""
    first = column.iloc[0].strip()
    if first in MISSING or number_formats([first]):
        return None
    others = {text for cell in column.iloc[1:].unique() if (text := cell.strip()) not in MISSING}
    return first if len(others) > 1 and number_formats(list(others)) else None
