"""Whether a classifier corrects for class sizes by itself, so that a second one is too many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline

from sklimb._warnings import warn
from sklimb.classifiers.losses import adjusts_for_prior

_WEIGHTS = ("balanced", "balanced_subsample", "effective")
# imbalanced-learn's names; samplers that only clean leave the class shares nearly unchanged.
_RESAMPLING = ("over-sampling", "under-sampling")


def own_correction(estimator: Any) -> str | None:
    """Return the setting by which a classifier corrects for class sizes.

    Parameters
    ----------
    estimator : classifier
        Of any library. In a pipeline its last step counts, and samplers before it; in a search or a
        threshold classifier the estimator inside.

    Returns
    -------
    what : str or None
        None where no parameter says so: weights by label, for instance, may be costs.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklimb.classifiers.own_corrections import own_correction
    >>> own_correction(LogisticRegression(class_weight="balanced"))
    "class_weight='balanced'"
    """
    sampler = _sampler_before(estimator)
    if sampler is not None:
        return f"its sampler {type(sampler).__name__}"
    estimator = _within(estimator)
    if type(estimator).__module__.startswith("imblearn.ensemble"):
        return "its balanced draws"
    if getattr(type(estimator), "_corrects_by_offset", False):
        return "its offset"
    if hasattr(estimator, "loss") and adjusts_for_prior(estimator):
        return f"loss={estimator.loss!r}"
    for name, known in (("class_weight", _WEIGHTS), ("sampling", ("balanced",))):
        value = getattr(estimator, name, None)
        if isinstance(value, str) and value in known:
            return f"{name}={value!r}"
    return None


_AROUND = (FrozenEstimator, BaseSearchCV, FixedThresholdClassifier, TunedThresholdClassifierCV)


def _layers(estimator: Any) -> Iterator[Any]:
    """Yield a classifier and those inside it, down to the innermost."""
    yield estimator
    while isinstance(estimator, (Pipeline, *_AROUND)):
        if isinstance(estimator, Pipeline):
            estimator = estimator.steps[-1][1]
        else:
            estimator = getattr(estimator, "best_estimator_", estimator.estimator)
        yield estimator


def _within(estimator: Any) -> Any:
    """Return the estimators directly inside one: the last step, the searched, the frozen one."""
    *_, innermost = _layers(estimator)
    return innermost


def _sampler_before(estimator: Any) -> Any:
    """Return the first step of a pipeline that makes classes more even, None if there is none."""
    pipelines = [layer for layer in _layers(estimator) if isinstance(layer, Pipeline)]
    steps = [step for pipeline in pipelines for _, step in pipeline.steps[:-1]]
    even = [step for step in steps if getattr(step, "_sampling_type", None) in _RESAMPLING]
    return even[0] if even else None


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
