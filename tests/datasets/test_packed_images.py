from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from sklimb.datasets import _packed_images
from sklimb.datasets._packed_images import archived, decoded, opened, pillow

NAMES = ["r/train/b/2.png", "r/train/a/10.jpg", "r/train/a/9.jpeg", "test/a/1.png", "r/readme.md"]


def write(path, names=NAMES):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, name * 100)
    return path


def picture(width, height):
    file = io.BytesIO()
    pillow().new("L", (width, height), 7).save(file, "PNG")
    return file.getvalue()


def test_images_come_by_split_class_and_number(tmp_path):
    found = list(archived(write(tmp_path / "a.zip")))
    assert [row[:3] for row in found] == [
        ("test", "a", 1), ("train", "a", 9), ("train", "a", 10), ("train", "b", 2)
    ]  # fmt: skip
    assert found[0][3] == b"test/a/1.png" * 100


@pytest.mark.parametrize(
    ("bound", "said"), [("_MOST_BYTES", "it unpacks to"), ("_MOST_MEMBERS", "it holds 5 files")]
)
def test_archives_are_bounded(tmp_path, monkeypatch, bound, said):
    monkeypatch.setattr(_packed_images, bound, 3)
    with pytest.raises(ValueError, match=said):
        list(archived(write(tmp_path / "a.zip")))
    np.savez_compressed(tmp_path / "a.npz", **{name: np.zeros(9) for name in "abcde"})
    with pytest.raises(ValueError, match=said):
        opened(tmp_path / "a.npz")


def test_names_that_lead_out_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"'\.\./train/a/1\.png' leads out of it"):
        list(archived(write(tmp_path / "a.zip", ["../train/a/1.png"])))


def test_an_image_of_another_size_is_not_decoded(monkeypatch):
    assert decoded(picture(28, 28), "L", 28).tolist() == [[7] * 28] * 28
    assert decoded(picture(28, 28), "RGB", 28).shape == (28, 28, 3)
    large = picture(28, 3000)
    monkeypatch.setattr(pillow().Image, "convert", None)
    with pytest.raises(ValueError, match="an image of 28 x 3000 pixels is in it, not 28 x 28"):
        decoded(large, "L", 28)
