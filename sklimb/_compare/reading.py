"""From a CSV file to columns, labels, groups and times, and the Python that does the same."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sklimb._compare.errors import InputError, nearest
from sklimb._compare.snippet import quoted

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = (",", ";", "\t", "|")


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
        Python that makes ``X`` and ``y`` from the file.
    notes : list of str
        How the file was read, where that could have been otherwise.
    """

    X: pd.DataFrame
    y: np.ndarray
    groups: np.ndarray | None
    time: np.ndarray | None
    code: str
    notes: list[str]


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

    The separator is the one of comma, semicolon, tab and bar that the first line has most of. An
    empty cell, ``?`` and what pandas takes for it (such as ``NA``) is a missing value. Columns of
    numbers are numbers, all others are categories.

    Parameters
    ----------
    path : str or Path
        Also ``.gz``.
    target : str
        The column of labels: its name, or its number from 0, or from -1 backwards.
    header : {"auto", "yes", "no"}, default="auto"
        Whether the first line holds names. ``"auto"`` says yes if none of its cells is a number or
        missing, each differs from the others, and it is not all text in a file all of text; or if
        it counts the columns (0, 1, 2, ...), as an unnamed frame is saved.
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
    import pandas as pd

    path = Path(path)
    options, note = _options(path, header)
    try:
        frame = pd.read_csv(path, **options)
    except (pd.errors.ParserError, UnicodeDecodeError, ValueError) as error:
        raise InputError(f"{path} cannot be read as a table: {_line(error)}") from None
    if not len(frame):
        raise InputError(f"{path} has a header but no rows")
    frame.columns = frame.columns.astype(str)
    if frame.shape[1] < 2:
        raise InputError(
            f"{path} has one column only ({frame.columns[0]!r}); columns are to be separated by a "
            "comma, a semicolon, a tab or a bar"
        )
    counted = options.get("header", "infer") is None
    label = find_column(target, frame, path, counted)
    found = {
        name: find_column(name, frame, path, counted) for name in [groups, time, *drop] if name
    }
    if label in found.values():
        raise InputError(f"column {label!r} is the target and cannot be left out or split by")
    left_out = list(dict.fromkeys([label, *found.values()]))
    if len(left_out) == frame.shape[1]:
        raise InputError(f"{path}: no column is left to learn from")
    dropped = ", ".join(map(quoted, left_out))
    code = (
        "import pandas as pd\n\n"
        f"table = pd.read_csv({_arguments(path, options)})\n"
        f"X = table.drop(columns=[{dropped}])\n"
        f"y = table[{quoted(label)}].to_numpy()\n"
    )
    y = frame[label]
    if not pd.api.types.is_numeric_dtype(y):
        y = y.astype(object).where(y.notna(), None)
    return Table(
        frame.drop(columns=left_out),
        y.to_numpy(),
        None if groups is None else frame[found[groups]].to_numpy(dtype=object),
        None if time is None else _times(frame[found[time]]),
        code,
        [note] if note else [],
    )


def find_column(asked: str, frame: pd.DataFrame, path: Path, counted: bool = False) -> str:
    """Return the name of a column that is given by name or by number.

    Parameters
    ----------
    asked : str
        A name comes before a number: a column called ``"1"`` is meant by ``1``.
    frame : DataFrame
    path : Path
        For the message.
    counted : bool, default=False
        Whether the file gave no names.

    Returns
    -------
    name : str

    Raises
    ------
    InputError
        If there is none; names the nearest.
    """
    names = list(frame.columns)
    if asked in names:
        return asked
    if re.fullmatch(r"[+-]?\d+", asked.strip()):
        number = int(asked)
        if -len(names) <= number < len(names):
            return names[number]
        raise InputError(
            f"{path} has {len(names)} columns, numbered 0 to {len(names) - 1} "
            f"(or -1 to -{len(names)} from the end): there is no column {number}"
        )
    hint = nearest(asked, names)
    if counted:
        hint = f"the file has no header, so name it by number, 0 to {len(names) - 1} or -1"
    raise InputError(f"{path} has no column {asked!r}: {hint}")


