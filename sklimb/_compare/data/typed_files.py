"""Files whose cells have types: Parquet, Excel and others, where pandas' reader is installed."""

from __future__ import annotations

import importlib
import io
import zipfile
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from sklimb._compare.data.large import drawn_parquet, holds_parquet
from sklimb._compare.data.sheets import first_shown, sheet_notes, sheets_of
from sklimb._compare.data.spelling import MISSING
from sklimb._compare.data.unpacking import FRAME, check_archive
from sklimb._compare.errors import InputError
from sklimb._compare.phrases import counted
from sklimb._compare.snippet import quoted

_INSTALL = {"parquet": "pyarrow", "xlsx": "openpyxl", "xls": "xlrd", "ods": "odfpy"}
_INSTALL |= {"xlsb": "pyxlsb", "feather": "pyarrow", "orc": "pyarrow"}
# Equal values in a row take next to no room in a Parquet file. So many numbers are 4 GiB.
_MOST_CELLS = 1 << 29
_PANDAS_MISSING = list(MISSING - {"?"})
_EXPECTED = "if it is what you expect, {}"
_NAMES = {"parquet": "a Parquet file", "ods": "an OpenDocument spreadsheet"}
_NAMES |= {"feather": "a Feather file", "orc": "an ORC file", "stata": "a Stata file"}
# How files begin, and what reads them.
_STARTS = {b"PAR1": "parquet", b"ARROW1": "feather", b"ORC": "orc", b"<stata_dta>": "stata"}
_STARTS |= {b"\xd0\xcf\x11\xe0": "xls"}


@dataclass(frozen=True)
class TypedFile:
    """A file that was read as a frame.

    Parameters
    ----------
    frame : DataFrame of shape (n_samples, n_columns)
        Its names are text.
    code : str
        The expression that reads it.
    notes : list of str
    imports : str, default=""
        The line that the expression needs beside pandas.
    written : DataFrame or None, default=None
        Of a spreadsheet, the cells with what says missing in words, as ``NA``.
    merged : tuple of str, default=()
        Columns of a spreadsheet that have merged cells.
    """

    frame: pd.DataFrame
    code: str
    notes: list[str] = field(default_factory=list)
    imports: str = ""
    written: pd.DataFrame | None = None
    merged: tuple[str, ...] = ()


def typed_kind(path: Path) -> str:
    """Return which kind of such files this is, by its first bytes; empty where it is none."""
    if not path.is_file():
        return "parquet" if holds_parquet(path) else ""
    with path.open("rb") as handle:
        start = handle.read(16)
    for magic, kind in _STARTS.items():
        # Of text files one may begin with these letters.
        if start.startswith(magic) and (kind != "orc" or not start.isascii() or b"\0" in start):
            return kind
    # Stata's older form: its version, the order of bytes, 1 and 0.
    if len(start) > 3 and 104 <= start[0] <= 115 and start[1] in (1, 2) and start[2:4] == b"\1\0":
        return "stata"
    if not start.startswith(b"PK\x03\x04"):
        return ""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return ""
    if any(name.startswith("xl/") for name in names):
        return "xlsb" if "xl/workbook.bin" in names else "xlsx"
    return "ods" if "content.xml" in names else ""


def _check_size(path: Path, kind: str, data: io.BytesIO) -> None:
    """Raise an `InputError` where a file of some kilobytes would fill the memory.

    Of what is damaged, or has no reader here, nothing is said: pandas does that.
    """
    if kind in ("xlsx", "xlsb", "ods"):
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(data) as archive:
            check_archive(path, archive, _EXPECTED.format(FRAME.format("read_excel")))
    elif kind == "parquet":
        rows, columns = _parquet_shape(data)
        if rows * columns > _MOST_CELLS:
            raise InputError(
                f"{path} is not opened: it says that it holds {rows:,} rows of {columns:,} "
                f"columns, more than {_MOST_CELLS:,} cells; "
                + _EXPECTED.format(FRAME.format("read_parquet"))
            )
    data.seek(0)


def _parquet_shape(data: io.BytesIO) -> tuple[int, int]:
    """Return how many rows and columns a Parquet file says it has, 0 where it cannot be told."""
    try:
        # Not by `import`: pandas may read by another package.
        found = importlib.import_module("pyarrow.parquet").read_metadata(data)
    except Exception:
        return 0, 0
    return found.num_rows, found.num_columns


def read_typed(path: Path, kind: str) -> TypedFile:
    """Read such a file.

    Parameters
    ----------
    path : Path
    kind : {"parquet", "feather", "orc", "stata", "xlsx", "xlsb", "xls", "ods"}

    Returns
    -------
    file : TypedFile

    Raises
    ------
    InputError
        If the reader is not installed, or the file is damaged, empty, or holds too much.
    """
    drawn = drawn_parquet(path) if kind == "parquet" else None
    if drawn is not None:
        return _typed(path, drawn.data, drawn.code, drawn.notes, drawn.imports)
    written, merged = None, []
    data = io.BytesIO(path.read_bytes())  # so that no name's ending decides
    what, notes = _NAMES.get(kind, "an Excel file"), []
    try:
        _check_size(path, kind, data)
        if kind in ("parquet", "feather", "orc", "stata"):
            frame = getattr(pd, f"read_{kind}")(data)
            code = f"pd.read_{kind}({quoted(str(path))})"
        else:
            # Else pandas makes the number 12 of the text 00012.
            sheets = pd.read_excel(
                data, sheet_name=None, dtype=object, keep_default_na=False, na_values=[""]
            )
            known = sheets_of(data) if kind == "xlsx" else []
            name, more = first_shown(path.name, list(sheets), known)
            written, notes = sheets[name], notes + more
            which = "" if name == next(iter(sheets)) else f"sheet_name={quoted(name)}, "
            frame = written.mask(written.isin(_PANDAS_MISSING), np.nan).infer_objects()
            code = f'pd.read_excel("{path}", {which}dtype=object).infer_objects()'
            for sheet in known:
                if sheet.name == name:
                    said, merged = sheet_notes(path.name, data, sheet, written)
                    notes += said
    except InputError:
        raise
    except ImportError:
        package = _INSTALL[kind]
        raise InputError(
            f"{path} is {what}, which needs {package} to be read: pip install {package}"
        ) from None
    except Exception as error:
        said = " ".join(str(error).split())[:200]
        raise InputError(f"{path} is {what}, but cannot be read ({said})") from None
    made = _typed(path, frame, code, notes)
    return (
        made
        if written is None
        else replace(
            made, written=written.set_axis(made.frame.columns, axis=1), merged=tuple(merged)
        )
    )


def _typed(
    path: Path, frame: pd.DataFrame, code: str, notes: list[str], imports: str = ""
) -> TypedFile:
    if isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index(drop=True)
    else:
        code += ".reset_index()"
        frame = frame.reset_index()
    frame.columns = frame.columns.map(str)
    if not len(frame):
        raise InputError(f"{path} has no rows")
    if frame.shape[1] < 2:
        raise InputError(f"{path} has {counted(frame.shape[1], 'column')}: labels and what else?")
    return TypedFile(frame, code, notes, imports)
