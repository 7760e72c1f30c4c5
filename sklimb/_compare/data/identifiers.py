"""Columns whose values name the rows: identifiers, and numbers of rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

# In fewer rows everything happens by chance.
LEAST_ROWS = 10
# One identifier in a hundred may be missing or repeat, and one in any case.
_SLIPS = 0.01
# Numbers of rows leave out so few, as where some rows were dropped.
_GAPS = 0.05
# Text of which so large a share of rows has a value of its own says nothing of other rows.
_ALONE = 0.95
# Codes of many rows have few shapes, and no words.
_SHAPES = 0.2
_WORDS = 0.5
_DIGITS = re.compile(r"\d")
_LETTERS = re.compile(r"[^\W\d_]")
_HUMPS = re.compile(r"(?<=[a-zäöüß])(?=[A-Z])")
_NAMES_OF_NUMBERS = re.compile(
    r"(.*[ _.-])?(id|idx|index|nr|no|row|rownum|key|nummer)|unnamed: \d+", re.I
)


def counts_rows(name: Any, values: pd.Series) -> bool:
    """Return whether a column of whole numbers names the rows.

    It is a run of such numbers in any order, with few gaps, or never repeats and is called so; one
    cell in a hundred (one at least) may be empty or repeat.

    Parameters
    ----------
    name : object
    values : Series of shape (n_samples,)

    Returns
    -------
    answer : bool
    """
    if len(values) < LEAST_ROWS:
        return False
    if not pd.api.types.is_numeric_dtype(values) or values.dtype.kind not in "iuf":
        return False
    slips = max(1, int(_SLIPS * len(values)))
    top = values.iloc[:1000]
    if top.nunique() < len(top) - slips:
        return False
    numbers = values.dropna().to_numpy()
    different = np.unique(numbers)
    if len(different) < len(values) - slips:
        return False
    if numbers.dtype.kind == "f" and not np.array_equal(numbers, np.floor(numbers)):
        return False
    span = float(different[-1]) - float(different[0]) + 1
    run = span <= (1 + _GAPS) * len(values) + slips
    return run or is_name_of_numbers(name)


def is_name_of_numbers(name: Any) -> bool:
    """Return whether a column is called as those that number or name things are.

    Examples
    --------
    >>> (
    ...     is_name_of_numbers("customer_id"),
    ...     is_name_of_numbers("KundenNr"),
    ...     is_name_of_numbers("paid"),
    ... )
    (True, True, False)
    """
    return _NAMES_OF_NUMBERS.fullmatch(in_words(name)) is not None


def in_words(name: Any) -> str:
    """Return the name of a column with its words apart.

    Examples
    --------
    >>> in_words("CustomerID"), in_words("customer_id")
    ('Customer_ID', 'customer_id')
    """
    return _HUMPS.sub("_", str(name))


def are_grouped_codes(values: Sequence[str]) -> bool:
    """Return whether texts are codes written in groups, as account numbers are, and no words.

    Parameters
    ----------
    values : sequence of str
        Different ones.

    Returns
    -------
    answer : bool
        Whether all have digits, few differ in where letters and digits stand, and hardly any
        part is a word.

    Examples
    --------
    >>> from sklimb._compare.data.identifiers import are_grouped_codes
    >>> are_grouped_codes(["DE89 3704 0044 0532 0130 00", "DE75 5121 0800 1245 1261 99"])
    True
    """
    if not values or not all(any(c.isdigit() for c in value) for value in values):
        return False
    shapes = {_LETTERS.sub("a", _DIGITS.sub("0", value)) for value in values}
    words = [sum(len(part) > 2 and part.isalpha() for part in value.split()) for value in values]
    return len(shapes) <= max(1, _SHAPES * len(values)) and sum(words) < _WORDS * len(values)


def names_rows(alone: float, n_values: int) -> bool:
    """Return whether text with a share of values that do not repeat names the rows.

    Parameters
    ----------
    alone : float
        Share of the rows, of those with a value, whose value no other row has.
    n_values : int
        Different values.

    Returns
    -------
    answer : bool
    """
    return n_values >= LEAST_ROWS and alone >= _ALONE
