from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from sklimb._compare.data.images import check_images, is_images
from sklimb._compare.errors import InputError


def test_images_have_three_or_four_axes():
    assert is_images(np.zeros((2, 8, 8))) and is_images(np.zeros((2, 3, 8, 8)))
    assert not is_images(np.zeros((2, 8)))
    assert not is_images(["a text"])
    assert not is_images(sparse.csr_matrix((2, 8)))


def test_grey_images_get_a_channel_and_the_code_does_the_same():
    X = np.arange(128).reshape(2, 8, 8)
    found, code, notes = check_images(X)
    space = {"X": X}
    exec(code, space)
    np.testing.assert_array_equal(found, space["X"])
    assert found.shape == (2, 1, 8, 8) and not notes


def test_channels_that_stand_last_are_moved_with_a_word():
    X = np.arange(2 * 8 * 9 * 3, dtype=np.uint8).reshape(2, 8, 9, 3)
    found, code, notes = check_images(X)
    space = {"X": X}
    exec(code, space)
    np.testing.assert_array_equal(found, space["X"])
    assert found.shape == (2, 3, 8, 9) and "height, width and channels" in notes[0]
    assert check_images(found)[1:] == ("", [])


@pytest.mark.parametrize(
    "X, said",
    [
        (np.zeros((2, 3, 3)), "3 x 3 pixels"),
        (np.zeros((0, 8, 8)), "is empty"),
        (np.full((2, 8, 8), "a"), "not of images"),
        (np.where(np.arange(128).reshape(2, 8, 8) == 70, np.nan, 1.0), "image 2"),
    ],
)
def test_what_fits_no_method_is_one_line(X, said):
    with pytest.raises(InputError, match=said) as caught:
        check_images(X)
    assert "\n" not in str(caught.value)


def test_truth_values_and_tensors_are_pixels():
    torch = pytest.importorskip("torch")
    assert check_images(np.ones((2, 8, 8), dtype=bool))[0].dtype == np.uint8
    assert check_images(torch.zeros(2, 3, 8, 8))[0].shape == (2, 3, 8, 8)
