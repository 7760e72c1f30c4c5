"""Checks of the parameters that the classifiers share, nested ones (``module__*``) included."""

from __future__ import annotations

import difflib
import functools
import os
from collections.abc import Callable, Collection, Mapping
from numbers import Real
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import StrOptions
from skorch.callbacks import Callback
from torch import nn

from sklimb._constraints import (
    COUNT,
    COUNT_OR_ZERO,
    DEVICE,
    EPOCH,
    POSITIVE,
    RANDOM_STATE,
    Number,
    ScorerName,
    check_takes,
)
from sklimb._training.checkpoint import check_path, seconds_of
from sklimb._training.inference import NotFiniteError
from sklimb._training.network import check_keywords
from sklimb._training.rebalancing import resolve_epoch
from sklimb._warnings import warn

# Nested parameters, prefix__name as in skorch, may have these prefixes.
NESTED_PREFIXES = ("module", "optimizer", "iterator_train", "iterator_valid", "callbacks")

# What each `fit` of a warm start reads anew; all else was built into the net.
READ_ANEW = frozenset((
    "max_epochs", "lr", "lr_schedule", "warmup_epochs", "lr_milestones", "lr_decay",
    "class_weight", "effective_beta", "sampling", "rebalance_from", "warm_start",
    "early_stopping", "validation_fraction", "n_iter_no_change", "scoring", "keep_training_state",
    "checkpoint", "checkpoint_every",
))  # fmt: skip

# Values that the shared parameters may have. "no_validation" marks those whose own check below
# knows what to pass instead, and `class_weight`, which depends on the labels.
SHARED_CONSTRAINTS: dict[str, Any] = {
    "module": "no_validation",
    "n_members": [*COUNT, None],
    "cross_fit": ["boolean", StrOptions({"auto"})],
    "class_weight": "no_validation",
    "effective_beta": [Number(Real, 0, 1, closed="left")],
    "weight_average": [StrOptions({"batch", "mean"})],
    "sampling": [StrOptions({"balanced"}), None],
    "rebalance_from": [*EPOCH, StrOptions({"auto"})],
    "max_epochs": [*COUNT, StrOptions({"auto"})],
    "batch_size": [*COUNT, StrOptions({"auto"})],
    "lr": POSITIVE,
    "lr_schedule": [StrOptions({"cosine", "step"}), None],
    "warmup_epochs": COUNT_OR_ZERO,
    "lr_milestones": [list, tuple, np.ndarray],
    "lr_decay": POSITIVE,
    "optimizer": "no_validation",
    "dtype": [StrOptions({"float32", "float64"})],
    "device": DEVICE,
    "random_state": RANDOM_STATE,
    "warm_start": ["boolean"],
    "keep_training_state": ["boolean"],
    "checkpoint": [str, os.PathLike, None],
    "checkpoint_every": [*COUNT, str],
    "early_stopping": ["boolean"],
    "validation_fraction": [Number(Real, 0, 1, closed="neither")],
    "n_iter_no_change": COUNT,
    "scoring": [ScorerName(), callable, None],
    "verbose": ["verbose"],
    "callbacks": [list, tuple, None],
}


def is_nested(name: str) -> bool:
    """Return whether a parameter is nested: belongs to a part of the net, as ``module__hidden``."""
    prefix, _, rest = name.partition("__")
    # scikit-learn's checks set each name of the signature, "nested" too: `fit` refuses that one.
    return (prefix in NESTED_PREFIXES and bool(rest)) or name == "nested"


def unknown_parameter(estimator: BaseEstimator, name: str) -> str:
    """Return the message of an error about a parameter that an estimator does not have."""
    known = estimator._get_param_names()
    near = difflib.get_close_matches(name, [*known, *(p + "__" for p in NESTED_PREFIXES)], 3)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return (
        f"{type(estimator).__name__} has no parameter {name!r}.{hint} It takes "
        f"{', '.join(known)}, and {', '.join(p + '__*' for p in NESTED_PREFIXES)}."
    )


def warn_of_ignored(
    built: Mapping[str, Any], now: Mapping[str, Any], read: Collection[str]
) -> None:
    """Warn of parameters that a warm start does not read, if they have changed.

    Parameters
    ----------
    built, now : mapping
        Parameter -> value, when the network was built and now.
    read : collection of str
        Those that are read anew each time.
    """
    changed = [
        f"{name}={now.get(name)!r} (built with {built.get(name)!r})"
        for name in sorted({*built, *now} - set(read))
        if not _same(built.get(name), now.get(name))
    ]
    if changed:
        warn(
            "warm_start=True goes on with the network, loss and optimiser as they were built, so "
            f"what has changed since has no effect: {', '.join(changed)}. Set warm_start=False, or "
            "fit a sklearn.base.clone, to start anew with it; or set it back.",
        )


def _same(a: Any, b: Any) -> bool:
    if hasattr(a, "iloc") and type(a) is type(b):  # of pandas: the labels count, too
        return a is b or bool(a.equals(b))
    try:
        return a is b or bool(a == b)
    except (RuntimeError, TypeError, ValueError):  # arrays and tensors have no one answer
        return bool(np.array_equal(a, b))


