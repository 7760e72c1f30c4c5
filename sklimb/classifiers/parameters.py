"""Parameters: those with a double underscore among scikit-learn's, and checks of their values."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from numbers import Real
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import check_scalar
from skorch.callbacks import Callback

from sklimb._training.network import check_keywords
from sklimb._warnings import warn

# Parameters of these parts of the net are taken as prefix__name, as skorch has it.
NESTED_PREFIXES = ("module", "optimizer", "iterator_train", "iterator_valid", "callbacks")

# What each `fit` of a warm start reads anew; all else was built into the net.
READ_ANEW = frozenset((
    "max_epochs", "lr", "lr_schedule", "warmup_epochs", "lr_milestones", "lr_decay",
    "class_weight", "effective_beta", "sampling", "rebalance_from", "warm_start",
    "early_stopping", "validation_fraction", "n_iter_no_change", "scoring",
))  # fmt: skip


def is_nested(name: str) -> bool:
    """Return whether a parameter is one of a part of the net, as ``module__hidden``."""
    prefix, _, rest = name.partition("__")
    # scikit-learn's checks set each name of the signature, "nested" too: `fit` refuses that one.
    return (prefix in NESTED_PREFIXES and bool(rest)) or name == "nested"


def unknown_parameter(estimator: BaseEstimator, name: str) -> str:
    """Return what to say of a parameter that an estimator does not have."""
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


def check_option(name: str, value: Any, options: tuple[Any, ...]) -> None:
    """Raise a ValueError that lists the options if a value is none of them."""
    if not (value is None or isinstance(value, str)) or value not in options:
        raise ValueError(f"{name} must be one of {list(options)}, got {value!r}.")


def check_number(value: Any, name: str, low: float, *, inclusive: bool = True) -> None:
    """Raise an error unless a value is a finite number from a lower bound on."""
    check_scalar(
        value, name, Real, min_val=low, include_boundaries="both" if inclusive else "neither"
    )
    if not np.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value!r}.")


def check_sequence(value: Any, name: str, example: str) -> None:
    """Raise a TypeError unless a value is a list, a tuple or an array."""
    if not isinstance(value, (list, tuple, np.ndarray)):
        raise TypeError(f"{name} must be a sequence such as {example}, got {value!r}.")


def check_module(module: Any) -> None:
    """Raise a TypeError for what cannot be a backbone: a name, a number."""
    if module is not None and not callable(module):
        raise TypeError(
            "module must be None, an nn.Module class such as sklimb.backbones.MLP, or an instance, "
            f"got {module!r}."
        )


def check_optimizer(optimizer: Any, nested: Collection[str]) -> None:
    """Raise a TypeError unless this is a class of optimisers that takes what is nested.

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
    given = [name.partition("__")[2] for name in nested if name.startswith("optimizer__")]
    # skorch's own: groups of weights with settings of their own
    given = [name for name in given if name != "param_groups"]
    check_keywords(optimizer, "optimizer", given, filled=("params", "lr"))


def check_callbacks(callbacks: Any) -> None:
    """Raise a TypeError unless these are skorch callbacks, named or not, in a list."""
    if callbacks is None:
        return
    if not isinstance(callbacks, (list, tuple)):
        raise TypeError(f"callbacks must be a list of skorch callbacks, got {callbacks!r}.")
    for entry in callbacks:
        pair = isinstance(entry, (list, tuple)) and len(entry) == 2
        callback = entry[1] if pair else entry
        is_class = isinstance(callback, type) and issubclass(callback, Callback)
        if not (is_class or isinstance(callback, Callback)):
            raise TypeError(
                "callbacks must hold instances of skorch.callbacks.Callback, or pairs (name, "
                f"callback), got {entry!r}."
            )
