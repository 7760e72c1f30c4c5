from __future__ import annotations

import sys

import numpy as np
import pytest

from sklimb.datasets import load_image_folder

Image = pytest.importorskip("PIL.Image")


@pytest.fixture
def folder(tmp_path):
    """Two classes of grey 6 x 5 pictures (height x width)."""
    rng = np.random.default_rng(0)
    for name, n in (("cat", 3), ("dog", 2)):
        (tmp_path / name).mkdir()
        for k in range(n):
            pixels = rng.integers(0, 255, (6, 5), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{k}.png")
    return tmp_path


def test_pictures_and_names_of_their_folders_in_order(folder):
    found = load_image_folder(folder)
    assert found.data.shape == (5, 1, 6, 5)
    assert found.data.dtype == np.uint8
    assert found.target.tolist() == ["cat"] * 3 + ["dog"] * 2
    pixels = np.asarray(Image.open(folder / "dog" / "1.png"))
    np.testing.assert_array_equal(found.data[4, 0], pixels)
    assert found.filenames[4].endswith("1.png")
    assert found.notes == []


def test_one_picture_in_colour_makes_three_channels_of_all(folder):
    Image.new("RGB", (5, 6), (10, 20, 30)).save(folder / "dog" / "9.jpeg")
    X, _ = load_image_folder(folder, return_X_y=True)
    assert X.shape == (6, 3, 6, 5)
    assert abs(X[5, 2].mean() - 30) < 5
    np.testing.assert_array_equal(X[0, 0], X[0, 2])


def test_other_sizes_become_that_of_most_and_are_counted(folder):
    Image.new("L", (50, 60)).save(folder / "dog" / "9.png")
    (folder / "dog" / "notes.txt").write_text("no picture")
    found = load_image_folder(folder)
    assert found.data.shape == (6, 1, 6, 5)
    assert "1 of 6 pictures" in found.notes[0] and "6 x 5" in found.notes[0]
    assert "1 files" in found.notes[1]


def test_large_pictures_are_cut_down_and_a_size_can_be_asked_for(tmp_path):
    (tmp_path / "one").mkdir()
    Image.new("L", (300, 200)).save(tmp_path / "one" / "1.png")
    assert load_image_folder(tmp_path).data.shape == (1, 1, 64, 96)
    assert load_image_folder(tmp_path, size=7).data.shape == (1, 1, 7, 7)
    assert load_image_folder(tmp_path, size=(4, 9)).data.shape == (1, 1, 4, 9)
    with pytest.raises(ValueError, match="size must be"):
        load_image_folder(tmp_path, size=0)


def test_new_pictures_have_no_labels_and_the_form_that_is_asked_for(folder):
    new = load_image_folder(folder / "cat", labelled=False)
    assert new.data.shape == (3, 1, 6, 5) and new.target is None
    old = load_image_folder(folder)
    np.testing.assert_array_equal(new.data, old.data[:3])
    assert new.filenames == old.filenames[:3]
    Image.new("RGB", (50, 60), (10, 20, 30)).save(folder / "cat" / "9.jpeg")
    new = load_image_folder(folder / "cat", labelled=False, size=(6, 5), n_channels=1)
    assert new.data.shape == (4, 1, 6, 5)
    assert "1 of 4 pictures lost their colours" in new.notes[0]
    assert load_image_folder(folder / "dog", labelled=False, n_channels=3).data.shape[1] == 3
    assert len(load_image_folder(folder, labelled=False).data) == 6  # at any depth


def test_a_flat_folder_and_what_makes_no_sense_are_told(folder, tmp_path_factory):
    with pytest.raises(ValueError, match=r"read its 3 pictures without labels.*labelled=False"):
        load_image_folder(folder / "cat")
    with pytest.raises(ValueError, match="has no PNG or JPEG files"):
        load_image_folder(tmp_path_factory.mktemp("none"), labelled=False)
    with pytest.raises(ValueError, match="n_channels must be 1"):
        load_image_folder(folder, n_channels=2)
    with pytest.raises(ValueError, match="labelled must be True or False"):
        load_image_folder(folder, labelled="cat")
    with pytest.raises(ValueError, match="there are none"):
        load_image_folder(folder, labelled=False, return_X_y=True)


def test_what_is_no_folder_of_pictures_is_told(folder, tmp_path_factory):
    with pytest.raises(ValueError, match="is no folder"):
        load_image_folder(folder / "nowhere")
    with pytest.raises(ValueError, match="no folders with PNG or JPEG"):
        load_image_folder(tmp_path_factory.mktemp("empty"))
    (folder / "cat" / "bad.png").write_bytes(b"not a picture")
    with pytest.raises(ValueError, match=r"bad\.png is no picture"):
        load_image_folder(folder)


def test_without_pillow_it_is_said_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install pillow"):
        load_image_folder(folder)


def test_of_sixteen_bits_the_upper_eight_are_taken(folder):
    """Pillow makes white of all above 255."""
    pixels = np.linspace(0, 65535, 30).reshape(6, 5).astype(np.uint16)
    Image.fromarray(pixels).save(folder / "dog" / "deep.png")
    found = load_image_folder(folder)
    np.testing.assert_array_equal(found.data[5, 0], pixels >> 8)
    assert found.notes == ["1 of 6 pictures have 16 bits a pixel: the upper 8 were taken"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_that_the_camera_took_turned_are_upright(folder, orientation):
    """Portraits from a phone lay on their side, without a word."""
    upright = np.zeros((6, 5), dtype=np.uint8)
    upright[0], upright[1, 0] = 250, 125
    as_taken = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: np.transpose,
        6: np.rot90,
        7: lambda a: np.rot90(a, 2).T,
        8: lambda a: np.rot90(a, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.fromarray(np.ascontiguousarray(as_taken(upright)))
    picture.save(folder / "dog" / "9.png", exif=exif)
    found = load_image_folder(folder)
    np.testing.assert_array_equal(found.data[5, 0], upright)
    turned = [note for note in found.notes if "EXIF" in note]
    assert turned == (
        []
        if orientation == 1
        else ["1 of 6 pictures were turned as the camera noted (EXIF), so that all stand upright"]
    )
