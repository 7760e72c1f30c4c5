"""Dates of a second table, however they are written there, as those of the first."""

from __future__ import annotations

import re

import pandas as pd

from sklimb._compare.data.columns import Column
from sklimb._compare.data.dates import COMPACT, date_format, written_dates
from sklimb._compare.data.spelling import MISSING
from sklimb._compare.phrases import first_hit
from sklimb.feature_extraction._spelling import plain_text
from sklimb.feature_extraction.dates import UNITS, read_dates

_POINT_ZERO = re.compile(r"\.0+$")


def match_dates(series: pd.Series, column: Column) -> tuple[pd.Series, list[str], pd.Series]:
    """Return dates as the first table stores them.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Dates, text or numbers, as `sklimb._compare.data.dtypes.plain_column` has them.
    column : Column
        Of the first table, one of dates.

    Returns
    -------
    dates : Series of shape (n_samples,)
        Dates, or text in the first table's format where it has text; missing where a cell is no
        date at all.
    notes : list of str
        What is written otherwise than in the first table, and read by its own form.
    bad : Series of bool
        Which cells are no dates.
    """
    form = column.date and column.date.format
    cells = series
    if series.dtype.kind != "M":
        cells = series.map(lambda v: None if plain_text(v) in MISSING else v, na_action="ignore")
        cells = cells.astype(object).where(cells.notna(), None)
        if form == COMPACT:
            # Beside empty cells programs write whole numbers as 20240331.0.
            cells = cells.map(lambda v: _POINT_ZERO.sub("", plain_text(v)), na_action="ignore")
    dates = read_dates(cells, form)
    strange = cells.notna() & dates.isna()
    notes = []
    if strange.any():
        texts = list(dict.fromkeys(map(plain_text, cells[strange])))
        found = date_format(texts, column.date.day_first if _tells(column) else None)
        if found is not None:
            every = read_dates(cells, found.format)
            if "%" in found.format and every.notna().equals(cells.notna()):
                # All of the column is written so: 06/09/2024 beside 06/13/2024 is in June, though
                # by the first table's form it would be in September.
                strange = cells.notna()
            own = every[strange]
            notes.append(_otherwise(cells, strange, found.format, found.in_doubt, column))
            dates = dates.astype(own.dtype)
            dates[strange] = own
    bad = cells.notna() & dates.isna()
    if form is None:
        return dates, notes, bad
    if form in UNITS:
        return (dates - pd.Timestamp(0)) / pd.Timedelta(1, form), notes, bad
    return written_dates(dates, form), notes, bad


def _tells(column: Column) -> bool:
    """Return whether the first table tells which of day and month stands first."""
    date = column.date
    return date is not None and "%" in date.format and not date.in_doubt and date.format[1] != "Y"


def _otherwise(
    cells: pd.Series, strange: pd.Series, form: str, in_doubt: bool, column: Column
) -> str:
    doubt = ", month first, though no day is above 12" if in_doubt else ""
    there = f"{column.date.format}" if column.date is not None else "dates"
    return (
        f"column {column.name}: {strange.sum():,} of {len(cells):,} values of the test part are "
        f"written otherwise than in the training part ({there}), and read as {form}{doubt} "
        f"({first_hit(strange.to_numpy(), cells)})"
    )
