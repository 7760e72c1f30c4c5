"""Files too large to be read whole, and folders of files: a random sample of their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklimb._compare.errors import InputError
from sklimb._compare.phrases import counted
from sklimb._compare.snippet import quoted
from sklimb.datasets._chunks import CSV_ENDINGS, PARQUET_ENDINGS, files_of
from sklimb.datasets._samples import (
    is_packed,
    parquet_size,
    sample_lines,
    sample_parquet,
)

# So much is read whole. What pandas makes of text, twice over, takes some eight times its bytes.
MOST_BYTES = 2**28


@dataclass(frozen=True)
class Drawn:
    """What was read of a large file or a folder.

    Parameters
    ----------
    data : bytes or DataFrame
    code : str
        The expression that reads the same; for CSV what `pandas.read_csv` is given.
    imports : str
        The line that the expression needs.
    notes : list of str
    """

    data: Any
    code: str
    imports: str
    notes: list[str]


def holds_tables(path: Path) -> bool:
    """Return whether a path is a folder with CSV or Parquet files."""
    return path.is_dir() and bool(_inside(path, (*CSV_ENDINGS, *PARQUET_ENDINGS)))


def holds_parquet(path: Path) -> bool:
    """Return whether a path is a folder with Parquet files."""
    return path.is_dir() and bool(_inside(path, PARQUET_ENDINGS))


def _inside(path: Path, endings: Sequence[str]) -> list[Path]:
    try:
        return files_of(path, endings)
    except FileNotFoundError:
        return []


def drawn_text(path: Path) -> Drawn | None:
    """Return the lines of a folder of CSV files or of a large file; None for any other.

    Raises
    ------
    InputError
        If they cannot be read as one table.
    """
    if path.is_dir():
        if not _inside(path, CSV_ENDINGS):
            return None
    elif not _is_large(path):
        return None
    try:
        lines = sample_lines(path, MOST_BYTES, 0)
    except (OSError, EOFError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {_line(error)}") from None
    notes = _of_files(path, lines.n_files)
    if lines.n_kept < lines.n_records:
        notes.append(_said(path, lines.n_kept, lines.n_records, "lines", "text"))
    return Drawn(
        lines.data,
        f"sample_csv({quoted(str(path))})",
        "from sklimb.datasets import sample_csv",
        notes,
    )


def drawn_parquet(path: Path) -> Drawn | None:
    """Return the rows of a folder of Parquet files or of a large file; None for any other.

    Raises
    ------
    InputError
        If they cannot be read as one table.
    """
    try:
        n_bytes, n_rows, n_files = parquet_size(path)
        if path.is_file() and n_bytes <= MOST_BYTES:
            return None
        frame = sample_parquet(path, max_bytes=MOST_BYTES)
    except ImportError:
        if path.is_file():
            return None  # pandas may have another reader
        raise InputError(
            f"{path} is a folder of Parquet files, which needs pyarrow to be read: pip install "
            "pyarrow"
        ) from None
    except Exception as error:
        if path.is_file():
            return None  # what is wrong is said where it is read whole
        raise InputError(f"{path} cannot be read: {_line(error)}") from None
    notes = _of_files(path, n_files)
    if len(frame) < n_rows:
        notes.append(_said(path, len(frame), n_rows, "rows", "data"))
    return Drawn(
        frame,
        f"sample_parquet({quoted(str(path))})",
        "from sklimb.datasets import sample_parquet",
        notes,
    )


def _is_large(path: Path) -> bool:
    """Return whether a file is large text; what is packed has bounds of its own."""
    try:
        return path.stat().st_size > MOST_BYTES and not is_packed(path)
    except OSError:  # said where it is read
        return False


def _of_files(path: Path, n_files: int) -> list[str]:
    if path.is_file():
        return []
    return [f"{counted(n_files, 'file')} of the folder {path.name} {_was(n_files)} read as a table"]


def _was(n: int) -> str:
    return "was" if n == 1 else "were"


def _said(path: Path, kept: int, of: int, what: str, kind: str) -> str:
    return (
        f"{path.name} is larger than what is read whole ({MOST_BYTES // 2**20} MB of {kind}): "
        f"{kept:,} of its {of:,} {what} were drawn at random, and everything here is of them"
    )


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
