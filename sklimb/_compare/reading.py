"""From a CSV file to columns, labels, groups and times, and the Python that does the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from sklimb._compare.data.columns import Columns, columns_of
from sklimb._compare.data.deciding import Cells, Decision, cells_of, decide, file_has_commas
from sklimb._compare.data.files import Source, load
from sklimb._compare.data.header import one_line
from sklimb._compare.data.labels import read_labels
from sklimb._compare.data.parsing import text_frame, typed_frame
from sklimb._compare.data.stray_rows import check_first_label, check_rows
from sklimb._compare.data.syntax import Syntax, find_syntax
from sklimb._compare.data.table_code import table_code
from sklimb._compare.data.times import as_times
from sklimb._compare.errors import InputError
from sklimb._compare.phrases import counted, likely, nearest


@dataclass
class Table:
    """A file, taken apart.

    Parameters
    ----------
    X : DataFrame
        The columns to learn from.
    y : ndarray of shape (n_samples,)
    groups, time : ndarray of shape (n_samples,) or None
    code : str
        Python that makes ``X`` and ``y`` from the file; empty for a second file.
    notes : list of str
        How the file was read, where that could have been otherwise.
    columns : Columns
        What each column of ``X`` is.
    label : str
        The column of labels.
    names : list of str
        All columns of the file.
    left_out : list of str
        Those that are not in ``X``.
    """

    X: pd.DataFrame
    y: np.ndarray
    groups: np.ndarray | None
    time: np.ndarray | None
    code: str
    notes: list[str]
    columns: Columns
    label: str
    names: list[str]
    left_out: list[str] = field(default_factory=list)


def read_table(
    path: str | Path,
    *,
    target: str,
    header: str = "auto",
    groups: str | None = None,
    time: str | None = None,
    drop: Sequence[str] = (),
) -> Table:
    """Read a CSV file.

    The separator is the one of tab, semicolon, bar and comma that gives all lines the same number
    of cells. An empty cell, ``?`` and what pandas takes for it (such as ``NA``) is a missing value.
    Columns of numbers are numbers, also with a decimal comma, marks between thousands, a sign of
    currency or per cent, where all cells of a column are; codes with leading zeros and all else are
    categories. Labels keep their spelling.

    Parameters
    ----------
    path : str or Path
        Also ``.gz``, ``.bz2``, ``.xz`` and ``.zip``.
    target : str
        The column of labels: its name, or its number from 0, or from -1 backwards.
    header : {"auto", "yes", "no"}, default="auto"
        Whether the first line holds names. ``"auto"`` says yes if one of them was asked for; if
        none of its cells is a number or missing, each differs from the others, and it is not all
        text in a file all of text; or if it counts the columns (0, 1, 2, ...), as an unnamed frame
        is saved.
    groups, time : str or None, default=None
        Further columns, which are not learnt from. Times are numbers or ISO dates.
    drop : sequence of str, default=()
        Columns to leave out.

    Returns
    -------
    table : Table

    Raises
    ------
    InputError
        If the file or a column is not there or cannot be used.
    """
    path = Path(path)
    source = load(path)
    syntax = find_syntax(source, header, [target, groups or "", time or "", *drop])
    typed = typed_frame(source, syntax)
    _check_size(path, typed, syntax)
    names = list(typed.columns)
    syntax = replace(syntax, names=names)  # with the spaces that they have in the file
    label = find_column(target, names, path, syntax)
    found = {name: find_column(name, names, path, syntax) for name in [groups, time, *drop] if name}
    if label in found.values():
        raise InputError(f"column {label!r} is the target and cannot be left out or split by")
    empty = [name for name in syntax.empty if name != label and typed[name].isna().all()]
    left_out = list(dict.fromkeys([label, *found.values(), *empty]))
    if len(left_out) == len(names):
        raise InputError(f"{path}: no column is left to learn from")
    notes = [*source.notes, *syntax.notes, *_repeated(path, syntax, label, target, left_out)]
    features = typed.drop(columns=left_out)
    sides = [found[name] for name in (groups, time) if name]
    raw, short = _written(source, syntax, features, [label, *sides])
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
    labels = read_labels(raw[label])
    decisions, markers = _decisions(features, raw, syntax.separator)
    for name, decision in decisions.items():
        if decision.series is not features[name]:
            features[name] = decision.series
        notes += decision.notes
    formats = {name: d.number for name, d in decisions.items() if d.number is not None}
    columns = columns_of(features, formats, counted=not syntax.header)
    notes += labels.notes
    code = table_code(
        source.address,
        {**source.options, **syntax.options},
        label,
        left_out,
        decisions,
        markers,
        labels=labels,
        has_points=any(_has_fractions(d) for d in decisions.values()),
    )
    return Table(
        features,
        labels.y,
        None if groups is None else _groups(raw[found[groups]]),
        None if time is None else as_times(raw[found[time]], f"column {found[time]!r}"),
        code,
        notes,
        columns,
        label,
        names,
        left_out,
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


def _written(
    source: Source, syntax: Syntax, features: pd.DataFrame, others: Sequence[str]
) -> tuple[pd.DataFrame, list[int]]:
    """Return the columns whose spelling matters, as text, and which rows are too short.

    Reading all of them so would take several times as long as reading numbers.
    """
    zeros = _has_leading_zeros(source, syntax)
    asked = [
        name
        for name, series in features.items()
        if series.dtype.kind not in "biuf" or (zeros and not _has_fractions_in(series))
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
    cells, short = text_frame(source, syntax, wanted)
    return cells, short


def _sampled_formats(series: pd.Series) -> list:
    from sklimb._compare.data.spelling import number_formats

    values = series.dropna().iloc[:1000].astype(str).str.strip().unique()[:100]
    return number_formats(list(values))


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


def _has_fractions_in(series: pd.Series) -> bool:
    return series.dtype.kind == "f" and bool((series.dropna() % 1 != 0).any())


def _has_fractions(decision: Decision) -> bool:
    """Return whether pandas reads a column as numbers with a point."""
    return decision.number is None and _has_fractions_in(decision.series)


def _decisions(
    features: pd.DataFrame, raw: pd.DataFrame, separator: str
) -> tuple[dict[str, Decision], list[str]]:
    """Return what becomes of each column, and the texts for missing that pandas does not know."""
    everything = set(features.columns) <= set(raw.columns)
    cells: dict[str, Cells] = {
        name: cells_of(name, features[name], raw[name], doubt=everything)
        for name in features.columns
        if name in raw.columns
    }
    plain = features.drop(columns=list(cells))
    comma = file_has_commas(list(cells.values()), separator, plain)
    decisions = {
        name: decide(cells[name], comma) if name in cells else Decision(features[name])
        for name in features.columns
    }
    markers = [
        text.lstrip() for c in cells.values() for text in c.markers if text.strip() != text.lstrip()
    ]
    return decisions, sorted(set(markers))


def _groups(cells: pd.Series) -> np.ndarray:
    return np.array([cell.strip() or None for cell in cells], dtype=object)


def find_column(asked: str, names: list[str], path: Path, syntax: Syntax) -> str:
    """Return the name of a column that is given by name or by number.

    Parameters
    ----------
    asked : str
        A name comes before a number: a column called ``"1"`` is meant by ``1``.
    names : list of str
        The columns.
    path : Path
        For the message.
    syntax : Syntax
        Whether the names are the file's, and sure.

    Returns
    -------
    name : str

    Raises
    ------
    InputError
        If there is none; names the nearest.
    """
    if asked in names:
        return asked
    same = [name for name in names if one_line(name) == one_line(asked)]
    if len(same) == 1:
        return same[0]
    if re.fullmatch(r"[+-]?\d+", asked.strip()):
        number = int(asked)
        if -len(names) <= number < len(names):
            return names[number]
        raise InputError(
            f"{path} has {len(names)} columns, numbered 0 to {len(names) - 1} "
            f"(or -1 to -{len(names)} from the end): there is no column {number}"
        )
    hint = nearest(asked, names)
    if not syntax.header:
        hint = f"the file has no header, so name it by number, 0 to {len(names) - 1} or -1"
        if syntax.guessed:
            hint += " (if the first line holds names, say --header yes)"
    elif syntax.guessed and not likely(asked, names):
        hint += " (the first line was taken for the names; if it holds data, say --header no)"
    raise InputError(f"{path} has no column {asked!r}: {hint}")
