"""What only a training that goes on needs: kept in memory, left out of pickles unless asked for.

That is the state of the optimiser (moments and the like) and the training-only transform. A pickle
without them predicts as the model does; a training that goes on from it starts them anew, and says
so where it makes a difference.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from skorch.utils import to_device

from sklimb._random import seeded
from sklimb._training.optimisation import add_parameters, remove_parameters
from sklimb._warnings import warn

if TYPE_CHECKING:
    from sklimb._training.net import Net

_T = TypeVar("_T")


def shallow_copy(thing: _T) -> _T:
    """Return an object of the same class with the same attributes, whatever a pickle of it has."""
    new = object.__new__(type(thing))
    vars(new).update(vars(thing))
    return new


# Attributes that a training changes in place.
_TRAINED = ("module_", "criterion_", "optimizer_", "transform_")


def copy_to_train(net: Net) -> Net:
    """Return a copy of a net to go on training, so that the net itself stays as it is.

    Parameters
    ----------
    net : Net
        Callbacks are shared: they are the user's.
    """
    new = shallow_copy(net)
    held = {name: vars(net)[name] for name in _TRAINED if name in vars(net)}
    memo: dict[int, Any] = {}
    for module in net.module_.modules():
        for value in vars(module).values():
            if isinstance(value, torch.Tensor) and not value.is_leaf:
                memo[id(value)] = value.detach()  # torch copies no result of a computation
    try:
        copied = copy.deepcopy(held, memo)
    except (RuntimeError, TypeError):  # a user's network may hold what cannot be copied, as locks
        return net
    vars(new).update(copied, history_=copy.copy(net.history_))
    _restore_lbfgs(new.optimizer_)
    return new


def _restore_lbfgs(optimizer: Any) -> None:
    """Give LBFGS the two attributes that torch leaves out of its state."""
    if isinstance(optimizer, torch.optim.LBFGS):
        optimizer._params = optimizer.param_groups[0]["params"]
        optimizer._numel_cache = None


class PickledNet:
    """The part of `Net` that says what its copies hold; mixed into skorch's net.

    A deep copy holds all, a pickle only what `keep_training_state` asks for.
    """

    keep_training_state = False
    # Whether the optimiser had moments that this net, from a pickle or a file, does not have.
    lost_optimizer_state_ = False

    def initialize(self) -> Any:
        """Build everything, and keep no sample that it took."""
        super().initialize()
        self.module.forget_example()
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Return what a pickle holds."""
        if self.keep_training_state:
            return super().__getstate__()
        bare = shallow_copy(self)
        held = vars(bare)
        gone = set()
        if "transform_" in held:
            gone = {id(p) for p in self.transform_.parameters()}
            del bare.transform_  # skorch forgets it too
        for name in ("_mixup_rng", "_mixup_counts"):  # each epoch makes its own
            held.pop(name, None)
        if "optimizer_" in held:
            bare.lost_optimizer_state_ = self.lost_optimizer_state_ or has_state(self.optimizer_)
            held["optimizer_"] = without_state(self.optimizer_, gone)
        return super(PickledNet, bare).__getstate__()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the state, on a device that is there."""
        super().__setstate__(state)
        _restore_lbfgs(getattr(self, "optimizer_", None))

    def __copy__(self) -> Any:
        """Return a net that shares everything with this one."""
        return shallow_copy(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """Return a copy of all there is."""
        new = memo[id(self)] = object.__new__(type(self))
        new.__setstate__(copy.deepcopy(super().__getstate__(), memo))
        return new


class TransformingNet:
    """The part of `Net` that builds the transform, and drops it after training; a mixin."""

    @property
    def has_transform(self) -> bool:
        """Whether batches are changed while training."""
        return getattr(self, "transform_", None) is not None

    def _of_transform(self) -> list[torch.Tensor]:
        """Return what the transform learns."""
        return list(self.transform_.parameters()) if self.has_transform else []

    def drop_transform(self) -> None:
        """Forget the transform, and what the optimiser holds for it."""
        if self.has_transform:
            remove_parameters(self.optimizer_, self._of_transform())
            del self.transform_

    def restore_transform(self) -> None:
        """Build the transform anew after it was dropped, as at the start."""
        with self._current_init_context("module"):
            self._build_transform()
        add_parameters(self.optimizer_, self._of_transform())

    def _build_transform(self) -> None:
        # Under its own stream: the network's bits, and dropout's, are those without it.
        with seeded(self.streams.seed("transform", 0, 0), self.device):
            example = to_device(self.module.example, self.device)
            built = self.transform(self.module_, example, len(self.class_labels))
            self.transform_ = to_device(built, self.device)


def has_state(optimizer: torch.optim.Optimizer) -> bool:
    """Return whether an optimiser remembers its steps, so that it matters to start it anew."""
    return any(
        isinstance(v, torch.Tensor) for own in optimizer.state.values() for v in own.values()
    )


def without_state(optimizer: torch.optim.Optimizer, gone: Collection[int]) -> torch.optim.Optimizer:
    """Return an optimiser of the same weights and settings, with the state of none of its steps.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Stays as it is.
    gone : collection of int
        Ids of parameters to leave out.
    """
    new = copy.copy(optimizer)
    new.state = defaultdict(dict)
    new.param_groups = [
        group | {"params": [p for p in group["params"] if id(p) not in gone]}
        for group in optimizer.param_groups
    ]
    return new


def renew_training_state(net: Net, name: str) -> None:
    """Build anew the training state that a pickle or a file has left out, with a warning.

    Parameters
    ----------
    net : Net
    name : str
        Of the classifier, for a warning.
    """
    lacks = []
    if net.lost_optimizer_state_:
        lacks.append("the state of its optimiser, which pickles and files leave out")
    lost_transform = net.transform is not None and not net.has_transform
    if lost_transform:
        lacks.append("what its transform had learnt")
    if not lacks:
        return
    warn(
        f"{name} goes on training without {' and '.join(lacks)}: built anew. "
        "Set keep_training_state=True before fit to keep it.",
        RuntimeWarning,
    )
    net.lost_optimizer_state_ = False
    if lost_transform:
        net.restore_transform()
