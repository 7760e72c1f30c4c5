"""Packed files opened within bounds: some kilobytes can unpack to more than any disk holds."""

from __future__ import annotations

import zipfile
from pathlib import PurePosixPath
from typing import BinaryIO

_CHUNK = 1 << 20


class TooLarge(ValueError):
    """A packed file unpacks to more than its bound."""


def read_within(stream: BinaryIO, n_bytes: int) -> bytes:
    """Return the content of a stream that unpacks while it is read.

    Parameters
    ----------
    stream : binary file
    n_bytes : int
        The most that may be in it.

    Returns
    -------
    content : bytes

    Raises
    ------
    TooLarge
        As soon as there is more.
    """
    pieces, left = [], n_bytes
    while piece := stream.read(_CHUNK):
        left -= len(piece)
        if left < 0:
            raise TooLarge(f"it unpacks to more than {n_bytes:,} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def check_members(archive: zipfile.ZipFile, *, n_bytes: int, n_members: int) -> None:
    """Raise an error unless the sizes that a zip file states are within bounds.

    Reading a member ends at the size that is said of it, so that the sum of these is a bound.

    Parameters
    ----------
    archive : ZipFile
    n_bytes, n_members : int
        The most that may be in it.

    Raises
    ------
    TooLarge
        If there is more in it.
    ValueError
        If the name of a member leads out of the archive.
    """
    members = archive.infolist()
    if len(members) > n_members:
        raise TooLarge(f"it holds {len(members):,} files, more than the {n_members:,} it may have")
    total = sum(member.file_size for member in members)
    if total > n_bytes:
        raise TooLarge(f"it unpacks to {total:,} bytes, more than the {n_bytes:,} it may have")
    for member in members:
        name = member.filename.replace("\\", "/")
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or name[1:3] == ":/":
            raise ValueError(f"the name of its member {member.filename!r} leads out of it")
