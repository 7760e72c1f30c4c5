"""Numbers from dates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, validate_data

from sklimb._warnings import warn
from sklimb.feature_extraction._months import in_english

# What numbers may count since 1970, as `pandas.to_datetime` has them.
UNITS = ("s", "ms", "us", "ns")
# Values that are no dates may come; so many more than in `fit` are written in another way.
_MORE_UNREAD = 0.05
_PARTS = ("year", "month", "day", "weekday", "hour", "days", "missing")


class DateEncoder(TransformerMixin, BaseEstimator):
    """Dates as numbers: year, month, day, day of the week, hour, and days since the first one.

    A column of dates becomes seven columns of numbers, the last of which says whether the date is
    missing, or no date: then the others are NaN.

    Parameters
    ----------
    format : str or None, default=None
        How dates are written where they come as text: a format of :func:`pandas.to_datetime`
        (``"%d.%m.%Y"``, ``"ISO8601"``), or the unit that numbers count since 1970 (``"s"``,
        ``"ms"``, ``"us"``, ``"ns"``). None is for columns of dates; text must be ISO dates then.
        Names of months and days may be English, German, French, Spanish, Italian, Portuguese or
        Dutch ones.

    Attributes
    ----------
    first_ : ndarray of datetime64, shape (n_columns,)
        The first date of each column in `fit`, from which days are counted.
    unread_share_ : ndarray of float, shape (n_columns,)
        Of the values of each column in `fit`, how many were no dates. `transform` warns where it
        meets many more.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Names of the columns, if X was a frame whose names are all strings.

    See Also
    --------
    sklimb.compare : Recognises dates and how they are written.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklimb.feature_extraction import DateEncoder
    >>> days = pd.DataFrame({"paid": ["31.12.2023", "01.01.2024", "later"]})
    >>> encoder = DateEncoder(format="%d.%m.%Y").fit(days)
    >>> print(encoder.transform(days)[1].astype(int))
    [2024    1    1    0    0    1    0]
    """

    def __init__(self, format: str | None = None):
        self.format = format

    def fit(self, X: Any, y: Any = None) -> DateEncoder:
        """Note the first date of each column.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_columns)
            Dates, or what `format` says.
        y : object
            Not looked at.

        Returns
        -------
        self : DateEncoder
            Fitted.
        """
        if not (self.format is None or isinstance(self.format, str)):
            raise TypeError(f"format must be a str or None, got {self.format!r}.")
        frame = as_frame(X)
        self.n_features_in_ = frame.shape[1]
        note_names(self, X)
        read = [read_dates(column, self.format) for _, column in frame.items()]
        for (place, column), dates in zip(frame.items(), read, strict=True):
            if dates.isna().all() and column.notna().any():
                warn(
                    f"No date was read from column {place}, such as from "
                    f"{column.dropna().iloc[0]!r} (format={self.format!r}): its numbers are "
                    'missing. Pass the format in which it is written, such as "%d.%m.%Y".'
                )
        columns = [column for _, column in frame.items()]
        self.unread_share_ = np.array(list(map(_unread_share, columns, read)))
        first = [dates.min() for dates in read]
        # numpy's own type: a file without pickle holds it
        self.first_ = np.array([pd.Timestamp(date).to_datetime64() for date in first], "M8[us]")
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the numbers.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_columns)
            Columns as in `fit`.

        Returns
        -------
        numbers : ndarray of shape (n_samples, 7 * n_columns)
            For each column year, month, day, day of the week (Monday is 0), hour, days since the
            first date in `fit`, with parts of a day, and 1 where the date is missing, else 0.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`, or a frame's have other names, or are
            in another order.
        """
        check_is_fitted(self)
        frame = as_frame(X)
        if frame.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {frame.shape[1]} features, but DateEncoder is expecting "
                f"{self.n_features_in_} features as input."
            )
        check_names(self, X)
        made = []
        for place, (first, known) in enumerate(zip(self.first_, self._known(), strict=True)):
            dates = read_dates(frame[place], self.format)
            self._warn_of_unread(place, frame[place], dates, known)
            made.append(_numbers(dates, first))
        return np.column_stack(made)

    def _known(self) -> np.ndarray:
        # a file of a version before has none
        return getattr(self, "unread_share_", np.zeros(self.n_features_in_))

    def _warn_of_unread(
        self, place: int, column: pd.Series, dates: pd.Series, known: float
    ) -> None:
        """Warn of values that are no dates, where those in `fit` were: written otherwise."""
        share = _unread_share(column, dates)
        if share <= 2 * known + _MORE_UNREAD:
            return
        names = getattr(self, "feature_names_in_", range(self.n_features_in_))
        unread = column[column.notna() & dates.isna()]
        warn(
            f"Column {names[place]}: {len(unread):,} of {column.notna().sum():,} values are no "
            f"dates as in fit (format={self.format!r}) and count as missing, the first "
            f"{unread.iloc[0]!r}. Write them as those that were learnt from."
        )

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return a name for each number: that of its column and what it is.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the columns; None takes those in `fit`.

        Returns
        -------
        names : ndarray of str
            Seven for each column.
        """
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        return np.array([f"{name}_{part}" for name in names for part in _PARTS], dtype=object)


def _unread_share(column: pd.Series, dates: pd.Series) -> float:
    """Return how many of the values that are there were no dates."""
    there = column.notna()
    return float((there & dates.isna()).sum() / max(there.sum(), 1))


def as_frame(X: Any) -> pd.DataFrame:
    """Return columns of any kind as a frame whose columns are counted.

    Parameters
    ----------
    X : frame or array-like of shape (n_samples, n_columns)

    Returns
    -------
    frame : DataFrame of shape (n_samples, n_columns)
    """
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
    return frame.set_axis(range(frame.shape[1]), axis=1)


def note_names(transformer: Any, X: Any) -> None:
    """Keep the names of a frame's columns as ``feature_names_in_``, if all of them are strings."""
    names = _names_of(X)
    if names is not None:
        transformer.feature_names_in_ = names
    elif hasattr(transformer, "feature_names_in_"):  # of an earlier fit
        del transformer.feature_names_in_


