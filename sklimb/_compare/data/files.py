"""What is in a file: its bytes unpacked, and the encoding in which they are text."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sklimb._compare.data.large import Drawn, drawn_text
from sklimb._compare.data.unpacking import FRAME, unpack
from sklimb._compare.errors import InputError
from sklimb._compare.phrases import likely

_UNPACK = "unpack it ({}) and name the unpacked file"
_OF_R = "save it as CSV in R, write.csv(data, row.names = FALSE)"
_SAS = bytes(12) + b"\xc2\xea\x81\x60"
_TAR = "is a tar archive: unpack it (tar -xf) and name one of its files"
# How files begin that are no text, or another kind of text, and what to do with them.
_OTHER_FORMATS = [
    (b"\xd0\xcf\x11\xe0", "an Excel file", FRAME.format("read_excel")),
    (b"PAR1", "a Parquet file", FRAME.format("read_parquet")),
    (b"ARROW1", "a Feather file", FRAME.format("read_feather")),
    (b"\x28\xb5\x2f\xfd", "a file packed by Zstandard", _UNPACK.format("zstd -d")),
    (b"\x04\x22\x4d\x18", "a file packed by LZ4", _UNPACK.format("lz4 -d")),
    (b"\x1f\x9d", "a file packed by compress", _UNPACK.format("uncompress")),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK.format("7z x")),
    (b"Rar!", "a RAR archive", _UNPACK.format("unrar x")),
    (b"$FL", "an SPSS file", FRAME.format("read_spss")),
    (_SAS, "a SAS file", FRAME.format("read_sas")),
    (b"HEADER RECORD*******", "a SAS transport file", FRAME.format("read_sas")),
    (b"\x93NUMPY", "an array of NumPy", "pass the array to sklimb.compare, or save it as CSV"),
    (b"MATLAB 5.0", "a Matlab file", FRAME.format("scipy.io.loadmat")),
    (b"RDX", "a file of R", _OF_R),
    (b"RDA", "a file of R", _OF_R),
    (b"X\n\0\0\0", "a file of R", _OF_R),
    *((b"\x80" + version, "a pickle", "pass what is in it to sklimb.compare, or save it as CSV")
      for version in (b"\x02", b"\x03", b"\x04", b"\x05")),
    (b"\x89HDF", "an HDF5 file", FRAME.format("read_hdf")),
    (b"SQLite format 3", "a SQLite database", FRAME.format("read_sql")),
    (b"%PDF", "a PDF file", "save its table as CSV"),
    (b"{\\rtf", "an RTF document", "save its table as CSV"),
    *((tag, "a page of HTML", "was the download an error page, or a link to the file?")
      for tag in (b"<!doctype html", b"<html", b"<!--", b"<head", b"<body", b"<div", b"<table")),
    (b"<?xml", "an XML file", FRAME.format("read_xml")),
]  # fmt: skip
_JSON = re.compile(rb"\s*(\[\s*[\[{]|{\s*\")")
# Tables as text of other programs: where a line begins so, before any data.
_ARFF = re.compile(rb"\s*(%[^\n]*\n\s*)*@relation\s", re.IGNORECASE)
_LIBSVM = re.compile(rb"\s*[-+\d.,eE]+( +(qid|\d+):[-+\d.eE]+)+ *(#.*)?\r?(\n|$)")
_OTHER_TABLES = {
    _ARFF: ("an ARFF file", FRAME.format("scipy.io.arff.loadarff")),
    _LIBSVM: (
        "a file of LIBSVM",
        "read it with scikit-learn (load_svmlight_file) and pass its matrix to sklimb.compare",
    ),
}
# Bytes on top that are looked at for them.
_TOP = 1 << 16
_MARKS = [
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
]
# Text in a Western language is mostly ASCII; a file of which less is, is no such text.
_LEAST_ASCII = 0.6


@dataclass(frozen=True)
class Source:
    """A text file in memory.

    Parameters
    ----------
    path : Path
    data : bytes
        Unpacked, not decoded.
    encoding : str
        As Python names it; ``"utf-8"`` includes files with a byte order mark.
    options : dict
        What `pandas.read_csv` must be told of this to read the file from its path.
    notes : list of str
    inside : str, default=""
        The file within a zip file that has others beside it.
    drawn : Drawn or None
        How it was read, if not whole or not as one file.
    """

    path: Path
    data: bytes
    encoding: str = "utf-8"
    options: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    inside: str = ""
    drawn: Drawn | None = None

    @property
    def address(self) -> str | Drawn:
        """What `pandas.read_csv` reads the file from; pandas finds no file among several."""
        if self.drawn is not None:
            return self.drawn
        return f"zip://{self.inside}::{self.path}" if self.inside else str(self.path)

    def head(self, n_bytes: int = 1 << 18) -> tuple[str, bool]:
        """Return the text on top, and whether that is all of it."""
        start = self.data[:n_bytes]
        encoding = "utf-8-sig" if self.encoding == "utf-8" else self.encoding
        # The last character may be cut.
        return start.decode(encoding, errors="ignore"), len(start) == len(self.data)

    def open(self) -> io.BytesIO:
        """Return the bytes as a file, which pandas reads faster than text."""
        return io.BytesIO(self.data)


def load(path: Path) -> Source:
    """Read a file that should hold text.

    Parameters
    ----------
    path : Path
        Plain or packed by gzip, bzip2, xz or zip. UTF-8, UTF-16 or UTF-32 with a byte order mark,
        or an encoding of Western Europe (Windows-1252, Latin-1).

    Returns
    -------
    source : Source

    Raises
    ------
    InputError
        If there is no such file, or it is no text; the message says what it is.
    """
    drawn = drawn_text(path)
    if drawn is not None:
        encoding, notes = _encoding(path, drawn.data)
        options = {} if encoding == "utf-8" else {"encoding": encoding}
        return Source(path, drawn.data, encoding, options, [*drawn.notes, *notes], drawn=drawn)
    data, options, inside = unpack(path, _bytes(path))
    if not data[:4096].strip() and not data.strip():
        raise InputError(f"{path} is empty")
    start = data[:64].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if data[257:262] == b"ustar":
        raise InputError(f"{path} {_TAR}")
    for magic, what, remedy in _OTHER_FORMATS:
        if start.startswith(magic.lower()):
            raise InputError(f"{path} is {what}, not CSV: {remedy}")
    for form, (what, remedy) in _OTHER_TABLES.items():
        if form.match(data[:_TOP]):
            raise InputError(f"{path} is {what}, not CSV: {remedy}")
    if what := _json(data):
        reader = "read_json, lines=True" if what.endswith("lines") else "read_json"
        raise InputError(f"{path} is {what}, not CSV: {FRAME.format(reader)}")
    encoding, notes = _encoding(path, data)
    if encoding != "utf-8":
        options["encoding"] = encoding
    source = Source(path, data, encoding, options, notes, inside)
    if not source.head()[0].strip():
        raise InputError(f"{path} is empty")
    return source


def _bytes(path: Path) -> bytes:
    if str(path) == "-":
        raise InputError("there is no file -: standard input is /dev/stdin")
    if path.is_symlink() and not path.exists():
        raise InputError(f"{path} is a link to a file that is not there")
    if not path.exists():
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = likely(path.name, siblings)
        raise InputError(f"there is no file {path}{hint and f': {hint}'}")
    if path.is_dir():
        raise InputError(f"{path} is a folder without CSV or Parquet files")
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None


def _json(data: bytes) -> str:
    """Return what kind of JSON some data are, empty where they are none."""
    data = data.removeprefix(b"\xef\xbb\xbf").strip()
    if not _JSON.match(data):
        return ""
    for part, what in [(data, "a JSON file"), (data.split(b"\n", 1)[0], "a file of JSON lines")]:
        try:
            json.loads(part)
        except ValueError:
            continue
        return what
    return ""


def _encoding(path: Path, data: bytes) -> tuple[str, list[str]]:
    """Return the encoding, looked for in the whole file, and a note where it was guessed."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            try:
                data.decode(name)
            except UnicodeDecodeError:
                raise InputError(
                    f"{path} begins as text in {name.upper()} but is not all of it: is it cut off?"
                    " save it as UTF-8"
                ) from None
            return name, [f"{path.name} was read as {name.upper()}"]
    if b"\0" in data:
        return _with_nul(path, data)
    try:
        data.decode("utf-8")
        return "utf-8", []
    except UnicodeDecodeError as error:
        bad = error.start
    line = data.count(b"\n", 0, bad) + 1
    text = data.decode("utf-8", errors="replace")
    n_bad = text.count("�")
    n_good = sum(1 for c in text if c > "\x7f") - n_bad
    if n_good > n_bad:
        raise InputError(
            f"{path} is text in UTF-8 but for line {line}, which has bytes of another encoding: "
            "save it as UTF-8"
        )
    n_ascii = len(data) - len(data.translate(None, bytes(range(128))))
    controls = re.search(rb"[\x00-\x08\x0e-\x19\x1b-\x1f\x7f]", data)
    if n_ascii < _LEAST_ASCII * len(data) or controls:
        raise InputError(
            f"{path} is no text in UTF-8 (line {line}): is it a CSV file? if it is, save it as "
            "CSV UTF-8"
        )
    try:
        data.decode("cp1252")
        encoding, name = "cp1252", "Windows-1252 (Western European)"
    except UnicodeDecodeError:
        encoding, name = "latin-1", "Latin-1 (Western European)"
    return encoding, [
        f"{path.name} is not UTF-8 (line {line}) and was read as {name}; if letters look wrong, "
        "save it as UTF-8"
    ]


def _with_nul(path: Path, data: bytes) -> tuple[str, list[str]]:
    """Return the encoding of a file with NUL bytes: UTF-16 without a mark, or none."""
    for name, of_high_bytes in [("utf-16-le", slice(1, None, 2)), ("utf-16-be", slice(0, None, 2))]:
        high = data[:4096][of_high_bytes]
        if len(data) % 2 == 0 and high.count(0) > 0.8 * len(high):
            try:
                data.decode(name)
            except UnicodeDecodeError:
                continue
            return name, [f"{path.name} was read as {name.upper()}"]
    line = data.count(b"\n", 0, data.index(b"\0")) + 1
    raise InputError(
        f"{path} has NUL bytes, the first in line {line}: it is no text (is it cut, or no CSV "
        "file?); save it as CSV UTF-8"
    )
