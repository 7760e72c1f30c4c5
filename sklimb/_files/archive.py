"""The file itself: a zip of uncompressed entries, each with its size and SHA-256 in a manifest."""

from __future__ import annotations

import glob
import hashlib
import io
import json
import os
import secrets
import struct
import zipfile
from pathlib import Path
from typing import Any

FORMAT = "sklimb model"
# Increased when a reader of the version before would misread a file.
FORMAT_VERSION = 1

_MANIFEST = "manifest.json"
# Ending of a file that is being written.
_UNFINISHED = ".part"
# One date for all entries, so that the same model gives the same file.
_DATE = (1980, 1, 1, 0, 0, 0)
# Errors that zipfile raises for files that are no zip.
_BROKEN = (
    zipfile.BadZipFile, NotImplementedError, OSError, EOFError, RuntimeError, ValueError,
    struct.error,
)  # fmt: skip
# First bytes of a pickle, plain or packed by joblib with zlib, gzip, bz2, xz, lzma or lz4.
_PICKLE_STARTS = (
    b"\x80", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"\x1f\x8b", b"BZh", b"\xfd7zXZ",
    b"\x5d\x00", b"\x04\x22\x4d\x18",
)  # fmt: skip
# More than any model has: some parts of a pipeline, the tensors and the description.
_MOST_ENTRIES = 10_000


def pack(entries: dict[str, bytes], kind: str | None = None) -> bytes:
    """Return the bytes of a file with these entries.

    Parameters
    ----------
    entries : dict
        Name -> content.
    kind : str or None
        What the file is; None is a model.
    """
    manifest = {
        "format": kind or FORMAT,
        "format_version": FORMAT_VERSION,
        "entries": {name: _seal(content) for name, content in entries.items()},
    }
    text = json.dumps(manifest, indent=1).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in {_MANIFEST: text, **entries}.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), content)
        archive.comment = hashlib.sha256(text).hexdigest().encode()
    return buffer.getvalue()


def unpack(data: bytes, kind: str | None = None) -> dict[str, bytes]:
    """Return the entries of a file of a kind, each as it was written.

    Raises
    ------
    ValueError
        If it is not such a file, is cut, changed or compressed, or of a version that is not known.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _BROKEN:
        raise ValueError(_other_than_zip(data)) from None
    with archive:
        check_stored(archive, len(data))
        names = archive.namelist()
        if len(names) != len(set(names)) or len(names) > _MOST_ENTRIES:
            raise ValueError("it has entries of one name, or too many of them.")
        if _MANIFEST not in names:
            raise ValueError(f"it has no {_MANIFEST}: another program wrote it.")
        try:
            contents = {name: archive.read(name) for name in names}
        except _BROKEN:
            raise ValueError("it is damaged. Copy it again.") from None
        comment = archive.comment
    text = contents.pop(_MANIFEST)
    if comment != hashlib.sha256(text).hexdigest().encode():
        raise ValueError(f"{_MANIFEST} is not as it was written: the file was changed or damaged.")
    _check_manifest(json.loads(text), contents, kind or FORMAT)
    return contents


def _other_than_zip(data: bytes) -> str:
    """Return an error text for bytes that are no zip: most likely joblib wrote them."""
    if data.startswith(_PICKLE_STARTS):
        return (
            "it is a pickle, most likely of joblib. If you trust who wrote it: joblib.load(path), "
            "which runs what is in it."
        )
    return "it is no zip, or it is cut. Copy it again."


def check_stored(archive: zipfile.ZipFile, n_bytes: int) -> None:
    """Raise a ValueError unless entries are uncompressed and together no larger than the file."""
    entries = archive.infolist()
    for entry in entries:
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise ValueError(
                f"its entry {entry.filename!r} is compressed, which save never does: what it "
                "unpacks to has no bound."
            )
    if sum(entry.file_size for entry in entries) > n_bytes:
        raise ValueError("its entries are larger together than the file.")


def _seal(content: bytes) -> dict[str, Any]:
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _check_manifest(manifest: dict[str, Any], contents: dict[str, bytes], kind: str) -> None:
    if manifest.get("format") != kind:
        raise ValueError(f"its format is {manifest.get('format')!r}, not {kind!r}.")
    version = manifest.get("format_version")
    if version != FORMAT_VERSION:
        raise ValueError(
            f"its format has version {version!r}, and this sklimb reads {FORMAT_VERSION}. Load it "
            "with the sklimb that wrote it, or a newer one."
        )
    sealed = manifest["entries"]
    for name in sorted(set(contents) ^ set(sealed)):
        what = "an entry that" if name in contents else "no entry"
        why = "its manifest does not name" if name in contents else "where its manifest names"
        raise ValueError(f"it has {what} {why} {name!r}: it was changed.")
    for name, content in contents.items():
        if _seal(content) != sealed[name]:
            raise ValueError(
                f"its entry {name!r} is not as it was written: the file was changed or damaged."
            )


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that at any moment either the old or the whole new one is there.

    Parameters
    ----------
    path : Path
        A link is followed. A device or a pipe is written to, not replaced.
    data : bytes
    """
    path = Path(os.path.realpath(path))
    if is_special(path):
        try:
            path.write_bytes(data)
        except OSError as error:  # of a full device it does not say the name
            raise OSError(error.errno, error.strerror, str(path)) from error
        return
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}{_UNFINISHED}")
    try:
        with open(beside, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException as error:
        beside.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno:
            # name the file that was asked for, not the unfinished one
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def is_special(path: Path) -> bool:
    """Return whether a path is a device, a pipe or a socket, which cannot be replaced."""
    return path.exists() and not (path.is_file() or path.is_dir())


def remove_unfinished(path: Path) -> None:
    """Remove what a process that was killed while it wrote a file has left beside it."""
    path = Path(os.path.realpath(path))
    for beside in path.parent.glob(f".{glob.escape(path.name)}.*{_UNFINISHED}"):
        beside.unlink(missing_ok=True)
