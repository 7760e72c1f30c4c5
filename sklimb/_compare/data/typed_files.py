"""Files whose cells have types: Parquet and Excel, read where pandas' reader is installed."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sklimb._compare.errors import InputError
from sklimb._compare.phrases import counted

_INSTALL = {"parquet": "pyarrow", "xlsx": "openpyxl", "xls": "xlrd", "ods": "odfpy"}
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
    """

    frame: pd.DataFrame
    code: str
    notes: list[str] = field(default_factory=list)


def typed_kind(path: Path) -> str:
    """Return which kind of such files this is, by its first bytes; empty where it is none."""
    if not path.is_file():
        return ""
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
        If the reader is not installed, or the file is damaged or empty.
    """
    data = io.BytesIO(path.read_bytes())  # so that no name's ending decides
    what, notes = _NAMES.get(kind, "an Excel file"), []
    try:
        if kind == "parquet":
            frame, code = pd.read_parquet(data), f'pd.read_parquet("{path}")'
        else:
            sheets = pd.read_excel(data, sheet_name=None)
            name, frame = next(iter(sheets.items()))
            code = f'pd.read_excel("{path}")'
            if len(sheets) > 1:
                notes.append(f"{path.name} has {len(sheets)} sheets; the first, {name!r}, was read")
    except ImportError:
        package = _INSTALL[kind]
        raise InputError(
            f"{path} is {what}, which needs {package} to be read: pip install {package}"
        ) from None
    except Exception as error:
        said = " ".join(str(error).split())[:200]
        raise InputError(f"{path} is {what}, but cannot be read ({said})") from None
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
    return TypedFile(frame, code, notes)
