"""A folder of pictures as arrays: class folders, or new pictures without labels."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import Bunch

__all__ = ["load_image_folder"]

_ENDINGS = (".png", ".jpg", ".jpeg")
_ORIENTATION = 0x0112  # the EXIF tag


def load_image_folder(
    path: str | os.PathLike[str],
    *,
    labelled: bool = True,
    size: int | tuple[int, int] | None = None,
    n_channels: int | None = None,
    return_X_y: bool = False,
) -> Any:
    """Read pictures that lie in a folder for each class, as ``cats/1.png``; needs Pillow.

    A picture that the camera took turned, and noted so (EXIF), is turned upright.

    Parameters
    ----------
    path : str or path-like
        Folder of the class folders. PNG and JPEG files in them, at any depth, are read.
    labelled : bool, default=True
        Whether the folders in it are classes. False is for new pictures: all in the folder, at any
        depth, without labels. A model takes them in the form of those it has learnt from:
        ``size=X.shape[2:], n_channels=X.shape[1]``.
    size : int or (height, width), default=None
        What all pictures are made. None takes the size that most of them have, with its sides cut
        down to 96 pixels.
    n_channels : {1, 3} or None, default=None
        1 makes all pictures grey, 3 gives all of them colours. None takes one channel if all
        pictures are grey, else three.
    return_X_y : bool, default=False
        Return the pictures and the labels alone.

    Returns
    -------
    pictures : Bunch
        ``data``, an ndarray of uint8 of shape (n_samples, n_channels, height, width);
        ``target``, the names of the folders, None without labels; ``filenames``, the path of each
        picture, in the order of `data`; and ``notes``, a line for each thing that was done to
        the pictures.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    ValueError
        If there are no such folders or pictures, a file is no picture, or `labelled`, `size` or
        `n_channels` is none of the above.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from sklimb.datasets import load_image_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("cat", "dog"):
    ...         (Path(folder) / name).mkdir()
    ...         Image.new("L", (8, 6)).save(Path(folder) / name / "1.png")
    ...     X, y = load_image_folder(folder, return_X_y=True)
    ...     new = load_image_folder(
    ...         Path(folder) / "cat", labelled=False, size=X.shape[2:], n_channels=X.shape[1]
    ...     )
    >>> X.shape, y.tolist()
    ((2, 1, 6, 8), ['cat', 'dog'])
    >>> new.data.shape, [Path(name).name for name in new.filenames]
    ((1, 1, 6, 8), ['1.png'])
    """
    if not isinstance(labelled, (bool, np.bool_)):
        raise ValueError(f"labelled must be True or False, got {labelled!r}.")
    if n_channels not in (None, 1, 3):
        raise ValueError(f"n_channels must be 1 (grey), 3 (colours) or None, got {n_channels!r}.")
    if return_X_y and not labelled:
        raise ValueError("return_X_y=True returns labels, and there are none: labelled=False.")
    path = Path(path)
    if not path.is_dir():
        raise ValueError(f"{path} is no folder.")
    files, others = _files(path) if labelled else _new_files(path)
    image = _pillow()
    opened, sizes, grey, deep, turned = [], [], True, 0, 0
    for file, _ in files:
        with _read(image, file) as read:
            upright = _upright(read)
            turned += upright is not read
            picture = _of_eight_bits(upright, image)
            deep += picture is not upright
            opened.append(picture.convert("L" if _is_grey(picture) else "RGB"))
            grey &= opened[-1].mode == "L"
            sizes.append((opened[-1].height, opened[-1].width))
    wanted, notes = _chosen(size, sizes)
    if turned:
        notes.append(
            f"{turned:,} of {len(opened):,} pictures were turned as the camera noted (EXIF), so "
            "that all stand upright"
        )
    if deep:
        notes.append(
            f"{deep:,} of {len(opened):,} pictures have 16 bits a pixel: the upper 8 were taken"
        )
    mode = {None: "L" if grey else "RGB", 1: "L", 3: "RGB"}[n_channels]
    if n_channels == 1 and not grey:
        coloured = sum(picture.mode != "L" for picture in opened)
        notes.append(f"{coloured:,} of {len(opened):,} pictures lost their colours: n_channels=1")
    data = np.stack([_as_array(p.convert(mode), wanted, image) for p in opened])
    if others:
        notes.append(f"{others:,} files of {path} are no PNG or JPEG files and were not read")
    found = Bunch(
        data=data,
        target=np.array([label for _, label in files]) if labelled else None,
        filenames=[str(file) for file, _ in files],
        notes=notes,
    )
    return (found.data, found.target) if return_X_y else found


def _files(path: Path) -> tuple[list[tuple[Path, str]], int]:
    """Return the pictures with their labels, in order, and how many files are none."""
    found, others = [], 0
    for folder in sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith(".")):
        pictures, more = _pictures(folder)
        others += more
        found += [(file, folder.name) for file in pictures]
    if not found:
        instead = ""
        if n := len(_pictures(path)[0]):
            instead = (
                f" To read its {n:,} pictures without labels: load_image_folder(path, "
                "labelled=False)."
            )
        raise ValueError(
            f"{path} has no folders with PNG or JPEG files: one folder for each class is needed, "
            f"as {path.name}/cats/1.png.{instead}"
        )
    return found, others


def _new_files(path: Path) -> tuple[list[tuple[Path, None]], int]:
    """Return the pictures without labels, in order, and how many files are none."""
    pictures, others = _pictures(path)
    if not pictures:
        raise ValueError(f"{path} has no PNG or JPEG files.")
    return [(file, None) for file in pictures], others


def _pictures(folder: Path) -> tuple[list[Path], int]:
    """Return the pictures in a folder, at any depth, and how many files are none."""
    inside = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name[0] != "."]
    pictures = [p for p in inside if p.suffix.lower() in _ENDINGS]
    return pictures, len(inside) - len(pictures)


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("to read pictures Pillow is needed: pip install pillow") from None
    return Image


def _read(image: Any, file: Path) -> Any:
    try:
        picture = image.open(file)
        picture.load()
    except (OSError, ValueError, SyntaxError, image.DecompressionBombError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{file} is no picture that can be read: {line}") from None
    return picture


def _upright(picture: Any) -> Any:
    """Return a picture turned as its EXIF data say, itself where they say nothing of that."""
    if picture.getexif().get(_ORIENTATION, 1) not in range(2, 9):
        return picture
    from PIL import ImageOps

    return ImageOps.exif_transpose(picture)


def _of_eight_bits(picture: Any, image: Any) -> Any:
    """Return a grey picture of 16 bits with the upper 8: Pillow makes white of all above 255."""
    if not picture.mode.startswith("I"):
        return picture
    return image.fromarray((np.asarray(picture).astype(np.int64) >> 8).astype(np.uint8))


def _is_grey(picture: Any) -> bool:
    return picture.mode in ("1", "L", "LA", "I", "I;16", "F")


def _chosen(
    size: int | tuple[int, int] | None, sizes: list[tuple[int, int]]
) -> tuple[tuple[int, int], list[str]]:
    """Return what size to make all pictures, and what to say of it."""
    most = 96
    if size is not None:
        wanted = (size, size) if isinstance(size, (int, np.integer)) else tuple(size)
        if len(wanted) != 2 or any(int(n) != n or n < 1 for n in wanted):
            raise ValueError(f"size must be one or two whole numbers above 0, got {size!r}.")
        return wanted, []
    # Of equally frequent sizes the smallest, whatever the order of the files.
    common = min(Counter(sizes).items(), key=lambda item: (-item[1], item[0]))[0]
    share = min(1.0, most / max(common))
    wanted = tuple(max(1, round(side * share)) for side in common)
    other = sum(own != wanted for own in sizes)
    if not other:
        return wanted, []
    return wanted, [
        f"{other:,} of {len(sizes):,} pictures were made {wanted[0]} x {wanted[1]} pixels (height "
        f"x width): most are {common[0]} x {common[1]}"
    ]


def _as_array(picture: Any, size: tuple[int, int], image: Any) -> np.ndarray:
    if (picture.height, picture.width) != size:
        picture = picture.resize((size[1], size[0]), image.Resampling.BILINEAR)
    array = np.asarray(picture, dtype=np.uint8)
    return array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
