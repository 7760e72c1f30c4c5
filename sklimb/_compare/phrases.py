"""Phrases that errors and notes are made of: lists cut short, counts, and what was likely meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd


def first_few(items: Iterable[Any], n: int = 6) -> str:
    """Return the first `n` items separated by commas, and how many more there are.

    Examples
    --------
    >>> first_few("abcd", n=2)
    'a, b and 2 more'
    """
    texts = list(map(str, items))
    return ", ".join(texts[:n]) + (f" and {len(texts) - n} more" if len(texts) > n else "")


def counted(n: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is 1.

    Examples
    --------
    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def listed(labels: Iterable[Any]) -> str:
    """Return class labels sorted and cut after six, in quotes if one has a comma.

    Examples
    --------
    >>> listed("ba")
    'classes a, b'
    """
    names = sorted(map(str, labels))
    if any("," in name for name in names):
        names = list(map(repr, names))
    return f"class{'es' if len(names) > 1 else ''} {first_few(names)}"


def first_hit(hit: np.ndarray, cells: pd.Series) -> str:
    """Return which is the first of the rows where `hit` is true, and its cell.

    Examples
    --------
    >>> first_hit(np.array([False, True]), pd.Series(["1", "x"]))
    "the first: row 2, 'x'"
    """
    first = int(hit.argmax())
    return f"the first: row {first + 1}, {cells.iloc[first]!r}"


def likely(name: str, known: Iterable[Any]) -> str:
    """Return a question that names the known names most like `name`, empty if none is similar.

    Examples
    --------
    >>> likely("smot", ["smote", "plain"])
    "did you mean 'smote'?"
    """
    by_lower = {str(k).lower(): str(k) for k in known}
    close = get_close_matches(str(name).lower(), by_lower, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(repr(by_lower[k]) for k in close)}?" if close else ""


def nearest(name: str, known: Iterable[Any]) -> str:
    """Return `likely` or, if no name is similar, a sentence that lists what is known.

    Examples
    --------
    >>> nearest("x", ["smote", "plain"])
    "there are 'smote', 'plain'"
    """
    known = list(map(str, known))
    return likely(name, known) or f"there are {first_few(map(repr, known), n=12)}"
