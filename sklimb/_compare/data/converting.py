"""A second table is read with the decisions made on the first: columns by name, values by kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.data.columns import Column, Columns
from sklimb._compare.data.dtypes import plain_column
from sklimb._compare.data.header import one_line
from sklimb._compare.data.matching_dates import match_dates
from sklimb._compare.data.matching_numbers import read_numbers
from sklimb._compare.data.matching_text import TOO_MANY, match_text
from sklimb._compare.data.spelling import BLANKS, MISSING, truth
from sklimb._compare.errors import InputError
from sklimb._compare.phrases import first_few, first_hit, likely
from sklimb.feature_extraction._spelling import plain_text

# What pandas calls columns in which no cell is a truth value.
_NO_TRUTHS = ("string", "integer", "floating", "mixed-integer-float", "decimal", "empty")
_ROW_NUMBERS = re.compile(r"Unnamed: \d+")
_TRUTHS = ["True", "False", "TRUE", "FALSE", "true", "false"]


def conform(
    frame: pd.DataFrame, columns: Columns, comma: bool | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Return a second table as the first one is.

    Parameters
    ----------
    frame : DataFrame of shape (n_samples, any)
        Of any types; all text where it comes from a file.
    columns : Columns
        Of the first table.
    comma : bool or None, default=None
        Whether the second file has decimal commas; None where that is not known.

    Returns
    -------
    frame : DataFrame of shape (n_samples, n_features)
        The columns of the first table in its order, each of its kind. What does not fit is missing.
    notes : list of str
        What did not fit: the column, how many values, and the first of them.

    Raises
    ------
    InputError
        If a column is not there, or half of its values do not fit.
    """
    frame, notes = _matched(frame, columns)
    made = {}
    for column in columns:
        convert = _as_it_is if column.left_out else _CONVERT[column.kind]
        made[column.name], more = convert(frame[column.name], column, comma)
        notes += more or _empty(made[column.name], column)
    # Column by column, so that names that are numbers stay such.
    return pd.DataFrame(made, index=frame.index, columns=frame.columns), notes


def _empty(series: pd.Series, column: Column) -> list[str]:
    if column.left_out or not len(series) or series.notna().any():
        return []
    return [f"column {column.name} has no value at all in the test part, and has in the training"]


def _matched(frame: pd.DataFrame, columns: Columns) -> tuple[pd.DataFrame, list[str]]:
    """Return the columns of the first table, found by name or, without names, by place."""
    names = columns.names
    if frame.columns.has_duplicates:
        name = frame.columns[frame.columns.duplicated()][0]
        raise InputError(f"two columns of the test part are called {name!r}; rename one")
    if not set(names) <= set(frame.columns):
        # 1 and "1", and spaces, line breaks and accents in a name
        by_text = {one_line(str(name)): name for name in frame.columns if name not in set(names)}
        wanted = {one_line(str(name)): name for name in names if name not in set(frame.columns)}
        frame = frame.rename(
            columns={by_text[text]: wanted[text] for text in wanted if text in by_text}
        )
    unused = [name for name in columns.left_out if name not in set(frame.columns)]
    frame = frame.assign(**dict.fromkeys(map(str, unused), np.nan)) if unused else frame
    lacking = [name for name in names if name not in set(frame.columns)]
    extra = [name for name in frame.columns if name not in set(names)]
    if lacking:
        raise InputError(
            "the test part has other columns than the training part"
            + (f"; new: {first_few(extra)}" if extra else "")
            + f"; missing: {first_few(lacking)}{_advice(lacking, extra)}"
        )
    notes = []
    if extra:
        which = f"column{'s' if len(extra) > 1 else ''} {first_few(extra)}"
        notes.append(f"{which} of the test part: not in the training part, left out")
    return frame[names], notes


def _advice(lacking: list[Any], extra: list[Any]) -> str:
    """Say what to do about columns that are missing, where that can be seen."""
    for name in map(str, lacking):
        if hint := likely(name, extra):
            return f" ({name!r}: {hint})"
    numbers = next((str(n) for n in lacking if _ROW_NUMBERS.fullmatch(str(n))), None)
    if numbers is None:
        return ""
    return f" (row numbers that were saved? then leave them out: --drop {numbers!r})"


def _numbers(series: pd.Series, column: Column, comma: bool | None) -> tuple[pd.Series, list[str]]:
    if series.dtype.kind in "mM":
        raise InputError(f"column {column.name!r} holds numbers, but dates in the test part")
    if pd.api.types.is_numeric_dtype(series) and series.dtype.kind != "b":
        return plain_column(series, column.name)[0], []
    objects = series.astype(object)
    if (
        column.number.is_plain
        and comma is not True
        and pd.api.types.infer_dtype(objects) in _NO_TRUTHS
    ):
        # Most columns, and cell by cell would take ten times as long.
        numbers = pd.to_numeric(objects, errors="coerce")
        if numbers.notna().all():
            return plain_column(numbers, column.name)[0], []
    cells = _cells(series)
    if column.zero_one and cells.isin(_TRUTHS).any():
        # Zeros and ones in the first table, true and false in the second.
        cells = cells.map(_as_digit, na_action="ignore")
    cells = cells.where(~cells.isin(BLANKS), None)
    numbers, notes = read_numbers(cells.dropna(), column, comma)
    numbers = numbers.reindex(series.index)
    bad = cells.notna().to_numpy() & numbers.isna().to_numpy()
    return numbers, notes + _unfit(bad, cells, column, "no number")


