"""One method on one fold: fitted, chosen among candidates where asked, scored and timed."""

from __future__ import annotations

import time
from functools import cache

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold

from lib.methods import Method, Settings
from lib.probability_scores import balanced_log_loss, corrected, scores_of, scores_of_decisions
from lib.real_methods import METHODS

CRITERIA = ("balanced_log_loss", "balanced_accuracy")
INNER_FOLDS = 3


def both_shares(
    method: Method, proba: np.ndarray, prior: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities for the data's own class shares, and for classes of one size."""
    if method.shares == "own":
        return proba, corrected(proba, prior)
    return corrected(proba, 1 / prior), proba


def shares(y: np.ndarray) -> np.ndarray:
    return np.bincount(y) / len(y)


def quality(
    method: Method, model: BaseEstimator, X: np.ndarray, y: np.ndarray, prior: np.ndarray, by: str
) -> float:
    """Return what a candidate is chosen by; more is better."""
    if by == "balanced_accuracy":
        return balanced_accuracy_score(y, np.ravel(model.predict(X)))
    _, balanced = both_shares(method, model.predict_proba(X), prior)
    return -balanced_log_loss(y, balanced)


def choose(method: Method, X: np.ndarray, y: np.ndarray, criterion: str) -> Settings:
    """Return the best candidate of a method by cross-validation, the first of equal ones."""
    folds = list(StratifiedKFold(INNER_FOLDS, shuffle=True, random_state=0).split(X, y))
    found = []
    for settings in method.candidates:
        models = [method.make(**settings).fit(X[train], y[train]) for train, _ in folds]
        qualities = [
            quality(method, model, X[valid], y[valid], shares(y[train]), criterion)
            for model, (train, valid) in zip(models, folds, strict=True)
        ]
        found.append(np.mean(qualities))
    return method.candidates[int(np.argmax(found))]


@cache
def warm_up(package: str) -> None:
    """Fit a package's first method to a few rows: what is set up once is no cost of a fit."""
    first = next(method for method in METHODS.values() if method.package == package)
    X, y = np.random.default_rng(0).normal(size=(40, 3)), np.repeat([0, 1], [30, 10])
    first.make().fit(X, y).predict_proba(X)


def measured(method: Method, tuning: str, parts: tuple[np.ndarray, ...]) -> dict[str, object]:
    """Return scores and times of a method on one fold."""
    X, y, X_test, y_test = parts
    method.make()  # imports
    if not method.slow:
        warm_up(method.package)
    wall, cpu = [time.perf_counter()], [time.process_time()]
    settings = {} if tuning == "none" else choose(method, X, y, tuning)
    model = method.make(**settings).fit(X, y)
    wall.append(time.perf_counter())
    cpu.append(time.process_time())
    proba = np.asarray(model.predict_proba(X_test), dtype=np.float64)
    wall.append(time.perf_counter())
    cpu.append(time.process_time())
    prior = shares(y)
    own, balanced = both_shares(method, proba, prior)
    scores = scores_of(y_test, own, prior, balanced=balanced)
    scores |= scores_of_decisions(y_test, np.ravel(model.predict(X_test)))
    seconds = [*np.diff(wall), *np.diff(cpu)]
    names = ("fit_seconds", "predict_seconds", "fit_cpu", "predict_cpu")
    return (
        {name: f"{score:.5f}" for name, score in scores.items()}
        | {name: f"{value:.3f}" for name, value in zip(names, seconds, strict=True)}
        | {"chosen": str(settings) if settings else ""}
    )
