"""What a user should know of a column that is learnt from as categories."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sklimb._compare.data.dates import looks_like_date, most_are_dates
from sklimb._compare.data.deciding import number_notes
from sklimb._compare.data.spelling import MISSING, has_other_digits, is_code
from sklimb._compare.phrases import first_hit
from sklimb.feature_extraction._spelling import plain_text

# More categories than this of one column share one dummy column: what is left are names and ids.
MAX_CATEGORIES = 50


def text_column_notes(name: Any, series: pd.Series, counted: bool = True) -> list[str]:
    """Say in one line what is unusual about a column of categories.

    Parameters
    ----------
    name : object
    series : Series of shape (n_samples,)
        As `sklimb._compare.data.dtypes.plain_frame` has it: text, truth values or categories.
    counted : bool, default=True
        Whether that there are many values deserves a word.

    Returns
    -------
    notes : list of str
        At most one: dates or numbers but for some cells, or more values than are told apart.
    """
    if series.dtype.kind == "b":
        return []
    of_value = {value: plain_text(value) for value in series.dropna().unique()}
    values = [text for text in dict.fromkeys(of_value.values()) if text not in MISSING]
    if not values:
        return []
    if all(isinstance(value, str) for value in of_value) and not is_code(values):
        text = series.astype(object).map(of_value).fillna("")
        notes = (
            _date_notes(name, values, text)
            or number_notes(name, values, text)
            or _digit_notes(name, values)
        )
        if notes:
            return notes
    if len(of_value) <= MAX_CATEGORIES or not counted:
        return []
    return [
        f"column {name} holds text with {len(of_value):,} different values: the "
        f"{MAX_CATEGORIES - 1} most frequent count one by one, the rest as one "
        "(drop it if it is an identifier, or say --text if it is words)"
    ]


def _date_notes(name: Any, values: list[str], text: pd.Series) -> list[str]:
    """Say that a column is nearly one of dates."""
    strange = most_are_dates(values)
    if strange:
        hit = text.isin(strange).to_numpy()
        return [
            f"column {name} holds dates but for {hit.sum():,} of {len(hit):,} values "
            f"({first_hit(hit, text)}), so all its values are categories; empty these cells, or "
            f"say --date {name}, to make it dates"
        ]
    if all(map(looks_like_date, values)):
        return [
            f"column {name} holds dates written in several ways (such as {values[0]!r}), so its "
            f"values are categories; write them in one way, or say --date {name}=FORMAT"
        ]
    return []


def _digit_notes(name: Any, values: list[str]) -> list[str]:
    """Say that a column holds numbers in digits that pandas does not read."""
    if not all(map(has_other_digits, values)):
        return []
    return [
        f"column {name} holds numbers whose digits are not 0 to 9 (such as {values[0]!r}), so its "
        "values are categories; write them in these digits to make it numbers"
    ]
