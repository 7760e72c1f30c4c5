"""What rows of one rare class have and no others: how much of it is a word worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

# Cells that one class alone has: in so large a share of these rows, and of the rows of that class.
PURE = 0.98
COVERS = 0.3
LEAST_HITS = 5
# Among many classes some value is of one by chance: on a real table of five, all 8 cars of a make.
_LEAST_OF_MANY_CLASSES = 10
# A class is rare that is at most so large a part of the largest: of classes about as large as the
# others the values of ordinary columns are often of one alone.
_RARE = 0.5
# What was found, the class, and the rows that have it.
Found = tuple[list, int, np.ndarray]


@dataclass(frozen=True)
class Classes:
    """Class of each row, rows of each class, which classes are rare, and what they are called.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,)
        Positions in `labels`.
    labels, sizes, rare : ndarray of shape (n_classes,)
    """

    codes: np.ndarray
    labels: np.ndarray
    sizes: np.ndarray
    rare: np.ndarray

    @property
    def least_hits(self) -> int:
        """Rows of a class that have to have a value before it is worth a word."""
        return LEAST_HITS if len(self.sizes) == 2 else _LEAST_OF_MANY_CLASSES


def make_classes(codes: np.ndarray, labels: np.ndarray) -> Classes:
    """Return the classes of a table."""
    sizes = np.bincount(codes, minlength=len(labels))
    return Classes(codes, labels, sizes, sizes <= _RARE * sizes.max())


def away_note(
    what: str,
    code: int,
    rows: np.ndarray,
    classes: Classes,
    remedy: str = "if it is filled in when the class is known, drop it",
    noun: str = "row",
) -> str:
    """Say that what some rows have gives a class away.

    Parameters
    ----------
    what : str
        The column, and what it has there.
    code : int
        The class.
    rows : ndarray of bool, shape (n_samples,)
    classes : Classes
    remedy : str, default="if it is filled in when the class is known, drop it"
    noun : str, default="row"
        What a sample is called.

    Returns
    -------
    note : str
    """
    hits = int((classes.codes[rows] == code).sum())
    pure = "only" if hits == rows.sum() else "nearly only"
    return (
        f"{what} {pure} in {noun}s of class {classes.labels[code]!s} (in {hits:,} of its "
        f"{classes.sizes[code]:,}), which gives the class away: {remedy}"
    )


def values_of_class(values: pd.Series, classes: Classes) -> Found | None:
    """Return values that rows of one rare class have nearly alone.

    Parameters
    ----------
    values : Series of shape (n_samples,)
        Missing ones are no values.
    classes : Classes

    Returns
    -------
    found : tuple or None
        The values, most frequent first, the class, and which rows have them. None where they cover
        too little of it.
    """
    rare = classes.rare[classes.codes]
    own, different = pd.factorize(values[rare], use_na_sentinel=True)
    hits = count_hits(own, classes.codes[rare], len(different), len(classes.sizes))
    often = hits.max(axis=1, initial=0) >= classes.least_hits
    if not often.any():  # names, for one
        return None
    candidates = different[often]
    # How often the other classes have them: the one look at all rows.
    place = pd.Index(candidates).get_indexer(pd.Index(values[~rare]))
    in_others = np.bincount(place[place >= 0], minlength=len(candidates))
    found = of_one_class(hits[often], in_others, classes)
    if found is None:
        return None
    chosen, code = found
    given = list(candidates[chosen])
    return given, code, values.isin(given).to_numpy()


def count_hits(own: np.ndarray, codes: np.ndarray, n_values: int, n_classes: int) -> np.ndarray:
    """Return how many rows of each class (column) have each value (row); -1 is none."""
    own, codes = own[own >= 0], codes[own >= 0]
    counts = np.bincount(own * n_classes + codes, minlength=n_values * n_classes)
    return counts.reshape(n_values, n_classes)


def of_one_class(
    hits: np.ndarray, in_others: np.ndarray, classes: Classes
) -> tuple[np.ndarray, int] | None:
    """Return which values are of one class and cover enough of it, most frequent first.

    Parameters
    ----------
    hits : ndarray of shape (n_values, n_classes)
        Rows of each class, of those that are not rare or all, that have each value.
    in_others : ndarray of shape (n_values,)
        Rows beside these that have it.
    classes : Classes

    Returns
    -------
    chosen : (ndarray, int) or None
        Positions of the values, and the class.
    """
    best, most = hits.argmax(axis=1), hits.max(axis=1)
    pure = (most >= PURE * (hits.sum(axis=1) + in_others)) & (most >= classes.least_hits)
    covered = np.bincount(best[pure], weights=most[pure], minlength=len(classes.sizes))
    share = covered / classes.sizes
    code = int(share.argmax())
    if share[code] < COVERS:
        return None
    chosen = np.flatnonzero(pure & (best == code))
    return chosen[np.argsort(-most[chosen], kind="stable")], code
