"""One network trained by several processes, each with a part of every batch.

Every process has all samples, the same seed and the same weights, and goes through the same
batches. Of each it takes its own part through the backbone; the features of all parts are then
gathered, and everything behind the backbone (head, loss, centres, prototypes) is of the whole batch
in every process, as is what changes maps on their way (RSG). So counts and class statistics are
those of all samples, and a loss need not know that there are others: gradients of the backbone are
sums over the parts, and the rest is the same everywhere.

Shape
-----
x (n, ...) -> own part (m, ...) -> features of all (n, d), or (n, k, d) of k members.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse
import torch
from torch import Tensor, distributed, nn

from sklimb._data.tensors import is_csr, take_rows
from sklimb._data.training_data import ArrayData
from sklimb._training.network import Network, densified_if_needed

if TYPE_CHECKING:
    from sklimb._data.training_data import TrainingData
    from sklimb._random import Streams
    from sklimb._training.net import Net
    from sklimb._training.plan import TrainPlan

__all__ = ["data_parallel"]

_COMMAND = "torchrun --nproc-per-node 2 train.py"
_ACTIVE: ContextVar[Processes | None] = ContextVar("processes", default=None)


@contextmanager
def data_parallel() -> Iterator[None]:
    """Let the processes that ``torchrun`` started train each network together, on CPUs.

    All run the same script on the same samples; each takes a part of every batch. The training is
    that of one process with the same ``batch_size``, to rounding, and every process has the model.

    Yields
    ------
    None
        The processes train together until the block ends.

    Raises
    ------
    RuntimeError
        If ``torchrun`` did not start this process.

    Notes
    -----
    Dropout draws in each process for its own part, so with it the training is another sample of the
    same. Networks with batch normalisation need the whole batch: a ``fit`` of one raises an error,
    as it does with ``checkpoint`` and on other devices than the CPU.

    Examples
    --------
    In ``train.py``, started by ``torchrun --nproc-per-node 2 train.py``:

    >>> from sklimb import data_parallel
    >>> with data_parallel():  # doctest: +SKIP
    ...     model.fit(X, y)
    """
    if not distributed.is_available():
        raise RuntimeError(
            f"torch {torch.__version__} was built without torch.distributed. Fit without "
            "data_parallel()."
        )
    if "RANK" not in os.environ and not distributed.is_initialized():
        raise RuntimeError(
            "data_parallel() is for processes that torchrun starts. Start the script by "
            f"`{_COMMAND}`."
        )
    own_group = not distributed.is_initialized()
    if own_group:
        distributed.init_process_group("gloo")
    token = _ACTIVE.set(Processes(distributed.get_rank(), distributed.get_world_size()))
    try:
        yield
    finally:
        _ACTIVE.reset(token)
        if own_group:
            distributed.destroy_process_group()


def processes() -> Processes | None:
    """Return the processes that train together with this one; None if it trains by itself."""
    return _ACTIVE.get()


class Processes:
    """The processes of one training.

    Parameters
    ----------
    rank : int
        Number of this process, from 0.
    n : int
        How many there are.
    """

    def __init__(self, rank: int, n: int) -> None:
        self.rank = rank
        self.n = n

    # --- before a training ----------------------------------------------------------------------

    def share_seed(self, streams: Streams) -> None:
        """Give all processes the seed of the first."""
        entropy = [streams.entropy]
        distributed.broadcast_object_list(entropy)
        streams.entropy = entropy[0]

    def threads(self, alone: int) -> int:
        """Return how many threads one process of this machine may have, of those of one alone."""
        return max(1, alone // int(os.environ.get("LOCAL_WORLD_SIZE", self.n)))

    def check(self, name: str, plan: TrainPlan, data: TrainingData, *, saves: bool) -> None:
        """Raise a ValueError where processes differ, or cannot train this together.

        Parameters
        ----------
        name : str
            Of the classifier.
        plan : TrainPlan
        data : TrainingData
        saves : bool
            Whether the training is written to a checkpoint.
        """
        if torch.device(plan.device).type != "cpu":
            raise ValueError(f"data_parallel() trains on CPUs, not on device={plan.device!r}.")
        if saves:
            raise ValueError(
                "All processes would write one checkpoint. Set checkpoint=None in data_parallel()."
            )
        own = {
            "the classifier": name,
            "the number of epochs": plan.epochs,
            "the size of batches": plan.batch_size,
            "the rate": plan.lr,
            "the samples": _digest(data),
        }
        of_all: list[Any] = [None] * self.n
        distributed.all_gather_object(of_all, own)
        differ = [what for what in own if any(other[what] != own[what] for other in of_all)]
        if differ:
            raise ValueError(
                f"The processes in data_parallel() differ in {', '.join(differ)}. All must fit the "
                "same model to the same X, y and sample_weight, in the same order: draw and split "
                "with a fixed random_state."
            )

    def check_network(self, backbone: nn.Module) -> None:
        """Raise a ValueError if a part of the backbone needs the whole batch."""
        for part in backbone.modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                raise ValueError(
                    f"{type(backbone).__name__} has {type(part).__name__}, which takes means over "
                    "the whole batch, of which a process in data_parallel() has a part. Use "
                    "another normalisation, or fit without data_parallel()."
                )

    # --- in a step ------------------------------------------------------------------------------

    def own(self, n: int) -> slice:
        """Return which of n samples this process has."""
        return slice(n * self.rank // self.n, n * (self.rank + 1) // self.n)

    def sum_gradients(self, backbone: nn.Module, learnt: list[Tensor]) -> None:
        """Give every process the gradients of the whole batch.

        Parameters
        ----------
        backbone : nn.Module
            Its gradients are those of a part.
        learnt : list of Tensor
            All that is learnt; the rest has the gradient of the whole batch already, and takes the
            mean, so that rounding lets no process drift away.
        """
        of_parts = {id(parameter) for parameter in backbone.parameters()}
        moved = [p for p in learnt if p.grad is not None]
        if not moved:
            return
        for p in moved:
            if id(p) not in of_parts:
                p.grad /= self.n
        joined = torch.cat([p.grad.reshape(-1) for p in moved])
        distributed.all_reduce(joined)
        for p, grad in zip(moved, joined.split([p.numel() for p in moved]), strict=True):
            p.grad.copy_(grad.view_as(p))


class SharedNetwork:
    """A network as a training step sees it, its backbone at work in several processes.

    Parameters
    ----------
    network : Network
    together : Processes
    """

    def __init__(self, network: Network, together: Processes) -> None:
        self.backbone = network.backbone
        self.head = network.head
        self._network = network
        self._own = together.own

    @property
    def like(self) -> Tensor:
        """`Network.like`."""
        return self._network.like

    def features(
        self,
        x: Tensor,
        stage: str | None = None,
        change: Callable[[Tensor], Tensor] | None = None,
    ) -> Tensor:
        """Return the features of the whole batch; see `Network.features`.

        At a stage the maps of all parts are gathered, and cut into parts again when samples may
        have been added.
        """
        x = densified_if_needed(self.backbone, x)
        n_in = n_out = len(x)

        def change_all(maps: Tensor) -> Tensor:
            nonlocal n_out
            changed = change(_Gathered.apply(maps, n_in, self._own(n_in)))
            n_out = len(changed)
            return _Part.apply(changed, self._own(n_out))

        own = take_rows(x, self._own(n_in)) if is_csr(x) else x[self._own(n_in)]
        through = self._network.through_backbone(own, stage, change_all)
        return self.head.embed(_Gathered.apply(through, n_out, self._own(n_out)))


class _Gathered(torch.autograd.Function):
    """All parts of a batch as one; the gradient that goes back is that of the own part.

    `_Part` is the reverse, in the gradients too.
    """

    @staticmethod
    def forward(ctx: Any, part: Tensor, n: int, own: slice) -> Tensor:
        ctx.own = own
        return _summed(part, n, own)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        return gradient[ctx.own], None, None


class _Part(torch.autograd.Function):
    """The own part of what all processes have; the gradients of all parts go back."""

    @staticmethod
    def forward(ctx: Any, whole: Tensor, own: slice) -> Tensor:
        ctx.n, ctx.own = len(whole), own
        return whole[own].clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _summed(gradient, ctx.n, ctx.own), None


def _summed(part: Tensor, n: int, own: slice) -> Tensor:
    """Return the parts of all processes, one after the other."""
    whole = part.new_zeros(n, *part.shape[1:])
    whole[own] = part
    distributed.all_reduce(whole)
    return whole


def _digest(data: TrainingData) -> list[int]:
    """Return checksums of labels, weights and the values of some samples, to compare processes."""
    parts = [data.y_encoded, np.zeros(0) if data.weight is None else data.weight]
    if isinstance(data, ArrayData):
        x = data.take(data.stratified_subsample(1_000, np.random.default_rng(0))).whole()
        parts += [x.indices, x.data] if scipy.sparse.issparse(x) else [x]
    return [zlib.crc32(np.ascontiguousarray(part)) for part in parts]


def network_of_step(net: Net) -> Network | SharedNetwork:
    """Return the network of a net as a training step is to see it."""
    together = processes()
    return net.module_ if together is None else SharedNetwork(net.module_, together)


def complete_gradients(net: Net) -> None:
    """Give every process the gradients of the whole batch."""
    together = processes()
    if together is not None:
        learnt = [parameter for _, parameter in net.get_all_learnable_params()]
        together.sum_gradients(net.module_.backbone, learnt)


def part_of_stream(epoch: int) -> tuple[int, ...]:
    """Return the counters of the random stream of an epoch, another one in each process."""
    together = processes()
    return (epoch,) if together is None or not together.rank else (epoch, together.rank)
