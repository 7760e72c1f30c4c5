"""What a benchmarked method is, and how one learner becomes several that even out classes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.class_weight import compute_sample_weight

from sklimb import PriorCorrectedClassifier

Settings = dict[str, Any]
Make = Callable[..., BaseEstimator]
FITS = 5  # of what is cross-fitted


@dataclass(frozen=True)
class Method:
    """One line of the tables.

    Parameters
    ----------
    name, label : str
        How it is asked for, and called in tables and pictures.
    make : callable
        Takes settings and returns an unfitted classifier.
    candidates : tuple of dict
        Settings to choose from where it is tuned; the first is empty.
    package : str
        What it comes from, by its name on the index; where it is not installed it is skipped.
    shares : {"equal", "own"}
        The class shares that its probabilities are for: equal ones, or those of the training data.
    slow : int
        Run after all that have a smaller number.
    lacks : str
        What this version of sklimb lacks for it; empty if nothing.
    """

    name: str
    label: str
    make: Make
    candidates: tuple[Settings, ...] = ({},)
    package: str = "scikit-learn"
    shares: str = "equal"
    slow: int = 0
    lacks: str = ""

    def missing(self) -> str:
        """Return why it cannot be run here; empty if it can."""
        if self.lacks:
            return self.lacks
        try:
            version(self.package)
        except PackageNotFoundError:
            return f"{self.package} is not installed"
        return ""

    def provenance(self) -> str:
        """Return the package with its version."""
        return f"{self.package} {version(self.package)}"


class BalancedByWeight(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """A classifier that has no ``class_weight``, fitted with balanced sample weights."""

    def __init__(self, estimator: BaseEstimator) -> None:
        self.estimator = estimator

    def fit(self, X: np.ndarray, y: np.ndarray) -> BalancedByWeight:
        weight = compute_sample_weight("balanced", y)
        self.estimator_ = clone(self.estimator).fit(X, y, sample_weight=weight)
        self.classes_ = self.estimator_.classes_
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.estimator_.predict(X)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return self.estimator_.predict_proba(X)


def imported(module: str, name: str, **fixed: Any) -> Make:
    """Return what makes an estimator of a package that is imported when it is needed."""
    return lambda **settings: getattr(import_module(module), name)(**fixed | settings)


def calibrated(estimator: BaseEstimator) -> BaseEstimator:
    """Return five fits, averaged after a temperature each from the rows left out, then corrected.

    The rows are shuffled: some tables are in the order of their classes.
    """
    folds = StratifiedKFold(FITS, shuffle=True, random_state=0)
    return PriorCorrectedClassifier(
        CalibratedClassifierCV(estimator, method="temperature", cv=folds, ensemble=True)
    )


def cross_fitted(estimator: BaseEstimator) -> BaseEstimator:
    return PriorCorrectedClassifier(estimator, cv=FITS)


_NO_CV = (
    ""
    if "cv" in inspect.signature(PriorCorrectedClassifier).parameters
    else "PriorCorrectedClassifier has no cv in this version"
)
_NO_TEMPERATURE = (
    ""
    if tuple(map(int, version("scikit-learn").split(".")[:2])) >= (1, 8)
    else "scikit-learn has a temperature from 1.8 on"
)
# words for the label, the meta-estimator, and what is lacking for it here
WRAPPED = {
    "corrected": ("prior-corrected", PriorCorrectedClassifier, ""),
    "calibrated": ("calibrated, prior-corrected", calibrated, _NO_TEMPERATURE),
    "cross_fitted": ("cross-fitted (cv=5)", cross_fitted, _NO_CV),
}


@dataclass(frozen=True)
class Learner:
    """What several methods are made of: by class weights (if it takes them), and corrected.

    Parameters
    ----------
    name, label, make, candidates, package, slow
        As in `Method`.
    weighted : callable or None
        Takes settings and returns the classifier with balanced class weights.
    """

    name: str
    label: str
    make: Make
    weighted: Make | None
    candidates: tuple[Settings, ...]
    package: str = "scikit-learn"
    slow: int = 0

    def methods(self) -> Iterator[Method]:
        """Yield the methods."""
        if self.weighted is not None:
            yield self._method("weighted", "class weights", self.weighted)
        for variant, (label, wrap, lacks) in WRAPPED.items():
            yield self._method(variant, label, wrapped(wrap, self.make), lacks)

    def _method(self, variant: str, label: str, make: Make, lacks: str = "") -> Method:
        return Method(
            f"{self.name}_{variant}",
            f"{self.label}, {label}",
            make,
            self.candidates,
            self.package,
            # five fits of something slow come last of all
            slow=self.slow + (bool(self.slow) and variant not in ("weighted", "corrected")),
            lacks=lacks,
        )


def wrapped(wrap: Callable[[BaseEstimator], BaseEstimator], make: Make) -> Make:
    """Return what makes the same in a meta-estimator."""
    return lambda **settings: wrap(make(**settings))


def made(cls: type, **fixed: Any) -> Make:
    """Return what makes an estimator with seed 0, these settings, and those that it is given."""
    return lambda **settings: cls(**{"random_state": 0} | fixed | settings)
