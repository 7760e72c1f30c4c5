"""Crops and flips against a loop over images, and their stream of random numbers."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from sklimb.transforms import CropFlip, crop_flip


def naive(x, top, left, flip, padding):
    out = np.zeros_like(x)
    for i, image in enumerate(x):
        padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
        cut = padded[:, top[i] : top[i] + x.shape[2], left[i] : left[i] + x.shape[3]]
        out[i] = cut[:, :, ::-1] if flip[i] else cut
    return out


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float64])
@pytest.mark.parametrize("padding", [0, 1, 4])
def test_each_image_is_cut_at_its_own_place(dtype, padding):
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.integers(1, 256, (30, 3, 5, 7))).to(dtype)
    top, left = rng.integers(0, 2 * padding + 1, (2, 30))
    flip = rng.random(30) < 0.5
    got = crop_flip(x, *(torch.from_numpy(v) for v in (top, left, flip)), padding)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got.numpy(), naive(x.numpy(), top, left, flip, padding))


def test_every_place_and_both_directions_come_equally_often():
    # one bright pixel in the middle says where each image went
    x = torch.zeros(4000, 1, 3, 4)
    x[:, 0, 1, 1] = 1
    torch.manual_seed(0)
    out = CropFlip(1)(x)
    assert torch.equal(out.sum((1, 2, 3)), torch.ones(4000))
    # columns 0, 1 and 2, or 3, 2 and 1 where mirrored
    rows, columns = out.sum((0, 1, 3)) / 4000, out.sum((0, 1, 2)) / 4000
    np.testing.assert_allclose(rows, [1 / 3] * 3, atol=0.03)
    np.testing.assert_allclose(columns, [1 / 6, 1 / 3, 1 / 3, 1 / 6], atol=0.03)
    straight = CropFlip(1, flip=False)(x).sum((0, 1, 2)) / 4000
    np.testing.assert_allclose(straight, [1 / 3] * 3 + [0], atol=0.03)


def test_nothing_happens_in_evaluation():
    x = torch.randn(5, 1, 4, 4)
    assert CropFlip().eval()(x) is x


def test_its_draws_leave_torchs_generator_alone():
    x = torch.randn(50, 1, 6, 6)
    torch.manual_seed(3)
    before = torch.get_rng_state()
    CropFlip()(x)
    assert torch.equal(torch.get_rng_state(), before)


def test_its_draws_follow_from_the_seed():
    x, augment = torch.randn(50, 1, 6, 6), CropFlip()
    outs = []
    for seed in (0, 1, 0):
        torch.manual_seed(seed)
        outs.append((augment(x), augment(x)))
    assert torch.equal(outs[0][0], outs[2][0]) and torch.equal(outs[0][1], outs[2][1])
    assert not torch.equal(outs[0][0], outs[0][1])  # the next batch is cut otherwise
    assert not torch.equal(outs[0][0], outs[1][0])
    torch.manual_seed(0)
    assert torch.equal(CropFlip()(x), outs[0][0])  # whatever else was drawn before


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_draw_alike(twin):
    augment, x = CropFlip(2, flip=False), torch.randn(20, 1, 6, 6)
    torch.manual_seed(1)
    expected = augment(x)
    other = twin(nn.Sequential(augment))[0]
    assert (other.padding, other.flip) == (2, False)
    torch.manual_seed(1)
    assert torch.equal(other(x), expected)
    assert repr(other) == "CropFlip(padding=2, flip=False)"


def test_a_padding_that_cannot_be():
    with pytest.raises(ValueError, match="padding must not be negative, got -1"):
        CropFlip(-1)
