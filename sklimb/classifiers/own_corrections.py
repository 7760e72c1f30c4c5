"""Whether a classifier corrects for class sizes by itself, so that another would be the second."""

from __future__ import annotations

from typing import Any

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from sklimb._warnings import warn
from sklimb.classifiers.losses import adjusts_for_prior

_WEIGHTS = ("balanced", "balanced_subsample", "effective")


def own_correction(estimator: Any) -> str | None:
    """Return by what a classifier corrects for class sizes.

    Parameters
    ----------
    estimator : classifier
        Of any library; in a pipeline its last step counts.

    Returns
    -------
    what : str or None
        None where nothing says that it does: weights by label, for instance, may be costs.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklimb.classifiers.own_corrections import own_correction
    >>> own_correction(LogisticRegression(class_weight="balanced"))
    "class_weight='balanced'"
    """
    estimator = _within(estimator)
    if getattr(type(estimator), "_corrects_by_offset", False):
        return "its offset"
    if hasattr(estimator, "loss") and adjusts_for_prior(estimator):
        return f"loss={estimator.loss!r}"
    for name, known in (("class_weight", _WEIGHTS), ("sampling", ("balanced",))):
        value = getattr(estimator, name, None)
        if isinstance(value, str) and value in known:
            return f"{name}={value!r}"
    return None


def _within(estimator: Any) -> Any:
    """Return what a pipeline ends in, and what is frozen."""
    while isinstance(estimator, (FrozenEstimator, Pipeline)):
        frozen = isinstance(estimator, FrozenEstimator)
        estimator = estimator.estimator if frozen else estimator.steps[-1][1]
    return estimator


def warn_of_second(estimator: Any, *, by: str) -> None:
    """Warn of a classifier that corrects for class sizes already.

    Parameters
    ----------
    estimator : classifier
    by : str
        What corrects now.
    """
    what = own_correction(estimator)
    if what is None:
        return
    name = type(_within(estimator)).__name__
    warn(
        f"{name} corrects for class sizes by {what}, so its probabilities are "
        f"not those of the data, which {by} takes them for. Give a classifier without it, or put "
        "sklearn.calibration.CalibratedClassifierCV around it first."
    )
