"""Batches to predict, brought to a size that matrix kernels take alike."""

from __future__ import annotations

import torch
from torch import Tensor

from sklimb._data.csr import is_csr, pad_rows

# Matrix products take other kernels, that round otherwise, for few rows and for a rest of some. So
# batches to predict are padded: a sample alone then gets what it gets among others, to fewer last
# digits than scikit-learn's checks compare. No bits are promised: kernels differ by processor.
_ROWS_OF_A_KERNEL = 4
_ROWS_OF_A_SMALL_BATCH = 32
# Padding to the second must cost next to nothing, so it is for rows of few values.
_VALUES_OF_A_SMALL_BATCH = 2**15


def padded(x: Tensor) -> Tensor:
    """Return a batch with its last row repeated (empty rows if it is sparse) up to a good size."""
    n = max(len(x), _ROWS_OF_A_SMALL_BATCH)
    if x.ndim != 2 or n * x.shape[1] > _VALUES_OF_A_SMALL_BATCH:
        n = len(x)
    spare = n - len(x) + -n % _ROWS_OF_A_KERNEL
    if not spare:
        return x
    return pad_rows(x, spare) if is_csr(x) else torch.cat([x, x[-1:].expand(spare, *x.shape[1:])])
