"""Columns and texts that deserve a word: they give labels away, number rows, or say nothing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from sklimb._compare.data.columns import Columns
from sklimb._compare.data.identifiers import LEAST_ROWS, counts_rows
from sklimb._compare.data.one_class import make_classes
from sklimb._compare.data.sentinels import sentinel_note
from sklimb._compare.data.single_columns import almost_notes, says_class
from sklimb._compare.data.single_words import has_words, word_note
from sklimb._compare.phrases import first_few
from sklimb.feature_extraction.dates import read_dates

# A copy of the labels may have so many rows that say otherwise; of no class may it miss more than
# that.
_SLIPS = 0.01
_SLIPS_OF_CLASS = 0.25
# The more values a column has for its rows, the more of the labels it says by chance.
_ROWS_PER_VALUE = 10


def column_notes(
    X: Any, y: np.ndarray, left_out: Collection[Any] = (), columns: Columns | None = None
) -> list[str]:
    """Say which columns give labels away, number rows, are constant or mark gaps by numbers.

    Parameters
    ----------
    X : frame, ndarray, sparse matrix or array of texts, of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    left_out : collection, default=()
        Columns that are not learnt from, of which nothing is to be said.
    columns : Columns or None, default=None
        What the columns of a frame are: which hold dates, and how these are written.

    Returns
    -------
    notes : list of str
    """
    if len(y) < LEAST_ROWS:
        return []
    labels, codes = np.unique(y, return_inverse=True)
    classes = make_classes(codes, labels)
    if np.ndim(X) == 1 and not sparse.issparse(X):
        texts = pd.Series(X)
        word = word_note("the texts have", texts, classes, "text") if has_words(texts) else ""
        return [word] if word else []
    if sparse.issparse(X) or np.ndim(X) != 2:
        return []
    notes, counts, constant = [], [], []
    scores: dict[Any, float] = {}
    forms = {} if columns is None else columns.date_forms
    for name, values in _columns(X, set(left_out)):
        if _is_constant(values):
            constant.append(name)
        elif copy := _copy_note(name, values, codes):
            notes.append(copy)
        elif counts_rows(name, values):
            counts.append(name)
        else:
            if name in forms:  # as methods see them, not as they are written
                values = read_dates(values, forms[name])
            away, score = says_class(name, values, codes, labels, X.shape[1])
            if not away and has_words(values):
                away = word_note(f"column {name} has", values, classes)
            notes += [away] if away else []
            scores |= {} if away else {name: score}
            marks = sentinel_note(name, values)
            notes += [marks] if marks else []
    notes += almost_notes(scores)
    notes += [
        f"column {name} numbers the rows, as an identifier does: drop it unless the order of the "
        "rows means something"
        for name in counts
    ]
    if constant:
        holds = "columns {} hold" if len(constant) > 1 else "column {} holds"
        notes.append(f"{holds.format(first_few(constant))} the same value in all rows")
    return notes


def _columns(X: Any, left_out: set):
    if hasattr(X, "iloc"):
        yield from ((name, values) for name, values in X.items() if name not in left_out)
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
