"""Where a file has names of columns, and what they are."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import pairwise
from typing import Any

import pandas as pd

from sklimb._compare.data.spelling import MISSING, is_plain_number
from sklimb._compare.errors import InputError
from sklimb.feature_extraction._spelling import visible


def is_header(rows: list[list[str]]) -> bool:
    """Return whether the first row holds names, by what is in it and below it.

    Parameters
    ----------
    rows : list of list of str
        The top of the file.

    Returns
    -------
    answer : bool
        Yes if none of its cells (but for an empty first one, above row numbers, and empty last
        ones) is a number or missing, each differs from the others, and it is not all text in a file
        all of text; or if it counts the columns (0, 1, 2, ...), as an unnamed frame is saved.
    """
    first, below = list(rows[0]), rows[1:]
    offset = 1 if not first[0] else 0
    while len(first) > 1 and not first[-1] and all(not row[-1] for row in below):
        first.pop()
    cells = first[offset:]
    if not cells or any(cell in MISSING for cell in cells):
        return False
    if all(map(_is_number, cells)):
        return cells == [str(i) for i in range(len(cells))] and len(rows) > 1
    leading = cells[:-1]
    if leading and leading == [str(i) for i in range(len(leading))]:
        return True
    if any(map(_is_number, cells)):
        return False
    if any(_is_number(cell) for row in below for cell in row if cell not in MISSING):
        return True
    # All text above and below: names, unless one of them is also a value.
    return not any(cell == row[i] for row in below for i, cell in enumerate(first) if i < len(row))


def is_header_of_numbers(rows: list[list[str]], target: str) -> bool:
    """Return whether the first row holds rising whole numbers, as years, and the target's name.

    Parameters
    ----------
    rows : list of list of str
        The top of the file.
    target : str
        Only the place of a column tells something here.

    Returns
    -------
    answer : bool
        Yes if the first cell of the target is a text that no other row has there.
    """
    first, below = rows[0], rows[1:]
    if len(first) < 3 or not _is_place(target, len(first)):
        return False
    place = int(target) % len(first)
    name, others = first[place], [cell for i, cell in enumerate(first) if i != place]
    if name in MISSING or is_plain_number(name) or not all(map(str.isdecimal, others)):
        return False
    numbers = list(map(int, others))
    labels = [row[place] for row in below if len(row) == len(first)]
    return (
        all(low < high for low, high in pairwise(numbers))
        and name not in labels
        and len(set(labels)) < len(labels)
    )


def _is_place(name: str, width: int) -> bool:
    return bool(re.fullmatch(r"[+-]?\d+", name.strip())) and -width <= int(name) < width


def _is_number(cell: str) -> bool:
    # 3,14 is a number somewhere
    return is_plain_number(cell) or is_plain_number(cell.replace(",", "."))


def names_asked(first: list[str], asked: list[str]) -> bool:
    """Return whether a cell of the first line is a name that was asked for.

    A whole number is the place of a column, unless there is none at that place.
    """
    cells = {one_line(cell) for cell in first}
    return any(one_line(name) in cells and not _is_place(name, len(first)) for name in asked)


def one_line(name: str) -> str:
    r"""Return the name of a column as eyes see it, on one line.

    Line breaks and spaces of all kinds are single spaces, and accents are stored in one way, which
    programs of macOS and of others do not do alike.

    Examples
    --------
    >>> one_line(" the\nclass "), one_line("gro\u0308\u00dfe")
    ('the class', 'größe')
    """
    return visible(name)


def without_names(rows: list[list[str]]) -> dict[str, Any]:
    names = [f"column_{i}" for i in range(max(_width(rows), len(rows[0])))]
    return {
        "names": names,
        "header": False,
        "empty": _empty_at_the_end(rows, names),
        "options": {"header": None, "names": names},
    }


def with_names(rows: list[list[str]], file: str) -> dict[str, Any]:
    first, below = rows[0], rows[1:]
    try:
        names, repeated = _mangled(first)
    except pd.errors.EmptyDataError:  # marks that are nothing for pandas, such as a lone U+FEFF
        raise InputError(
            f"{file} cannot be read as a table: its first line, {''.join(first)!r}, names no "
            "column; save it anew as CSV UTF-8"
        ) from None
    made: dict[str, Any] = {"header": True, "repeated": repeated, "options": {}}
    width = _width(below) if below else len(first)
    if width == len(first) + 1:
        if any(row[-1] for row in below if len(row) == width):
            # One name too few: R writes row names so, and pandas takes them as it should.
            full = [row for row in below if len(row) == width]
            return made | {
                "names": names,
                "row_names": 1,
                "notes": [_row_names([row[0] for row in full], first, file)],
            }
        # Separators at the ends of the lines but not of the header: without a name for them pandas
        # would take the first column for row names and shift all others.
        names = [*names, f"Unnamed: {len(first)}"]
        made["options"] = {"header": 0, "names": names}
        return made | {"names": names, "empty": (names[-1],)}
    empty = _empty_at_the_end([row for row in below if len(row) == len(first)], names, first)
    made |= {"names": names, "empty": empty}
    if first[0]:
        return made
    cells = [row[0] for row in below if row]
    if _all_differ(cells) and not any(_is_measured(cell) for cell in cells):
        notes = []
        if not _count(cells) and all(cell[:1].isdigit() for cell in cells):  # numbers, or dates
            notes = [
                f"the first column of {file} ({cells[0]!r}, ...) has no name and was taken for "
                "row names and left out; give it a name to learn from it"
            ]
        return made | {
            "names": names[1:],
            "row_names": 1,
            "options": {"index_col": 0},
            "notes": notes,
        }
    return made | {"notes": [f"the first column of {file} has no name and is called {names[0]!r}"]}


def _row_names(cells: list[str], names: list[str], file: str) -> str:
    """Say that the first column is taken for row names; refuse where it can be none."""
    odd = next((cell for cell in cells if not cell or _is_measured(cell)), None)
    if odd is None and not _all_differ(cells):
        odd = Counter(cells).most_common(1)[0][0]
    if odd is not None:
        raise InputError(
            f"{file} has {len(names) + 1} cells in its lines and {len(names)} names on top, and "
            f"the first cells ({odd!r}) are no row names: give every column a name"
        )
    return (
        f"{file} has one name less than cells: its first column ({cells[0]!r}, ...) was taken for "
        "row names and left out"
    )


def _width(rows: list[list[str]]) -> int:
    return Counter(map(len, rows)).most_common(1)[0][0]


def _mangled(cells: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return names as pandas gives them, and of the second of a name the name as written."""
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    line.seek(0)
    names = list(pd.read_csv(line, nrows=0))
    written = [cell or f"Unnamed: {i}" for i, cell in enumerate(cells)]
    return names, {new: old for new, old in zip(names, written, strict=True) if new != old}


def _is_measured(cell: str) -> bool:
    """Return whether a cell is a number that numbers no row."""
    return _is_number(cell) and not cell.isdigit()


def _count(cells: list[str]) -> bool:
    """Return whether cells number the rows one by one, as a saved index does."""
    if not all(cell.isdecimal() for cell in cells):
        return False
    return all(int(cell) == int(cells[0]) + i for i, cell in enumerate(cells))


def _all_differ(cells: list[str]) -> bool:
    return len(set(cells)) == len(cells)


def _empty_at_the_end(
    rows: list[list[str]], names: list[str], first: list[str] | None = None
) -> tuple[str, ...]:
    """Return the last columns without a name and without a value."""
    if not rows:
        return ()
    empty: list[str] = []
    for back in range(1, len(names)):
        if first is not None and first[-back]:
            break
        if any(len(row) >= len(rows[0]) and row[-back] for row in rows):
            break
        empty.append(names[-back])
    return tuple(reversed(empty))
