"""Numbers with marks at them, and times of day and durations, where all of a column are such."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.data.marks import unmarked
from sklimb._compare.data.spelling import NumberFormat, is_code, number_formats
from sklimb._compare.data.units import FEW, formats_with_unit
from sklimb._compare.phrases import first_hit

_LEAST_BARE = 3
# 1:05:00 and 1:05, or with days before it; 2h 5m.
_CLOCKS = [
    re.compile(r"-?(?:\d+ days?,? )?\d{1,4}:[0-5]\d:[0-5]\d(?:\.\d+)?", re.A),
    re.compile(r"\d{1,4}:[0-5]\d", re.A),
    re.compile(
        r"-?(?:\d+(?:\.\d+)? ?(?:days?|d|hours?|hrs?|hr|h|minutes?|mins?|min|m|seconds?|secs?|sec|s"
        r"|ms)(?:,? |(?=\d)|$))+",
        re.A,
    ),
]

# Not 030 123, a telephone.
_SHOWN = 30
_NUMBER = r"[-+]?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?"
_SEVERAL = re.compile(
    rf"[\[(]?\s*{_NUMBER}(?:\s*[/;|,x×]\s*{_NUMBER}|\s+{_NUMBER})+\s*[\])]?", re.A
)


def formats_with_marks(cells: Sequence[str], few: bool = False) -> list[NumberFormat]:
    """Return all the ways in which every one of some cells is a number, some of them with marks.

    Parameters
    ----------
    cells : sequence of str
        Different values, none of them missing, without spaces around them.
    few : bool, default=False
        Whether few different values may be numbers, too; of few, categories lose little.

    Returns
    -------
    formats : list of NumberFormat
        Empty where what is beneath the marks is no number, or hardly any cell is without a bound:
        these are ranges (``<18``, ``>=18``). Letters for thousands are such beside others, or bare
        numbers.

    Examples
    --------
    >>> [way] = formats_with_marks([f"{i}.5" for i in range(20)] + ["<0.1"])
    >>> way.marks
    ('bound',)
    """
    if not few and len(cells) <= FEW:
        return []
    parts = [unmarked(cell) for cell in cells]
    marks = frozenset().union(*(found for _, found, _ in parts))
    if not marks:
        return []
    bounded = sum("bound" in found for _, found, _ in parts)
    bare = len(cells) - bounded
    if "bound" in marks and not few and bare < max(_LEAST_BARE, bounded):
        return []
    letters = {exponent for _, _, exponent in parts}
    if "letter" in marks and not _multiply(letters, cells):
        return []
    texts = [text for text, _, _ in parts]
    if is_code(texts):
        return []
    ways = number_formats(texts) or formats_with_unit(texts)
    return [replace(way, marks=tuple(sorted(marks))) for way in ways]


def _multiply(exponents: set[int], cells: Sequence[str]) -> bool:
    """Return whether letters behind numbers multiply them, and are no unit such as metres."""
    if len(exponents - {0}) > 1:
        return True
    # 12k beside 950; 300K beside 280 may be Kelvin, and 12M months.
    plain = exponents == {0, 3} and not any(cell.endswith("K") for cell in cells)
    return plain or (len(exponents) > 1 and any(re.search("[$€£¥]", cell) for cell in cells))


def clock_formats(cells: Sequence[str], few: bool = False) -> list[NumberFormat]:
    """Return the way in which every one of some cells is a time of day or a duration.

    Parameters
    ----------
    cells : sequence of str
        Different values, none of them missing, without spaces around them.
    few : bool, default=False
        Whether few different values may be such, too.

    Returns
    -------
    formats : list of NumberFormat
        At most one. Empty where two parts stand beside three, as 59:59 beside 1:02:03: whether
        these are minutes or hours nobody knows.

    Examples
    --------
    >>> [way] = clock_formats([f"{i}h 5m" for i in range(20)])
    >>> way.clock, clock_formats(["59:59", "1:02:03"] * 20)
    (True, [])
    """
    if not few and len(cells) <= FEW:
        return []
    if not any(all(map(form.fullmatch, cells)) for form in _CLOCKS):
        return []
    way = NumberFormat(clock=True)
    return [way] if way.read(pd.Series(list(cells), dtype=object)).notna().all() else []


def mark_notes(name: Any, way: NumberFormat, raw: pd.Series) -> list[str]:
    """Say what became of marks at numbers, and of times.

    Parameters
    ----------
    name : object
    way : NumberFormat
    raw : Series of str, shape (n_samples,)
        As written.

    Returns
    -------
    notes : list of str
        At most one.
    """
    if not (way.marks or way.clock):
        return []
    text = raw.str.strip()
    marked = {cell: bool(way.clock or unmarked(cell)[1]) for cell in text.unique() if cell}
    hit = text.map(marked).fillna(False).to_numpy(dtype=bool)
    if not hit.any():
        return []
    first = text.iloc[int(hit.argmax())]
    value = way.read(pd.Series([first], dtype=object)).iloc[0]
    what = "times" if way.clock else "numbers with marks"
    unit = " seconds" if way.clock else ""
    return [
        f"column {name} holds {what} in {hit.sum():,} of {len(hit):,} values "
        f"({first_hit(hit, text)}), read as numbers: {first!r} as {value:.10g}{unit} "
        f"(--category {name} keeps them as values)"
    ]


def is_marked_number(cell: str) -> bool:
    """Return whether a text is a number with marks at it, or a time.

    Examples
    --------
    >>> is_marked_number("< 0.5"), is_marked_number("2h 5m"), is_marked_number("<b>")
    (True, True, False)
    """
    return bool(formats_with_marks([cell], few=True) or clock_formats([cell], few=True))


def read_marked(
    cells: pd.Series, way: NumberFormat
) -> tuple[pd.Series, pd.Series, np.ndarray] | None:
    """Take marks away from cells of a second table.

    Parameters
    ----------
    cells : Series of str
        Without missing ones.
    way : NumberFormat
        Of the first table. Letters are taken for thousands only where it has them.

    Returns
    -------
    found : (Series of str, Series of float, ndarray of bool) or None
        The cells without marks, what to multiply the numbers by, and which had a bound or margin.
        None where no cell has a mark.
    """
    parts = {cell: unmarked(cell) for cell in cells.unique()}
    if "letter" not in way.marks:
        parts = {c: (c, found, 0) if "letter" in found else (text, found, 0)
                 for c, (text, found, _) in parts.items()}  # fmt: skip
    # Only what is a number then.
    parts = {c: p for c, p in parts.items() if p[0] != c and (number_formats([p[0]]) or way.affix)}
    if not parts:
        return None
    texts = cells.map({cell: text for cell, (text, _, _) in parts.items()})
    factors = cells.map({cell: 10.0**exponent for cell, (_, _, exponent) in parts.items()})
    bounded = cells.isin([cell for cell, (_, found, _) in parts.items() if found - {"letter"}])
    return texts.where(texts.notna(), cells), factors.fillna(1.0), bounded.to_numpy()


def are_number_lists(values: Collection[str]) -> bool:
    """Return whether cells are lists of numbers whose places mean something, and no words.

    Parameters
    ----------
    values : collection of str
        Different ones, none of them missing.

    Returns
    -------
    answer : bool
        Whether there are equally many numbers in each, or fractions among them: lists of whole
        numbers of any length may be numbers of things.

    Examples
    --------
    >>> are_number_lists(["0 12 255", "7 8 9"]), are_number_lists(["12 45", "45 7 8"])
    (True, False)
    """
    if not values or not all(map(_SEVERAL.fullmatch, values)):
        return False
    lengths = {len(re.findall(_NUMBER, value)) for value in values}
    return len(lengths) == 1 or any("." in value for value in values)


def pair_notes(name: Any, values: Collection[str]) -> list[str]:
    """Say that each cell of a column holds several numbers, as 120/80 or lists.

    Parameters
    ----------
    name : object
    values : collection of str
        Different ones, none of them missing.

    Returns
    -------
    notes : list of str
        At most one.
    """
    if len(values) <= FEW or not all(map(_SEVERAL.fullmatch, values)):
        return []
    first = next(iter(values))
    shown = first if len(first) <= _SHOWN else first[:_SHOWN] + "..."
    return [
        f"column {name} holds several numbers in each cell (such as {shown!r}), so it was not read "
        "as numbers: make a column of each of them"
    ]
