"""What copies and pickles of a classifier hold."""

from __future__ import annotations

import copy
import copyreg
from typing import Any, NoReturn

from sklearn.base import BaseEstimator

from sklimb._training.training_state import twin


class LeanPickles(BaseEstimator):
    """A classifier whose pickles hold what predicting needs, and no more unless asked for.

    A deep copy holds everything; what a pickle leaves out `keep_training_state` says, as it is when
    the pickle is made.
    """

    def __getstate__(self) -> dict[str, Any]:
        """Return what a pickle holds."""
        state = dict(super().__getstate__())
        keep = bool(getattr(self, "keep_training_state", False))
        net = state.get("net_")
        if net is not None and net.keep_training_state != keep:
            state["net_"] = net = twin(net)
            net.keep_training_state = keep
        if not keep:
            state.pop("source_estimator_", None)  # g of M2m
        return state

    def __reduce_ex__(self, protocol: int) -> tuple[Any, ...]:
        """Return how pickle and copy make another one; `__reduce__` is for nobody else."""
        return copyreg.__newobj__, (type(self),), self.__getstate__()

    def __reduce__(self) -> NoReturn:
        """Refuse: only what knows no pickle asks here, as skops does, which has no torch."""
        raise TypeError(
            f"{type(self).__name__} holds a network of torch, which skops cannot write. Use "
            "sklimb.persistence.save(model, path), for whole pipelines too."
        )

    def __copy__(self) -> Any:
        """Return a classifier that shares everything with this one."""
        return twin(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """Return a copy of all there is."""
        new = memo[id(self)] = object.__new__(type(self))
        vars(new).update(copy.deepcopy(vars(self), memo))
        return new
