from __future__ import annotations

import numpy as np
import pytest

from sklimb._compare.errors import InputError
from sklimb._compare.run.image_sets import is_image_source, read_images
from sklimb.cli import main

RNG = np.random.default_rng(0)
Y = np.array(["few", "many", "many"] * 8)
X = RNG.integers(0, 100, (24, 8, 8), dtype=np.uint8) + 100 * (Y == "few")[:, None, None]
X = X.astype(np.uint8)


@pytest.fixture
def arrays(tmp_path):
    path = tmp_path / "pictures.npz"
    np.savez(path, X=X, y=Y)
    return path


@pytest.fixture
def folder(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for k, (pixels, label) in enumerate(zip(X, Y, strict=True)):
        (tmp_path / "photos" / label).mkdir(parents=True, exist_ok=True)
        image.fromarray(pixels).save(tmp_path / "photos" / label / f"{k:02d}.png")
    return tmp_path / "photos"


def _made(found):
    """Run the code of a set; return what it makes."""
    space = {}
    exec(found.code, space)
    return space["X"], space["y"]


def test_folders_and_files_of_arrays_are_known(folder, arrays):
    assert is_image_source(folder) and is_image_source(arrays) and is_image_source("a.NPY")
    assert not is_image_source("a.csv")
    (folder / "parts.csv").write_text("a,b\n1,2\n")  # beside folders of pictures
    assert is_image_source(folder) and not is_image_source(folder, "b")


def test_a_file_of_two_arrays_and_its_code(arrays):
    found = read_images(arrays)
    np.testing.assert_array_equal(found.X, X)
    for made, array in zip(_made(found), (X, Y), strict=True):
        np.testing.assert_array_equal(made, array)
    assert found.name == "pictures.npz" and found.methods() is None


def test_a_file_with_a_test_part_of_its_own(tmp_path):
    path = tmp_path / "mnist.npz"
    np.savez(path, X_train=X[:16], y_train=Y[:16], X_test=X[16:], y_test=Y[16:])
    found = read_images(path)
    assert (len(found.X), len(found.X_test)) == (16, 8)
    assert "are the test part" in found.notes[0]


def test_other_names_are_found_by_the_target_or_where_there_is_one_choice(tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, pixels=X, kind=Y, weight=np.ones(24))
    with pytest.raises(InputError, match="pixels, kind, weight: --target names"):
        read_images(path)
    np.testing.assert_array_equal(read_images(path, "kind").y, Y)
    with pytest.raises(InputError, match="no array 'kinds': did you mean 'kind'"):
        read_images(path, "kinds")
    np.savez(path, pixels=X, more=X, kind=Y)
    with pytest.raises(InputError, match="2 arrays with an image for each of 24"):
        read_images(path, "kind")


def test_labels_beside_an_array(tmp_path):
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    found = read_images(tmp_path / "x.npy", str(tmp_path / "y.npy"))
    np.testing.assert_array_equal(_made(found)[1], Y)
    with pytest.raises(InputError, match=r"--target LABELS\.npy"):
        read_images(tmp_path / "x.npy")


def test_a_folder_and_its_code(folder):
    found = read_images(folder)
    assert found.X.shape == (24, 1, 8, 8) and sorted(found.y) == sorted(Y)
    np.testing.assert_array_equal(_made(found)[0], found.X)
    with pytest.raises(InputError, match="the classes of a folder are"):
        read_images(folder, "y")


def test_photographs_have_a_word_on_pretrained_networks_and_grey_test_pictures_fit(folder):
    image = pytest.importorskip("PIL.Image")
    assert read_images(folder).notes == []
    photos, test = folder.parent / "colours", folder.parent / "new"
    for where, mode in ((photos, "RGB"), (test, "L")):
        for label in ("few", "many"):
            (where / label).mkdir(parents=True)
            image.new(mode, (8, 8), "gray").save(where / label / "1.png")
    (test / "many" / "note.txt").write_text("no picture")
    found = read_images(photos, test=test)
    assert found.X_test.shape == found.X.shape == (2, 3, 8, 8)
    assert "pretrained network" in found.notes[0] and "1 files" in found.notes[1]
    new = "load_image_folder(folder, labelled=False, size=X.shape[2:], n_channels=X.shape[1])"
    assert f"# new = {new}" in found.code


def test_a_test_part_is_of_the_same_kind(folder, arrays):
    assert read_images(folder, test=folder).X_test.shape == (24, 1, 8, 8)
    assert len(read_images(arrays, test=arrays).y_test) == 24
    with pytest.raises(InputError, match="of one kind"):
        read_images(folder, test=arrays)


@pytest.mark.parametrize("content", [b"", b"no array", b"PK\x03\x04 cut"])
@pytest.mark.parametrize("ending", [".npy", ".npz"])
def test_files_that_are_none_are_one_line(content, ending, tmp_path):
    path = tmp_path / f"bad{ending}"
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_images(path, "y.npy")
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="there is no file"):
        read_images(tmp_path / "gone.npz")


def test_objects_in_a_file_are_not_run(tmp_path):
    np.savez(tmp_path / "o.npz", X=X, y=np.array([{}] * 24, dtype=object))
    with pytest.raises(InputError, match="cannot be read"):
        read_images(tmp_path / "o.npz")


def test_the_command_compares_a_folder(folder, tmp_path, capsys):
    options = ["--methods", "logistic,forest", "--folds", "2", "--jobs", "1", "--budget", "1"]
    report = ["--report", str(tmp_path / "out")]
    assert main(["compare", "--data", str(folder), *options, *report]) == 0
    out = capsys.readouterr().out
    assert out.startswith("photos: 24 images of 8 x 8 pixels, 1 channel, 2 classes")
    assert "load_image_folder" in out
    assert main(["compare", "--data", str(folder), "--drop", "a", *options, *report]) == 2
    assert "has no columns with names" in capsys.readouterr().err


def test_arrays_that_unpack_to_too_much_are_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr("sklimb._compare.data.unpacking.MOST_BYTES", 10_000)
    X = np.zeros((40, 3, 8, 8))
    y = np.arange(40) % 2
    np.savez_compressed(tmp_path / "a.npz", X=X, y=y)
    with pytest.raises(InputError, match=r"is not opened: it unpacks to .* load it with numpy"):
        read_images(tmp_path / "a.npz")
    # what is not compressed lies on the disk as it is
    np.savez(tmp_path / "b.npz", X=X, y=y)
    assert read_images(tmp_path / "b.npz").X.shape == X.shape
