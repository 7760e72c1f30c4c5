"""Whether one column alone says the class, so that it may hold what is not known in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from sklimb._compare.data.single_values import COVERS, LEAST_HITS, PURE, value_of_class

# Balanced accuracy, of rows that were held out, from which on a column says nearly everything.
_NEARLY = 0.98
# A class of a sample has at least so many rows, or all it has.
_LEAST_SAMPLED = 20
# Rows that are looked at, over all columns together, and of one column.
_BUDGET = 300_000
_MOST_ROWS, _LEAST_ROWS = 5_000, 1_000
# A class needs so many for one to be on either side.
_LEAST_OF_CLASS = 3


def says_class(
    name: Any, values: pd.Series, codes: np.ndarray, labels: np.ndarray, n_columns: int
) -> str:
    """Say that a column gives the class away; empty where it does not.

    Parameters
    ----------
    name : object
    values : Series of shape (n_samples,)
        Numbers, dates, text, truth values or categories.
    codes : ndarray of shape (n_samples,)
        Class of each row, a position in `labels`.
    labels : ndarray of shape (n_classes,)
    n_columns : int
        Of the table: the more there are, the fewer rows are looked at.

    Returns
    -------
    note : str
    """
    filled = values.notna().to_numpy()
    if not filled.all():
        note = _by_missing(name, filled, codes, labels)
        if note:
            return note
    score = _held_out(values, filled, codes, n_columns)
    if score < _NEARLY:
        return value_of_class(name, values, codes, labels)
    return (
        f"column {name} alone says the class nearly always (balanced accuracy {100 * score:.0f} % "
        "on rows held out): if it is filled in when the class is known, drop it"
    )


def _by_missing(name: Any, filled: np.ndarray, codes: np.ndarray, labels: np.ndarray) -> str:
    """Say that a column is filled, or empty, in one class alone."""
    for rows, word in [(filled, "filled"), (~filled, "empty")]:
        counts = np.bincount(codes[rows], minlength=len(labels))
        sizes = np.bincount(codes, minlength=len(labels))
        best = int(counts.argmax())
        share, covers = counts[best] / max(1, rows.sum()), counts[best] / max(1, sizes[best])
        # Of a class that most rows have, many cells are of it by chance.
        unusual = share - sizes[best] / len(codes) > 0.3
        if share >= PURE and covers >= COVERS and counts[best] >= LEAST_HITS and unusual:
            pure = "only" if counts[best] == rows.sum() else "nearly only"
            return (
                f"column {name} is {word} {pure} in rows of class {labels[best]!s} (in "
                f"{counts[best]:,} of its {sizes[best]:,}), so whether it is {word} gives the "
                "class away: if it is filled in when the class is known, drop it"
            )
    return ""


def _held_out(values: pd.Series, filled: np.ndarray, codes: np.ndarray, n_columns: int) -> float:
    """Return how well a small tree on one column says the class of rows that it has not seen."""
    sizes = np.bincount(codes)
    n_classes = len(sizes)
    if sizes.min() < _LEAST_OF_CLASS or n_classes > 50:
        return 0.0
    rows = _sample(codes, int(np.clip(_BUDGET // max(1, n_columns), _LEAST_ROWS, _MOST_ROWS)))
    numbers = _as_numbers(values.iloc[rows], codes[rows])
    if numbers is None:
        return 0.0
    X = np.column_stack([numbers, filled[rows]])
    tree = DecisionTreeClassifier(
        max_leaf_nodes=max(8, 2 * n_classes), class_weight="balanced", random_state=0
    )
    learn, hold = _halves(codes[rows])
    own = codes[rows]
    # Both ways, and the second only where the first is that good.
    score = 1.0
    for train, test in [(learn, hold), (hold, learn)]:
        predicted = tree.fit(X[train], own[train]).predict(X[test])
        score = min(score, _mean_recall(own[test], predicted, n_classes))
        if score < _NEARLY:
            break
    return score


def _halves(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return every other row of each class, in random order, and the rest."""
    shuffled = np.random.default_rng(0).permutation(len(codes))
    order = shuffled[np.argsort(codes[shuffled], kind="stable")]
    return order[::2], order[1::2]


def _mean_recall(codes: np.ndarray, predicted: np.ndarray, n_classes: int) -> float:
    sizes = np.bincount(codes, minlength=n_classes)
    hits = np.bincount(codes[codes == predicted], minlength=n_classes)
    return float((hits[sizes > 0] / sizes[sizes > 0]).mean())


def _sample(codes: np.ndarray, most: int) -> np.ndarray:
    """Return rows in which each class has its share, or `_LEAST_SAMPLED`, or all it has."""
    if len(codes) <= most:
        return np.arange(len(codes))
    rng = np.random.default_rng(0)
    parts = []
    for code in range(codes.max() + 1):
        own = np.flatnonzero(codes == code)
        n = min(len(own), max(_LEAST_SAMPLED, len(own) * most // len(codes)))
        parts.append(rng.choice(own, n, replace=False))
    return np.sort(np.concatenate(parts))


def _as_numbers(values: pd.Series, codes: np.ndarray) -> np.ndarray | None:
    """Return values as numbers that a tree can cut; None for text that hardly repeats."""
    if values.dtype.kind in "iufb":
        return np.nan_to_num(values.to_numpy(dtype=float), nan=0.0)
    if values.dtype.kind == "M":
        return values.astype("int64").to_numpy(dtype=float)
    places, different = pd.factorize(values, use_na_sentinel=True)
    if len(different) > len(values) / 10:
        return None
    # In order of their mean class, so that values of one class stand together. That looks at the
    # rows held out too, but a value that repeats ten times moves little by it.
    sums = np.bincount(places + 1, weights=codes, minlength=len(different) + 1)
    counts = np.bincount(places + 1, minlength=len(different) + 1)
    return (sums / np.maximum(counts, 1))[places + 1]
