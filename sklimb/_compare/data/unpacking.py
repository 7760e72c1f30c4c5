"""Packed files in memory: gzip, bzip2, xz and zip, up to a bound."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from sklimb._compare.errors import InputError
from sklimb._files.bounded import TooLarge, check_members, read_within

FRAME = "read it with pandas ({}) and pass the frame to sklimb.compare, or save it as CSV"
# A file of some megabytes can be made so that it unpacks to more than any memory holds. What is
# not packed is bounded by the disk that it lies on.
MOST_BYTES = 1 << 31
_MOST_MEMBERS = 100_000
_UNPACK_IT = "if it is what you expect, unpack it and name the unpacked file"
# What macOS puts beside the files that somebody packs.
_OF_MACOS = re.compile(r"(.*/)?(__MACOSX/.*|\._[^/]*|\.DS_Store)")
_COMPRESSED: list[tuple[bytes, str, str, Callable[[BinaryIO], BinaryIO]]] = [
    (b"\x1f\x8b", "gzip", ".gz", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", "bz2", ".bz2", bz2.BZ2File),
    (b"\xfd7zXZ\x00", "xz", ".xz", lzma.LZMAFile),
]


def unpack(path: Path, data: bytes) -> tuple[bytes, dict[str, Any], str]:
    """Unpack the content of a file, if it is packed.

    Parameters
    ----------
    path : Path
    data : bytes

    Returns
    -------
    data : bytes
    options : dict
        What `pandas.read_csv` must be told to do the same.
    inside : str
        The file within a zip file that has others beside it, else empty.

    Raises
    ------
    InputError
        If it is damaged, holds no one file, or unpacks to more than `MOST_BYTES`.
    """
    options: dict[str, Any] = {}
    for magic, name, suffix, opened in _COMPRESSED:
        if data.startswith(magic):
            data = _unpacked(path, data, name, opened)
            options = {} if path.suffix == suffix else {"compression": name}
            break
        if path.suffix == suffix:
            raise InputError(
                f"{path} cannot be read: it is named {suffix} but is no {name} file; if it is "
                f"plain text, take {suffix} off its name, else fetch or copy it again"
            )
    inside = ""
    if data.startswith(b"PK\x03\x04"):
        data, inside = _unzipped(path, data)
        options = {} if path.suffix == ".zip" else {"compression": "zip"}
        if inside:
            options = {"compression": None}
    return data, options, inside


def check_archive(path: Path, archive: zipfile.ZipFile, remedy: str) -> None:
    """Raise an `InputError` where a zip file of another kind holds too much.

    Parameters
    ----------
    path : Path
    archive : ZipFile
    remedy : str
        What to do then.
    """
    try:
        # What is not compressed is bounded by the file itself.
        n_bytes = max(MOST_BYTES, path.stat().st_size)
        check_members(archive, n_bytes=n_bytes, n_members=_MOST_MEMBERS)
    except ValueError as error:
        raise InputError(f"{path} is not opened: {error}; {remedy}") from None


def _unpacked(path: Path, data: bytes, name: str, opened: Callable[[BinaryIO], BinaryIO]) -> bytes:
    try:
        with opened(io.BytesIO(data)) as stream:
            return read_within(stream, MOST_BYTES)
    except TooLarge as error:
        raise InputError(f"{path} is not opened: {error}; {_UNPACK_IT}") from None
    except (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError) as error:
        cut = isinstance(error, EOFError) or "ended before" in str(error)
        what = "is cut off: its data end too early" if cut else "is damaged"
        raise InputError(
            f"{path} cannot be read: the {name} file {what}; fetch or copy it again"
        ) from None


def _unzipped(path: Path, data: bytes) -> tuple[bytes, str]:
    """Return what is in a zip file of one file, and its name if macOS has put others beside it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            everything = [info.filename for info in archive.infolist()]
            check_archive(path, archive, _UNPACK_IT)
            names = [n for n in everything if not n.endswith("/") and not _OF_MACOS.fullmatch(n)]
            if any(name.startswith(("xl/", "[Content_Types]", "content.xml")) for name in names):
                raise InputError(
                    f"{path} is a spreadsheet (Excel, LibreOffice), not CSV: save its sheet as "
                    "CSV, or " + FRAME.format("read_excel").removesuffix(", or save it as CSV")
                )
            if len(names) != 1:
                shown = ", ".join(names[:6]) + (" ..." if len(names) > 6 else "")
                raise InputError(
                    f"{path} holds {len(names)} files ({shown}): unpack it and name one of them"
                )
            return archive.read(names[0]), names[0] if len(everything) > 1 else ""
    except (zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, OSError):
        raise InputError(
            f"{path} cannot be read: the zip file is cut off or damaged; fetch or copy it again"
        ) from None
    except (RuntimeError, NotImplementedError):  # a password, or an unusual way of packing
        raise InputError(f"{path} cannot be unzipped here: unpack it first") from None
