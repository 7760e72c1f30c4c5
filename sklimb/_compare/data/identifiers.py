"""Columns whose values name the rows: identifiers, and numbers of rows."""

from __future__ import annotations

import re
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
_NAMES_OF_NUMBERS = re.compile(r"(.*[ _.-])?(id|idx|index|nr|no|row|rownum|key)|unnamed: \d+", re.I)


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
    >>> is_name_of_numbers("customer_id"), is_name_of_numbers("amount")
    (True, False)
    """
    return _NAMES_OF_NUMBERS.fullmatch(str(name)) is not None


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
