"""What a backbone asks to know of the columns of X before training, from the training rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse
import torch

from sklimb._data.batches import Batches
from sklimb._data.columns import ColumnScaling, column_quantiles
from sklimb._data.tensors import is_csr, to_float, to_scipy
from sklimb._data.training_data import ArrayData, DatasetData, TrainingData

if TYPE_CHECKING:
    from sklimb._training.net import Net

# Moments of the columns are taken from chunks of about this many values: 32 MB in float64.
_VALUES_OF_A_CHUNK = 2**22
# Of a Dataset, that may not fit in memory, quantiles of the columns are those of so many rows.
_ROWS_OF_QUANTILES = 100_000


def set_column_statistics(net: Net, data: ArrayData | DatasetData) -> None:
    """Give a net's backbone the (weighted) moments and quantiles of the columns that it asks for.

    Moments go to ``set_input_scaling(mean, scale)``, unless ``wants_scaling`` is False; then the
    quantiles at the shares of rows in ``wants_quantiles`` to ``set_input_quantiles(quantiles)``.
    """
    backbone = net.module_.backbone
    set_input_scaling = getattr(backbone, "set_input_scaling", None)
    if set_input_scaling is not None and getattr(backbone, "wants_scaling", True):
        scaling = ColumnScaling()
        for chunk, start in iter_chunks(net, data):
            stop = start + chunk.shape[0]
            weight = None if data.weight is None else data.weight[start:stop]
            scaling.update(chunk, weight)
        set_input_scaling(*scaling.result())
    shares = getattr(backbone, "wants_quantiles", None)
    if shares is not None:
        backbone.set_input_quantiles(_quantiles(net, data, shares))


def _quantiles(net: Net, data: ArrayData | DatasetData, shares: np.ndarray) -> np.ndarray:
    """Return quantiles (d, q): of all rows in memory, of at most 100,000 drawn from a Dataset."""
    if isinstance(data, ArrayData):
        return column_quantiles(data.X, data.weight, shares)
    rows = np.arange(len(data))
    if len(rows) > _ROWS_OF_QUANTILES:
        rng = net.streams.generator("head_start", 0, 2)
        rows = np.sort(rng.choice(rows, _ROWS_OF_QUANTILES, replace=False))
    batches = net.get_iterator(data)
    batches.indices = rows
    x = torch.cat([batch[0].cpu() for batch in batches])
    return column_quantiles(x, None if data.weight is None else data.weight[rows], shares)


def iter_chunks(
    net: Net, data: TrainingData
) -> Iterator[tuple[np.ndarray | scipy.sparse.csr_array, int]]:
    """Yield (x in float64, index of its first row), for moments of the columns."""
    batches = net.get_iterator(data)
    if isinstance(batches, Batches):
        batches.batch_size = max(64, _VALUES_OF_A_CHUNK // data.mean_values)
    start = 0
    for batch in batches:
        x = batch[0]
        if is_csr(x):
            yield to_scipy(to_float(x, torch.float64)), start
        else:
            yield x.cpu().double().numpy(), start
        start += len(x)
