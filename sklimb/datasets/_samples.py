"""Random samples of tables that are too large to be read whole."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from sklimb.datasets._chunks import (
    CSV_ENDINGS,
    PARQUET_ENDINGS,
    files_of,
    frame_of,
    pyarrow_parquet,
)

__all__ = ["sample_csv", "sample_parquet"]

MOST_BYTES = 2**28
# Records on top that are always kept: titles and names, by which separators are found, too.
_TOP = 60
# Lines that a quoted cell may go over; a lone quote, as of inches, is then taken for one.
_LINES_OF_A_CELL = 100
_OPENERS = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
# Bytes of a line; what is packed may unpack to one without an end.
_LONGEST = 2**26
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Lines:
    """Lines of a CSV file or folder, all or some of them.

    Parameters
    ----------
    data : bytes
        As they are written, the names on top.
    n_records : int
        How many there are in all, the first line among them.
    n_kept : int
        How many of them are in `data`.
    n_files : int
        Files that they come from.
    """

    data: bytes
    n_records: int
    n_kept: int
    n_files: int


def sample_csv(
    path: str | os.PathLike[str], *, max_bytes: int = MOST_BYTES, random_state: int = 0
) -> io.BytesIO:
    r"""Read the lines of a CSV file or folder, of a large one a random sample.

    Parameters
    ----------
    path : str or path-like
        A file, plain or packed by gzip, bzip2, xz or zip, or a folder of such files with the same
        first line.
    max_bytes : int, default=2**28
        Text of up to so many bytes is read whole. Of more each line is as likely to be kept as any
        other, and half of so many bytes or more are kept.
    random_state : int, default=0
        Draws the sample.

    Returns
    -------
    io.BytesIO
        A file in memory for `pandas.read_csv`.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or a folder without any.
    ValueError
        If files of a folder differ in their first line, or are in UTF-16 or UTF-32.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from sklimb.datasets import sample_csv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, lines in {"1.csv": "a,b\n1,2\n3,4\n", "2.csv": "a,b\n5,6\n"}.items():
    ...         _ = (Path(folder) / name).write_text(lines)
    ...     pd.read_csv(sample_csv(folder))["b"].tolist()
    [2, 4, 6]
    """
    return io.BytesIO(sample_lines(path, max_bytes, random_state).data)


def sample_lines(path: str | os.PathLike[str], max_bytes: int, random_state: int) -> Lines:
    """Return what `sample_csv` reads, and how much there is."""
    files = files_of(path, CSV_ENDINGS)
    top: list[bytes] = []
    kept: list[bytes] = []
    keys: list[float] = []
    random = _uniform(random_state)
    n, size, threshold = 0, 0, 1.0
    for record in _records(_lines(files)):
        n += 1
        if n <= _TOP:
            top.append(record)
            continue
        key = next(random)
        if key >= threshold:
            continue
        kept.append(record)
        keys.append(key)
        size += len(record)
        while size > max_bytes:  # each record by its own key, so that all are kept alike
            threshold /= 2
            stays = [key < threshold for key in keys]
            kept = [record for record, stay in zip(kept, stays, strict=True) if stay]
            keys = [key for key in keys if key < threshold]
            size = sum(map(len, kept))
    return Lines(b"".join([*top, *kept]), n, len(top) + len(kept), len(files))


def is_packed(path: Path) -> bool:
    """Return whether the first bytes of a file are those of a packed one."""
    with path.open("rb") as file:
        start = file.read(4)
    return start == b"PK\x03\x04" or start[:2] in _OPENERS


def sample_parquet(
    path: str | os.PathLike[str], *, max_bytes: int = MOST_BYTES, random_state: int = 0
) -> pd.DataFrame:
    """Read a Parquet file or folder, of a large one a random sample of rows; needs pyarrow.

    Parameters
    ----------
    path : str or path-like
        A file, or a folder of files with the same columns.
    max_bytes : int, default=2**28
        What is unpacked to up to so many bytes is read whole. Of more each row is as likely to be
        kept as any other, and about so many bytes are kept.
    random_state : int, default=0
        Draws the sample.

    Returns
    -------
    DataFrame of shape (n_samples, n_columns)
        Rows in their order.

    Raises
    ------
    ImportError
        If pyarrow is not installed.
    FileNotFoundError
        If there is no such file, or a folder without any.
    ValueError
        If files of a folder differ in their columns.

    Examples
    --------
    >>> from sklimb.datasets import sample_parquet
    >>> frame = sample_parquet("flights/", max_bytes=2**26)  # doctest: +SKIP
    """
    parquet = pyarrow_parquet()
    files = files_of(path, PARQUET_ENDINGS)
    share = max_bytes / max(1, parquet_size(path)[0])
    rng = np.random.default_rng(random_state)
    frames: list[pd.DataFrame] = []
    for file in files:
        with parquet.ParquetFile(file, pre_buffer=False) as opened:
            for batch in opened.iter_batches():
                frame = frame_of(batch)
                if frames and set(frame.columns) != set(frames[0].columns):
                    raise ValueError(
                        f"{file} has the columns {list(frame.columns)[:20]}, the files before it "
                        f"{list(frames[0].columns)[:20]}."
                    )
                frames.append(frame if share >= 1 else frame[rng.random(len(frame)) < share])
    return pd.concat(frames, ignore_index=True)


def parquet_size(path: str | os.PathLike[str]) -> tuple[int, int, int]:
    """Return how many bytes a Parquet file or folder is unpacked, its rows, and its files."""
    files = files_of(path, PARQUET_ENDINGS)
    found = [pyarrow_parquet().read_metadata(file) for file in files]
    groups = [meta.row_group(k) for meta in found for k in range(meta.num_row_groups)]
    # a value that repeats takes next to nothing in the file, but eight bytes in a frame
    n_bytes = sum(
        max(group.total_byte_size, 8 * group.num_rows * group.num_columns) for group in groups
    )
    return n_bytes, sum(meta.num_rows for meta in found), len(files)


def _uniform(random_state: int) -> Iterator[float]:
    rng = np.random.default_rng(random_state)
    while True:
        yield from rng.random(2**16).tolist()


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file of text, unpacked if its first bytes say that it is packed."""
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"PK\x03\x04":
        with zipfile.ZipFile(path) as archive, archive.open(_only_file(path, archive)) as inside:
            yield inside  # type: ignore[misc]
        return
    opener: Any = _OPENERS.get(start[:2], open)
    with opener(path, "rb") as stream:
        yield stream


