"""A file of test rows, read with what was decided on the file of training rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from sklimb._compare.data.converting import conform
from sklimb._compare.data.deciding import cells_of, file_has_commas
from sklimb._compare.data.files import load
from sklimb._compare.data.header import one_line
from sklimb._compare.data.parsing import text_frame
from sklimb._compare.data.stray_rows import check_rows
from sklimb._compare.data.syntax import Syntax, find_syntax
from sklimb._compare.errors import InputError
from sklimb._compare.phrases import counted, likely
from sklimb._compare.reading import Table

# Different values of a column that are looked at for decimal commas.
_N_ROWS = 1000


def read_second(path: str | Path, first: Table, header: str = "auto") -> Table:
    """Read a further file as the first one was read.

    Separator, encoding, decimal signs and header are the file's own; which columns there are, and
    what each is, are the first file's. Columns are found by name, whatever their order; by place
    where one of the files has no names.

    Parameters
    ----------
    path : str or Path
    first : Table
        The file of training rows.
    header : {"auto", "yes", "no"}, default="auto"

    Returns
    -------
    table : Table
        Labels are text; `sklimb._compare.data.labels.match_labels` finds them among the first's.

    Raises
    ------
    InputError
        If it cannot be read, lacks a column, or its columns mean something else.
    """
    path = Path(path)
    source = load(path)
    by_name = not first.columns.counted
    syntax = find_syntax(source, header, first.names if by_name else ())
    if not syntax.names or len(syntax.names) < 2:
        raise InputError(f"{path} has one column only: separators are comma, semicolon, tab, bar")
    names = [name for name in syntax.names if name not in syntax.empty]
    cells, short = text_frame(source, syntax, names)
    if not len(cells):
        raise InputError(f"{path} has a header but no rows")
    if syntax.header:
        check_rows(path, cells)
    notes = [*source.notes, *(note for note in syntax.notes if "has no header" not in note)]
    if not (by_name and syntax.header):
        cells = _by_place(path, cells, first, syntax)
        if by_name or syntax.header:
            one = path.name if by_name else "the training file"
            notes.append(f"{one} has no header, so its columns were taken in their order")
    cells = cells.rename(columns=_stripped(cells, first.names))
    if first.label not in cells.columns:
        hint = likely(first.label, cells.columns)
        raise InputError(f"{path} has no column {first.label!r}, the target{hint and f': {hint}'}")
    if len(short):
        notes.append(
            f"{counted(len(short), 'row')} of {path.name} (the first: row {short[0] + 1}) end "
            "before the last column; the rest was taken as missing"
        )
    y = cells[first.label].str.strip()
    y = y.astype(object).where(~y.isin(["", "?"]), None).to_numpy()
    rest = cells.drop(columns=[name for name in first.left_out if name in cells.columns])
    comma = _commas(rest, syntax)
    X, more = conform(rest, first.columns, comma)
    return Table(
        X, y, None, None, "", notes + more, first.columns, first.label, names, first.left_out
    )


def _by_place(path: Path, cells: pd.DataFrame, first: Table, syntax: Syntax) -> pd.DataFrame:
    expected = len(first.names)
    if cells.shape[1] != expected:
        which = "has no header" if not syntax.header else "has a header, but the training file none"
        raise InputError(
            f"{path} {which}, so its columns are known by their place; but it has "
            f"{cells.shape[1]} columns and the training file {expected}"
        )
    return cells.set_axis(first.names, axis=1)


def _stripped(cells: pd.DataFrame, names: list[str]) -> dict[str, str]:
    """Return new names for columns whose names differ from the first file's only in spaces."""
    wanted = {one_line(name): name for name in names if name not in set(cells.columns)}
    return {name: wanted[one_line(name)] for name in cells.columns if one_line(name) in wanted}


def _commas(cells: pd.DataFrame, syntax: Syntax) -> bool | None:
    top = cells.iloc[:_N_ROWS]
    unknown = pd.Series(np.nan, index=top.index, dtype=object)
    columns = [cells_of(name, unknown, top[name]) for name in top.columns]
    return file_has_commas(columns, syntax.separator, top.iloc[:, :0])
