"""Numbers that stand for missing values: -999 among values from 0 to 14."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

# Once is a slip; of fewer other values nobody knows how far apart they are.
_LEAST_MARKS = 2
_LEAST_OTHERS = 10


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
        if not _of_nines(mark) or len(others) < _LEAST_OTHERS:
            continue
        least, largest, n = others.min(), others.max(), len(numbers) - len(others)
        gap = least - mark if mark < least else mark - largest
        if n >= _LEAST_MARKS and gap > largest - least > 0:
            return (
                f"column {name} holds {mark:.0f} in {n:,} of {len(values):,} rows, far from its "
                f"other values ({least:g} to {largest:g}), and is learnt from so: where it marks "
                "what is missing, empty these cells"
            )
    return ""


def _of_nines(number: float) -> bool:
    written = f"{abs(number):.6f}".removesuffix(".000000")
    return len(written) > 1 and set(written) == {"9"}
