"""Fits that replace nothing until they succeed, and predictions that see one fit only.

A shallow copy of the estimator is trained, and its fitted attributes replace the old ones in one
assignment. So a fit that fails or is interrupted leaves the earlier model, and other threads can
predict with that one meanwhile.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any, TypeVar

from sklearn.frozen import FrozenEstimator

from sklimb._training.training_state import shallow_copy
from sklimb.classifiers.pickling import shares_in_copies

_T = TypeVar("_T")


def aside(estimator: _T, *forgotten: str) -> _T:
    """Return a shallow copy of an estimator to fit, without some attributes.

    Parameters
    ----------
    estimator : estimator
    *forgotten : str
        Attributes of an earlier fit that the copy must not have.
    """
    other = shallow_copy(estimator)
    for name in forgotten:
        vars(other).pop(name, None)
    return other


def take(estimator: Any, fitted: Any) -> None:
    """Give an estimator the fitted attributes of a copy, all at once; its parameters stay.

    Parameters
    ----------
    estimator : estimator
    fitted : estimator
        From `aside`.
    """
    own = estimator.get_params(deep=False)
    of_fitted = fitted.get_params(deep=False)
    attributes = {name: value for name, value in vars(fitted).items() if name not in of_fitted}
    parameters = {name: value for name, value in vars(estimator).items() if name in own}
    # one assignment: other threads see either the old fit or the new one, never a mixture
    estimator.__dict__ = parameters | attributes


def fits_aside(*forgotten: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a method that fits ``self``: it fits a copy, whose results are taken over.

    Parameters
    ----------
    *forgotten : str
        Attributes of an earlier fit that it must not see.
    """

    def decorate(fit: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(fit)
        def fits(self: Any, *args: Any, **kwargs: Any) -> Any:
            other = aside(self, *forgotten)
            fit(other, *args, **kwargs)
            take(self, other)
            return self

        return fits

    return decorate


def to_learn_on(estimator: Any) -> Any:
    """Return a fitted estimator whose `partial_fit` leaves this one as it is.

    Ours train a copy of their network anyway, so a shallow copy is enough; others are deep-copied.
    """
    if shares_in_copies(estimator) or isinstance(estimator, FrozenEstimator):
        return copy.copy(estimator)
    return copy.deepcopy(estimator)


def by_one_fit(method: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a method that predicts: it sees one fit, whatever other threads fit meanwhile."""

    @functools.wraps(method)
    def predicts(self: Any, *args: Any, **kwargs: Any) -> Any:
        return method(shallow_copy(self), *args, **kwargs)

    return predicts