def _only_file(path: Path, archive: zipfile.ZipFile) -> str:
    names = [info.filename for info in archive.infolist() if not info.is_dir()]
    names = [name for name in names if "__MACOSX" not in name and Path(name).name[:1] != "."]
    if len(names) != 1:
        raise ValueError(f"{path} holds {len(names)} files: unpack it and name one of them.")
    return names[0]


def _lines(files: Iterable[Path]) -> Iterator[bytes]:
    """Yield the lines of all files, the first line of all once."""
    names = None
    for path in files:
        with _opened(path) as stream:
            lines = iter(partial(stream.readline, _LONGEST), b"")
            first = next(lines, b"")
            if first[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in first:
                raise ValueError(f"{path} is text in UTF-16 or UTF-32, or none: save it as UTF-8.")
            own = first.removeprefix(_BOM).strip()
            if names is None or not own:
                names = own if names is None else names
                yield _ended(first)
            elif own != names:
                _check_no_names(path, own, names)
                yield _ended(first)
            for line in lines:
                yield _ended(line)


def _ended(line: bytes) -> bytes:
    if len(line) == _LONGEST:
        raise ValueError(f"A line of {_LONGEST // 2**20} MB or more is none of a table.")
    return line if line.endswith(b"\n") else line + b"\n" if line else b""


def _check_no_names(path: Path, own: bytes, names: bytes) -> None:
    """Raise a ValueError where a first line holds names, but others than those before."""
    cells, expected = (re.split(rb"[,;\t|]", line) for line in (own, names))
    # where there are no names, a row of nothing but text is rare
    if len(cells) != len(expected) or not any(map(_is_number, cells)):
        raise ValueError(
            f"{path} begins with {own[:200].decode('utf-8', 'replace')!r}, the files before it "
            f"with {names[:200].decode('utf-8', 'replace')!r}: their columns differ."
        )


def _is_number(cell: bytes) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _records(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield rows as they are written: more than one line where a quoted cell has line breaks."""
    held: list[bytes] = []
    for line in lines:
        odd = line.count(b'"') % 2 == 1
        if not held:
            if odd:
                held = [line]
            elif line:
                yield line
            continue
        held.append(line)
        if odd:
            yield b"".join(held)
            held = []
        elif len(held) > _LINES_OF_A_CELL:  # no cell of many lines, but a lone quote
            yield from held
            held = []
    yield from held
