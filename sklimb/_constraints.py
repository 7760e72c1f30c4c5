"""What values a constructor parameter may have, in the words of scikit-learn's own checker.

An estimator lists them in ``_parameter_constraints`` and calls ``self._validate_params()`` first in
its ``fit``. What one value alone cannot tell (combinations, settings by class, callables of the
wrong signature) is checked by functions beside the estimators.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from sklearn.metrics import get_scorer_names
from sklearn.utils._param_validation import Interval, RealNotInt, StrOptions

# Of NumPy's types and Python's; `numbers` also has fractions, which torch cannot compute with.
_TYPES: dict[type, tuple[type, ...]] = {
    Integral: (int, np.integer),
    Real: (int, float, np.integer, np.floating),
    RealNotInt: (float, np.floating),
}


class Number(Interval):
    """An interval of finite numbers, without booleans.

    scikit-learn's own takes True for 1, infinity where the interval is closed there, and no
    `numpy.float32` for a `RealNotInt`.

    Parameters
    ----------
    type : {numbers.Integral, numbers.Real, RealNotInt}
        Kind of number.
    left, right : float, int or None
        Bounds; None is no bound.
    closed : {"left", "right", "both", "neither"}
        Which bounds belong to it.

    Examples
    --------
    >>> from numbers import Real
    >>> from sklimb._constraints import Number
    >>> share = Number(Real, 0, 1, closed="both")
    >>> [share.is_satisfied_by(value) for value in (0.5, 1, 1.5, float("nan"), True, "0.5")]
    [True, True, False, False, False, False]
    """

    def is_satisfied_by(self, val: Any) -> bool:
        """Return whether a value is a finite number of the interval."""
        if isinstance(val, bool) or not isinstance(val, _TYPES[self.type]):
            return False
        try:
            return math.isfinite(val) and val in self
        except OverflowError:  # an int that no float can hold
            return False


class ScorerName(StrOptions):
    """A name that scikit-learn has a scorer for; the message does not list all hundred."""

    def __init__(self) -> None:
        super().__init__(set(get_scorer_names()))

    def __str__(self) -> str:
        """Return what an error says."""
        return "a name of sklearn.metrics.get_scorer_names()"


COUNT = [Number(Integral, 1, None, closed="left")]
COUNT_OR_ZERO = [Number(Integral, 0, None, closed="left")]
POSITIVE = [Number(Real, 0, None, closed="neither")]
NOT_NEGATIVE = [Number(Real, 0, None, closed="left")]
PROBABILITY = [Number(Real, 0, 1, closed="both")]
# Epochs, or a share of max_epochs.
EPOCH = [*COUNT_OR_ZERO, Number(RealNotInt, 0, 1, closed="both")]
RANDOM_STATE = [*COUNT_OR_ZERO, np.random.RandomState, np.random.Generator, None]
DEVICE = [str, torch.device]


def check_takes(function: Callable[..., Any], name: str, *arguments: str, **keywords: str) -> None:
    """Raise a TypeError unless a function that a user gave can be called with so many arguments.

    Parameters
    ----------
    function : callable
        Where its signature cannot be read it passes; a class does not.
    name : str
        The parameter.
    *arguments, **keywords : str
        What it will be called with, by position and by name.

    Examples
    --------
    >>> from sklimb._constraints import check_takes
    >>> check_takes(lambda scores, y: scores, "loss", "scores", "y")
    >>> check_takes(lambda: 0, "loss", "scores", "y")
    Traceback (most recent call last):
        ...
    TypeError: loss must be a function of (scores, y), got one that takes ().
    """
    wanted = ", ".join([*arguments, *(f"{keyword}=" for keyword in keywords)])
    if isinstance(function, type):
        raise TypeError(f"{name} must be a function of ({wanted}), got the class {function!r}.")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C have none
        return
    try:
        signature.bind(*arguments, **keywords)
    except TypeError:
        raise TypeError(
            f"{name} must be a function of ({wanted}), got one that takes {signature}."
        ) from None
