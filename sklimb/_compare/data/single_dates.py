"""Whether the dates of a column say the class: as the numbers that are made of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sklimb._compare.data.one_class import PURE, Classes, Found, values_of_class
from sklimb.feature_extraction import DateEncoder

# Dates that lie behind, or before, nearly all of the other classes: of so much of a class.
_COVERS_BEYOND = 0.5
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def date_numbers(dates: pd.Series) -> np.ndarray:
    """Return dates as the numbers that methods learn from.

    Parameters
    ----------
    dates : Series of datetime64, shape (n_samples,)

    Returns
    -------
    numbers : ndarray of shape (n_samples, 7)
        0 where a date is missing, but for the last column, which says so.
    """
    return np.nan_to_num(DateEncoder().fit_transform(dates.to_frame()), nan=0.0)


def dates_of_class(dates: pd.Series, classes: Classes) -> tuple[Found | None, str]:
    """Return dates, or parts of them, that rows of one rare class have nearly alone.

    Parameters
    ----------
    dates : Series of datetime64, shape (n_samples,)
    classes : Classes

    Returns
    -------
    found : tuple or None
        Values, class and rows, as `values_of_class` returns them.
    words : str
        What is said of them, with a place for the values.
    """
    if found := values_of_class(dates, classes):
        return found, "has the date{s} {given}"
    for later in (True, False):
        if found := _beyond(dates, classes, later):
            return found, f"has dates {'after' if later else 'before'} {{given}}"
    parts = {
        "the time{s} {given}": dates.dt.strftime("%H:%M").where(dates.notna()),
        "{given} as day{s} of the week": dates.dt.day_of_week.map(dict(enumerate(_DAYS))),
        "{given} as day{s} of the month": dates.dt.day,
        "{given} as month{s}": dates.dt.month,
    }
    for words, values in parts.items():
        if found := values_of_class(values, classes):
            return found, f"has {words}"
    return None, ""


def _beyond(dates: pd.Series, classes: Classes, later: bool) -> Found | None:
    """Return the last date before (or the first behind) those that a rare class has alone."""
    there = dates.notna().to_numpy()
    days = dates[there].astype("int64").to_numpy()
    codes = classes.codes[there]
    order = np.argsort(-days if later else days, kind="stable")
    days, codes = days[order], codes[order]
    ends = np.r_[days[1:] != days[:-1], False]  # equal dates stand on one side
    for code in np.flatnonzero(classes.rare):
        own = np.cumsum(codes == code)
        n = np.arange(1, len(own) + 1)
        least = max(classes.least_hits, _COVERS_BEYOND * classes.sizes[code])
        cuts = np.flatnonzero(ends & (own >= PURE * n) & (own >= least))
        if not len(cuts):
            continue
        rows = np.zeros(len(there), dtype=bool)
        rows[np.flatnonzero(there)[order[: cuts[-1] + 1]]] = True
        given = dates[there].iloc[order[cuts[-1] + 1]]
        return [given], int(code), rows
    return None
