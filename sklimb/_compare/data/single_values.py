"""Whether some values of a column are of one class alone, so that they say it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.phrases import first_few
from sklimb.feature_extraction._spelling import plain_text

# Cells that one class alone has: in so large a share of these rows, and of the rows of that class.
PURE = 0.98
COVERS = 0.3
LEAST_HITS = 5
# Among many classes some value is of one by chance: on a real table of five, all 8 cars of a make.
_LEAST_OF_MANY_CLASSES = 10
# A class is rare that is at most so large a part of the largest: of classes about as large as the
# others the values of ordinary columns are often of one alone.
_RARE = 0.5
# What so many rows have is the usual, and all else unusual.
_USUAL = 0.5
# Several marks in a cell, as in "A|B|CB"; no sentence, whose words have spaces between them.
_MARKS = re.compile(r"[^\s|;,]+(\s*[|;,]\s*[^\s|;,]+)*")
_BETWEEN = re.compile(r"\s*[|;,]\s*")
# What was found, the class, and the rows that have it.
_Found = tuple[list, int, np.ndarray]


def value_of_class(name: Any, values: pd.Series, codes: np.ndarray, labels: np.ndarray) -> str:
    """Say that a column has some values in a rare class alone.

    Of numbers that is whether they are another one than most rows have, such as 0: a scale of
    whole numbers often has its ends in one class.

    Parameters
    ----------
    name : object
    values : Series of shape (n_samples,)
        Numbers, dates, text, truth values or categories; missing ones are no values.
    codes : ndarray of shape (n_samples,)
        Class of each row, a position in `labels`.
    labels : ndarray of shape (n_classes,)

    Returns
    -------
    note : str
        Empty where there are none, or these are few.
    """
    sizes = np.bincount(codes, minlength=len(labels))
    rare = sizes <= _RARE * sizes.max()
    if not rare.any():
        return ""
    table = _Classes(codes, sizes, rare)
    found = None
    if values.dtype.kind not in "biufmM":
        found = _values(values, table) or _marks(values, table)
    what = "has value{s} {given}"
    if not found:
        found, what = _other_than_usual(values, table)
    if not found:
        return ""
    given, code, rows = found
    hits = int((codes[rows] == code).sum())
    pure = "only" if hits == rows.sum() else "nearly only"
    what = what.format(s="" if len(given) == 1 else "s", given=first_few(map(_shown, given), n=3))
    return (
        f"column {name} {what} {pure} in rows of class {labels[code]!s} (in {hits:,} of its "
        f"{sizes[code]:,}), which gives the class away: if it is filled in when the class is "
        "known, drop it"
    )


@dataclass(frozen=True)
class _Classes:
    """Class of each row, rows of each class, and which classes are rare."""

    codes: np.ndarray
    sizes: np.ndarray
    rare: np.ndarray


def _shown(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return repr(value) if isinstance(value, str) else plain_text(value)


def _values(values: pd.Series, classes: _Classes) -> _Found | None:
    """Return values of one class."""
    rare = classes.rare[classes.codes]
    own, different = pd.factorize(values[rare], use_na_sentinel=True)
    hits = _hits(own, classes.codes[rare], len(different), len(classes.sizes))
    often = hits.max(axis=1, initial=0) >= _least(classes)
    if not often.any():  # names, for one
        return None
    candidates = different[often]
    # How often the other classes have them: the one look at all rows.
    place = pd.Index(candidates).get_indexer(pd.Index(values[~rare]))
    in_others = np.bincount(place[place >= 0], minlength=len(candidates))
    found = _of_one_class(hits[often], in_others, classes)
    if found is None:
        return None
    chosen, code = found
    given = list(candidates[chosen])
    return given, code, values.isin(given).to_numpy()


def _marks(values: pd.Series, classes: _Classes) -> _Found | None:
    """Return marks of one class, where a cell has several."""
    different = [str(value) for value in values[classes.rare[classes.codes]].dropna().unique()]
    several = [value for value in different if _BETWEEN.search(value)]
    if not several or not all(_MARKS.fullmatch(value.strip()) for value in different):
        return None
    cells = values.astype(object).map(_split, na_action="ignore")
    own = pd.Series(cells.to_numpy(), index=classes.codes).explode().dropna()
    places, marks = pd.factorize(own)
    hits = _hits(places, own.index.to_numpy(), len(marks), len(classes.sizes))
    in_others = hits[:, ~classes.rare].sum(axis=1)
    found = _of_one_class(hits * classes.rare, in_others, classes)
    if found is None:
        return None
    given = list(marks[found[0]])
    wanted = set(given)
    rows = [isinstance(cell, list) and not wanted.isdisjoint(cell) for cell in cells]
    return given, found[1], np.array(rows)


def _split(cell: Any) -> list[str]:
    # Each mark once, so that a cell is counted once.
    return list(dict.fromkeys(_BETWEEN.split(str(cell).strip())))


def _hits(own: np.ndarray, codes: np.ndarray, n_values: int, n_classes: int) -> np.ndarray:
    """Return how many rows of each class (column) have each value (row)."""
    own, codes = own[own >= 0], codes[own >= 0]
    counts = np.bincount(own * n_classes + codes, minlength=n_values * n_classes)
    return counts.reshape(n_values, n_classes)


def _least(classes: _Classes) -> int:
    return LEAST_HITS if len(classes.sizes) == 2 else _LEAST_OF_MANY_CLASSES


def _of_one_class(
    hits: np.ndarray, in_others: np.ndarray, classes: _Classes
) -> tuple[np.ndarray, int] | None:
    """Return which values are of one class and cover enough of it, most frequent first."""
    best, most = hits.argmax(axis=1), hits.max(axis=1)
    pure = (most >= PURE * (hits.sum(axis=1) + in_others)) & (most >= _least(classes))
    covered = np.bincount(best[pure], weights=most[pure], minlength=len(classes.sizes))
    share = covered / classes.sizes
    code = int(share.argmax())
    if share[code] < COVERS:
        return None
    chosen = np.flatnonzero(pure & (best == code))
    return chosen[np.argsort(-most[chosen], kind="stable")], code


def _other_than_usual(values: pd.Series, classes: _Classes) -> tuple[_Found | None, str]:
    """Return what most rows have where all others are of one class, as an amount that is 0."""
    top = values.iloc[:1000].mode()
    if not len(top):
        return None, ""
    usual = (values == top.iloc[0]).to_numpy(dtype=bool, na_value=False)
    rows = ~usual & values.notna().to_numpy()
    if usual.mean() < _USUAL:
        return None, ""
    hits = np.bincount(classes.codes[rows], minlength=len(classes.sizes))
    code = int(hits.argmax())
    pure = hits[code] >= PURE * rows.sum() and hits[code] >= _least(classes)
    if not pure or hits[code] < COVERS * classes.sizes[code] or not classes.rare[code]:
        return None, ""
    others = values[rows].unique()
    if len(others) == 1:
        return ([others[0]], code, rows), "has value {given}"
    return ([top.iloc[0]], code, rows), "is other than {given}"
