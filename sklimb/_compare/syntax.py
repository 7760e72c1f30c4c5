"""How a CSV file is written: separator, quotes, where the names stand, and what is no column."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sklimb._compare.errors import InputError
from sklimb._compare.files import Source
from sklimb._compare.spelling import MISSING, is_plain_number

_SEPARATORS = ("\t", ";", "|", ",")
# Lines looked at, and how many of them may stand above the names.
_N_LINES = 60
_N_TITLES = 10


@dataclass(frozen=True)
class Syntax:
    """How a file is written.

    Parameters
    ----------
    options : dict
        For `pandas.read_csv`; types, decimal signs and missing values are not in it.
    names : list of str
        The columns as pandas names them, without the one of row numbers.
    header : bool
        Whether the names are the file's.
    separator : str
    guessed : bool
        Whether `header` is a guess.
    empty : tuple of str
        Columns that separators at the ends of the lines make.
    first_row : int
        Lines above the first row.
    row_names : int
        1 if a column of row names stands before those of `names`, else 0.
    repeated : dict of str to str
        Name that pandas gave to the second of two columns of one name: that name.
    notes : list of str
    """

    options: dict[str, Any]
    names: list[str]
    header: bool
    separator: str
    guessed: bool
    first_row: int
    row_names: int = 0
    empty: tuple[str, ...] = ()
    repeated: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def find_syntax(source: Source, header: str, asked: Iterable[str] = ()) -> Syntax:
    """Find out how a file is written.

    Parameters
    ----------
    source : Source
    header : {"auto", "yes", "no"}
    asked : iterable of str
        Columns that the user named. Where the first line holds one, it is the header.

    Returns
    -------
    syntax : Syntax

    Raises
    ------
    InputError
        If the file has no two columns.
    """
    text, whole = source.head()
    options: dict[str, Any] = {}
    skipped, separator = _excel_line(text)
    body = "".join(text.splitlines(keepends=True)[skipped:]) if skipped else text
    raw = [line for line in io.StringIO(body, newline=None) if line.strip()][:_N_LINES]
    if not raw:
        raise InputError(f"{source.path} is empty")
    quote = '"'
    separator = separator or _separator(raw)
    if '"' not in raw[0] and re.search(
        rf"(^|{re.escape(separator)})\s*'[^']*'", raw[min(1, len(raw) - 1)]
    ):
        # Files that come from ARFF quote with apostrophes.
        quote = options["quotechar"] = "'"
    if separator != ",":
        options["sep"] = separator
    rows, lines = _rows(body, separator, quote, whole)
    n_titles, notes = _titles(rows, lines, source.path.name)
    above = skipped + (lines[n_titles - 1] if n_titles else 0)
    if above:
        options["skiprows"] = above
    rows = rows[n_titles:]
    asked = [name for name in asked if name]
    named = header == "auto" and _names_asked(rows[0], asked)
    guessed = header == "auto" and not named
    if header == "yes" or named or (guessed and is_header(rows)):
        made = _with_names(rows, source.path.name)
        first_row = skipped + lines[n_titles]
    else:
        made = _without_names(rows)
        first_row = above
        if guessed:
            notes.append(f"{source.path.name} has no header (say --header yes if it has)")
    options |= made.pop("options")
    notes += made.pop("notes", [])
    return Syntax(
        options, separator=separator, guessed=guessed, first_row=first_row, notes=notes, **made
    )


def _without_names(rows: list[list[str]]) -> dict[str, Any]:
    names = [f"column_{i}" for i in range(max(_width(rows), len(rows[0])))]
    return {
        "names": names,
        "header": False,
        "empty": _empty_at_the_end(rows, names),
        "options": {"header": None, "names": names},
    }


def _with_names(rows: list[list[str]], file: str) -> dict[str, Any]:
    first, below = rows[0], rows[1:]
    names, repeated = _mangled(first)
    made: dict[str, Any] = {"header": True, "repeated": repeated, "options": {}}
    width = _width(below) if below else len(first)
    if width == len(first) + 1:
        if any(row[-1] for row in below if len(row) == width):
            # One name too few: R writes row names so, and pandas takes them as it should.
            return made | {"names": names, "row_names": 1}
        # Separators at the ends of the lines but not of the header: without a name for them pandas
        # would take the first column for row names and shift all others.
        names = [*names, f"Unnamed: {len(first)}"]
        made["options"] = {"header": 0, "names": names}
        return made | {"names": names, "empty": (names[-1],)}
    empty = _empty_at_the_end([row for row in below if len(row) == len(first)], names, first)
    made |= {"names": names, "empty": empty}
    if first[0]:
        return made
    if _all_differ([row[0] for row in below if row]):
        return made | {"names": names[1:], "row_names": 1, "options": {"index_col": 0}}
    return made | {"notes": [f"the first column of {file} has no name and is called {names[0]!r}"]}


def _width(rows: list[list[str]]) -> int:
    return Counter(map(len, rows)).most_common(1)[0][0]


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


def _is_number(cell: str) -> bool:
    # 3,14 is a number somewhere
    return is_plain_number(cell) or is_plain_number(cell.replace(",", "."))


def _names_asked(first: list[str], asked: list[str]) -> bool:
    """Return whether a cell of the first line is a name that was asked for.

    A whole number is the place of a column, unless there is none at that place.
    """
    cells = {cell.strip() for cell in first}
    for name in asked:
        is_place = re.fullmatch(r"[+-]?\d+", name.strip()) and (
            -len(first) <= int(name) < len(first)
        )
        if name.strip() in cells and not is_place:
            return True
    return False


def _excel_line(text: str) -> tuple[int, str | None]:
    """Return 1 and the separator if the first line is Excel's ``sep=;``, else 0 and None."""
    line = text.split("\n", 1)[0].strip("\r\n\"' ﻿")
    found = re.fullmatch(r"sep=(.|\\t)[,;]*", line + ("\t" if line.lower() == "sep=" else ""), re.I)
    if found is None:
        return 0, None
    return 1, "\t" if found[1] == r"\t" else found[1]


