"""How a CSV file is written: separator, quotes, where the names stand, and what is no column."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sklimb._compare.data.files import Source
from sklimb._compare.data.header import (
    is_header,
    is_header_of_numbers,
    names_asked,
    with_names,
    without_names,
)
from sklimb._compare.data.spelling import is_plain_number
from sklimb._compare.errors import InputError

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
        Records above the first row: lines, blank ones too, and a line break in quotes makes no new
        one, as pandas counts them.
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
        Columns that the user named, the target first. Where the first line holds one of them, it is
        the header.

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
    rows, places = _rows(body, separator, quote, whole)
    n_titles, notes = _titles(rows, places, source.path.name, quote)
    above = skipped + (places[n_titles - 1] if n_titles else 0)
    if above:
        options["skiprows"] = above
    rows = rows[n_titles:]
    asked = [name for name in asked if name]
    named = header == "auto" and names_asked(rows[0], asked)
    guessed = header == "auto" and not named
    numbers = guessed and bool(asked) and is_header_of_numbers(rows, asked[0])
    if numbers:
        notes.append(
            f"the first line of {source.path.name} was taken for names, as no other has the target "
            f"{rows[0][int(asked[0])]!r} (say --header no if it is a row)"
        )
    if header == "yes" or named or numbers or (guessed and is_header(rows)):
        made = with_names(rows, source.path.name)
        first_row = skipped + places[n_titles]
    else:
        made = without_names(rows)
        first_row = above
        if guessed:
            notes.append(f"{source.path.name} has no header (say --header yes if it has)")
    options |= made.pop("options")
    notes += made.pop("notes", [])
    return Syntax(
        options, separator=separator, guessed=guessed, first_row=first_row, notes=notes, **made
    )


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
        counts = _counts(whole, separator)
        if min(counts) >= 2 and len(set(counts)) == 1:
            return separator
    # No single one: titles, or ragged lines. What most lines have most of, those on top first.
    first = re.sub(r'"[^"]*("|$)', "", lines[0])
    best = max(_SEPARATORS, key=lambda s: (first.count(s), s == ","))
    if first.count(best):
        return best
    return max(_SEPARATORS, key=lambda s: sum(line.count(s) for line in lines))


def _counts(lines: list[str], separator: str) -> list[int]:
    """Return how many cells each record has, each line where quotes make one of all of them."""
    try:
        counts = [len(row) for row in csv.reader(lines, delimiter=separator) if row]
    except csv.Error:
        counts = []
    if len(counts) > 1:
        # The last may be cut where a quote was open.
        return counts[:-1] if len(counts) > 2 else counts
    return [_n_cells(line, separator) for line in lines]


def _n_cells(line: str, separator: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=separator)))
    except csv.Error:  # a cell of more than a hundred thousand characters
        return line.count(separator) + 1


def _rows(body: str, separator: str, quote: str, whole: bool) -> tuple[list[list[str]], list[int]]:
    """Return the cells of the records on top that are not blank, and the place of each, from 1."""
    rows, places = [], []
    reader = csv.reader(
        io.StringIO(body, newline=None),
        delimiter=separator,
        quotechar=quote,
        skipinitialspace=True,
    )
    try:
        for place, row in enumerate(reader, 1):
            if (row and any(cell.strip() for cell in row)) or len(row) > 1:
                rows.append([cell.strip() for cell in row])
                places.append(place)
            if len(rows) == _N_LINES:
                break
        else:
            if not whole and len(rows) > 1:  # the last may be cut
                rows.pop()
                places.pop()
    except csv.Error:  # a cell of more than a hundred thousand characters
        pass
    if not rows:
        raise InputError("the first cell of the file does not end: is a quote left open?")
    return rows, places


def _titles(
    rows: list[list[str]], places: list[int], file: str, quote: str
) -> tuple[int, list[str]]:
    """Return how many lines stand above the table: a single cell where all below have several."""
    width = Counter(map(len, rows)).most_common(1)[0][0]
    if width < 2:
        return 0, []
    n = 0
    while n < min(_N_TITLES, len(rows) - 2) and _is_title(rows[n], width):
        n += 1
    if not n:
        return 0, []
    if sum(cell.count(quote) for row in rows[:n] for cell in row) % 2:
        # pandas would skip all up to the next quote.
        raise InputError(
            f"{file} has a title with a single quote ({quote}) above its names: delete it"
        )
    title = next((cell for row in rows[:n] for cell in row if cell), "")
    which = "the first line" if places[n - 1] == 1 else f"the first {places[n - 1]} lines"
    verb = "is no row" if places[n - 1] == 1 else "are no rows"
    return n, [f"{which} of {file} ({title[:40]!r}) {verb} of the table: left out as a title"]


def _is_title(row: list[str], width: int) -> bool:
    """Return whether a line is too short for the table, or has a single text where it has cells."""
    filled = [cell for cell in row if cell]
    if not filled or len(row) == 1 or len(row) < width - 1:
        return True
    return len(filled) == 1 and len(row) > 2 and not is_plain_number(filled[0])
