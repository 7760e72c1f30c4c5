"""Where data sets lie on disk, how they come there, and how their content is known."""

from __future__ import annotations

import hashlib
import os
import re
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

__all__ = ["NotWritable", "atomic_write", "content_sha256", "get_data_home", "remove_abandoned"]

# Seconds after which nobody is writing to a file any more: a download may take an hour.
_ABANDONED = 86_400.0


def get_data_home(data_home: str | os.PathLike | None = None) -> Path:
    """Folder in which data sets are looked for and kept.

    Parameters
    ----------
    data_home : str or path-like, default=None
        A folder of one's own. None takes the environment variable ``SKLIMB_DATA``, and where that
        is not set the folder ``sklimb`` in scikit-learn's own data home (``SCIKIT_LEARN_DATA``,
        else ``~/scikit_learn_data``).

    Returns
    -------
    folder : Path
        With ``~`` written out. It is made when something is written to it, not before.

    Examples
    --------
    >>> from sklimb.datasets import get_data_home
    >>> get_data_home("data").name
    'data'
    """
    if data_home is None:
        data_home = os.environ.get("SKLIMB_DATA")
    if not data_home:
        shared = os.environ.get("SCIKIT_LEARN_DATA") or Path("~", "scikit_learn_data")
        data_home = Path(shared, "sklimb")
    return Path(data_home).expanduser()


class NotWritable(OSError):
    """A folder of one's own cannot be written to: another address would not help."""


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears at `path` at the end, whole, or not at all.

    Parameters
    ----------
    path : Path
        Its folder is made. What lies there is replaced.

    Yields
    ------
    file : binary file
        In the same folder, under a name of its own, so that two processes do not meet.

    Raises
    ------
    NotWritable
        If the system refuses, for want of space or of rights.
    """
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = open(part, "xb")  # noqa: SIM115, closed below, where failures are told apart
        except OSError as error:
            raise _not_writable(path, error) from error
        with file:
            checked = _Checked(file, path)
            yield checked
            checked.flush()
        try:
            os.replace(part, path)
        except OSError as error:
            raise _not_writable(path, error) from error
    finally:
        with suppress(OSError):  # it has been renamed, or was never there
            part.unlink()


class _Checked:
    """A file whose failures to write say where, and are told from those of the network."""

    def __init__(self, file: BinaryIO, path: Path):
        self.file, self.path = file, path

    def write(self, data) -> int:
        try:
            return self.file.write(data)
        except OSError as error:
            raise _not_writable(self.path, error) from error

    def flush(self) -> None:
        try:
            self.file.flush()
        except OSError as error:
            raise _not_writable(self.path, error) from error

    def __getattr__(self, name):
        return getattr(self.file, name)


def _not_writable(path: Path, error: OSError) -> NotWritable:
    return NotWritable(
        error.errno,
        f"{path} cannot be written ({error.strerror or error}). Make room or choose another folder "
        "with data_home or the environment variable SKLIMB_DATA",
    )


def remove_abandoned(path: Path) -> None:
    """Delete what writers and downloads that were killed have left of a file, a day after it.

    Parameters
    ----------
    path : Path
    """
    left = re.compile(re.escape(path.name) + r"(\.download-[0-9a-f]{32})?(\.[0-9a-f]{32}\.part)?")
    with suppress(OSError):
        for found in path.parent.iterdir():
            if found != path and left.fullmatch(found.name):
                with suppress(OSError):  # gone, or not ours
                    if time.time() - found.stat().st_mtime > _ABANDONED:
                        found.unlink()


def content_sha256(*parts: np.ndarray | Sequence[str]) -> str:
    """SHA-256 of decoded content, whatever it was packed in.

    Parameters
    ----------
    *parts : ndarray or sequence of str
        Each counts with its length or its type and shape, in this order. Arrays count by value:
        neither byte order nor layout in memory matters. Texts count as UTF-8.

    Returns
    -------
    digest : str
        64 hexadecimal digits.
    """
    found = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray) and part.dtype.kind in "biuf":
            part = np.ascontiguousarray(part, dtype=part.dtype.newbyteorder("<"))
            found.update(f"array {part.dtype.str} {part.shape};".encode())
            found.update(memoryview(part).cast("B") if part.size else b"")
        else:
            found.update(f"texts {len(part)};".encode())
            encoded = (str(text).encode() for text in part)
            found.update(b"".join(b"%d;%b" % (len(data), data) for data in encoded))
    return found.hexdigest()
