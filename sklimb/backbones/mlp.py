"""A multi-layer perceptron that takes columns of any scale.

Shape
-----
x (n, in_features), dense or in compressed sparse rows -> features (n, hidden[-1]).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sklimb._data.tensors import (
    add_rows,
    from_columns,
    has_float64,
    is_csr,
    split_columns,
    with_values,
)
from sklimb.backbones._arguments import check_dropout, check_widths
from sklimb.backbones.sparse_linear import SparseInputLinear

_ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU, "tanh": nn.Tanh}
_NONLINEAR = tuple(_ACTIVATIONS.values())


class Standardize(nn.Module):
    """Centre and scale columns by buffers that are set once, from the training data.

    The buffers stay in float64 and the subtraction is done in the finer of the input's and their
    precision: a timestamp of 1.6e9 that varies by an hour has nothing left in float32.

    Parameters
    ----------
    in_features : int
        Number of columns.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklimb.backbones import Standardize
    >>> layer = Standardize(2)
    >>> layer.set_input_scaling(np.array([1e6, 0.0]), np.array([10.0, 1e-3]))
    >>> layer(torch.tensor([[1e6 + 20, 1e-3]], dtype=torch.float64))
    tensor([[2., 1.]])
    """

    def __init__(self, in_features: int) -> None:
        super().__init__()
        self.register_buffer("shift", torch.zeros(in_features, dtype=torch.float64))
        self.register_buffer("scale", torch.ones(in_features, dtype=torch.float64))
        # which columns are centred, once that has been asked of the device
        self._centred: tuple[Tensor, int, Tensor] | None = None
        # Only its dtype and device matter: what the layers behind compute in.
        self.register_buffer("like", torch.zeros(()), persistent=False)

    def _apply(self, fn, recurse=True):
        """Move like any module, but keep the moments in float64 where the device has it."""
        moments = self.shift, self.scale
        # MPS has no float64 and would refuse them as they are
        self.shift, self.scale = (moment.float() for moment in moments)
        super()._apply(fn, recurse)
        if self.shift.device.type != "meta" and has_float64(self.shift.device):
            device = self.shift.device
            self.shift, self.scale = (moment.to(device) for moment in moments)
        return self

    def set_input_scaling(self, mean: np.ndarray, scale: np.ndarray) -> None:
        """Set what is subtracted from each column and what it is then divided by.

        Parameters
        ----------
        mean : ndarray of shape (in_features,)
            Subtracted first.
        scale : ndarray of shape (in_features,)
            Divides the rest; none may be 0, and a constant column takes 1.
        """
        self.shift.copy_(torch.as_tensor(mean))
        self.scale.copy_(torch.as_tensor(scale))

    def forward(self, x: Tensor) -> Tensor:
        """Return (x - shift) / scale in the network's own float type.

        Parameters
        ----------
        x : Tensor, shape (n, in_features)
            Columns, of any number type, dense or in compressed sparse rows.

        Returns
        -------
        Tensor, shape (n, in_features)
            Scaled columns. Sparse rows stay sparse, but columns that are centred are stored whole.
        """
        if is_csr(x):
            return self._sparse(x)
        return ((x - self.shift) / self.scale).to(self.like.dtype)

    def _sparse(self, x: Tensor) -> Tensor:
        centred = self._centred_columns()
        rest, dense = split_columns(x, centred) if len(centred) else (x, None)
        scaled = rest.values() / self.scale[rest.col_indices()]
        rest = with_values(rest, scaled.to(self.like.dtype))
        if dense is None:
            return rest
        # subtracted as in the dense case, before the cast: of a timestamp nothing would be left
        dense = ((dense - self.shift[centred]) / self.scale[centred]).to(self.like.dtype)
        return add_rows(rest, from_columns(dense, centred, rest))

    def _centred_columns(self) -> Tensor:
        """Return their indices; the device is asked again where the moments have changed."""
        known, shift = self._centred, self.shift
        version = 0 if shift.is_inference() else shift._version
        if known is None or known[0] is not shift or known[1] != version:
            known = self._centred = (shift, version, shift.nonzero().squeeze(1))
        return known[2]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was asked of the device: a copy's moments have versions of their own."""
        return {**self.__dict__, "_centred": None}


class MLP(nn.Sequential):
    """Linear layers with an activation after each; the last activations are the features.

    Parameters
    ----------
    in_features : int
        Number of columns of X; the classifiers fill it in.
    hidden : sequence of int, default=(128, 128)
        Width of each layer.
    activation : {"relu", "gelu", "silu", "tanh"}, default="relu"
    dropout : float, default=0.3
        Share of activations dropped after each layer while training. The default, like the widths,
        did well over data sets (``benchmarks/tuning/defaults.py``).
    standardize : bool, default=True
        Centre and scale the columns by the (weighted) moments of the training data, inside the
        network, so that unscaled columns need no scaler in front.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones import MLP
    >>> MLP(4, hidden=(16, 8))(torch.zeros(3, 4)).shape
    torch.Size([3, 8])
    """

    def __init__(
        self,
        in_features: int,
        *,
        hidden: Sequence[int] = (128, 128),
        activation: str = "relu",
        dropout: float = 0.3,
        standardize: bool = True,
    ) -> None:
        if activation not in _ACTIVATIONS:
            raise ValueError(
                f"activation must be one of {sorted(_ACTIVATIONS)}, got {activation!r}."
            )
        check_widths(hidden, "hidden", "(128, 128)")
        check_dropout(dropout)
        layers: list[nn.Module] = [Standardize(in_features)] if standardize else []
        width = in_features
        for depth, wider in enumerate(hidden):
            linear = nn.Linear if depth else SparseInputLinear
            layers += [linear(width, wider), _ACTIVATIONS[activation]()]
            if dropout:
                layers.append(nn.Dropout(dropout))
            width = wider
        super().__init__(*layers)
        # Said to the network, which otherwise casts the input to its own float type first.
        self.casts_input = standardize
        # Whether moments of the columns are worth a pass over the data.
        self.wants_scaling = standardize
        self.accepts_sparse = len(hidden) > 0
        # The activation of the last hidden layer but one, before its dropout; None without layers.
        places = [str(i) for i, layer in enumerate(layers) if isinstance(layer, _NONLINEAR)]
        self.default_stage = places[-2:][0] if places else None

    def set_input_scaling(self, mean: np.ndarray, scale: np.ndarray) -> None:
        """Set the moments that `standardize` uses; without it, do nothing.

        Parameters
        ----------
        mean : ndarray of shape (in_features,)
            Subtracted from the columns.
        scale : ndarray of shape (in_features,)
            Divides what is left; none may be 0.
        """
        if len(self) and isinstance(self[0], Standardize):
            self[0].set_input_scaling(mean, scale)
