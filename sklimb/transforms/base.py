"""What a training-only transform is: a change of a batch that prediction never sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from sklimb._training.objective import BatchOutput

Changed = tuple[Tensor, Tensor, Tensor | None]
# Rows that a `GrowingTensor` has room for at first; each time it is full, the room is doubled.
_FIRST_CAPACITY = 1024


class Transform(nn.Module):
    """Base of the training-only transforms; by itself it changes nothing.

    A subclass overrides what it needs. It is a module, so what it learns is moved, optimised and
    saved with the training, but it is no part of the network: the fitted predictor has nothing of
    it.

    Attributes
    ----------
    stage : str or None
        Dotted name of a submodule of the backbone, whose output goes through `at_stage`; None
        leaves the forward pass alone.
    coefficients : mapping
        Loss terms that it adds: name -> coefficient. 0 leaves a term out.
    balanced_draws : bool
        Whether samples are drawn with every class equally often, whatever the net's ``sampling``;
        asked after `start_epoch`.
    begins : int
        Finished epochs before its main part starts.
    made_from_data : frozenset of str
        Attributes that are set before each training from its data: no checkpoint holds them.
    """

    stage: str | None = None
    coefficients: Mapping[str, float] = {}
    balanced_draws: bool = False
    begins: int = 0
    made_from_data: frozenset[str] = frozenset()

    def begin_by(self, epoch: int) -> None:
        """Let the main part start earlier than it would.

        Parameters
        ----------
        epoch : int
            Finished epochs from which it does.
        """
        self.begins = min(self.begins, epoch)

    def set_class_counts(self, counts: Tensor) -> None:
        """Take the (weighted) training counts, (C,), before each training."""

    def start_epoch(self, epoch: int, rng: np.random.Generator) -> None:
        """Take the number of finished epochs, and this epoch's source of randomness."""

    def start_batch(self, y: Tensor, weight: Tensor | None) -> None:
        """Take labels and weights of the coming batch on the CPU.

        What a transform decides by them need not wait for the device.
        """

    def at_input(self, x: Tensor, y: Tensor, weight: Tensor | None) -> Changed:
        """Return the batch as it goes into the backbone.

        Parameters
        ----------
        x : Tensor, shape (n, ...)
            Input.
        y : Tensor of int, shape (n,)
            Class indices.
        weight : Tensor, shape (n,), or None
            Weights of the samples; (n, k) where members weigh them differently.

        Returns
        -------
        tuple of Tensor
            The three, with as many samples each.
        """
        return x, y, weight

    def at_stage(self, maps: Tensor, y: Tensor, weight: Tensor | None) -> Changed:
        """Return the output of the stage as it goes on; samples may be added to all three."""
        return maps, y, weight

    def terms(self) -> dict[str, Tensor]:
        """Return this batch's loss terms; one that has no value in this batch is left out."""
        return {}

    def after_scores(self, step: BatchOutput) -> None:
        """Take the scores and features of a batch.

        Parameters
        ----------
        step : BatchOutput
            Labels, weights, features, scores and head.
        """

    def statistics(self) -> dict[str, float]:
        """Return figures of the epoch that has ended, for the history."""
        return {}