def _options(path: Path, header: str) -> tuple[dict[str, Any], str | None]:
    """Return the arguments for `pandas.read_csv`, and a note on how the header was decided."""
    import pandas as pd

    lines = _first_lines(path)
    separator = max(_SEPARATORS, key=lines[0].count)
    options: dict[str, Any] = {
        "na_values": ["?"],
        "skipinitialspace": True,
        # In pieces, as by default, a column could get one type above and another below.
        "low_memory": False,
    }
    if separator != ",":
        options["sep"] = separator
    if '"' not in lines[0] and re.search(rf"(^|{re.escape(separator)})\s*'[^']*'", lines[-1]):
        # Files that come from ARFF quote with apostrophes.
        options["quotechar"] = "'"
    if separator == ";" and any(re.search(r"(^|;)\s*-?\d+,\d+\s*(;|$)", line) for line in lines):
        # Spreadsheets of the countries that separate by semicolons write 3,14.
        options["decimal"] = ","
    try:
        top = pd.read_csv(path, header=None, dtype=str, nrows=20, **options)
    except (pd.errors.ParserError, UnicodeDecodeError, ValueError) as error:
        raise InputError(f"{path} cannot be read as a table: {_line(error)}") from None
    has_names = header == "yes" or (header == "auto" and _is_header(top))
    if not has_names:
        options["header"] = None
        options["names"] = [f"column_{i}" for i in range(top.shape[1])]
        note = None if header == "no" else f"{path.name} has no header (say --header yes if it has)"
        return options, note
    if isinstance(top.iloc[0, 0], float):
        # An empty first name: the row numbers that pandas saves.
        options["index_col"] = 0
    return options, None


def _first_lines(path: Path) -> list[str]:
    """Return up to two lines that are not blank."""
    if not path.exists():
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = nearest(path.name, siblings) if siblings else ""
        hint = f": {hint}" if hint.startswith("did you mean") else ""
        raise InputError(f"there is no file {path}{hint}")
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a file")
    opened = gzip.open if path.suffix == ".gz" else open
    lines: list[str] = []
    try:
        with opened(path, "rt", encoding="utf-8-sig") as file:
            for line in file:
                if line.strip():
                    lines.append(line.rstrip("\r\n"))
                if len(lines) == 2:
                    break
    except UnicodeDecodeError:
        raise InputError(f"{path} is no text in UTF-8; is it a CSV file?") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    if not lines:
        raise InputError(f"{path} is empty")
    return lines


def _is_header(top: pd.DataFrame) -> bool:
    """Return whether the first row holds names; see `read_table`."""
    first = top.iloc[0]
    cells = list(first.iloc[1:] if isinstance(first.iloc[0], float) else first)
    if any(isinstance(cell, float) for cell in cells):
        return False
    if all(map(_is_number, cells)):
        return cells == [str(i) for i in range(len(cells))] and len(top) > 1
    leading = cells[:-1]
    if leading and leading == [str(i) for i in range(len(leading))]:
        return True
    if any(map(_is_number, cells)):
        return False
    below = top.iloc[1:].to_numpy().ravel()
    if any(_is_number(cell) for cell in below if isinstance(cell, str)):
        return True
    # All text above and below: names, unless one of them is also a value.
    return not any(cell in set(top.iloc[1:, i]) for i, cell in enumerate(first))


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))  # 3,14 is a number somewhere
    except ValueError:
        return False
    return True


def _times(column: pd.Series) -> np.ndarray:
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=float, na_value=np.nan)
    try:
        return pd.to_datetime(column, format="ISO8601", utc=True).to_numpy()
    except (ValueError, TypeError):
        value = column.dropna().iloc[0]
        raise InputError(
            f"column {column.name!r} holds neither numbers nor ISO dates (2024-03-31), such as "
            f"{value!r}: it cannot be ordered by"
        ) from None


def _arguments(path: Path, options: dict[str, Any]) -> str:
    """Return the arguments of `read_csv` as code."""
    named = dict(options)
    parts = [quoted(str(path))]
    if "names" in named:
        n = len(named.pop("names"))
        parts += ["header=None", f'names=[f"column_{{i}}" for i in range({n})]']
        named.pop("header")
    for key, value in named.items():
        parts.append(f"{key}={quoted(value) if isinstance(value, str) else _list(value)}")
    one_line = ", ".join(parts)
    if len(one_line) < 66:
        return one_line
    return "\n    " + ",\n    ".join(parts) + ",\n"


def _list(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(quoted, value))}]"
    return repr(value)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
