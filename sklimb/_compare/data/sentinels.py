"""Values that stand for missing ones: -999 among numbers from 0 to 14, 9999-12-31 among dates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

# Once is a slip; of fewer other values nobody knows how far apart they are.
_LEAST_MARKS = 2
_LEAST_OTHERS = 10
# Whole numbers from 0 on with one of these, and no other negative one, in so many of the rows.
_NEGATIVE = frozenset({-1.0, -2.0, -7.0, -8.0, -9.0})
_LEAST_NEGATIVE = 0.02
# Days that programs write where there is none: the first ones of Excel, Unix, .NET and databases,
# and the last ones that people can think of.
_DAYS = frozenset(
    pd.Timestamp(day).to_datetime64()
    for day in [
        *("0001-01-01", "1000-01-01", "1111-11-11", "1582-10-15", "1601-01-01", "1753-01-01"),
        *("1800-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1900-01-02", "1901-01-01"),
        *("1904-01-01", "1970-01-01", "1999-12-31", "2037-12-31", "2038-01-19", "2049-12-31"),
        *("2050-12-31", "2079-06-06", "2099-01-01", "2099-12-31", "2100-01-01", "2199-12-31"),
        *("2222-02-22", "2262-04-11", "2500-12-31", "2999-12-31", "3000-01-01", "3000-12-31"),
        *("4000-12-31", "5000-12-31", "8888-12-31", "9000-12-31", "9999-01-01", "9999-12-30"),
        *("9999-12-31",),
    ]
)
# Among dates on all sides, a day that is there so many times as often as any other is a mark.
_TIMES_AS_OFTEN = 5


def sentinel_note(name: Any, values: pd.Series) -> str:
    """Say that a column of numbers holds one that is likely to mark missing values.

    Such a number is written with nines alone (two at least), is there more than once, and lies
    further from all others than these are apart.

    Parameters
    ----------
    name : object
    values : Series of shape (n_samples,)

    Returns
    -------
    note : str
        Empty where there is none, and of what is no column of numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklimb._compare.data.sentinels import sentinel_note
    >>> sentinel_note("ph", pd.Series([6.5, 7.0, 7.5, 8.0] * 3 + [-999.0] * 2))[:72]
    'column ph holds -999 in 2 of 14 rows, far from its other values (6.5 to '
    """
    if values.dtype.kind not in "iuf":
        return ""
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return ""
    for mark in (numbers.min(), numbers.max()):
        others = numbers[numbers != mark]
        if not of_nines(mark) or len(others) < _LEAST_OTHERS:
            continue
        least, largest, n = others.min(), others.max(), len(numbers) - len(others)
        gap = least - mark if mark < least else mark - largest
        if n >= _LEAST_MARKS and gap > largest - least > 0:
            return (
                f"column {name} holds {mark:.0f} in {n:,} of {len(values):,} rows, far from its "
                f"other values ({least:g} to {largest:g}), and is learnt from so: where it marks "
                "what is missing, empty these cells"
            )
    return _only_negative(name, numbers, len(values))


def _only_negative(name: Any, numbers: np.ndarray, n_samples: int) -> str:
    """Say that a column of whole numbers from 0 on has one negative number, as -1, many times."""
    mark, others = numbers.min(), numbers[numbers >= 0]
    n = int((numbers == mark).sum())
    if mark not in _NEGATIVE or n + len(others) < len(numbers) or n < _LEAST_NEGATIVE * n_samples:
        return ""
    if n < _LEAST_MARKS or len(np.unique(others)) < _LEAST_OTHERS or (numbers % 1 != 0).any():
        return ""
    return (
        f"column {name} holds {mark:.0f} in {n:,} of {n_samples:,} rows, its only negative value, "
        "and is learnt from so: where it marks what is missing, empty these cells"
    )


def shown_value(value: Any) -> str:
    """Return a number or a day in few characters, whole numbers whole."""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:g}"


def of_nines(number: float) -> bool:
    """Return whether a number is written with nines alone, two at least.

    Examples
    --------
    >>> from sklimb._compare.data.sentinels import of_nines
    >>> of_nines(-999.0), of_nines(9.0)
    (True, False)
    """
    written = f"{abs(number):.6f}".removesuffix(".000000")
    return len(written) > 1 and set(written) == {"9"}


def date_sentinel_note(name: Any, dates: pd.Series) -> str:
    """Say that a column of dates holds a day that is likely to mark missing ones.

    Such a day is one that programs write where there is none, as 1900-01-01 or 9999-12-31, is there
    more than once, and lies further from all others than these are apart, or occurs many times as
    often as any of them.

    Parameters
    ----------
    name : object
    dates : Series of datetime64, shape (n_samples,)

    Returns
    -------
    note : str
        Empty where there is none.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklimb._compare.data.sentinels import date_sentinel_note
    >>> paid = [*pd.date_range("2024-01-01", periods=30), *[pd.Timestamp("1900-01-01")] * 2]
    >>> date_sentinel_note("paid", pd.Series(paid))[:76]
    'column paid holds 1900-01-01 in 2 of 32 rows, far from its other dates (2024'
    """
    # In nanoseconds there is no year 1601.
    counts = dates.astype("datetime64[us]").dt.normalize().value_counts()
    is_mark = counts.index.isin(_DAYS)
    others = counts[~is_mark]
    if not is_mark.any() or len(others) < _LEAST_OTHERS:
        return ""
    first, last = others.index.min(), others.index.max()
    found, is_far = [], True
    for day, n in counts[is_mark].sort_index().items():
        far = (first - day if day < first else day - last) > last - first
        if n >= _LEAST_MARKS and (far or n >= _TIMES_AS_OFTEN * others.iloc[0]):
            found.append(f"{day.date().isoformat()} in {n:,}")
            is_far &= far
    if not found:
        return ""
    how = "far from its other dates" if is_far else "far more often than any other date"
    return (
        f"column {name} holds {' and '.join(found)} of {len(dates):,} rows, {how} "
        f"({first:%Y-%m-%d} to {last:%Y-%m-%d}), and is learnt from so: where that marks what is "
        "missing, empty these cells"
    )
