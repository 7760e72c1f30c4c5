"""Epochs and batch size where they are left to "auto"."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from sklimb._data.datasets import first_of, is_dataset
from sklimb._data.validation import n_rows
from sklimb._random import contained
from sklimb.classifiers.parameters import choose_batch_size, choose_epochs


def resolve_sizes(
    backbone: Any,
    X: Any,
    class_counts: np.ndarray,
    *,
    max_epochs: int | str,
    batch_size: int | str,
    collate: Callable[..., Any] | None = None,
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
    X : ndarray, sparse matrix or Dataset
        Training rows.
    class_counts : ndarray of int, shape (C,)
        How many of them each class has.
    max_epochs : int or "auto"
        As the user has it.
    batch_size : int or "auto"
        As the user has it.
    collate : callable or None, default=None
        The user's own function that makes a batch of a Dataset's items.

    Returns
    -------
    tuple of int
        Epochs and batch size.
    """
    n = n_rows(X)
    epochs, size = choose_epochs(n), choose_batch_size(n)
    while isinstance(backbone, partial):  # advises as what it calls
        backbone = backbone.func
    advise = getattr(backbone, "advised_sizes", None)
    if advise is not None and "auto" in (max_epochs, batch_size):
        advised = advise(n, _row_shape(X, collate)[0], class_counts)
        epochs, size = advised.max_epochs, advised.batch_size
        if batch_size != "auto":  # as many steps as advised, whatever the size of a batch
            steps = epochs * math.ceil(n / size)
            epochs = max(1, round(steps / math.ceil(n / int(batch_size))))
    return (
        epochs if max_epochs == "auto" else int(max_epochs),
        size if batch_size == "auto" else int(batch_size),
    )


def _row_shape(X: Any, collate: Callable[..., Any] | None) -> tuple[int, ...]:
    """Return the shape of a row of X, without a trace in global generators."""
    if not is_dataset(X):
        return X.shape[1:]
    with contained(threads=torch.get_num_threads()):  # an item may draw from them
        return tuple(first_of(X, collate).shape[1:])
