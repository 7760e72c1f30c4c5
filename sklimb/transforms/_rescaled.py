"""A network seen in other units."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn


class Rescaled(nn.Module):
    """A network behind a change of units: its input times the scale is what it was trained on.

    Parameters
    ----------
    network : nn.Module or callable
        x -> scores.
    scale : Tensor or float
        Broadcasts against a sample.
    """

    def __init__(self, network: Callable[[Tensor], Tensor], scale: Tensor | float) -> None:
        super().__init__()
        self.network = network
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of x in its own units."""
        return self.network(x * self.scale)
