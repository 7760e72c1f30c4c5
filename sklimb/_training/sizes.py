"""Epochs and batch size where they are left to "auto"."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import torch

from sklimb._data.training_data import ArrayData, TrainingData
from sklimb._random import isolated_rng

# Where nothing is known of the data to come.
EPOCHS_OF_UNKNOWN_DATA = 60


def resolve_sizes(
    backbone: Any,
    data: TrainingData,
    class_counts: np.ndarray,
    *,
    max_epochs: int | str,
    batch_size: int | str,
) -> tuple[int, int]:
    """Return epochs and batch size as numbers; numbers that are given stay.

    "auto" is what the backbone advises, by ``advised_sizes(n_rows, in_features, class_counts)``
    with the attributes ``max_epochs`` and ``batch_size``; else it goes by the number of rows alone.
    What a backbone advises is steps: with a batch size that is given, epochs are as many as make
    them.

    Parameters
    ----------
    backbone : type, functools.partial of one, or nn.Module
        Class or instance.
    data : TrainingData
    class_counts : ndarray of int, shape (C,)
        How many of them each class has.
    max_epochs : int or "auto"
        As the user has it.
    batch_size : int or "auto"
        As the user has it.

    Returns
    -------
    tuple of int
        Epochs and batch size.
    """
    n = len(data)
    epochs, size = choose_epochs(n), choose_batch_size(n)
    while isinstance(backbone, partial):  # advises as what it calls
        backbone = backbone.func
    advise = getattr(backbone, "advised_sizes", None)
    if advise is not None and "auto" in (max_epochs, batch_size):
        advised = advise(n, _sample_shape(data)[0], class_counts)
        epochs, size = advised.max_epochs, advised.batch_size
        if batch_size != "auto":  # as many steps as advised, whatever the size of a batch
            steps = epochs * math.ceil(n / size)
            epochs = max(1, round(steps / math.ceil(n / int(batch_size))))
    return (
        epochs if max_epochs == "auto" else int(max_epochs),
        size if batch_size == "auto" else int(batch_size),
    )


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
    """Return how many epochs: 60, from 50,000 rows on fewer, so that 3 million rows are seen.

    Examples
    --------
    >>> from sklimb._training.sizes import choose_epochs
    >>> [choose_epochs(n) for n in (100, 100_000, 1_000_000)]
    [60, 30, 10]
    """
    return int(np.clip(3_000_000 // max(n, 1), 10, 60))
