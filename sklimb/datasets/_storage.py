"""Where data sets lie on disk, how they come there, and how their content is known."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np

__all__ = ["NotWritable", "atomic_write", "content_sha256", "download", "get_data_home"]

_CHUNK = 1 << 18
_TIMEOUT = 60.0  # seconds without a byte
_WORTH_RETRYING = (408, 425, 429)  # of the 4xx; the others say the same next time


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


def download(url: str, path: Path, *, n_retries: int, delay: float, verbose: bool) -> None:
    """Load an address into a file, whole or not at all.

    Parameters
    ----------
    url : str
    path : Path
    n_retries : int
        Further attempts after a failure that may pass: anything but a refusal (4xx).
    delay : float
        Seconds between attempts.
    verbose : bool
        Whether to show a progress bar on standard error.

    Raises
    ------
    OSError
        What the last attempt failed with; `NotWritable` where it is the disk that failed.
    """
    for left in range(n_retries, -1, -1):
        try:
            _download_once(url, path, verbose)
            return
        except NotWritable:
            raise
        except HTTPError as error:
            error.close()
            if left == 0 or (400 <= error.code < 500 and error.code not in _WORTH_RETRYING):
                raise
        except (OSError, HTTPException) as error:
            if left == 0:
                raise error if isinstance(error, OSError) else OSError(repr(error)) from error
        time.sleep(delay)


def _download_once(url: str, path: Path, verbose: bool) -> None:
    from tqdm import tqdm

    # Some servers turn away Python's own name.
    request = Request(url, headers={"User-Agent": "sklimb"})
    with urlopen(request, timeout=_TIMEOUT) as answer, atomic_write(path) as file:
        length = answer.headers.get("Content-Length")
        total = int(length) if length and length.isdigit() else None
        got = 0
        with tqdm(
            total=total,
            desc=path.name.split(".download")[0],
            unit="B",
            unit_scale=True,
            disable=not verbose,
        ) as bar:
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                got += len(chunk)
                bar.update(len(chunk))
        if total is not None and got != total:  # read() does not say so
            raise OSError(f"the connection was cut after {got:,} of {total:,} bytes")


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
