"""Epochs and batch size, where the user leaves them open: by the data, or as a backbone advises."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import torch

from sklimb._data.table_scan import TableScan
from sklimb._data.training_data import ArrayData, TrainingData
from sklimb._random import isolated_rng

# A cross-fitted training ends by itself, or here (``benchmarks/tuning/cross_fit_sizes.py``). Its
# batches are of so many samples at least.
_MOST_EPOCHS, _LEAST_EPOCHS, _MOST_STEPS, _LEAST_BATCH = 150, 3, 800, 64
# From so many samples on an epoch has many steps, and the bound is that of plain trainings.
_MANY_SAMPLES = 50_000


def resolve_sizes(
    backbone: Any,
    data: TrainingData,
    n_classes: int,
    *,
    max_epochs: int | str,
    batch_size: int | str,
    cross_fit: bool = False,
    scan: TableScan | None = None,
) -> tuple[int, int]:
    """Return epochs and batch size as numbers; numbers that are given stay.

    "auto" is what the backbone advises, by ``advised_sizes(n_rows, in_features, class_counts)``
    (that of `TabularMLP` is in ``backbones/_tabular_sizes.py``)
    with the attributes ``max_epochs`` and ``batch_size``; else it goes by the number of samples
    alone. What a backbone advises is steps: with a batch size that is given, epochs are as many as
    make them. Samples that are copies of others, as a sampler makes them, take steps and are no
    reason for more: epochs are fewer then.

    Parameters
    ----------
    backbone : type, functools.partial of one, or nn.Module
        Class or instance.
    data : TrainingData
    n_classes : int
        C.
    max_epochs : int or "auto"
        As the user has it.
    batch_size : int or "auto"
        As the user has it.
    cross_fit : bool
        The number of epochs is a bound then, for a training that ends by itself.
    scan : TableScan or None
        Of the whole table, where `data` are a chunk of it.

    Returns
    -------
    tuple of int
        Epochs and batch size.
    """
    if "auto" not in (max_epochs, batch_size):
        return int(max_epochs), int(batch_size)
    n = len(data) if scan is None else scan.n_samples
    if cross_fit:
        size = max(choose_batch_size(n), _LEAST_BATCH) if batch_size == "auto" else int(batch_size)
        bound = min(_MOST_EPOCHS, max(_LEAST_EPOCHS, _MOST_STEPS // math.ceil(n / size)))
        bound = max(bound, choose_epochs(n) if n >= _MANY_SAMPLES else 0)
        return (bound if max_epochs == "auto" else int(max_epochs)), size
    class_counts = data.distinct_counts(n_classes) if scan is None else scan.class_counts
    n_distinct = int(class_counts.sum())
    epochs, advised_size = choose_epochs(n_distinct), choose_batch_size(n_distinct)
    while isinstance(backbone, partial):  # advises as what it calls
        backbone = backbone.func
    advise = getattr(backbone, "advised_sizes", None)
    if advise is not None:
        advised = advise(n_distinct, _sample_shape(data)[0], class_counts)
        epochs, advised_size = advised.max_epochs, advised.batch_size
    size = advised_size if batch_size == "auto" else int(batch_size)
    if advise is None:
        advised_size = size  # the advice is of epochs, whatever the size of a batch
    if max_epochs != "auto":
        return int(max_epochs), size
    steps = epochs * math.ceil(n_distinct / advised_size)
    return max(1, round(steps / math.ceil(n / size))), size


def _sample_shape(data: TrainingData) -> tuple[int, ...]:
    """Return the shape of a sample, without a trace in global generators."""
    if isinstance(data, ArrayData):
        return data.sample_shape
    with isolated_rng(threads=torch.get_num_threads()):  # an item may draw from them
        return data.sample_shape


def choose_batch_size(n: int) -> int:
    """Return a batch size that gives some 32 steps an epoch: a power of two in [16, 512].

    Examples
    --------
    >>> from sklimb._training.sizes import choose_batch_size
    >>> [choose_batch_size(n) for n in (100, 5_000, 1_000_000)]
    [16, 128, 512]
    """
    return int(np.clip(2 ** int(np.log2(max(n, 1) / 32) + 0.5) if n > 32 else 16, 16, 512))


def choose_epochs(n: int) -> int:
    """Return how many epochs: 60, from 50,000 samples on fewer, so that 3 million samples are seen.

    Examples
    --------
    >>> from sklimb._training.sizes import choose_epochs
    >>> [choose_epochs(n) for n in (100, 100_000, 1_000_000)]
    [60, 30, 10]
    """
    return int(np.clip(3_000_000 // max(n, 1), 10, 60))
