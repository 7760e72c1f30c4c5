"""A fit that replaces nothing before it has ended well, and predictions that go by one fit.

An estimator is trained as another object with the same attributes; all that was fitted takes the
place of what was there in one assignment. So a fit that fails, or is interrupted, leaves the model
of before, and other threads predict with it in the meantime.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any, TypeVar

from sklearn.frozen import FrozenEstimator

from sklimb._training.training_state import twin
from sklimb.classifiers.pickling import shares_in_copies

_T = TypeVar("_T")


def aside(estimator: _T, *forgotten: str) -> _T:
    """Return another estimator to fit, which shares all attributes but some.

    Parameters
    ----------
    estimator : estimator
    *forgotten : str
        Attributes of an earlier fit that it is not to have.
    """
    other = twin(estimator)
    for name in forgotten:
        vars(other).pop(name, None)
    return other


def take(estimator: Any, fitted: Any) -> None:
    """Give an estimator what another one has fitted, all at once; its own parameters stay.

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
    # one assignment: who looks at the estimator meanwhile sees all of the old fit or of the new
    estimator.__dict__ = parameters | attributes


def fits_aside(*forgotten: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a method that fits ``self`` do so aside.

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

    Ours train aside by themselves, so that all is shared until then; any other is copied.
    """
    if shares_in_copies(estimator) or isinstance(estimator, FrozenEstimator):
        return copy.copy(estimator)
    return copy.deepcopy(estimator)


def by_one_fit(method: Callable[..., Any]) -> Callable[..., Any]:
    """Let a method that predicts go by one fit, whatever other threads fit meanwhile."""

    @functools.wraps(method)
    def predicts(self: Any, *args: Any, **kwargs: Any) -> Any:
        return method(twin(self), *args, **kwargs)

    return predicts
