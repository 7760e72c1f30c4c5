"""Epochs and batch size, where they are left to "auto"."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from sklimb._data.table_scan import scan_chunks
from sklimb._data.training_data import ArrayData, DatasetData
from sklimb._training.sizes import choose_batch_size, choose_epochs, resolve_sizes
from sklimb.backbones import MLP, TabularMLP

ROWS = np.random.default_rng(0).normal(size=(60, 3))
CODES = np.arange(60) % 2
DATA = ArrayData(ROWS, CODES)


class Advises(nn.Linear):
    def __init__(self, in_features):
        super().__init__(in_features, 4)

    @staticmethod
    def advised_sizes(n_rows, in_features, class_counts):
        assert sum(class_counts) == n_rows

        class Sizes:
            max_epochs, batch_size = n_rows // 20, 10 * in_features

        return Sizes


AUTO = {"max_epochs": "auto", "batch_size": "auto"}
COUNTS = np.array([30, 30])


@pytest.mark.parametrize("n", [1, 100, 50_000, 50_001, 200_000, 10**7])
def test_epochs_see_three_million_rows_but_ten_times_each(n):
    expected = 60 if n <= 50_000 else max(10, 3_000_000 // n)
    assert choose_epochs(n) == expected


def test_without_advice_it_is_the_number_of_rows():
    assert resolve_sizes(MLP, DATA, 2, **AUTO) == (60, choose_batch_size(60))


def test_advice_is_taken_for_what_is_left_open():
    assert resolve_sizes(Advises, DATA, 2, **AUTO) == (3, 30)
    assert resolve_sizes(Advises, DATA, 2, max_epochs=7, batch_size="auto") == (7, 30)
    # six steps are advised, whatever a batch is
    assert resolve_sizes(Advises, DATA, 2, max_epochs="auto", batch_size=60) == (6, 60)
    assert resolve_sizes(Advises, DATA, 2, max_epochs="auto", batch_size=20) == (2, 20)
    assert resolve_sizes(Advises, DATA, 2, max_epochs="auto", batch_size=1) == (1, 1)
    assert resolve_sizes(MLP, DATA, 2, max_epochs="auto", batch_size=60) == (60, 60)
    assert resolve_sizes(Advises(3), DATA, 2, **AUTO) == (3, 30)
    assert resolve_sizes(partial(partial(Advises)), DATA, 2, **AUTO) == (3, 30)
    items = torch.utils.data.TensorDataset(torch.from_numpy(ROWS), torch.from_numpy(CODES))
    assert resolve_sizes(Advises, DatasetData(items, CODES), 2, **AUTO) == (3, 30)
    advised = TabularMLP.advised_sizes(60, 3, COUNTS)
    assert resolve_sizes(TabularMLP, DATA, 2, **AUTO) == (
        advised.max_epochs,
        advised.batch_size,
    )


def test_copies_that_a_sampler_made_take_steps_and_want_none():
    rows = np.concatenate([np.arange(60), np.tile(np.flatnonzero(CODES == 0), 3)])
    data = ArrayData(ROWS[rows], CODES[rows])
    assert len(data) == 150 and data.distinct_counts(2).tolist() == [30, 30]
    # the advice is that of 60 samples, 3 epochs of 2 steps; now an epoch has 5
    assert resolve_sizes(Advises, data, 2, **AUTO) == (1, 30)
    assert resolve_sizes(Advises, data, 2, max_epochs="auto", batch_size=150) == (6, 150)
    assert resolve_sizes(Advises, data, 2, max_epochs=8, batch_size="auto") == (8, 30)
    # 60 epochs of 4 steps, in batches of 16
    assert resolve_sizes(MLP, data, 2, **AUTO) == (24, 16)
    rng = np.random.default_rng(0)
    others = ArrayData(rng.normal(size=(150, 3)), CODES[rows])
    assert resolve_sizes(MLP, others, 2, **AUTO) == (60, 16)


@pytest.mark.parametrize(("n", "size"), [(1, 16), (200, 16), (4_000, 128), (10**7, 512)])
def test_batches_are_powers_of_two(n, size):
    assert choose_batch_size(n) == size


def test_a_chunk_goes_by_the_samples_of_the_whole_table():
    chunks = [(ROWS, CODES)] * 10
    scan = scan_chunks(chunks)
    assert resolve_sizes(MLP, DATA, 2, scan=scan, **AUTO) == (60, choose_batch_size(600))
    assert resolve_sizes(Advises, DATA, 2, scan=scan, **AUTO) == (30, 30)
