"""Archives of images and arrays, opened within bounds."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sklimb._files.bounded import check_members
from sklimb.datasets._downloading import Limits

# Many times what each set has: 70,000 files of some 60 MB, packed or not.
LIMITS = Limits(n_bytes=1 << 29)
_MOST_BYTES, _MOST_MEMBERS = 1 << 30, 200_000
_IN_ARCHIVE = re.compile(r"(?:^|/)(train|test)/(\w+)/(\d+)\.(?:png|jpe?g)$")


def pillow() -> Any:
    """Return the package that decodes pictures, or raise an ImportError that names it."""
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(
            "Decoding these images needs Pillow, which is not installed: pip install sklimb[images]"
        ) from None
    return Image


def archived(path: Path) -> Iterator[tuple[str, str, int, bytes]]:
    """Yield split, class, number and bytes of each image, sorted: so any archive is in order."""
    with zipfile.ZipFile(path) as archive:
        check_members(archive, n_bytes=_MOST_BYTES, n_members=_MOST_MEMBERS)
        found = [(_IN_ARCHIVE.search(name), name) for name in archive.namelist()]
        for split, label, number, name in sorted(
            (match[1], match[2], int(match[3]), name) for match, name in found if match
        ):
            yield split, label, number, archive.read(name)


def opened(path: Path) -> np.lib.npyio.NpzFile:
    """Return a file of named arrays; raise a ValueError of another file, or a larger one."""
    file = np.load(path)
    if not isinstance(file, np.lib.npyio.NpzFile):  # .npy, whatever its name
        raise ValueError("it holds one array without a name, not an archive of named ones")
    try:
        check_members(file.zip, n_bytes=_MOST_BYTES, n_members=_MOST_MEMBERS)
    except ValueError:
        file.close()
        raise
    return file


def decoded(data: Any, mode: str, side: int) -> np.ndarray:
    """Return an image as an array; one of another size is not even decoded."""
    with pillow().open(io.BytesIO(data)) as picture:
        if picture.size != (side, side):
            width, height = picture.size
            raise ValueError(f"an image of {width} x {height} pixels is in it, not {side} x {side}")
        return np.asarray(picture.convert(mode))
