"""From CSV files to columns, labels, groups and times, and the Python that does the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from sklimb._compare.data.converting import conform
from sklimb._compare.data.deciding import cells_of, decide_all, file_has_commas, has_fractions
from sklimb._compare.data.files import load
from sklimb._compare.data.header import one_line
from sklimb._compare.data.kinds import columns_of
from sklimb._compare.data.labels import read_labels
from sklimb._compare.data.parsing import columns_as_written, text_frame, typed_frame
from sklimb._compare.data.roles import Roles, make_roles, split_date
from sklimb._compare.data.spelling import MISSING
from sklimb._compare.data.stray_rows import check_first_label, check_rows
from sklimb._compare.data.syntax import Syntax, find_syntax
from sklimb._compare.data.table import Table, find_column
from sklimb._compare.data.table_code import table_code
from sklimb._compare.data.text_numbers import read_text_numbers
from sklimb._compare.data.times import as_times
from sklimb._compare.data.typed_files import read_typed, typed_kind
from sklimb._compare.data.typed_table import typed_second, typed_syntax, typed_table
from sklimb._compare.errors import InputError
from sklimb._compare.phrases import counted, likely
from sklimb.feature_extraction._spelling import plain_text

# Different values of a column that are looked at for decimal commas.
_N_ROWS = 1000


def read_table(
    path: str | Path,
    *,
    target: str,
    header: str = "auto",
    groups: str | None = None,
    time: str | None = None,
    drop: Sequence[str] = (),
    drop_unlabelled: bool = False,
    **asked: Sequence[str],
) -> Table:
    """Read a CSV, Parquet or Excel file.

    The separator is the one of tab, semicolon, bar and comma that gives all lines the same number
    of cells. An empty cell, ``?`` and what pandas takes for it (such as ``NA``) is a missing value.
    Columns of numbers are numbers, also with a decimal comma, marks between thousands, a sign of
    currency or per cent, where all cells of a column are; codes with leading zeros and all else are
    categories. Labels keep their spelling.

    Parameters
    ----------
    path : str or Path
        Text also as ``.gz``, ``.bz2``, ``.xz`` and ``.zip``. Parquet and Excel where their readers
        (pyarrow, openpyxl) are installed.
    target : str
        The column of labels: its name, or its number from 0, or from -1 backwards.
    header : {"auto", "yes", "no"}, default="auto"
        Whether the first line holds names. ``"auto"`` says yes if one of them was asked for; if
        none of its cells is a number or missing, each differs from the others, and it is not all
        text in a file all of text; or if it counts the columns (0, 1, 2, ...), as an unnamed frame
        is saved.
    groups, time : str or None, default=None
        Further columns, which are not learnt from. Times are numbers or dates.
    drop : sequence of str, default=()
        Columns to leave out.
    drop_unlabelled : bool, default=False
        Whether labels may be missing, for rows without one are left out later.
    **asked : sequence of str
        Columns that are ``text``, ``date``, ``category`` or ``number``, whatever they look like;
        dates also as ``NAME=FORMAT``.

    Returns
    -------
    table : Table

    Raises
    ------
    InputError
        If the file or a column is not there or cannot be used.
    """
    path = Path(path)
    for side, name in {"groups": groups, "time": time}.items():
        if name is not None and not name.strip():
            raise InputError(f"{side} must be the name of a column, not {name!r}")
    said = _names_said(asked)
    kind = typed_kind(path)
    if kind:
        return _read_typed(path, kind, target, {"groups": groups, "time": time}, drop, said)
    source = load(path)
    named = [name for names in said.values() for name in names]
    syntax = find_syntax(source, header, [target, groups or "", time or "", *drop, *named])
    typed = typed_frame(source, syntax)
    _check_size(path, typed, syntax)
    names = list(typed.columns)
    syntax = replace(syntax, names=names)  # with the spaces that they have in the file
    label, found, roles = _found(path, syntax, target, [groups, time, *drop], said)
    empty = [name for name in syntax.empty if name != label and typed[name].isna().all()]
    left_out = list(dict.fromkeys([label, *found.values(), *empty]))
    if len(left_out) == len(names):
        raise InputError(f"{path}: no column is left to learn from")
    notes = [*source.notes, *syntax.notes, *_repeated(path, syntax, label, target, left_out)]
    features = typed.drop(columns=left_out)
    sides = [found[name] for name in (groups, time) if name]
    raw, short = columns_as_written(source, syntax, features, [label, *sides])
    if syntax.header:
        check_rows(path, raw)
    elif syntax.guessed:
        check_first_label(path, raw[label])
    if len(short):
        notes.append(
            f"{counted(len(short), 'row')} of {path.name} (the first: row {short[0] + 1}) "
            f"{'has' if len(short) == 1 else 'have'} fewer cells than there are columns; the rest "
            "was taken as missing"
        )
    labels = read_labels(raw[label], may_miss=drop_unlabelled)
    as_values = [name for name, kind in roles.kinds.items() if kind in ("category", "text")]
    decisions, markers = decide_all(features, raw, syntax.separator, as_values)
    for name, decision in decisions.items():
        if decision.series is not features[name]:
            features[name] = decision.series
        notes += decision.notes
    formats = {name: d.number for name, d in decisions.items() if d.number is not None}
    more: list[str] = []
    if "number" in roles.kinds.values():
        read = read_text_numbers(features, roles)
        features, more, formats = read.X, read.code[1:], {**formats, **read.formats}
        notes += read.notes
    columns = columns_of(features, formats, counted=not syntax.header, roles=roles)
    notes += labels.notes
    code = table_code(
        source.address,
        {**source.options, **syntax.options},
        label,
        left_out,
        decisions,
        markers,
        labels=labels,
        has_points=any(d.number is None and has_fractions(d.series) for d in decisions.values()),
    )
    code += "\n".join([*more, ""]) if more else ""
    return Table(
        features,
        labels.y,
        None if groups is None else _groups(raw[found[groups]]),
        None
        if time is None
        else as_times(raw[found[time]], f"column {found[time]!r}", of_column=True),
        code,
        notes,
        columns,
        label,
        names,
        left_out,
        roles,
        _lines(label, groups and found[groups], time and found[time], left_out),
    )


def _read_typed(
    path: Path,
    kind: str,
    target: str,
    sides: Mapping[str, str | None],
    drop: Sequence[str],
    said: Mapping[str, Mapping[str, str | None]],
) -> Table:
    """Read a file whose cells have types."""
    file = read_typed(path, kind)
    label, found, roles = _found(path, typed_syntax(file), target, [*sides.values(), *drop], said)
    if label in file.merged:
        raise InputError(
            f"{path}: the target {label!r} has merged cells, of which only the first has a label: "
            "unmerge them and fill the label in"
        )
    if file.written is not None:
        check_rows(path, _as_written(file.frame, label))
    left_out = list(dict.fromkeys([label, *found.values()]))
    if len(left_out) == file.frame.shape[1]:
        raise InputError(f"{path}: no column is left to learn from")
    by_name = {side: name and found[name] for side, name in sides.items()}
    table = typed_table(file, label, by_name, left_out, roles)
    table.lines = _lines(label, by_name["groups"], by_name["time"], left_out)
    return table


def _as_written(frame: pd.DataFrame, label: str) -> pd.DataFrame:
    """Return the columns of a spreadsheet that are not plain numbers, as text."""
    kept = [name for name in frame if name == label or frame[name].dtype.kind not in "biufM"]
    return frame[kept].map(plain_text, na_action="ignore").astype(object).fillna("").astype(str)


def _found(
    path: Path,
    syntax: Syntax,
    target: str,
    others: Sequence[str | None],
    said: Mapping[str, Mapping[str, str | None]],
) -> tuple[str, dict[str, str], Roles]:
    """Return the target, the other columns not to learn from, and what was said of the rest."""
    label = find_column(target, syntax.names, path, syntax)
    found = {name: find_column(name, syntax.names, path, syntax) for name in others if name}
    roles = _roles(said, syntax.names, path, syntax)
    unused = [name for name in (label, *found.values()) if name in roles.kinds]
    if unused:
        kind = roles.kinds[unused[0]]
        raise InputError(f"column {unused[0]!r} is not learnt from, so it cannot be called {kind}")
    if label in found.values():
        raise InputError(f"column {label!r} is the target and cannot be left out or split by")
    return label, found, roles


def _names_said(asked: Mapping[str, Sequence[str]]) -> dict[str, dict[str, str | None]]:
    """Return, for each kind, the names that are said to be of it, with the formats of dates."""
    return {
        kind: dict(map(split_date, names)) if kind == "date" else dict.fromkeys(names)
        for kind, names in asked.items()
    }


def _roles(
    said: Mapping[str, Mapping[str, str | None]], names: list[str], path: Path, syntax: Syntax
) -> Roles:
    found = {
        kind: {find_column(name, names, path, syntax): form for name, form in columns.items()}
        for kind, columns in said.items()
    }
    return make_roles(names, **{k: v if k == "date" else list(v) for k, v in found.items()})


def _lines(label: str, groups: str | None, time: str | None, left_out: list[str]) -> list[str]:
    """Return a line for each column that is not learnt from."""
    what = {label: "target", groups: "groups to split by", time: "time to split by"}
    said = {one_line(name): what.get(name, "dropped, as asked for") for name in left_out}
    width = max(map(len, said))
    return [f"{name:{width}}  {words}" for name, words in said.items()]


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
    kind = typed_kind(path)
    if kind:
        return typed_second(path, read_typed(path, kind), first)
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
    # Beside numbers, the words for missing values are no classes.
    nothing = MISSING if first.y.dtype.kind in "iuf" else ["", "?"]
    y = y.astype(object).where(~y.isin(nothing), None).to_numpy()
    rest = cells.drop(columns=[name for name in first.left_out if name in cells.columns])
    comma = _commas(rest, syntax)
    X, more = conform(rest, first.columns, comma)
    return Table(
        X, y, None, None, "", notes + more, first.columns, first.label, names, first.left_out
    )


def _check_size(path: Path, frame: pd.DataFrame, syntax: Syntax) -> None:
    if not len(frame):
        raise InputError(f"{path} has a header but no rows")
    if frame.shape[1] < 2:
        raise InputError(
            f"{path} has one column only ({frame.columns[0]!r}); columns are to be separated by a "
            "comma, a semicolon, a tab or a bar"
        )
    if syntax.row_names and "index_col" not in syntax.options and not frame.index.is_unique:
        twice = frame.index[frame.index.duplicated()][0]
        raise InputError(
            f"{path} has one name less than cells, and the first cells are no row names "
            f"({str(twice)!r} comes twice): give every column a name"
        )
    if frame.shape[1] != len(syntax.names):
        raise InputError(
            f"{path} cannot be read as a table: most lines have {frame.shape[1]} cells and the "
            f"names on top are {len(syntax.names)}; give every column a name"
        )


def _repeated(
    path: Path, syntax: Syntax, label: str, target: str, left_out: Sequence[str]
) -> list[str]:
    """Say which columns have the name of another; refuse if that is the target's."""
    notes = []
    for new, name in syntax.repeated.items():
        if new in left_out and new != label:
            continue
        if name == label and target.strip() == label:
            places = [i for i, n in enumerate(syntax.names) if n in (name, new)]
            raise InputError(
                f"{path} has two columns called {name!r}, the target (the second would be learnt "
                f"from as {new!r}): rename one, leave it out (--drop {new}), or name the target by "
                f"number (--target {places[0]})"
            )
        notes.append(f"{path.name} has two columns called {name!r}: the second is {new!r} here")
    return notes


def _groups(cells: pd.Series) -> np.ndarray:
    return np.array([cell.strip() or None for cell in cells], dtype=object)


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
