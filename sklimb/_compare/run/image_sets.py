"""Files of images for the command: ``.npy`` and ``.npz``, and folders of class folders."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from sklimb._compare.data.large import holds_tables
from sklimb._compare.data.unpacking import check_archive
from sklimb._compare.errors import InputError
from sklimb._compare.phrases import likely
from sklimb._compare.run.sets import NamedSet
from sklimb._compare.snippet import quoted

_ARRAYS = (".npy", ".npz")
_PRETRAINED = (
    "every method here learns from these pictures alone; of photographs a pretrained network tells "
    "more: the notebook on images (notebooks/06_images.ipynb) has one"
)
_AS_ARRAYS = "if it is what you expect, load it with numpy and pass the arrays to sklimb.compare"


def is_image_source(path: str | Path, target: str | None = None) -> bool:
    """Return whether a path is a folder without tables, or a file of numpy's arrays.

    Where a folder has both tables and folders, as of pictures, `target` says what is meant: the
    classes of pictures are the folders' names, so there is none.
    """
    path = Path(path)
    if not path.is_dir():
        return path.suffix.lower() in _ARRAYS
    if not holds_tables(path):
        return True
    return target is None and any(inside.is_dir() for inside in path.iterdir())


def read_images(
    path: str | Path, target: str | None = None, test: str | Path | None = None
) -> NamedSet:
    """Read images and their labels.

    Parameters
    ----------
    path : str or Path
        A folder of class folders; an ``.npz`` with the arrays ``X`` and ``y`` (or ``X_train``,
        ``y_train``, and ``X_test``, ``y_test`` as the test part), or others where `target` names
        the labels; or an ``.npy`` whose labels are in another, named by `target`. Arrays of two
        axes are rows of numbers.
    target : str or None, default=None
        The array of labels of an ``.npz``; the file of labels of an ``.npy``.
    test : str, Path or None, default=None
        The test part, of the same kind.

    Returns
    -------
    found : NamedSet

    Raises
    ------
    InputError
        If there is nothing that fits; the message is one line.
    """
    path = Path(path)
    found = _folder(path, target) if path.is_dir() else _arrays(path, target)
    found.name = path.name
    if test is not None:
        found.X_test, found.y_test = _second(Path(test), path, target, found)
    return found


def _folder(path: Path, target: str | None) -> NamedSet:
    if target is not None:
        raise InputError(f"--target {target}: the classes of a folder are its folders' names")
    pictures = _loaded(path)
    code = (
        "from sklimb.datasets import load_image_folder\n\n"
        f"X, y = load_image_folder({quoted(str(path))}, return_X_y=True)\n"
        "# New pictures, as model.predict takes them:\n"
        "# new = load_image_folder("
        "folder, labelled=False, size=X.shape[2:], n_channels=X.shape[1])\n"
        "# model.predict(new.data)\n"
    )
    notes = list(pictures.notes)
    if pictures.data.shape[1] == 3:
        notes.append(_PRETRAINED)
    return NamedSet(pictures.data, pictures.target, None, None, code, notes=notes)


def _loaded(path: Path, like: np.ndarray | None = None) -> Any:
    """Return the pictures in a folder, in the form of those in an array."""
    from sklimb.datasets import load_image_folder

    size, n_channels = (None, None) if like is None else (like.shape[2:], like.shape[1])
    try:
        return load_image_folder(path, size=size, n_channels=n_channels)
    except (ValueError, ImportError, OSError) as error:
        raise InputError(str(error).rstrip(".")) from None


def _arrays(path: Path, target: str | None) -> NamedSet:
    if path.suffix.lower() == ".npy":
        if target is None:
            raise InputError(
                f"{path} holds images alone: --target LABELS.npy names the file of their classes"
            )
        X, y = _array(path), _array(Path(target))
        load = f"X, y = np.load({quoted(str(path))}), np.load({quoted(target)})\n"
        return NamedSet(X, y, None, None, f"import numpy as np\n\n{load}")
    parts = _parts(path)
    names = _names(path, parts, target)
    code = (
        f"import numpy as np\n\narrays = np.load({quoted(str(path))})\n"
        f"X, y = arrays[{quoted(names[0])}], arrays[{quoted(names[1])}]\n"
    )
    found = NamedSet(parts[names[0]], parts[names[1]], None, None, code)
    second = [name.replace("train", "test") for name in names]
    if second[0] != names[0] and set(second) <= set(parts):
        found.X_test, found.y_test = (parts[name] for name in second)
        found.notes.append(f"{second[0]} and {second[1]} of {path.name} are the test part")
    return found


def _names(path: Path, parts: dict[str, np.ndarray], target: str | None) -> tuple[str, str]:
    """Return what the arrays of images (or rows) and of labels are called."""
    if target is None:
        for pair in (("X", "y"), ("X_train", "y_train")):
            if set(pair) <= set(parts):
                return pair
        labels = [name for name, part in parts.items() if part.ndim == 1]
        if len(labels) != 1:
            raise InputError(
                f"{path} has the arrays {', '.join(parts)}: --target names that of the classes"
            )
        target = labels[0]
    if target not in parts:
        hint = likely(target, parts)
        raise InputError(f"{path} has no array {target!r}{hint and f': {hint}'}")
    many = [name for name, part in parts.items() if part.ndim > 1 and name != target]
    same = [name for name in many if len(parts[name]) == len(parts[target])]
    paired = target.replace("y", "X", 1)
    if paired in same:
        return paired, target
    if len(same) != 1:
        raise InputError(
            f"{path} has {len(same)} arrays with an image for each of {len(parts[target]):,} "
            f"labels in {target!r}; it needs one"
        )
    return same[0], target


def _second(
    path: Path, first: Path, target: str | None, found: NamedSet
) -> tuple[np.ndarray, np.ndarray]:
    if path.is_dir() != first.is_dir() or path.suffix.lower() != first.suffix.lower():
        raise InputError(f"{path} and {first} must be of one kind: two folders, or two .npz files")
    if path.is_dir():
        pictures = _loaded(path, found.X)
        found.notes += [f"{path}: {note}" for note in pictures.notes]
        return pictures.data, pictures.target
    if path.suffix.lower() == ".npy":
        raise InputError(f"--test {path}: put test images and their labels into one .npz")
    parts = _parts(path)
    X, y = _names(path, parts, target)
    return parts[X], parts[y]


def _parts(path: Path) -> dict[str, np.ndarray]:
    found = _load(path)
    if isinstance(found, np.ndarray):
        raise InputError(f"{path} holds one array, so its ending should be .npy")
    return found


def _array(path: Path) -> np.ndarray:
    found = _load(path)
    if not isinstance(found, np.ndarray):
        raise InputError(f"{path} holds several arrays, not one")
    return found


def _load(path: Path) -> np.ndarray | dict[str, np.ndarray]:
    try:
        # The file is opened here, for numpy leaves it open where it is none of its own.
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            if not isinstance(found, np.ndarray):
                check_archive(path, found.zip, _AS_ARRAYS)
            return found if isinstance(found, np.ndarray) else {k: found[k] for k in found.files}
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except (ValueError, OSError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path} cannot be read as arrays of numpy: {line}") from None
