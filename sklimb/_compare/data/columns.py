"""What each column is: decided once, on the rows to learn from, and kept for all later rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sklimb._compare.data.dates import DateFormat
from sklimb._compare.data.spelling import NumberFormat

# With more different values than this a column is names or numbers of documents, and values that
# were not seen are nothing to wonder at.
MAX_VALUES = 50


@dataclass(frozen=True)
class Column:
    """What a column is.

    Parameters
    ----------
    name : object
        As the frame has it.
    kind : {"number", "boolean", "category", "text", "date", "identifier", "empty", "dropped"}
        Text is sentences; an identifier has a value of its own in nearly every row.
    number : NumberFormat, default=NumberFormat()
        How numbers are written in the file, where the column is one of numbers.
    date : DateFormat or None, default=None
        How dates are written, where they are text or numbers.
    values : dict, default={}
        From each value as it is written to the value, where the column is not one of numbers or
        dates.
    missing : None or NaN, default=NaN
        What stands for a missing value.
    constant : bool, default=False
        Whether all values are the same.
    zero_one : bool, default=False
        Whether the column is one of numbers and these are zeros and ones.
    alone : float, default=0.0
        Share of the rows, of those with a value, whose value no other row has; 0 for numbers.
    left_out : str, default=""
        Why it is not learnt from; empty where it is.
    says : str, default=""
        What there is to say of it in its line: how many values, from when to when.
    notes : tuple of str, default=()
        What deserves a word beyond its line.
    """

    name: Any
    kind: str
    number: NumberFormat = field(default_factory=NumberFormat)
    date: DateFormat | None = None
    values: dict[str, Any] = field(default_factory=dict, hash=False)
    missing: Any = np.nan
    constant: bool = False
    zero_one: bool = False
    alone: float = 0.0
    left_out: str = ""
    says: str = ""
    notes: tuple[str, ...] = ()

    @property
    def many(self) -> bool:
        """Whether there are more values than can be known one by one."""
        return len(self.values) > MAX_VALUES


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

    @property
    def notes(self) -> list[str]:
        """What deserves a word, column by column."""
        return [note for column in self.columns for note in column.notes]

    def of_kind(self, *kinds: str) -> list[Any]:
        """Return the names of columns of some kinds that are learnt from."""
        return [c.name for c in self.columns if c.kind in kinds and not c.left_out]

    @property
    def date_forms(self) -> dict[Any, str | None]:
        """The columns of dates that are learnt from, and how each is written."""
        dates = ((name, self[name].date) for name in self.of_kind("date"))
        return {name: date and date.format for name, date in dates}

    @property
    def left_out(self) -> list[Any]:
        """The names of columns that are not learnt from."""
        return [column.name for column in self.columns if column.left_out]
