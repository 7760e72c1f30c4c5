"""What a user should know of a column that is learnt from as categories."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sklimb._compare.data.columns import kind_of_text
from sklimb._compare.data.deciding import number_notes
from sklimb._compare.data.spelling import MISSING, is_code, plain_text
from sklimb._compare.data.times import as_times
from sklimb._compare.errors import InputError

# More categories than this of one column share one dummy column: what is left are names and ids.
MAX_CATEGORIES = 50


def text_column_notes(name: Any, series: pd.Series) -> list[str]:
    """Say in one line what is unusual about a column of text.

    Parameters
    ----------
    name : object
    series : Series of shape (n_samples,)
        As `sklimb._compare.data.dtypes.plain_frame` has it: text, truth values or categories.

    Returns
    -------
    notes : list of str
        At most one: dates, numbers but for some cells, or more values than are told apart.
    """
    if series.dtype.kind == "b":
        return []
    of_value = {value: plain_text(value) for value in series.dropna().unique()}
    values = [text for text in dict.fromkeys(of_value.values()) if text not in MISSING]
    if not values:
        return []
    if kind_of_text(values) == "date":
        return [_date_note(name, values)]
    if all(isinstance(value, str) for value in of_value) and not is_code(values):
        notes = number_notes(name, values, series.astype(object).map(of_value).fillna(""))
        if notes:
            return notes
    if len(of_value) <= MAX_CATEGORIES:
        return []
    return [
        f"column {name} holds text with {len(of_value):,} different values: the "
        f"{MAX_CATEGORIES - 1} most frequent count one by one, the rest as one "
        "(drop it if it is an identifier)"
    ]


def _date_note(name: Any, values: list[str]) -> str:
    says = f"column {name} holds dates as text, and each is a category: drop it"
    try:
        as_times(values, "time")
    except InputError:
        return f"{says}, or make numbers of it (such as the month)"
    return f"{says}, or split by it with the option `time` (--time {name})"