def _as_digit(cell: str) -> str:
    value = truth(cell) if cell.lower() in ("true", "false") else None
    return cell if value is None else str(int(value))


def _booleans(series: pd.Series, column: Column, comma: bool | None) -> tuple[pd.Series, list[str]]:
    if series.dtype.kind == "b" and not isinstance(series.dtype, pd.api.extensions.ExtensionDtype):
        return series, []
    cells = _cells(series)
    known = {cell: truth(cell) for cell in cells.dropna().unique()}
    made = cells.map({cell: value for cell, value in known.items() if value is not None})
    bad = (cells.notna() & made.isna()).to_numpy()
    notes = _unfit(bad, cells, column, "neither true nor false")
    other = [c for c, v in known.items() if v is not None and c.lower() not in ("true", "false")]
    if other:
        first = int(np.flatnonzero(cells.isin(other))[0])
        notes.append(
            f"column {column.name}: {cells.isin(other).sum():,} of {len(cells):,} values of the "
            f"test part are written otherwise than True and False, and taken as these (the first: "
            f"row {first + 1}, {cells.iloc[first]!r})"
        )
    if made.notna().all():
        return made.astype(bool), notes
    return made.astype(object).where(made.notna(), column.missing), notes


def _categories(
    series: pd.Series, column: Column, comma: bool | None
) -> tuple[pd.Series, list[str]]:
    if series.dtype.kind in "mM":
        raise InputError(f"column {column.name!r} holds text, but dates in the test part")
    cells = _cells(series, frozenset(column.values))
    change, notes = match_text(cells, column)
    known = {**column.values, **{cell: column.values[same] for cell, same in change.items()}}
    made = [column.missing if cell is None else known.get(cell, cell) for cell in cells]
    return pd.Series(made, index=series.index, name=series.name, dtype=object), notes


def _coded(series: pd.Series, column: Column, comma: bool | None) -> tuple[pd.Series, list[str]]:
    """Return categories; numbers that are called categories stay numbers."""
    kinds = set(map(type, column.values.values()))
    if all(issubclass(kind, (int, float, np.number)) and kind is not bool for kind in kinds):
        made, notes = _numbers(series, column, comma)
        # As objects, for below a column of categories numbers would make it one of numbers.
        return made.astype(object), notes
    return _categories(series, column, comma)


def _dates(series: pd.Series, column: Column, comma: bool | None) -> tuple[pd.Series, list[str]]:
    series, _ = plain_column(series, column.name)
    made, notes, bad = match_dates(series, column)
    return made, notes + _unfit(bad.to_numpy(), series, column, "no date")


def _as_it_is(series: pd.Series, column: Column, comma: bool | None) -> tuple[pd.Series, list[str]]:
    """Return a column that is not learnt from."""
    if column.kind != "empty":
        return series, []
    n_values = int(_cells(series).notna().sum())
    notes = []
    if n_values:
        notes.append(
            f"column {column.name} has no value at all in the training part, so {n_values:,} "
            "values of the test part are left out"
        )
    return pd.Series(np.nan, index=series.index, name=series.name), notes


_CONVERT: dict[str, Callable] = {
    "number": _numbers,
    "boolean": _booleans,
    "category": _coded,
    "text": _categories,
    "date": _dates,
}


def _cells(series: pd.Series, values: frozenset[str] = frozenset()) -> pd.Series:
    """Return values as text without spaces around it, missing ones as None.

    Markers of missing values are missing, unless they are among `values`.
    """
    markers = MISSING - values
    texts = [
        None if missing or (text := plain_text(value)) in markers else text
        for value, missing in zip(series.astype(object), series.isna(), strict=True)
    ]
    return pd.Series(texts, index=series.index, name=series.name, dtype=object)


def _unfit(bad: np.ndarray, cells: pd.Series, column: Column, what: str) -> list[str]:
    if not bad.any():
        return []
    n_bad, n, shown = int(bad.sum()), int(cells.notna().sum()), first_hit(bad, cells)
    if n_bad > TOO_MANY * n:
        kind = {"boolean": "true and false", "date": "dates"}.get(column.kind, "numbers")
        raise InputError(
            f"column {column.name!r} holds {kind}, but {n_bad:,} of {n:,} values of the test part "
            f"are {what} ({shown}): is it the same column?"
        )
    return [
        f"column {column.name}: {n_bad:,} of {len(cells):,} values of the test part "
        f"{'is' if n_bad == 1 else 'are'} {what} and taken as missing ({shown})"
    ]
