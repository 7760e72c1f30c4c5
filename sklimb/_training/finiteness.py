"""Numbers that are not finite: found where they leave a network, traced to where they came in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from sklimb._data.csr import is_csr, to_float
from sklimb._data.training_data import TrainingData

if TYPE_CHECKING:
    from sklimb._training.net import Net


def finite_samples(values: Tensor) -> Tensor:
    """Return for each sample of (n, ...) whether all its values are finite, (n,)."""
    return torch.isfinite(values.reshape(len(values), -1)).all(1)


def not_finite(finite: Tensor, dtype: torch.dtype) -> str:
    """Return what to say of a network's output, given which of its samples are finite."""
    bad = (~finite).nonzero()
    return (
        f"The network gives no finite numbers for {len(bad)} of {len(finite)} samples (the first: "
        f"row {int(bad[0])}). X contains NaN or infinity there, or values too large for "
        f"{_name_of(dtype)}. Leave these samples out, impute or scale them, or set "
        'dtype="float64".'
    )


def check_input(net: Net, data: TrainingData) -> None:
    """Raise a ValueError if the data, in the network's float type, hold what is not finite."""
    dtype = net.module_.like.dtype
    start = 0
    for batch in net.get_iterator(data):
        x = to_float(batch[0], dtype).to_dense() if is_csr(batch[0]) else batch[0].to(dtype)
        bad = (~finite_samples(x)).nonzero()
        if len(bad):
            raise ValueError(
                f"X contains NaN or infinity, or a value too large for {_name_of(dtype)}: in row "
                f"{start + int(bad[0])}. Leave it out, impute or scale it, or set "
                'dtype="float64".'
            )
        start += len(x)


def _name_of(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
