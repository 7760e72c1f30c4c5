"""Deciding what each column of a frame is, with what the user says of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.data.columns import MAX_VALUES, Column, Columns
from sklimb._compare.data.dates import (
    COMPACT,
    DateFormat,
    are_compact_dates,
    check_format,
    date_format,
    order_of,
    unix_notes,
)
from sklimb._compare.data.identifiers import are_grouped_codes, counts_rows, names_rows
from sklimb._compare.data.labels import case_notes
from sklimb._compare.data.marked_numbers import are_number_lists
from sklimb._compare.data.roles import Roles
from sklimb._compare.data.sentinels import date_sentinel_note
from sklimb._compare.data.spelling import MISSING, NumberFormat, is_boolean
from sklimb._compare.data.text_columns import text_column_notes
from sklimb._compare.errors import InputError
from sklimb._compare.phrases import first_hit
from sklimb.feature_extraction._spelling import plain_text
from sklimb.feature_extraction.dates import read_dates

# Words in a cell, on average, from which on cells are sentences; and where cells hardly repeat.
_WORDS_OF_TEXT = 4
_WORDS_OF_OWN_TEXT = 1.5
_LOOKED_AT = 200
# Values that so large a share of the rows have for themselves hardly repeat.
_HARDLY_REPEAT = 0.5
_NOT_DATES = 0.5
# Floats tell whole numbers up to this one apart.
_EXACT = 2**53


def columns_of(
    frame: pd.DataFrame,
    formats: Mapping[Any, NumberFormat] | None = None,
    counted: bool = False,
    roles: Roles | None = None,
) -> Columns:
    """Decide what each column of a frame is.

    Parameters
    ----------
    frame : DataFrame of shape (n_samples, n_features)
        As `sklimb._compare.data.dtypes.plain_frame` returns it.
    formats : mapping or None, default=None
        From the name of a column to how its numbers were written, where that was not plain.
    counted : bool, default=False
        Whether the names are counted.
    roles : Roles or None, default=None
        What the user says of columns.

    Returns
    -------
    columns : Columns

    Raises
    ------
    InputError
        If a column cannot be what the user says, or none is left to learn from.
    """
    formats, roles = formats or {}, roles or Roles()
    made = [
        _column(name, series, formats.get(name), roles.kinds.get(name), roles.formats.get(name))
        for name, series in frame.items()
    ]
    made = _in_one_order(made, frame, roles)
    return Columns(tuple(_something_left(made)), counted)


def _in_one_order(made: list[Column], frame: pd.DataFrame, roles: Roles) -> list[Column]:
    """Read dates that could be day or month first as the other columns of the table are."""
    order = order_of(column.date for column in made if column.date is not None)
    result = []
    for column in made:
        if column.date is not None and column.date.in_doubt:
            found = date_format(_texts(frame[column.name]), order)
            column = _date(column.name, frame[column.name], found)
        result.append(column)
    return result


def _something_left(made: list[Column]) -> list[Column]:
    """Learn from what names the rows where there is nothing else."""
    if not all(column.left_out for column in made):
        return made
    kept = [
        replace(column, kind="number" if column.kind == "identifier" and not column.values
                else "category" if column.kind == "identifier" else column.kind, left_out="")
        if column.kind == "identifier" or column.constant else column
        for column in made
    ]  # fmt: skip
    if all(column.left_out for column in kept):
        raise InputError("no column is left to learn from")
    return kept


def _column(
    name: Any, series: pd.Series, number: NumberFormat | None, asked: str | None, form: str | None
) -> Column:
    if asked == "drop":
        return Column(name, "dropped", left_out="as asked for")
    if series.isna().all():
        return Column(name, "empty", left_out="it has no value")
    if asked == "date":
        return _asked_date(name, series, form)
    if series.dtype.kind == "M":
        if asked is not None:
            raise InputError(f"column {name!r} holds dates: make it text first to call it {asked}")
        return _date(name, series, None)
    if pd.api.types.is_numeric_dtype(series) and series.dtype.kind != "b":
        if asked == "text":
            raise InputError(f"column {name!r} holds numbers, not texts")
        if asked != "category":
            return _number(name, series, number, asked)
    elif asked == "number":
        raise InputError(f"column {name!r} holds no numbers, such as {_example(series)}")
    return _of_values(name, series, asked)


def _example(series: pd.Series) -> str:
    value = series.dropna().iloc[0]
    return repr(value) if isinstance(value, str) else plain_text(value)


def _number(name: Any, series: pd.Series, number: NumberFormat | None, asked: Any) -> Column:
    values = series.to_numpy()
    constant = bool((values == values[0]).all())  # NaN differs from itself
    zero_one = bool(series.dropna().isin([0, 1]).all())
    made = Column(name, "number", number or NumberFormat(), constant=constant, zero_one=zero_one)
    if asked:
        return made
    if constant:
        return _constant(made, values[0])
    if are_compact_dates(series):
        return _date(name, series, DateFormat(COMPACT))
    if counts_rows(name, series):
        return replace(
            made,
            kind="identifier",
            left_out="it numbers the rows",
            notes=(
                f"column {name} numbers the rows, as an identifier does, and was left out "
                f"(--number {name} learns from it)",
            ),
        )
    if values.dtype.kind in "iu" and max(abs(int(values.min())), int(values.max())) > _EXACT:
        digits = str(int(values.max()))
        note = (
            f"column {name} holds whole numbers of {len(digits)} digits (such as {digits}), more "
            f"than methods tell apart: if they are codes, say --category {name}, or drop it"
        )
        return replace(made, notes=(note,))
    return replace(made, notes=tuple(unix_notes(name, series)))


def _constant(column: Column, value: Any) -> Column:
    return replace(column, left_out=f"{plain_text(value)!r} in all rows")


def _texts(series: pd.Series) -> list[str]:
    """Return the different values as text, without those that say missing."""
    texts = dict.fromkeys(map(plain_text, series.dropna().unique()))
    return [text for text in texts if text not in MISSING]


def _of_values(name: Any, series: pd.Series, asked: str | None) -> Column:
    counts = series.value_counts(sort=False)
    counts = counts[counts > 0]
    values = {plain_text(value): value for value in series.dropna().unique()}
    alone = float((counts == 1).sum() / counts.sum())
    lacking = series[series.isna()]
    missing = None if len(lacking) and lacking.iloc[0] is None else np.nan
    constant = len(values) == 1 and not len(lacking)
    kind = asked or kind_of_text(values, len(values) / counts.sum())
    if kind == "date":
        texts = _texts(series)
        return _date(name, series, date_format(texts))
    made = Column(
        name,
        kind,
        values=values,
        missing=missing,
        constant=constant,
        alone=alone,
        says=f"{len(values):,} value{'' if len(values) == 1 else 's'}",
    )
    if constant and not asked:
        return _constant(made, next(iter(values)))
    if kind == "category" and not asked and names_rows(alone, len(values)):
        return replace(
            made,
            kind="identifier",
            left_out="hardly any value repeats",
            notes=(
                *text_column_notes(name, series, counted=False),
                f"column {name} has a value of its own in nearly every row, as an identifier has, "
                f"and was left out (--category {name} or --text {name} learns from it)",
            ),
        )
    if asked is not None:
        return made
    notes = text_column_notes(name, series, counted=kind != "text")
    if kind == "category" and not made.many:
        notes += case_notes(values, f"values of column {name}", "stay different categories")
    return replace(made, notes=tuple(notes))


def kind_of_text(values: Collection[str], different: float = 1.0) -> str:
    """Return what a column is whose values are no numbers.

    Parameters
    ----------
    values : collection of str
        Different ones.
    different : float, default=1.0
        How many they are for each row that has one.

    Returns
    -------
    kind : {"boolean", "date", "category", "text"}
    """
    if is_boolean(values):
        return "boolean"
    texts = [value for value in values if value not in MISSING]
    if date_format(texts) is not None:
        return "date"
    hardly_repeat = different >= _HARDLY_REPEAT
    if len(texts) <= MAX_VALUES and not hardly_repeat:
        return "category"
    top = list(islice(texts, _LOOKED_AT))
    if are_grouped_codes(top) or are_number_lists(top):
        return "category"
    words = [value.split() for value in top]
    n_words = np.mean([len(parts) for parts in words]) if words else 0
    if n_words >= _WORDS_OF_TEXT:
        return "text"
    # Names and titles are short; codes of several parts hold digits.
    letters = np.mean([all(part.isalpha() for part in parts) for parts in words]) if words else 0
    is_text = hardly_repeat and n_words >= _WORDS_OF_OWN_TEXT and letters > 0.5
    return "text" if is_text and len(texts) > MAX_VALUES else "category"


def _asked_date(name: Any, series: pd.Series, form: str | None) -> Column:
    """Return a column that the user calls one of dates."""
    if series.dtype.kind == "M":
        return _date(name, series, None)
    if form is not None:
        check_format(name, form, series)
        return _date(name, series, DateFormat(form))
    texts = _texts(series)
    return _date(name, series, date_format(texts) or _best_format(name, series, texts))


def _best_format(name: Any, series: pd.Series, texts: list[str]) -> DateFormat:
    """Return the way in which most values are dates."""
    compact = pd.Series(texts, dtype=object)
    of_digits = all(len(text) == 8 and text.isdecimal() for text in texts)
    if of_digits and read_dates(compact, COMPACT).notna().all():
        return DateFormat(COMPACT)
    tried: dict[str, DateFormat] = {}
    for text in texts[:20]:
        found = date_format([text])
        if found is not None:
            tried[found.format] = found
    shares = {f: read_dates(compact, f).notna().mean() for f in tried}
    best = max(shares, key=lambda f: shares[f], default=None)
    if best is None or shares[best] < _NOT_DATES:
        raise InputError(
            f"column {name!r} holds no dates that can be read, such as {_example(series)}: say how "
            f"they are written (--date {name}=%d.%m.%Y, or date={{{name!r}: '%d.%m.%Y'}})"
        )
    return tried[best]


def _date(name: Any, series: pd.Series, found: DateFormat | None) -> Column:
    dates = read_dates(series, found and found.format)
    present = dates.dropna()
    notes = []
    bad = (series.notna() & dates.isna()).to_numpy()
    if bad.any():
        notes.append(
            f"column {name}: {bad.sum():,} of {len(bad):,} values are no dates written as "
            f"{found and found.format} and taken as missing ({first_hit(bad, series)})"
        )
    if found is not None and found.in_doubt:
        example = series.dropna().iloc[0]
        other = _swapped(found.format)
        notes.append(
            f"column {name}: no day is above 12, so {example!r} could be day or month first; it "
            f"was read as {present.iloc[0]:%Y-%m-%d}, month first (--date {name}={other} reads the "
            f"day first, --date {name}={found.format} takes this line away)"
        )
    if mark := date_sentinel_note(name, dates):
        notes.append(mark)
    written = f", written {found.format}" if found is not None else ""
    says = f"{present.min():%Y-%m-%d} to {present.max():%Y-%m-%d}{written}"
    constant = present.nunique() == 1 and len(present) == len(series)
    made = Column(name, "date", date=found, says=says, notes=tuple(notes), constant=constant)
    return _constant(made, series.iloc[0]) if constant else made


def _swapped(format: str) -> str:
    return format.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")