def _separator(lines: list[str]) -> str:
    """Return the separator that gives all lines the same number of cells, rather not the comma.

    Commas are also decimal signs and part of sentences, so they are asked last.
    """
    whole = lines[:-1] if len(lines) == _N_LINES else lines
    for separator in _SEPARATORS[:-1]:
        counts = [len(next(csv.reader([line], delimiter=separator))) for line in whole]
        if min(counts) >= 2 and len(set(counts)) == 1:
            return separator
    # No single one: titles, or ragged lines. What most lines have most of, those on top first.
    best = max(_SEPARATORS, key=lambda s: (lines[0].count(s), s == ","))
    if lines[0].count(best):
        return best
    return max(_SEPARATORS, key=lambda s: sum(line.count(s) for line in lines))


def _rows(body: str, separator: str, quote: str, whole: bool) -> tuple[list[list[str]], list[int]]:
    """Return the cells of the lines on top that are not blank, and at which line each ends."""
    rows, ends = [], []
    reader = csv.reader(
        io.StringIO(body, newline=None),
        delimiter=separator,
        quotechar=quote,
        skipinitialspace=True,
    )
    try:
        for row in reader:
            if (row and any(cell.strip() for cell in row)) or len(row) > 1:
                rows.append([cell.strip() for cell in row])
                ends.append(reader.line_num)
            if len(rows) == _N_LINES:
                break
        else:
            if not whole and len(rows) > 1:  # the last may be cut
                rows.pop()
                ends.pop()
    except csv.Error:  # a cell of more than a hundred thousand characters
        pass
    if not rows:
        raise InputError("the first cell of the file does not end: is a quote left open?")
    return rows, ends


def _titles(rows: list[list[str]], lines: list[int], file: str) -> tuple[int, list[str]]:
    """Return how many lines stand above the table: a single cell where all below have several."""
    width = Counter(map(len, rows)).most_common(1)[0][0]
    if width < 2:
        return 0, []
    n = 0
    while n < min(_N_TITLES, len(rows) - 2) and _is_title(rows[n], width):
        n += 1
    if not n:
        return 0, []
    title = next((cell for row in rows[:n] for cell in row if cell), "")
    which = "the first line" if lines[n - 1] == 1 else f"the first {lines[n - 1]} lines"
    verb = "is no row" if lines[n - 1] == 1 else "are no rows"
    return n, [f"{which} of {file} ({title[:40]!r}) {verb} of the table: left out as a title"]


def _is_title(row: list[str], width: int) -> bool:
    """Return whether a line is too short for the table, or has a single text where it has cells."""
    filled = [cell for cell in row if cell]
    if not filled or len(row) == 1 or len(row) < width - 1:
        return True
    return len(filled) == 1 and len(row) > 2 and not is_plain_number(filled[0])


def _mangled(cells: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return names as pandas gives them, and of the second of a name the name as written."""
    names, repeated = [], {}
    raw = [cell or f"Unnamed: {i}" for i, cell in enumerate(cells)]
    seen: Counter[str] = Counter()
    for name in raw:
        new = name
        while seen[new]:
            new = f"{name}.{seen[name]}"
            seen[name] += 1
        if new != name:
            repeated[new] = name
        seen[new] += 1
        names.append(new)
    return names, repeated


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
