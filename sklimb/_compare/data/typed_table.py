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
from sklimb._compare.data.labels import are_numbers, kept_words
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
    X, more = _one_type(X, file.written is not None)
    y, y_code, y_notes = _target(file, label)
    lines = [
        *([file.imports] if file.imports else []),
        "import pandas as pd\n",
        f"table = {file.code}",
        f"X = table.drop(columns=[{', '.join(map(quoted, left_out))}])",
        *more,
        f"y = {y_code}.to_numpy()",
        "",
    ]
    read = read_text_numbers(plain_frame(X)[0], roles)
    groups, time = sides["groups"], sides["time"]
    return Table(
        X,
        _labels(y),
        None if groups is None else _labels(_kept(file, groups)[0]),
        None if time is None else as_times(frame[time], f"column {time!r}", True),
        "\n".join(lines),
        [*file.notes, *y_notes],
        columns_of(read.X, read.formats, roles=roles),
        label,
        list(frame.columns),
        list(left_out),
        roles,
    )


def _one_type(X: pd.DataFrame, spreadsheet: bool) -> tuple[pd.DataFrame, list[str]]:
    """Make text of columns of text and other things, as spreadsheets have them.

    Numbers that a spreadsheet keeps as text are numbers, as in a CSV file.
    """
    numbers = [name for name, series in X.items() if spreadsheet and are_numbers(series.dropna())]
    X = X.assign(**{name: pd.to_numeric(X[name]) for name in numbers})
    mixed = [name for name, series in X.items() if series.dtype == object and _is_mixed(series)]
    made = {name: X[name].map(str, na_action="ignore") for name in mixed}
    code = each_column(numbers, "X[{0}] = pd.to_numeric(X[{0}])") if numbers else []
    if mixed:
        code += each_column(mixed, 'X[{0}] = X[{0}].map(str, na_action="ignore")')
    return X.assign(**made), code


def _target(file: TypedFile, label: str) -> tuple[pd.Series, str, list[str]]:
    """Return the target column with one type of labels, the code for it, and notes."""
    y, notes = _kept(file, label)
    code = f"table[{quoted(label)}]"
    if notes:
        options = 'dtype=object, keep_default_na=False, na_values=[""]'
        code = f"{file.code.replace('dtype=object', options)}[{quoted(label)}]"
    if file.written is None:
        return y, code, notes
    texts = {value.strip() for value in y if isinstance(value, str)}
    # 1 and 1.0 as texts are two spellings, of which a note is made.
    if are_numbers(y.dropna()) and len(set(map(float, texts))) == len(texts):
        return pd.to_numeric(y), f"pd.to_numeric({code})", notes
    if _is_mixed(y):
        return y.map(str, na_action="ignore"), f'{code}.map(str, na_action="ignore")', notes
    return y, code, notes


def _kept(file: TypedFile, name: str) -> tuple[pd.Series, list[str]]:
    """Return a column with words such as NA that are values like the others, and a note of them."""
    notes = [] if file.written is None else kept_words(file.written[name])
    return (file.written if notes and file.written is not None else file.frame)[name], notes


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
    y = _labels(_target(file, first.label)[0])
    names = list(frame.columns)
    return Table(
        X, y, None, None, "", [*file.notes, *notes], first.columns, first.label, names,
        first.left_out,
    )  # fmt: skip


def _used(columns: Columns) -> Columns:
    return Columns(tuple(c for c in columns if c.kind != "dropped"), columns.counted)
