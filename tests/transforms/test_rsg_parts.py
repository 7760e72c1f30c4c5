"""Which classes are frequent, which rows are paired, and a convolution that need not be run."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from sklimb.transforms import _rsg_parts, frequent_classes, pair_rows
from sklimb.transforms._rsg_parts import (
    mean_of_convolution,
    products_with_own_class,
    rows_of,
    squared_distances_to_own_class,
)


@pytest.mark.parametrize(
    ("counts", "alpha", "frequent"),
    [
        ([5, 90, 7, 40, 1], 0.2, [1]),
        ([5, 90, 7, 40, 1], 0.4, [1, 3]),
        ([5, 90, 7, 40, 1], 0.5, [1, 3]),  # round(2.5) is 2
        ([5, 90, 7, 40, 1], 1.0, [0, 1, 2, 3]),  # all but one
        ([5, 90, 7, 40, 1], 0.001, [1]),  # at least one
        ([3, 8], 0.2, [1]),
        ([3, 8], 1.0, [1]),
        ([4, 4, 4], 0.5, [0, 1]),  # equals: the first
        ([0, 0, 2.5], 0.3, [2]),
    ],
)
def test_frequent_classes(counts, alpha, frequent):
    got = frequent_classes(torch.tensor(counts, dtype=torch.float32), alpha)
    assert torch.nonzero(got)[:, 0].tolist() == frequent


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
def test_of_many_equal_classes_the_first_are_frequent(dtype):
    # torch's unstable sort keeps the order of up to 16 values
    equal = frequent_classes(torch.full((64,), 7, dtype=dtype), 0.2)
    assert torch.nonzero(equal)[:, 0].tolist() == list(range(13))
    two_sizes = frequent_classes(torch.tensor([3, 7] * 32, dtype=dtype), 0.75)
    first_small = range(0, 32, 2)
    assert torch.nonzero(two_sizes)[:, 0].tolist() == sorted([*range(1, 64, 2), *first_small])


@pytest.mark.parametrize("beta", [1.0, 0.3, 0.01])
@pytest.mark.parametrize("sizes", [(7, 3), (3, 7), (1, 1), (50, 1), (1, 20), (6, 2)])
def test_pairs(sizes, beta):
    s_freq, s_rare = sizes
    kind = np.array([True] * s_freq + [False] * s_rare)
    kind = np.random.default_rng(0).permutation(kind)
    freq, rare = pair_rows(kind, beta, np.random.default_rng(1))
    s_new = max(math.floor(beta * s_freq / s_rare), 1) * s_rare
    assert len(freq) == len(rare) == s_new
    assert kind[freq].all() and not kind[rare].any()
    assert set(np.bincount(rare, minlength=len(kind))[~kind]) == {s_new // s_rare}
    used = np.bincount(freq, minlength=len(kind))[kind]
    assert used.max() - used.min() <= 1


@pytest.mark.parametrize(
    ("of_freq", "of_rare", "beta", "copies"),
    [
        (1.0, 1.0, 1.0, 6),
        (1.0, 2.0, 1.0, 3),
        (1.0, 2.0, 0.5, 1),
        (1.0, 6.0, 1.0, 1),  # balanced
        (1.0, 100.0, 1.0, 1),
        (5.0, 1.0, 1.0, 6),  # weights take away, and never add
        (1.0, 0.0, 1.0, 6),
        (0.0, 1.0, 1.0, 1),
    ],
)
def test_weights_that_even_out_a_batch_leave_less_to_do(of_freq, of_rare, beta, copies):
    kind = np.arange(35) < 30
    weight = np.where(kind, of_freq, of_rare)
    freq, rare = pair_rows(kind, beta, np.random.default_rng(0), weight)
    assert np.bincount(rare)[30:].tolist() == [copies] * 5
    assert kind[freq].all()


def test_pairs_are_random_and_repeatable():
    kind = np.arange(40) < 30
    draw = lambda seed: pair_rows(kind, 1.0, np.random.default_rng(seed))[0].tolist()  # noqa: E731
    assert draw(0) == draw(0) != draw(1)


def test_a_share_that_floats_put_below_a_whole_number():
    kind = np.arange(129) < 100
    assert 0.58 * 100 / 29 < 2
    assert len(pair_rows(kind, 0.58, np.random.default_rng(0))[0]) == 58


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1), (2, 2), (4, 7)])
def test_the_mean_of_a_convolution_without_the_convolution(size):
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 4, 3, padding=1).double()
    maps = torch.randn(2, 3, *size, dtype=torch.float64)
    expected = convolution(maps).mean((2, 3))
    torch.testing.assert_close(mean_of_convolution(maps, convolution), expected)


@pytest.mark.parametrize("shape", [(15,), (15, 128), (4, 8, 8)])
def test_rows_of_a_table_and_a_gradient_that_no_thread_changes(shape):
    rng = torch.Generator().manual_seed(0)
    table = torch.randn(3, *shape, generator=rng).requires_grad_()
    rows = torch.randint(3, (600,), generator=rng)
    above = torch.randn(600, *shape, generator=rng)
    n_threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert torch.equal(rows_of(table, rows), table[rows])
        (expected,) = torch.autograd.grad(table[rows], table, above)
        torch.set_num_threads(4)
        for _ in range(10):
            (found,) = torch.autograd.grad(rows_of(table, rows), table, above)
            assert torch.equal(found, expected)
    finally:
        torch.set_num_threads(n_threads)


@pytest.mark.parametrize("at_most", [0, 32])  # rows of the own class gathered; products with all
def test_products_and_distances_are_those_with_the_rows_of_the_own_class(at_most, monkeypatch):
    monkeypatch.setattr(_rsg_parts, "_ALL_CLASSES_UP_TO", at_most)
    torch.manual_seed(0)
    vectors = torch.randn(7, 5, dtype=torch.float64) + 1000.0
    table = (torch.randn(3, 4, 5, dtype=torch.float64) + 1000.0).requires_grad_()
    y = torch.tensor([0, 2, 1, 1, 2, 0, 2])
    own = [(v, table[c]) for v, c in zip(vectors, y.tolist(), strict=True)]
    products = torch.stack([rows @ v for v, rows in own])
    distances = torch.stack([((v - rows) ** 2).sum(1) for v, rows in own])
    above = torch.randn(7, 4, dtype=torch.float64)
    for found, wanted in (
        (products_with_own_class(vectors, table, y), products),
        (squared_distances_to_own_class(vectors, table, y), distances),
    ):
        torch.testing.assert_close(found, wanted)
        (of_found,) = torch.autograd.grad(found, table, above)
        (of_wanted,) = torch.autograd.grad(wanted, table, above, retain_graph=True)
        torch.testing.assert_close(of_found, of_wanted)
