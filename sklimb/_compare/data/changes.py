"""Columns of a test part that are other than what was learnt from, though they can be read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

from sklimb._compare.data.columns import Columns
from sklimb._compare.data.ranges import mostly_outside, range_notes
from sklimb._compare.data.sentinels import shown_value
from sklimb._compare.phrases import counted, first_few
from sklimb.feature_extraction._spelling import plain_text
from sklimb.feature_extraction.dates import read_dates

# Fewer rows say nothing; nor does what a random split would do once in a million times.
_LEAST = 10
_LUCK = 1e-6
# Gaps of so many more, or fewer, of the rows of a column that is mostly empty in one part.
_MORE_GAPS, _MOSTLY = 0.3, 0.5
# A value of so many rows, or of some that is further off than the known ones are apart.
_FREQUENT, _LEAST_FREQUENT, _LEAST_MARKS, _HARDLY = 0.05, 5, 3, 0.02
# Distance (Kolmogorov and Smirnov) from which on distributions have little in common, from which
# on another unit is tried, and up to which it fits.
_OTHERWISE, _TRIED, _FITS = 0.6, 0.3, 0.05
_FACTORS = {
    **{10.0**k: f"{10**k:,}" for k in (1, 2, 3, 6)},
    **{60.0: "60", 3600.0: "3,600"},  # seconds, minutes and hours
    **{2.54: "2.54", 2.20462: "2.2", 1.609344: "1.61", 3.28084: "3.28"},  # inches, pounds, miles
}
_LEAST_OF_SCALE = 10
_MOST_VALUES = 20_000
_TOLD = 3


def change_notes(
    X: Any, X_test: Any, left_out: Collection[Any], columns: Columns | None = None
) -> list[str]:
    """Say which columns of a test part are other than those that were learnt from.

    They are empty much more (or less) often, hold one value alone, hold one often that was never
    there, such as a mark for missing, are in another unit, or are distributed otherwise.

    Parameters
    ----------
    X, X_test : frame or array of shape (n_samples, n_features), or arrays of images
        With the same columns; of anything else nothing is said.
    left_out : collection
        Names of columns that are not learnt from.
    columns : Columns or None, default=None
        What the columns are: which of them hold dates, and how these are written.

    Returns
    -------
    notes : list of str
        Of each kind those of the first columns.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._compare.data.changes import change_notes
    >>> known = np.random.default_rng(0).lognormal(sigma=3, size=(400, 1))
    >>> [note] = change_notes(known, known[:200] * 1000, [])
    >>> note[:47]
    'column 0 is about 1,000 times in the test part '
    """
    if np.ndim(X) == 4 and np.ndim(X_test) == 4:
        return _pixel_notes(X, X_test)
    told: dict[Callable, dict[Any, str]] = {}
    for name, known, new in _pairs(X, X_test, columns):
        if name in left_out or min(len(known), len(new)) < _LEAST or new.isna().all():
            continue  # one that is all empty is told of where it is read
        for look in (_gaps, _constant, _marks, _unit, _otherwise):
            if note := look(name, known, new):
                told.setdefault(look, {})[name] = note
                break
    named = [name for found in told.values() for name in found]
    notes = range_notes(X, X_test, [*left_out, *named], columns)
    for found in told.values():
        notes += list(found.values())[:_TOLD]
        if more := list(found)[_TOLD:]:
            notes.append(f"so it is with {counted(len(more), 'more column')}: {first_few(more)}")
    return notes


def _pairs(X: Any, X_test: Any, columns: Columns | None) -> Iterator[tuple]:
    """Yield name and both parts of each column: numbers as floats, dates, and all else as it is."""
    if isinstance(X, np.ndarray) and isinstance(X_test, np.ndarray):
        if X.ndim == X_test.ndim == 2 and X.dtype.kind in "iufb" and X_test.dtype.kind in "iufb":
            for place, (known, new) in enumerate(zip(X.T, X_test.T, strict=False)):
                yield place, pd.Series(known.astype(float)), pd.Series(new.astype(float))
        return
    if not (isinstance(X, pd.DataFrame) and isinstance(X_test, pd.DataFrame)):
        return
    forms = {} if columns is None else columns.date_forms
    for name in X.columns.intersection(X_test.columns, sort=False):
        known, new = X[name], X_test[name]
        if name in forms:
            yield name, read_dates(known, forms[name]), read_dates(new, forms[name])
        elif known.dtype.kind in "iuf" and new.dtype.kind in "iuf":
            yield name, known.astype(float), new.astype(float)
        else:
            yield name, known.astype(object), new.astype(object)


def _gaps(name: Any, known: pd.Series, new: pd.Series) -> str:
    before, after = known.isna().mean(), new.isna().mean()
    if abs(after - before) < _MORE_GAPS or max(before, after) < _MOSTLY:
        return ""
    if not _is_no_luck(abs(after - before), len(known), len(new)):
        return ""
    return (
        f"column {name} is empty in {after:.0%} of the rows of the test part and in {before:.0%} "
        "of those that were learnt from: is it filled in at another time? compare with the figures "
        f"without it (--drop {name})"
    )


def _is_no_luck(distance: float, n_known: int, n_new: int) -> bool:
    """Return whether two shares, or distributions, are further apart than a random split is."""
    return 2 * np.exp(-2 * distance**2 * n_known * n_new / (n_known + n_new)) < _LUCK


def _constant(name: Any, known: pd.Series, new: pd.Series) -> str:
    there, before = new.dropna(), known.dropna()
    if len(there) < _LEAST or (there != there.iloc[0]).any():
        return ""
    same = int((before == there.iloc[0]).sum())
    if same == len(before) or mostly_outside(before, there):
        return ""
    if len(there) * np.log((same + 1) / (len(before) + 2)) > np.log(_LUCK):
        return ""
    return (
        f"column {name} holds {_shown(there.iloc[0])} in all rows of the test part that have a "
        f"value, and {before.nunique():,} values in those that were learnt from: is it filled in "
        "there?"
    )


def _marks(name: Any, known: pd.Series, new: pd.Series) -> str:
    there, before = new.dropna(), known.dropna()
    if known.dtype.kind not in "fM" or len(before) < _LEAST or mostly_outside(before, there):
        return ""  # new categories are told of where they are read
    counts = there.value_counts()
    least, largest = before.min(), before.max()
    least_rows = max(_FREQUENT * len(new), _LEAST_FREQUENT)
    marks = dict.fromkeys(counts.index[counts >= least_rows], False)
    for end in (there.min(), there.max()):
        gap = least - end if end < least else end - largest
        if gap > largest - least and least < largest and counts[end] >= _LEAST_MARKS:
            marks[end] = True
    for value, is_far in marks.items():
        n, n_before = int(counts[value]), int((before == value).sum())
        # So many of the known rows would have it, if it were as frequent there.
        expected = n / len(there) * len(before)
        if n_before <= _HARDLY * expected and (is_far or np.exp(-expected) < _LUCK):
            return (
                f"column {name} holds {_shown(value)} in {n:,} of {len(new):,} rows of the test "
                f"part, and in {n_before:,} of {len(known):,} that were learnt from: does it mark "
                "what is missing?"
            )
    return ""


def _shown(value: Any) -> str:
    if isinstance(value, (float, pd.Timestamp)):
        return shown_value(value)
    return repr(value) if isinstance(value, str) else plain_text(value)


def _sampled(values: pd.Series) -> np.ndarray:
    there = values.dropna().to_numpy()
    if len(there) <= _MOST_VALUES:
        return there
    return np.random.default_rng(0).choice(there, _MOST_VALUES, replace=False)


def _unit(name: Any, known: pd.Series, new: pd.Series) -> str:
    if known.dtype.kind != "f":
        return ""
    before, after = _sampled(known), _sampled(new)
    if len(np.unique(before)) < _LEAST_OF_SCALE or len(after) < _LEAST:
        return ""
    distance = ks_2samp(before, after).statistic
    if distance < _TRIED or not _is_no_luck(distance, len(before), len(after)):
        return ""
    tried = {
        factor: ks_2samp(before * factor, after, method="asymp").statistic
        for one in _FACTORS
        for factor in (one, 1 / one)
    }
    best = min(tried, key=lambda factor: tried[factor])
    luck = 1.36 * np.sqrt(1 / len(before) + 1 / len(after))
    if tried[best] > _FITS + luck or tried[best] > distance / 3:
        return ""
    times = f"{_FACTORS[best]} times" if best in _FACTORS else f"1/{_FACTORS[1 / best]} of"
    medians = f"median {np.median(after):g}, was {np.median(before):g}"
    return (
        f"column {name} is about {times} in the test part what it was in the rows that were learnt "
        f"from ({medians}): is it in another unit?"
    )


def _otherwise(name: Any, known: pd.Series, new: pd.Series) -> str:
    if known.dtype.kind != "f":
        return ""
    before, after = _sampled(known), _sampled(new)
    if min(len(before), len(after)) < _LEAST or mostly_outside(known, new):
        return ""
    distance = ks_2samp(before, after, method="asymp").statistic
    if distance < _OTHERWISE or not _is_no_luck(distance, len(before), len(after)):
        return ""
    return (
        f"column {name} is distributed otherwise in the test part (median {np.median(after):g}) "
        f"than in the rows that were learnt from (median {np.median(before):g}): compare with the "
        f"figures without it (--drop {name})"
    )


def _pixel_notes(X: np.ndarray, X_test: np.ndarray) -> list[str]:
    """Say that pixels are on another scale, as 0 to 1 and 0 to 255."""
    (low, high), (new_low, new_high) = ((float(A.min()), float(A.max())) for A in (X, X_test))
    ratio = (new_high - new_low) / (high - low) if high > low else 1.0
    below = min(low, new_low) < -0.05 * (high - low) and (low < 0) != (new_low < 0)
    if 0.05 < ratio < 20 and not below:
        return []
    return [
        f"pixels of the test part go from {new_low:g} to {new_high:g}, and those that were learnt "
        f"from go from {low:g} to {high:g}: bring both to one scale"
    ]
