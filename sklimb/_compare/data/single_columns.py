"""Whether one column alone says the class, so that it may hold what is not known in time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from sklimb._compare.data.one_class import COVERS, LEAST_HITS, PURE
from sklimb._compare.data.single_dates import date_numbers
from sklimb._compare.data.single_values import value_of_class
from sklimb._compare.phrases import first_few

# Balanced accuracy, of rows that were held out, from which on a column says nearly everything.
_NEARLY = 0.98
# From here on it deserves a softer word, if no ordinary column is half as good: two normal
# distributions 4 standard deviations apart are told apart in 97.7 %. Of 34 real tables and the
# iris none but the attacks of kddcup has such a column; the petals of the iris come near, both.
_ALMOST = 0.955
_STANDS_OUT = 0.5
# Below this on one half of the rows no second half makes it enough.
_TOO_LOW = 2 * _ALMOST - 1
# A class of a sample has so many rows, or all it has.
_LEAST_SAMPLED, _MOST_SAMPLED = 20, 200
# Rows that are looked at, over all columns together, and of one column.
_BUDGET = 300_000
_MOST_ROWS, _LEAST_ROWS = 5_000, 1_000
# A class needs so many for one to be on either side.
_LEAST_OF_CLASS = 3


def says_class(
    name: Any, values: pd.Series, codes: np.ndarray, labels: np.ndarray, n_columns: int
) -> tuple[str, float]:
    """Say that a column gives the class away.

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
        Empty where it does not.
    score : float
        Balanced accuracy of the column alone, on rows held out; 0 where that was not looked at.
    """
    filled = values.notna().to_numpy()
    if not filled.all():
        note = _by_missing(name, filled, codes, labels)
        if note:
            return note, 0.0
    score = _held_out(values, filled, codes, n_columns)
    if score < _NEARLY:
        return value_of_class(name, values, codes, labels), score
    return (
        f"column {name} alone says the class nearly always (balanced accuracy {100 * score:.0f} % "
        "on rows held out): if it is filled in when the class is known, drop it"
    ), score


def almost_notes(scores: Mapping[Any, float]) -> list[str]:
    """Say which columns are alone nearly as good as a table can be, where the others are not.

    Parameters
    ----------
    scores : mapping
        From the name of a column to its score, as `says_class` returns it; of columns of which
        nothing else is to be said.

    Returns
    -------
    notes : list of str
        At most one.
    """
    high = {name: score for name, score in scores.items() if score >= _ALMOST}
    rest = max((score for name, score in scores.items() if name not in high), default=1.0)
    high = {name: score for name, score in high.items() if 1 - score <= _STANDS_OUT * (1 - rest)}
    if not high:
        return []
    each = [f"{name} ({100 * score:.0f} %)" for name, score in high.items()]
    which, is_known = ("columns", "they are") if len(high) > 1 else ("column", "it is")
    return [
        f"{which} {first_few(each)} alone {'say' if len(high) > 1 else 'says'} nearly as much of "
        f"the class as can be said (balanced accuracy on rows held out; the next column has "
        f"{100 * rest:.0f} %): check that {is_known} known when the class is to be predicted"
    ]


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
    enough = np.flatnonzero(np.bincount(codes) >= _LEAST_OF_CLASS)
    n_classes = len(enough)
    if n_classes < 2 or n_classes > 50:
        return 0.0
    # A class of a row or two, as one that is misspelt, is left out.
    places = np.full(codes.max() + 1, -1)
    places[enough] = np.arange(n_classes)
    there = places[codes] >= 0
    values, filled, codes = values[there], filled[there], places[codes[there]]
    rows = _sample(codes, int(np.clip(_BUDGET // max(1, n_columns), _LEAST_ROWS, _MOST_ROWS)))
    numbers = _as_numbers(values.iloc[rows], codes[rows])
    if numbers is None:
        return 0.0
    X = np.column_stack([numbers, filled[rows]])
    own = codes[rows]
    halves = _halves(own)
    # A few cuts, which few rows are enough for, and more of them, for classes in several places.
    return max(
        _of_tree(leaves, X, own, halves, n_classes) for leaves in (n_classes, max(8, 2 * n_classes))
    )


def _of_tree(
    leaves: int, X: np.ndarray, codes: np.ndarray, halves: tuple[np.ndarray, np.ndarray],
    n_classes: int,
) -> float:  # fmt: skip
    """Return the mean recall of a tree on either half, fitted to the other."""
    tree = DecisionTreeClassifier(max_leaf_nodes=leaves, class_weight="balanced", random_state=0)
    scores = []
    for train, test in (halves, halves[::-1]):
        predicted = tree.fit(X[train], codes[train]).predict(X[test])
        scores.append(_mean_recall(codes[test], predicted, n_classes))
        if scores[0] < _TOO_LOW:
            break
    return float(np.mean(scores))


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
    """Return rows in which each class has its share, or what a rare one needs, or all it has."""
    if len(codes) <= most:
        return np.arange(len(codes))
    rng = np.random.default_rng(0)
    parts, n_classes = [], codes.max() + 1
    least = int(np.clip(most // n_classes, _LEAST_SAMPLED, _MOST_SAMPLED))
    for code in range(n_classes):
        own = np.flatnonzero(codes == code)
        n = min(len(own), max(least, len(own) * most // len(codes)))
        parts.append(rng.choice(own, n, replace=False))
    return np.sort(np.concatenate(parts))


def _as_numbers(values: pd.Series, codes: np.ndarray) -> np.ndarray | None:
    """Return values as numbers that a tree can cut; None for text that hardly repeats.

    Of a date they are several, one a column.
    """
    if values.dtype.kind in "iufb":
        return np.nan_to_num(values.to_numpy(dtype=float), nan=0.0)
    if values.dtype.kind == "M":
        return date_numbers(values)
    places, different = pd.factorize(values, use_na_sentinel=True)
    if len(different) > len(values) / 10:
        return None
    # In order of their mean class, so that values of one class stand together. That looks at the
    # rows held out too, but a value that repeats ten times moves little by it.
    sums = np.bincount(places + 1, weights=codes, minlength=len(different) + 1)
    counts = np.bincount(places + 1, minlength=len(different) + 1)
    return (sums / np.maximum(counts, 1))[places + 1]
