"""What a method adds to the one training: a small record of callables, returned by its one hook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from sklimb._training.mixup import Mixup
from sklimb._training.objective import BatchOutput
from sklimb.transforms.base import Transform

if TYPE_CHECKING:
    from sklimb._data.training_data import TrainingData
    from sklimb._training.net import Net

Terms = Mapping[str, tuple[float, Callable[[BatchOutput], Tensor]]]
MakeTransform = Callable[[nn.Module, torch.Tensor, int], Transform]


def nothing_around(net: Net, data: TrainingData) -> AbstractContextManager[None]:
    """Return a context manager that does nothing."""
    return nullcontext()


@dataclass(frozen=True)
class Recipe:
    """A method, as the training sees it.

    Parameters
    ----------
    head : callable
        (n_features) -> nn.Module, picklable: the net keeps it.
    terms : mapping
        The loss: name -> (coefficient, term of a `BatchOutput`).
    transform : callable or None
        (network, example, n_classes) -> Transform, picklable; None changes no batch.
    mixup : Mixup or None
        Samples mixed in pairs.
    around : callable
        (net, data) -> context manager that a training runs in: what the method prepares before it,
        puts back whatever happens, and makes of it afterwards.
    reads_anew : frozenset of str
        The method's own parameters that take effect in a warm start if they have changed.
    """

    head: Callable[[int], nn.Module]
    terms: Terms
    transform: MakeTransform | None = None
    mixup: Mixup | None = None
    around: Callable[[Any, Any], AbstractContextManager[None]] = nothing_around
    reads_anew: frozenset[str] = frozenset()