def check_names(transformer: Any, X: Any) -> None:
    """Compare the names of X's columns with those noted, as scikit-learn does: by its order too.

    Raises
    ------
    ValueError
        If they are others, or in another order.
    """
    noted, names = getattr(transformer, "feature_names_in_", None), _names_of(X)
    if (noted is None and names is None) or np.array_equal(noted, names):
        return  # which costs little: one row has to be cheap
    validate_data(transformer, X, skip_check_array=True, reset=False)


def _names_of(X: Any) -> np.ndarray | None:
    if hasattr(X, "columns") and all(isinstance(name, str) for name in X.columns):
        return np.asarray(X.columns, dtype=object)
    return None


def read_dates(column: pd.Series, format: str | None, english: bool = False) -> pd.Series:
    """Return a column as dates without a time zone, NaT where there is none.

    Parameters
    ----------
    column : Series of shape (n_samples,)
        Dates, text or numbers. Text that says a time zone is taken as the moment in UTC; a column
        with a time zone keeps the time on its clock.
    format : str or None
        As `DateEncoder` takes it.
    english : bool, default=False
        Whether names of months are English alone, and as long as the format says.

    Returns
    -------
    dates : Series of datetime64
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if isinstance(column.dtype, pd.PeriodDtype):
        return column.dt.to_timestamp()
    if str(column.dtype).startswith(("date32", "date64")):  # Arrow's days have no time zone
        column = column.astype("datetime64[us]")
    if column.dtype.kind == "M":
        # Of Arrow's dates too, and without the time zone.
        return column.dt.tz_localize(None).astype("datetime64[us]")
    if format in UNITS:
        return pd.to_datetime(
            pd.to_numeric(column, errors="coerce").astype(float), unit=format, errors="coerce"
        )
    texts = column.map(_written, na_action="ignore").astype(object)
    made = pd.to_datetime(texts, format=format or "ISO8601", errors="coerce", utc=True)
    if format is not None and not english and ("%b" in format or "%B" in format):
        unread = texts[made.isna() & texts.notna()].map(in_english)
        if len(unread):
            form = format.replace("%B", "%b")
            more = pd.to_datetime(unread, format=form, errors="coerce", utc=True)
            made = made.fillna(more.astype(made.dtype))
    return made.dt.tz_localize(None)


def _written(value: Any) -> str:
    """Return a value as text: 20240331.0 as 20240331, dates as ISO has them."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _numbers(dates: pd.Series, first: Any) -> np.ndarray:
    days = (dates - first) / pd.Timedelta(days=1)
    parts = dates.dt
    columns = [
        parts.year,
        parts.month,
        parts.day,
        parts.day_of_week,
        parts.hour,
        days,
        dates.isna(),
    ]
    return np.column_stack([part.to_numpy(dtype=float, na_value=np.nan) for part in columns])
