"""Times to order rows by: numbers, dates, and text that is one of these."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.data.dates import date_format
from sklimb._compare.data.spelling import choose_format, number_formats
from sklimb._compare.errors import InputError
from sklimb._data.labels import label_array
from sklimb.feature_extraction.dates import read_dates


def as_times(values: Any, what: str, of_column: bool = False) -> np.ndarray:
    """Return times as something that sorts in their order.

    Parameters
    ----------
    values : array-like of shape (n_samples,)
        Numbers, dates, or text that all holds numbers or ISO dates. Missing ones stay missing.
    what : str
        Whose values these are, for the message.
    of_column : bool, default=False
        Whether they are a column of the table, of which dates are read however they are written.

    Returns
    -------
    times : ndarray of shape (n_samples,)

    Raises
    ------
    InputError
        If text is neither, so that it would be ordered as text is.
    """
    if isinstance(getattr(values, "dtype", None), pd.CategoricalDtype):
        series = pd.Series(values)
        if series.cat.ordered:
            return series.cat.codes.where(series.notna(), np.nan).to_numpy(dtype=float)
        values = series.astype(object)
    array = np.asarray(label_array(values))
    if array.dtype.kind == "S":  # which sort as text does
        raise InputError(f"{what} holds bytes: make them text, np.char.decode({what}, 'utf-8')")
    if array.dtype.kind not in "OUT" or array.ndim != 1:
        return array
    series = pd.Series(array, dtype=object)
    texts = series[[isinstance(value, str) for value in series]]
    if not len(texts) or len(texts) < series.notna().sum():
        return _objects(series) if not len(texts) else array
    return _text_as_times(series.str.strip().replace("", None), what, of_column)


def _objects(series: pd.Series) -> np.ndarray:
    """Return dates with time zones as moments, so that they sort whatever the zones."""
    if any(getattr(value, "tzinfo", None) is not None for value in series.dropna()):
        try:
            return pd.to_datetime(series, utc=True).to_numpy()
        except (ValueError, TypeError):
            pass
    return series.to_numpy()


def _text_as_times(texts: pd.Series, what: str, of_column: bool) -> np.ndarray:
    different = texts.dropna().unique()
    formats = number_formats(list(different))
    if formats:
        chosen, _ = choose_format(formats, different, None)
        return chosen.read(texts).to_numpy(dtype=float)
    try:
        return pd.to_datetime(texts, format="ISO8601", utc=True).to_numpy()
    except (ValueError, TypeError):
        pass
    found = date_format(list(different))
    if found is not None and of_column and not found.in_doubt:
        return read_dates(texts, found.format).to_numpy()
    value = next(v for v in different if not number_formats([v]) or len(different) == 1)
    remedy = "it cannot be ordered by"
    if found is not None and not found.in_doubt:
        remedy = f"pass pd.to_datetime(time, format={found.format!r}), or the name of the column"
    elif found is not None:
        remedy = "could the day or the month be first? write them as 2024-03-31"
    raise InputError(
        f"{what} holds neither numbers nor ISO dates (2024-03-31), such as {value!r}: {remedy}"
    )