def name_extreme_parameters(train: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a method: an overflow in it is raised with the parameters of extreme size named."""

    @functools.wraps(train)
    def trains(self: BaseEstimator, *args: Any, **kwargs: Any) -> Any:
        try:
            return train(self, *args, **kwargs)
        except (NotFiniteError, RuntimeError) as error:
            # torch raises this for a number that its float type cannot hold
            overflow = isinstance(error, NotFiniteError) or "without overflow" in str(error)
            extremes = [
                f"{name}={value!r}"
                for name, value in self.get_params(deep=False).items()
                if name != "random_state" and _is_extreme(value)
            ]
            if not (overflow and extremes):
                raise
            raise NotFiniteError(
                f"{error} Extreme values are given for {', '.join(extremes)}: set them nearer to "
                "the defaults."
            ) from error

    return trains


def _is_extreme(value: Any) -> bool:
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    return number and value != 0 and not 1e-6 <= abs(value) <= 1e6


def check_cross_fit(estimator: Any, starts_at: str | None) -> None:
    """Raise a ValueError if a parameter does not go with ``cross_fit=True``."""
    counts = {
        "early_stopping": estimator.early_stopping,
        "warm_start": estimator.warm_start,
    }
    for name, is_set in counts.items():
        if is_set:
            raise ValueError(
                "cross_fit=True starts the training anew and ends it by itself, so nothing can "
                f"count its epochs, but {name}={getattr(estimator, name)!r}. Leave {name} at its "
                "default, or set cross_fit=False."
            )
    if starts_at is not None:
        raise ValueError(
            f"{type(estimator).__name__} cannot be cross-fitted: "
            f"{starts_at}={getattr(estimator, starts_at)!r} times a part of its training, and "
            "cross_fit=True ends the training by itself. Set cross_fit=False."
        )
    if estimator.n_members == 1:
        raise ValueError(
            "cross_fit=True needs members that leave samples out, got n_members=1. Leave "
            "n_members at None, for 8, or set 2 or more."
        )


def check_module(module: Any) -> None:
    """Raise a TypeError unless this can be a backbone: a module, or something that makes one."""
    if module is not None and not callable(module):
        raise TypeError(
            "module must be None, an nn.Module class such as sklimb.backbones.MLP, or an instance, "
            f"got {module!r}."
        )
    if isinstance(module, type) and not issubclass(module, nn.Module):
        raise TypeError(f"module must be a class of nn.Module, got {module!r}.")


def check_optimizer(optimizer: Any, nested: Collection[str]) -> None:
    """Raise a TypeError unless this is an optimiser class that takes the nested parameters.

    Parameters
    ----------
    optimizer : object
        What the user gave.
    nested : collection of str
        Names of the parameters with a double underscore.
    """
    names = [name for name in torch.optim.__all__ if name[0].isupper()]
    if isinstance(optimizer, torch.optim.Optimizer):
        name = type(optimizer).__name__
        raise TypeError(
            f"optimizer is an instance of {name}, made for other weights than the network will "
            f"have. Pass the class, optimizer=torch.optim.{name}, lr=, and its other settings as "
            "optimizer__*."
        )
    is_class = isinstance(optimizer, type)
    if not callable(optimizer) or (is_class and not issubclass(optimizer, torch.optim.Optimizer)):
        of_this_name = {name.lower(): name for name in names}.get(str(optimizer).lower(), "AdamW")
        raise TypeError(
            "optimizer must be a class of optimisers, not a name or anything else, got "
            f"{optimizer!r}. Pass optimizer=torch.optim.{of_this_name}."
        )
    if not is_class:
        check_takes(optimizer, "optimizer", "params", lr="lr")
    given = [name.partition("__")[2] for name in nested if name.startswith("optimizer__")]
    # skorch handles this one itself: settings for groups of weights
    given = [name for name in given if name != "param_groups"]
    check_keywords(optimizer, "optimizer", given, filled=("params", "lr"))


def check_milestones(milestones: Any) -> None:
    """Raise an error unless each entry is an epoch or a share of ``max_epochs``."""
    if np.ndim(milestones) != 1:
        raise ValueError(
            f"lr_milestones must be a sequence such as (0.8, 0.9), got {milestones!r}."
        )
    for milestone in milestones:
        resolve_epoch(milestone, 1, "each of lr_milestones")


def check_checkpoint(path: Any, every: Any) -> None:
    """Raise a ValueError for a file that cannot be written, or an interval that is not one."""
    seconds_of(every)
    if path is not None:
        check_path(path)


def check_callbacks(callbacks: Any) -> None:
    """Raise a TypeError unless a list holds skorch callbacks, named or not."""
    for entry in callbacks or ():
        pair = isinstance(entry, (list, tuple)) and len(entry) == 2
        callback = entry[1] if pair else entry
        is_class = isinstance(callback, type) and issubclass(callback, Callback)
        if not (is_class or isinstance(callback, Callback)):
            raise TypeError(
                "callbacks must hold instances of skorch.callbacks.Callback, or pairs (name, "
                f"callback), got {entry!r}."
            )
