"""Whether some values of a column are of one class alone, so that they say it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.data.one_class import (
    COVERS,
    PURE,
    Classes,
    Found,
    away_note,
    count_hits,
    make_classes,
    of_one_class,
    values_of_class,
)
from sklimb._compare.data.single_dates import dates_of_class
from sklimb._compare.phrases import first_few
from sklimb.feature_extraction._spelling import plain_text

# What so many rows have is the usual, and all else unusual.
_USUAL = 0.5
# Several marks in a cell, as in "A|B|CB"; no sentence, whose words have spaces between them.
_MARKS = re.compile(r"[^\s|;,]+(\s*[|;,]\s*[^\s|;,]+)*")
_BETWEEN = re.compile(r"\s*[|;,]\s*")
# A scale of so many numbers is no short one, as of grades: half of a class at its end is no chance.
_LONG_SCALE = 8
_COVERS_AT_END = 0.5
# Fewer rows have the same number by chance where things are measured.
_LEAST_OF_NUMBERS = 10


def value_of_class(name: Any, values: pd.Series, codes: np.ndarray, labels: np.ndarray) -> str:
    """Say that a column has some values in a rare class alone.

    Of numbers these are others than most rows have, such as 0, or stand between those of other
    classes: a short scale, as of grades, often has its ends in one class. Of dates they may be all
    behind some day, or a part, such as the time.

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
    classes = make_classes(codes, labels)
    if not classes.rare.any():
        return ""
    found, what = None, "has value{s} {given}"
    if values.dtype.kind == "M":
        found, what = dates_of_class(values, classes)
    elif values.dtype.kind in "iuf":
        found = _numbers(values, classes)
    elif values.dtype.kind not in "bm":
        found = values_of_class(values, classes) or _marks(values, classes)
    if not found:
        found, what = _other_than_usual(values, classes)
    if not found:
        return ""
    given, code, rows = found
    what = what.format(s="" if len(given) == 1 else "s", given=first_few(map(_shown, given), n=3))
    return away_note(f"column {name} {what}", code, rows, classes)


def _shown(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}" if value == value.normalize() else f"{value:%Y-%m-%d %H:%M}"
    return repr(value) if isinstance(value, str) else plain_text(value)


def _numbers(values: pd.Series, classes: Classes) -> Found | None:
    """Return numbers of one class alone, each of which covers enough of it.

    Of what is measured several values together are of one class by nature, and so are the ends of
    a short scale.
    """
    found = values_of_class(values, classes)
    if found is None:
        return None
    given, code, _ = found
    own = values[classes.codes == code]
    others = np.unique(values[classes.codes != code].dropna())
    others = others[~np.isin(others, given)]
    if not len(others):
        return None

    def tells(number: Any) -> bool:
        hits = (own == number).sum()
        covered = hits / len(own)
        if hits < _LEAST_OF_NUMBERS:
            return False
        if others[0] < number < others[-1]:
            return covered >= COVERS
        return len(others) >= _LONG_SCALE and covered >= _COVERS_AT_END

    given = [number for number in given if tells(number)]
    return (given, code, values.isin(given).to_numpy()) if given else None


def _marks(values: pd.Series, classes: Classes) -> Found | None:
    """Return marks of one class, where a cell has several."""
    different = [str(value) for value in values[classes.rare[classes.codes]].dropna().unique()]
    several = [value for value in different if _BETWEEN.search(value)]
    if not several or not all(_MARKS.fullmatch(value.strip()) for value in different):
        return None
    cells = values.astype(object).map(_split, na_action="ignore")
    own = pd.Series(cells.to_numpy(), index=classes.codes).explode().dropna()
    places, marks = pd.factorize(own)
    hits = count_hits(places, own.index.to_numpy(), len(marks), len(classes.sizes))
    in_others = hits[:, ~classes.rare].sum(axis=1)
    found = of_one_class(hits * classes.rare, in_others, classes)
    if found is None:
        return None
    given = list(marks[found[0]])
    wanted = set(given)
    rows = [isinstance(cell, list) and not wanted.isdisjoint(cell) for cell in cells]
    return given, found[1], np.array(rows)


def _split(cell: Any) -> list[str]:
    # Each mark once, so that a cell is counted once.
    return list(dict.fromkeys(_BETWEEN.split(str(cell).strip())))


def _other_than_usual(values: pd.Series, classes: Classes) -> tuple[Found | None, str]:
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
    pure = hits[code] >= PURE * rows.sum() and hits[code] >= classes.least_hits
    if not pure or hits[code] < COVERS * classes.sizes[code] or not classes.rare[code]:
        return None, ""
    others = values[rows].unique()
    if len(others) == 1:
        return ([others[0]], code, rows), "has value {given}"
    return ([top.iloc[0]], code, rows), "is other than {given}"
