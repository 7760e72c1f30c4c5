"""What copies and pickles of a network classifier hold; `BaseNetClassifier` has them as methods.

A pickle holds what predicting needs, and no more unless asked for: what it leaves out
`keep_training_state` says, as it is when the pickle is made. A deep copy holds everything.
"""

from __future__ import annotations

import copy
import copyreg
from typing import Any, NoReturn

from sklearn.base import BaseEstimator

from sklimb._training.training_state import shallow_copy

__all__ = [
    "deep_copy",
    "lean_state",
    "reduce_to_state",
    "refuse_skops",
    "shallow_copy",
    "shares_in_copies",
]


def lean_state(self: BaseEstimator) -> dict[str, Any]:
    """Return what a pickle holds (``__getstate__``)."""
    state = dict(BaseEstimator.__getstate__(self))
    keep = bool(getattr(self, "keep_training_state", False))
    net = state.get("net_")
    if net is not None and net.keep_training_state != keep:
        state["net_"] = net = shallow_copy(net)
        net.keep_training_state = keep
    if not keep:
        state.pop("source_estimator_", None)  # g of M2m
    return state


def reduce_to_state(self: BaseEstimator, protocol: int) -> tuple[Any, ...]:
    """Return how pickle makes another one (``__reduce_ex__``)."""
    return copyreg.__newobj__, (type(self),), self.__getstate__()


def refuse_skops(self: BaseEstimator) -> NoReturn:
    """Refuse (``__reduce__``): pickle does not call this, but skops does, which knows no torch."""
    raise TypeError(
        f"{type(self).__name__} holds a network of torch, which skops cannot write. Use "
        "sklimb.persistence.save(model, path), for whole pipelines too."
    )


def deep_copy(self: BaseEstimator, memo: dict[int, Any]) -> Any:
    """Return a copy of all there is (``__deepcopy__``)."""
    new = memo[id(self)] = object.__new__(type(self))
    vars(new).update(copy.deepcopy(vars(self), memo))
    return new


def shares_in_copies(estimator: Any) -> bool:
    """Return whether a plain copy of an estimator shares its network, and trains aside from it."""
    return getattr(type(estimator), "__copy__", None) is shallow_copy
