"""Fast methods, and ones that misbehave, for tests of the comparison itself."""

from __future__ import annotations

import os
import time
import warnings

import numpy as np
from imblearn.over_sampling import RandomOverSampler
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from sklimb._compare.run.method import Method

SMOOTHING = [1e-9, 1e-3, 1e-1, 1.0]


class Broken(ClassifierMixin, BaseEstimator):
    """Fails in fit."""

    def fit(self, X, y):
        raise RuntimeError("the loss is not finite\nsecond line")


class Dying(ClassifierMixin, BaseEstimator):
    """Takes its process with it, as the system does when memory runs out."""

    def fit(self, X, y):
        os._exit(1)


class Waiting(ClassifierMixin, BaseEstimator):
    """Says that its fit has begun, and goes on for longer than any test waits."""

    def fit(self, X, y):
        print("a fit waits", flush=True)
        time.sleep(3600)


class Stopping(GaussianNB):
    """Stands for a Ctrl-C that comes during the n-th fit."""

    fits_left = 0

    def fit(self, X, y, sample_weight=None):
        type(self).fits_left -= 1
        if type(self).fits_left < 0:
            raise KeyboardInterrupt
        return super().fit(X, y, sample_weight)


class Warning_(GaussianNB):
    """Warns in every fit."""

    def fit(self, X, y, sample_weight=None):
        warnings.warn("it did not converge\nreally", RuntimeWarning, stacklevel=2)
        return super().fit(X, y, sample_weight)


class Recorder(GaussianNB):
    """Notes which rows (named by the first column) it learns from and predicts."""

    log: tuple = ()

    def fit(self, X, y, sample_weight=None):
        type(self).log += (("fit", frozenset(X[:, 0].astype(int)), tuple(np.bincount(y))),)
        return super().fit(X, y, sample_weight)

    def predict(self, X):
        type(self).log += (("predict", frozenset(X[:, 0].astype(int)), len(X)),)
        return super().predict(X)


def method(name, classify=GaussianNB, grid=None, resample=None, label=None):
    """Return an entry whose two grids are the same."""
    grid = {"var_smoothing": SMOOTHING} if grid is None else grid
    return Method(name, label or name, classify, {"quick": grid, "full": grid}, resample)


BAYES = method("bayes", label="naive Bayes")
DRAWN = method("drawn", resample=RandomOverSampler, label="naive Bayes, drawn")
TREE = method("tree", DecisionTreeClassifier, {"max_depth": [1, 2, 3, 4]}, label="tree")
BROKEN = method("broken", Broken, {})
WAITING = method("waiting", Waiting, {})


def blobs(sizes, n_features=3, seed=0, labels=None):
    """Return overlapping clouds, one a class, of the given sizes, in random order."""
    rng = np.random.RandomState(seed)
    y = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    X = rng.normal(size=(len(y), n_features)) + 1.5 * np.eye(len(sizes), n_features)[y]
    return X, (y if labels is None else np.asarray(labels)[y])
