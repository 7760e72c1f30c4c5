"""Numbers and dates of a test part that are nowhere near those of the training part."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.data.columns import Columns
from sklimb.feature_extraction.dates import UNITS, read_dates

# Fewer values say nothing.
_LEAST = 10
# Of ordinary columns some values are outside, of one in another unit most are.
_MOST = 0.5
_TOLD = 3


def range_notes(
    X: Any, X_test: Any, left_out: Collection[Any], columns: Columns | None = None
) -> list[str]:
    """Say which columns hold mostly numbers, or dates, outside of what was learnt from.

    Parameters
    ----------
    X, X_test : frame or array of shape (n_samples, n_features)
        With the same columns; of anything else nothing is said.
    left_out : collection
        Names of columns that are not learnt from.
    columns : Columns or None, default=None
        What the columns are: which of them hold dates, and how these are written.

    Returns
    -------
    notes : list of str
        Of the first such columns.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._compare.data.ranges import range_notes
    >>> grams = np.linspace(1, 9, 20)[:, None]
    >>> [note] = range_notes(grams, 1000 * grams, [])
    >>> note[:79]
    'column 0: 20 of 20 values of the test part lie outside those of the training pa'
    """
    notes = []
    for name, known, new in _columns(X, X_test):
        known, there = known[~np.isnan(known)], ~np.isnan(new)
        if name in left_out or not len(known) or there.sum() < _LEAST:
            continue
        least, largest = known.min(), known.max()
        outside = there & ((new < least) | (new > largest))
        if outside.sum() <= _MOST * there.sum():
            continue
        first = int(outside.argmax())
        notes.append(
            f"column {name}: {outside.sum():,} of {there.sum():,} values of the test part lie "
            f"outside those of the training part ({least:g} to {largest:g}; the first: row "
            f"{first + 1}, {new[first]:g}): another unit, a mark for missing, or a later time?"
        )
    notes += _date_notes(X, X_test, columns) if columns is not None else []
    more = len(notes) - _TOLD
    return notes[:_TOLD] + ([f"so it is with {more:,} more columns"] if more > 0 else [])


def mostly_outside(known: pd.Series, new: pd.Series) -> bool:
    """Return whether most values of a column lie outside those that were learnt from.

    Parameters
    ----------
    known, new : Series
        Numbers, or dates; nothing else has an outside.

    Returns
    -------
    answer : bool
    """
    if known.dtype.kind not in "iufM" or new.dtype.kind not in "iufM" or not known.notna().any():
        return False
    there = new.dropna()
    outside = (there < known.min()) | (there > known.max())
    return len(there) >= _LEAST and bool(outside.mean() > _MOST)


def _date_notes(X: pd.DataFrame, X_test: pd.DataFrame, columns: Columns) -> list[str]:
    notes = []
    for name in columns.of_kind("date"):
        form = columns[name].date and columns[name].date.format
        if form in UNITS:
            continue  # numbers, told of as such
        known, new = read_dates(X[name], form), read_dates(X_test[name], form)
        outside = ((new < known.min()) | (new > known.max())).to_numpy()
        there = int(new.notna().sum())
        if there < _LEAST or outside.sum() <= _MOST * there:
            continue
        first = int(outside.argmax())
        notes.append(
            f"column {name}: {outside.sum():,} of {there:,} dates of the test part lie outside "
            f"those of the training part ({known.min():%Y-%m-%d} to {known.max():%Y-%m-%d}; the "
            f"first: row {first + 1}, {new.iloc[first]:%Y-%m-%d}): nothing was learnt of these "
            f"days; compare with the figures without the column (--drop {name})"
        )
    return notes


def _columns(X: Any, X_test: Any) -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
    """Yield the name and both parts of each column of numbers."""
    if isinstance(X, np.ndarray) and isinstance(X_test, np.ndarray):
        if X.ndim == X_test.ndim == 2 and X.dtype.kind in "iuf" and X_test.dtype.kind in "iuf":
            for place, (known, new) in enumerate(zip(X.T, X_test.T, strict=False)):
                yield place, known.astype(float), new.astype(float)
        return
    if not (isinstance(X, pd.DataFrame) and isinstance(X_test, pd.DataFrame)):
        return
    for name in X.columns.intersection(X_test.columns):
        if X[name].dtype.kind in "iuf" and X_test[name].dtype.kind in "iuf":
            yield name, _floats(X[name]), _floats(X_test[name])


def _floats(column: pd.Series) -> np.ndarray:
    return column.to_numpy(dtype=float, na_value=np.nan)
