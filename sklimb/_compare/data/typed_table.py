"""From Parquet and Excel files to columns, labels, groups and times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.data.columns import Columns
from sklimb._compare.data.converting import conform
from sklimb._compare.data.dtypes import plain_frame
from sklimb._compare.data.kinds import columns_of
from sklimb._compare.data.roles import Roles
from sklimb._compare.data.syntax import Syntax
from sklimb._compare.data.table import Table
from sklimb._compare.data.text_numbers import read_text_numbers
from sklimb._compare.data.times import as_times
from sklimb._compare.data.typed_files import TypedFile
from sklimb._compare.errors import InputError
from sklimb._compare.phrases import likely
from sklimb._compare.snippet import each_column, quoted


def typed_syntax(file: TypedFile) -> Syntax:
    """Return how such a file is written, as far as its columns are asked for by name."""
    return Syntax({}, list(file.frame.columns), True, ",", False, 0)


def typed_table(
    file: TypedFile, label: str, sides: Mapping[str, str | None], left_out: Sequence[str],
    roles: Roles,
) -> Table:  # fmt: skip
    """Take a frame apart, as `sklimb._compare.reading.read_table` takes a text file.

    Parameters
    ----------
    file : TypedFile
    label : str
        The column of labels.
    sides : mapping
        ``groups`` and ``time``: the column, or None.
    left_out : sequence of str
        All columns that are not learnt from.
    roles : Roles

    Returns
    -------
    table : Table
    """
    frame = file.frame
    X = frame.drop(columns=list(left_out))
    X, more = _one_type(X)
    lines = [
        *([file.imports] if file.imports else []),
        "import pandas as pd\n",
        f"table = {file.code}",
        f"X = table.drop(columns=[{', '.join(map(quoted, left_out))}])",
        *more,
        f"y = table[{quoted(label)}].to_numpy()",
        "",
    ]
    read = read_text_numbers(plain_frame(X)[0], roles)
    groups, time = sides["groups"], sides["time"]
    return Table(
        X,
        _labels(frame[label]),
        None if groups is None else _labels(frame[groups]),
        None if time is None else as_times(frame[time], f"column {time!r}", True),
        "\n".join(lines),
        list(file.notes),
        columns_of(read.X, read.formats, roles=roles),
        label,
        list(frame.columns),
        list(left_out),
        roles,
    )


def _one_type(X: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Make text of columns of text and other things, as spreadsheets have them."""
    mixed = [name for name, series in X.items() if series.dtype == object and _is_mixed(series)]
    if not mixed:
        return X, []
    made = {name: X[name].map(str, na_action="ignore") for name in mixed}
    return X.assign(**made), each_column(mixed, 'X[{0}] = X[{0}].map(str, na_action="ignore")')


def _is_mixed(series: pd.Series) -> bool:
    texts = [isinstance(value, str) for value in series.dropna()]
    return any(texts) and not all(texts)


def _labels(series: pd.Series) -> np.ndarray:
    """Return labels as they are, texts without spaces around them, None where there is none."""
    if series.dtype.kind in "iub" and not series.isna().any():
        return series.to_numpy()
    values: list[Any] = [
        None if missing else value.strip() or None if isinstance(value, str) else value
        for value, missing in zip(series.astype(object), series.isna(), strict=True)
    ]
    present = [value for value in values if value is not None]
    if all(isinstance(value, float) and value.is_integer() for value in present):
        # Whole numbers that a gap made floats.
        values = [None if value is None else int(value) for value in values]
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


def typed_second(path: Path, file: TypedFile, first: Table) -> Table:
    """Read a further file with the decisions made on the first one, columns by name.

    Parameters
    ----------
    path : Path
    file : TypedFile
    first : Table

    Returns
    -------
    table : Table

    Raises
    ------
    InputError
        If it lacks a column, or its columns mean something else.
    """
    if first.columns.counted:
        raise InputError(f"{path} has names of columns, but the training file none")
    frame = file.frame
    if first.label not in frame.columns:
        hint = likely(first.label, frame.columns)
        raise InputError(f"{path} has no column {first.label!r}, the target{hint and f': {hint}'}")
    rest = frame.drop(columns=[name for name in first.left_out if name in frame.columns])
    X, notes = conform(rest, _used(first.columns))
    y = _labels(frame[first.label])
    names = list(frame.columns)
    return Table(
        X, y, None, None, "", [*file.notes, *notes], first.columns, first.label, names,
        first.left_out,
    )  # fmt: skip


def _used(columns: Columns) -> Columns:
    return Columns(tuple(c for c in columns if c.kind != "dropped"), columns.counted)
