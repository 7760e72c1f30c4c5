from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from sklimb.feature_extraction import ShrinkImages

RNG = np.random.default_rng(0)


def test_blocks_are_averaged_and_the_edge_fills_the_last():
    image = np.arange(20, dtype=np.uint8).reshape(1, 1, 4, 5)
    small = ShrinkImages(3).fit_transform(image)
    blocks = [[0, 1, 5, 6], [2, 3, 7, 8], [4, 9], [10, 11, 15, 16], [12, 13, 17, 18], [14, 19]]
    expected = np.reshape([np.mean(block) for block in blocks], (2, 3))
    np.testing.assert_allclose(small[0, 0], expected)
    assert small.dtype == np.float32


def test_small_images_stay_as_they_are_and_grey_ones_get_a_channel():
    images = RNG.integers(0, 255, (3, 8, 9), dtype=np.uint8)
    shrink = ShrinkImages().fit(images)
    assert shrink.image_shape_ == (1, 8, 9)
    np.testing.assert_array_equal(shrink.transform(images)[:, 0], images)


def test_rows_are_the_pixels_in_order():
    images = RNG.random((4, 3, 8, 8))
    rows = clone(ShrinkImages(4, flat=True)).fit_transform(images)
    np.testing.assert_allclose(rows, ShrinkImages(4).fit_transform(images).reshape(4, -1))


@pytest.mark.parametrize(
    "X, options, said",
    [
        (np.zeros((2, 5)), {}, r"got float64 of the shape \(2, 5\)"),
        (np.zeros((2, 1, 0, 5)), {}, "shape"),
        (np.full((2, 3, 3), "a"), {}, "must be images"),
        (np.zeros((2, 3, 3)), {"max_size": 0}, "max_size"),
        (np.zeros((2, 3, 3)), {"max_size": 2.5}, "max_size"),
    ],
)
def test_what_are_no_images_is_told(X, options, said):
    with pytest.raises(ValueError, match=said):
        ShrinkImages(**options).fit(X)


def test_images_of_another_size_are_told():
    shrink = ShrinkImages().fit(np.zeros((2, 1, 8, 8)))
    with pytest.raises(ValueError, match=r"\(1, 8, 9\).*\(1, 8, 8\)"):
        shrink.transform(np.zeros((2, 1, 8, 9)))
