"""What the text sets share: files of lines, plain or packed, and the choice of a subset."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import BinaryIO

from sklimb._files.bounded import read_within
from sklimb.datasets._obtaining import Address, Part, by_digest
from sklimb.datasets._storage import content_sha256

# Many times what the largest of the sets has.
_MOST_BYTES = 1 << 28
GITHUB = "https://raw.githubusercontent.com/hendrycks/error-detection"


def text_lines(path: Path) -> list[str]:
    """Return the lines of a file, which is packed if its name ends in ``.gz``."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        text = read_within(file, _MOST_BYTES).decode()
    # Not splitlines(), which also breaks at rarer signs; tweets have some.
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines and not lines[-1] else lines


def _write_lines(lines: list[str], file: BinaryIO) -> None:
    # Without a time and a name in it the same text makes the same file.
    with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        packed.write("".join(f"{line}\n" for line in lines).encode())


def text_part(stem: str, url: str, sha256: str) -> Part[list[str]]:
    """Return a file of the folder ``text`` with its address and the SHA-256 of its lines."""
    return Part(
        {f"text/{stem}.txt.gz": text_lines, f"text/{stem}.txt": text_lines},
        _write_lines,
        by_digest(content_sha256, sha256),
        (Address(url, text_lines),),
    )


def chosen_subsets(subset: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return which of the parts of a set are meant by `subset`."""
    if subset == "all":
        return names
    if subset not in names:
        raise ValueError(
            f"subset must be one of {', '.join(map(repr, names))} or 'all', got {subset!r}."
        )
    return (subset,)
