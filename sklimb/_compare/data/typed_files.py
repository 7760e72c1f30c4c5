"""Files whose cells have types: Parquet and Excel, read where pandas' reader is installed."""

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
from sklimb._compare.data.spelling import MISSING
from sklimb._compare.data.unpacking import FRAME, check_archive
from sklimb._compare.errors import InputError
from sklimb._compare.phrases import counted

_INSTALL = {"parquet": "pyarrow", "xlsx": "openpyxl", "xls": "xlrd", "ods": "odfpy"}
# Equal values in a row take next to no room in a Parquet file. So many numbers are 4 GiB.
_MOST_CELLS = 1 << 29
_PANDAS_MISSING = list(MISSING - {"?"})
_EXPECTED = "if it is what you expect, {}"
_NAMES = {"parquet": "a Parquet file", "ods": "an OpenDocument spreadsheet"}


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
    """

    frame: pd.DataFrame
    code: str
    notes: list[str] = field(default_factory=list)
    imports: str = ""
    written: pd.DataFrame | None = None


def typed_kind(path: Path) -> str:
    """Return which kind of such files this is, by its first bytes; empty where it is none."""
    if not path.is_file():
        return "parquet" if holds_parquet(path) else ""
    with path.open("rb") as handle:
        start = handle.read(8)
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        return "xls"
    if not start.startswith(b"PK\x03\x04"):
        return ""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return ""
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    return "ods" if "content.xml" in names else ""


def _check_size(path: Path, kind: str, data: io.BytesIO) -> None:
    """Raise an `InputError` where a file of some kilobytes would fill the memory.

    Of what is damaged, or has no reader here, nothing is said: pandas does that.
    """
    if kind in ("xlsx", "ods"):
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
    kind : {"parquet", "xlsx", "xls", "ods"}

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
    written = None
    data = io.BytesIO(path.read_bytes())  # so that no name's ending decides
    what, notes = _NAMES.get(kind, "an Excel file"), []
    try:
        _check_size(path, kind, data)
        if kind == "parquet":
            frame, code = pd.read_parquet(data), f'pd.read_parquet("{path}")'
        else:
            # Else pandas makes the number 12 of the text 00012.
            sheets = pd.read_excel(
                data, sheet_name=None, dtype=object, keep_default_na=False, na_values=[""]
            )
            name, written = next(iter(sheets.items()))
            frame = written.mask(written.isin(_PANDAS_MISSING), np.nan).infer_objects()
            code = f'pd.read_excel("{path}", dtype=object).infer_objects()'
            if len(sheets) > 1:
                notes.append(f"{path.name} has {len(sheets)} sheets; the first, {name!r}, was read")
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
        else replace(made, written=written.set_axis(made.frame.columns, axis=1))
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
