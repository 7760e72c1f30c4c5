"""The one way from an array of the user's to a tensor."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def as_tensor(
    array: np.ndarray | Tensor,
    *,
    dtype: torch.dtype | None = None,
    device: str | torch.device | None = None,
) -> Tensor:
    """Return an array as a tensor, on the CPU without a copy where torch may share its memory.

    An array that must not be written to (a column of pandas, a memory map) is copied, once: torch
    knows no such tensors, warns of them, and a network that works in place would write, which in a
    mapped file ends the process.

    Parameters
    ----------
    array : ndarray or Tensor
    dtype : torch.dtype or None, default=None
        None keeps that of the array.
    device : str, torch.device or None, default=None
        None is the CPU for an array, and a tensor's own.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._data.tensors import as_tensor
    >>> values = np.arange(3.0)
    >>> as_tensor(values).data_ptr() == values.ctypes.data
    True
    >>> values.flags.writeable = False
    >>> as_tensor(values)
    tensor([0., 1., 2.], dtype=torch.float64)
    """
    if isinstance(array, np.ndarray):
        if not array.flags.writeable:
            return torch.tensor(array, dtype=dtype, device=device or "cpu")
        array = torch.from_numpy(array)
    return array.to(device=device or array.device, dtype=dtype or array.dtype)
