"""What each column is: decided once, on the rows to learn from, and kept for all later rows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.data.spelling import NumberFormat, is_boolean, plain_text

# With more different values than this a column is names, numbers of documents or sentences, and
# values that were not seen are nothing to wonder at.
MAX_VALUES = 50
# Words in a cell, on average, from which on cells are sentences.
_WORDS_OF_TEXT = 4
_DATE = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}.*)?"  # 2024-03-31
    r"|\d{1,2}([./-])\d{1,2}\2(\d{4}|\d{2})( \d{1,2}:\d{2}.*)?"  # 31.03.2024, 3/31/24
    r"|\d{4}([./])\d{1,2}\5\d{1,2}"
)
# A day written so that no doubt is left which number is the month.
DAY = re.compile(
    r"(?P<y>\d{4})([./-])(?P<m>\d{1,2})\2(?P<d>\d{1,2})(?!\d)"
    r"|(?P<d2>\d{1,2})\.(?P<m2>\d{1,2})\.(?P<y2>\d{4})(?!\d)"
)


@dataclass(frozen=True)
class Column:
    """What a column is.

    Parameters
    ----------
    name : object
        As the frame has it.
    kind : {"number", "boolean", "category", "identifier", "text", "date", "empty"}
        Identifiers are text of more than 50 different values, text is sentences, and dates are here
        dates as text; all three are learnt from as categories are.
    number : NumberFormat, default=NumberFormat()
        How numbers are written in the file, where the column is one of numbers.
    values : dict, default={}
        From each value as it is written to the value, where the column is not one of numbers.
    missing : None or NaN, default=NaN
        What stands for a missing value.
    constant : bool, default=False
        Whether all values are the same.
    zero_one : bool, default=False
        Whether the column is one of numbers and these are zeros and ones.
    alone : float, default=0.0
        Share of the rows, of those with a value, whose value no other row has; 0 for numbers.
    """

    name: Any
    kind: str
    number: NumberFormat = field(default_factory=NumberFormat)
    values: dict[str, Any] = field(default_factory=dict, hash=False)
    missing: Any = np.nan
    constant: bool = False
    zero_one: bool = False
    alone: float = 0.0


@dataclass(frozen=True)
class Columns:
    """What all columns of a table are, in their order.

    Parameters
    ----------
    columns : tuple of Column
    counted : bool, default=False
        Whether the file gave no names, so that columns are known by their place.
    """

    columns: tuple[Column, ...]
    counted: bool = False

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __getitem__(self, name: Any) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> list[Any]:
        """The names, in order."""
        return [column.name for column in self.columns]


def columns_of(
    frame: pd.DataFrame,
    formats: Mapping[Any, NumberFormat] | None = None,
    counted: bool = False,
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

    Returns
    -------
    columns : Columns
    """
    formats = formats or {}
    return Columns(
        tuple(_column(name, series, formats.get(name)) for name, series in frame.items()), counted
    )


def _column(name: Any, series: pd.Series, number: NumberFormat | None) -> Column:
    if series.isna().all():
        return Column(name, "empty")
    if pd.api.types.is_numeric_dtype(series) and series.dtype.kind != "b":
        values = series.to_numpy()
        constant = bool((values == values[0]).all())  # NaN differs from itself
        zero_one = bool(series.dropna().isin([0, 1]).all())
        return Column(
            name, "number", number or NumberFormat(), constant=constant, zero_one=zero_one
        )
    counts = series.value_counts(sort=False)
    values = {plain_text(value): value for value in series.dropna().unique()}
    alone = float((counts == 1).sum() / counts.sum())
    lacking = series[series.isna()]
    missing = None if len(lacking) and lacking.iloc[0] is None else np.nan
    constant = len(values) == 1 and not len(lacking)
    return Column(
        name, kind_of_text(values), NumberFormat(), values, missing, constant, alone=alone
    )


def kind_of_text(values: Collection[str]) -> str:
    """Return what a column is whose values are no numbers.

    Parameters
    ----------
    values : collection of str
        Different ones.

    Returns
    -------
    kind : {"boolean", "date", "category", "text", "identifier"}
    """
    if is_boolean(values):
        return "boolean"
    if all(map(_DATE.fullmatch, values)):
        return "date"
    if len(values) <= MAX_VALUES:
        return "category"
    words = [len(value.split()) for value in islice(values, 200)]
    return "text" if np.mean(words) >= _WORDS_OF_TEXT else "identifier"
