"""Columns that deserve a word: they repeat the labels, number the rows, or say nothing."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from sklimb._compare.phrases import first_few

# A copy of the labels, or an identifier, may have so many rows that say otherwise, and at least one
# identifier; of no class may it miss more than that.
_SLIPS = 0.01
_SLIPS_OF_CLASS = 0.25
# The more values a column has for its rows, the more of the labels it says by chance.
_ROWS_PER_VALUE = 10
# Numbers of rows leave out so few, as where some rows were dropped.
_GAPS = 0.05
# In fewer rows everything happens by chance.
_LEAST_ROWS = 10
_NAMES_OF_NUMBERS = re.compile(r"(.*[ _.-])?(id|idx|index|nr|no|row|rownum|key)|unnamed: \d+", re.I)


def column_notes(X: Any, y: np.ndarray) -> list[str]:
    """Say which columns give the labels away, number the rows, or are the same in all rows.

    Parameters
    ----------
    X : frame, ndarray, sparse matrix or array of texts, of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)

    Returns
    -------
    notes : list of str
    """
    if sparse.issparse(X) or np.ndim(X) != 2 or len(y) < _LEAST_ROWS:
        return []
    codes = np.unique(y, return_inverse=True)[1]
    notes, counts, constant = [], [], []
    for name, values in _columns(X):
        if _is_constant(values):
            constant.append(name)
        elif copy := _copy_note(name, values, codes):
            notes.append(copy)
        elif _counts_rows(name, values):
            counts.append(name)
    notes += [
        f"column {name} numbers the rows, as an identifier does: drop it unless the order of the "
        "rows means something"
        for name in counts
    ]
    if constant:
        holds = "columns {} hold" if len(constant) > 1 else "column {} holds"
        notes.append(f"{holds.format(first_few(constant))} the same value in all rows")
    return notes


def _columns(X: Any):
    if hasattr(X, "iloc"):
        yield from X.items()
    else:
        for place in range(X.shape[1]):
            yield place, pd.Series(X[:, place])


def _is_constant(values: pd.Series) -> bool:
    # Without looking at all of a column that changes at once.
    if values.iloc[:50].nunique(dropna=False) > 1:
        return False
    return bool((values == values.iloc[0]).all())  # never where the first is missing


def _copy_note(name: Any, values: pd.Series, codes: np.ndarray) -> str:
    """Say that each value of a column stands for one class; empty where it does not."""
    n_samples, n_classes = len(codes), int(codes.max()) + 1
    limit = max(n_classes, n_samples // _ROWS_PER_VALUE)
    if n_classes > n_samples / 2 or values.iloc[:1000].nunique(dropna=False) > limit:
        return ""
    own, different = pd.factorize(values, use_na_sentinel=False)
    if len(different) > limit:
        return ""
    wrong = _rows_of_another_class(own.astype(np.int64), codes, n_classes)
    sizes = np.bincount(codes, minlength=n_classes)
    if wrong.sum() > _SLIPS * n_samples or (wrong > _SLIPS_OF_CLASS * sizes).any():
        return ""
    rows = "every row" if not wrong.any() else f"all but {wrong.sum():,} of {n_samples:,} rows"
    each = "one value" if len(different) == n_classes else "several values"
    return (
        f"column {name} says the class in {rows}, {each} for each: is it the target under another "
        "name, or made from it? then drop it"
    )


def _rows_of_another_class(own: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Return, for each class, the rows whose value mostly stands for another class."""
    pairs, counts = np.unique(own * n_classes + codes, return_counts=True)
    value, label = pairs // n_classes, pairs % n_classes
    order = np.lexsort((-counts, value))
    first = np.r_[True, np.diff(value[order]) > 0]  # the most frequent class of each value
    others = order[~first]
    return np.bincount(label[others], weights=counts[others], minlength=n_classes).astype(int)


def _counts_rows(name: Any, values: pd.Series) -> bool:
    """Return whether a column of whole numbers names the rows.

    It is a run of such numbers in any order, with few gaps, or never repeats and is called so; one
    cell in a hundred (one at least) may be empty or repeat.
    """
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
    return run or _NAMES_OF_NUMBERS.fullmatch(str(name)) is not None
