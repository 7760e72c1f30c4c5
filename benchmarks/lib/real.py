"""The 34 real tables that defaults are chosen on, and how they are split."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedKFold

from lib.data import DATA_HOME

N_FOLDS = 5
# Choices are made on the first, and reported on the others.
CHOOSING_FOLDS, REPORTING_FOLDS = (0, 1), (2, 3, 4)


@cache
def real_sets(data_home: Path = DATA_HOME) -> dict[str, dict[str, str]]:
    """Return what the index says of each table: source, n_samples ("rows"), classes, ratio, ..."""
    with (data_home / "real" / "index.csv").open() as file:
        return {row["name"]: row for row in csv.DictReader(file)}


@cache
def load_real(name: str, data_home: Path = DATA_HOME) -> tuple[np.ndarray, np.ndarray]:
    """Return X and y of a table; y is 0 for the largest class, then smaller and smaller."""
    with np.load(data_home / "real" / f"{name}.npz") as file:
        return file["X"], file["y"].astype(np.int64)


def real_fold(name: str, fold: int, data_home: Path = DATA_HOME) -> tuple[np.ndarray, ...]:
    """Return X_train, y_train, X_test, y_test of one of five stratified folds."""
    X, y = load_real(name, data_home)
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
    train, test = list(folds.split(X, y))[fold]
    return X[train], y[train], X[test], y[test]
