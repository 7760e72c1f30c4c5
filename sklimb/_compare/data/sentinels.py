"""Numbers and dates that stand for missing values: -999 among values from 0 to 14."""

from __future__ import annotations

from typing import Any

import pandas as pd

# Once is a slip; of fewer other values nobody knows how far apart they are.
_LEAST_MARKS = 2
_LEAST_OTHERS = 10


def sentinel_note(name: Any, values: pd.Series) -> str:
    """Say that a column of numbers or dates holds one that is likely to mark missing values.

    Such a number is written with nines alone (two at least), such a date is the first or last day
    of a year. It is there more than once, and lies further from all others than these are apart.

    Parameters
    ----------
    name : object
    values : Series of shape (n_samples,)

    Returns
    -------
    note : str
        Empty where there is none, and of other columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklimb._compare.data.sentinels import sentinel_note
    >>> sentinel_note("ph", pd.Series([6.5, 7.0, 7.5, 8.0] * 3 + [-999.0] * 2))[:72]
    'column ph holds -999 in 2 of 14 rows, far from its other values (6.5 to '
    """
    if values.dtype.kind not in "iufM":
        return ""
    is_mark, there = _ends_year, values.dropna()
    if values.dtype.kind != "M":
        # As floats, of which no difference overflows.
        is_mark, there = _of_nines, there.astype(float)
    for mark in (there.min(), there.max()) if len(there) else ():
        others = there[there != mark]
        if not is_mark(mark) or len(others) < _LEAST_OTHERS:
            continue
        least, largest, n = others.min(), others.max(), len(there) - len(others)
        gap = least - mark if mark < least else mark - largest
        if n >= _LEAST_MARKS and gap > largest - least and least < largest:
            others_are = f"{shown_value(least)} to {shown_value(largest)}"
            return (
                f"column {name} holds {shown_value(mark)} in {n:,} of {len(values):,} rows, far "
                f"from its other values ({others_are}), and is learnt from so: where it marks "
                "what is missing, empty these cells"
            )
    return ""


def shown_value(value: Any) -> str:
    """Return a number or a day in few characters, whole numbers whole."""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:g}"


def _ends_year(day: pd.Timestamp) -> bool:
    return (day.month, day.day) in ((1, 1), (12, 31))


def _of_nines(number: float) -> bool:
    written = f"{abs(number):.6f}".removesuffix(".000000")
    return len(written) > 1 and set(written) == {"9"}