class MemberTransforms(Transform):
    """One transform for each member of a network whose members share no weights.

    They draw alike, so all members go on with the same samples and labels; their losses and figures
    are averaged. A stage of copies of a backbone gives the maps of one copy after the other, one of
    members side by side the vectors (n, k, D) of all.

    Parameters
    ----------
    members : sequence of Transform
        In the order of the members. Their `at_input` is not called.
    """

    def __init__(self, members: Sequence[Transform]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.stage = members[0].stage
        self.coefficients = members[0].coefficients
        self.begins = members[0].begins
        self._next = 0

    def begin_by(self, epoch: int) -> None:
        """Let the main part of each start earlier than it would.

        Parameters
        ----------
        epoch : int
            Finished epochs from which it does.
        """
        super().begin_by(epoch)
        for member in self.members:
            member.begin_by(epoch)

    def set_class_counts(self, counts: Tensor) -> None:
        """Hand the training counts, (C,), to each."""
        for member in self.members:
            member.set_class_counts(counts)

    def start_epoch(self, epoch: int, rng: np.random.Generator) -> None:
        """Begin an epoch, each with a source of the same draws."""
        seed = int(rng.integers(2**63 - 1))
        self._next = 0
        for member in self.members:
            member.start_epoch(epoch, np.random.default_rng(seed))

    def start_batch(self, y: Tensor, weight: Tensor | None) -> None:
        """Hand on labels and weights of the coming batch."""
        for member in self.members:
            member.start_batch(y, weight)

    def at_stage(self, maps: Tensor, y: Tensor, weight: Tensor | None) -> Changed:
        """Change the maps of one copy, or those of all members, (n, k, D)."""
        if maps.ndim == 3:
            each = zip(self.members, maps.unbind(1), strict=True)
            changed = [member.at_stage(own, y, weight) for member, own in each]
            _, y, weight = changed[0]
            return torch.stack([own for own, _, _ in changed], dim=1), y, weight
        member = self.members[self._next]
        self._next = (self._next + 1) % len(self.members)
        return member.at_stage(maps, y, weight)

    def terms(self) -> dict[str, Tensor]:
        """Return the members' mean losses."""
        terms = [member.terms() for member in self.members]
        return {name: torch.stack([own[name] for own in terms]).mean() for name in terms[0]}

    def statistics(self) -> dict[str, float]:
        """Return the members' mean figures."""
        figures = [member.statistics() for member in self.members]
        return {name: float(np.mean([own[name] for own in figures])) for name in figures[0]}


def forward_with_hook(
    backbone: nn.Module, stage: str, change: Callable[[Tensor], Tensor], run: Callable[[], Tensor]
) -> Tensor:
    """Return ``run()``, with the output of a submodule of the backbone passed through `change`.

    Raises
    ------
    ValueError
        If the submodule does not run exactly once, so that its output is not defined.
    """
    n_calls = 0

    def hook(module: nn.Module, args: tuple, output: Tensor) -> Tensor:
        nonlocal n_calls
        n_calls += 1
        return change(output) if n_calls == 1 else output

    handle = find_stage(backbone, stage).register_forward_hook(hook)
    try:
        result = run()
    finally:
        handle.remove()
    if n_calls != 1:
        raise ValueError(
            f"stage={stage!r} of {type(backbone).__name__} ran {n_calls} times in one forward "
            "pass, and must run once. Choose a submodule that is used once."
        )
    return result


def find_stage(backbone: nn.Module, stage: str) -> nn.Module:
    """Return the submodule that a stage names.

    Raises
    ------
    ValueError
        If there is none of this name.
    """
    named = dict(backbone.named_modules())
    named.pop("", None)
    if stage not in named:
        raise ValueError(
            f"stage={stage!r} is no submodule of {type(backbone).__name__}; it has "
            f"{sorted(named)[:40]}."
        )
    return named[stage]


def choose_stage(backbone: nn.Module, stage: str | None) -> str:
    """Return the stage that was asked for, or the backbone's own ``default_stage``.

    Raises
    ------
    ValueError
        If neither is there, or the name is no submodule.
    """
    chosen = getattr(backbone, "default_stage", None) if stage is None else stage
    if chosen is None:
        named = [name for name, _ in backbone.named_modules() if name]
        raise ValueError(
            f"{type(backbone).__name__} does not say where a transform may sit. Pass stage=, the "
            f"name of one of its submodules {named[:40]}, or give the class an attribute "
            "default_stage."
        )
    find_stage(backbone, chosen)
    return chosen


class GrowingTensor:
    """A tensor, on the device of its rows, to which batches append.

    Small tensors kept from each batch would fragment the memory that the steps release, and use
    would grow with their number.

    Examples
    --------
    >>> import torch
    >>> from sklimb.transforms.base import GrowingTensor
    >>> grown = GrowingTensor()
    >>> grown.add(torch.tensor([1.0, 2.0]))
    >>> grown.add(torch.tensor([3.0]))
    >>> grown.rows()
    tensor([1., 2., 3.])
    """

    def __init__(self) -> None:
        self._room: Tensor | None = None
        self._n = 0

    def __len__(self) -> int:
        """Return how many rows there are."""
        return self._n

    def add(self, rows: Tensor) -> None:
        """Add some rows (m, ...), all of one shape and type; they are copied."""
        end = self._n + len(rows)
        if self._room is None or end > len(self._room):
            room = rows.new_empty((max(_FIRST_CAPACITY, 2 * end), *rows.shape[1:]))
            if self._room is not None:
                room[: self._n] = self.rows()
            self._room = room
        self._room[self._n : end] = rows
        self._n = end

    def rows(self) -> Tensor:
        """Return all rows (n, ...) in the order that they came."""
        return self._room[: self._n]
