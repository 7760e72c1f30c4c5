"""Pandas reads the file: once typed, once as it is written; its complaints in our words."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.data.deciding import has_fractions
from sklimb._compare.data.files import Source
from sklimb._compare.data.spelling import BLANKS, number_formats
from sklimb._compare.data.syntax import Syntax
from sklimb._compare.errors import InputError

# Python's own limit is a hundred thousand characters.
_LONGEST_CELL = 2**31 - 1
# In pieces, as by default, a column could get one type above and another below.
TYPED = {"na_values": ["?"], "skipinitialspace": True, "low_memory": False}


def typed_frame(source: Source, syntax: Syntax) -> pd.DataFrame:
    """Read a file as the printed code does: numbers as numbers, markers as missing.

    Parameters
    ----------
    source : Source
    syntax : Syntax

    Returns
    -------
    frame : DataFrame of shape (n_samples, n_columns)

    Raises
    ------
    InputError
        If its lines are no rows of one table.
    """
    frame = _read(source, **syntax.options, **TYPED)
    frame.columns = frame.columns.astype(str)
    return frame


def text_frame(
    source: Source, syntax: Syntax, names: Sequence[str]
) -> tuple[pd.DataFrame, list[int]]:
    """Read columns as they are written.

    Parameters
    ----------
    source : Source
    syntax : Syntax
    names : sequence of str
        The columns to read. The last one of the file should be among them.

    Returns
    -------
    cells : DataFrame of shape (n_samples, len(names))
        Of text; what is missing is an empty text.
    short : list of int
        Rows that have fewer cells than there are columns.
    """
    n_fields = len(syntax.names) + syntax.row_names
    places = {name: i + syntax.row_names for i, name in enumerate(syntax.names)}
    options = {key: syntax.options[key] for key in ("sep", "quotechar") if key in syntax.options}
    frame = _read(
        source,
        **options,
        header=None,
        skiprows=syntax.first_row,
        names=list(range(n_fields)),
        usecols=sorted(places[name] for name in names),
        index_col=False,
        dtype=str,
        keep_default_na=False,
        skipinitialspace=True,
    )
    by_place = {place: name for name, place in places.items()}
    frame = frame.rename(columns=by_place)[list(names)].fillna("")
    last = syntax.names[-1]
    # What a row lacks is empty in its last column, so most files need no second look.
    in_doubt = last in names and last not in syntax.empty and (frame[last] == "").any()
    return frame, _short_rows(source, syntax, n_fields) if in_doubt else []


def columns_as_written(
    source: Source, syntax: Syntax, features: pd.DataFrame, others: Sequence[str]
) -> tuple[pd.DataFrame, list[int]]:
    """Return the columns whose spelling matters, as text, and which rows are too short.

    Reading all of them so would take several times as long as reading numbers.
    """
    zeros = _has_leading_zeros(source, syntax)
    asked = [
        name
        for name, series in features.items()
        if series.dtype.kind not in "biuf" or (zeros and not has_fractions(series))
    ]
    if any(
        number.decimal == ","
        for name in asked
        if features[name].dtype.kind not in "biuf"
        for number in _sampled_formats(features[name])
    ):
        # Where commas are decimal signs, points may stand between thousands.
        asked = list(features.columns)
    wanted = list(dict.fromkeys([*asked, *others, syntax.names[-1]]))
    return text_frame(source, syntax, wanted)


def _sampled_formats(series: pd.Series) -> list:
    values = series.dropna().iloc[:1000].astype(str).str.strip().unique()[:100]
    return number_formats([value for value in values if value not in BLANKS])


def _has_leading_zeros(source: Source, syntax: Syntax) -> bool:
    """Return whether some cell of the file begins with 00 to 09, as postcodes do."""
    if source.encoding.startswith(("utf-16", "utf-32")):
        return True
    data = np.frombuffer(source.data, np.uint8)
    if len(data) < 3:
        return False
    zeros = np.flatnonzero(data[1:-1] == ord("0")) + 1
    before = data[zeros[data[zeros + 1] - ord("0") < 10] - 1]
    ends = np.frombuffer(f"{syntax.separator}\n\r\"' ".encode(), np.uint8)
    return bool(np.isin(before, ends).any())


def _short_rows(source: Source, syntax: Syntax, n_fields: int) -> list[int]:
    encoding = "utf-8-sig" if source.encoding == "utf-8" else source.encoding
    lines = io.TextIOWrapper(source.open(), encoding=encoding)
    rows = csv.reader(
        lines,
        delimiter=syntax.separator,
        quotechar=syntax.options.get("quotechar", '"'),
        skipinitialspace=True,
    )
    rows = islice(rows, syntax.first_row, None)
    filled = (row for row in rows if row and (len(row) > 1 or row[0].strip()))
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        return [place for place, row in enumerate(filled) if len(row) < n_fields]
    except csv.Error:
        return []
    finally:
        csv.field_size_limit(before)


def _read(source: Source, **options: Any) -> pd.DataFrame:
    if source.encoding != "utf-8":
        options["encoding"] = source.encoding
    try:
        return pd.read_csv(source.open(), **options)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeError, ValueError) as error:
        raise InputError(_complaint(source.path, str(error))) from None


def _complaint(path: Path, said: str) -> str:
    """Return the parser's complaint in a sentence that says where and what to do."""
    ragged = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", said)
    if ragged:
        return (
            f"{path} cannot be read as a table: line {ragged[2]} has {ragged[3]} cells where the "
            f"lines above have {ragged[1]}; put quotes around cells with the separator in them, or "
            "mend or take out that line"
        )
    open_quote = re.search(r"EOF inside string starting at row (\d+)", said)
    if open_quote:
        return (
            f"{path} cannot be read as a table: a quote in line {int(open_quote[1]) + 1} or below "
            "is opened and not closed"
        )
    said = " ".join(said.removeprefix("Error tokenizing data. C error:").split())
    return f"{path} cannot be read as a table ({said}): save it anew as CSV UTF-8"
