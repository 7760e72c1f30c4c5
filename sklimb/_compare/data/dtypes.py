"""Frames of all kinds of columns as numbers, dates, text and truth values, or one clear line."""

from __future__ import annotations

import datetime
import decimal
import numbers
from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.errors import InputError
from sklimb._compare.snippet import each_column
from sklimb.feature_extraction.dates import read_dates

# Cells of a frame of sparse columns that are still worth a dense one.
_MAX_DENSE = 50_000_000
_CONTAINERS = (list, tuple, dict, set, frozenset, np.ndarray)
_DATES = (datetime.date, np.datetime64, pd.Period)


def as_pandas(X: Any) -> tuple[Any, str]:
    """Return frames of other libraries as pandas frames, and all else as it is.

    Parameters
    ----------
    X : object

    Returns
    -------
    X : object
    code : str
        Python that does the same; empty where nothing was done.
    """
    library = type(X).__module__.split(".")[0]
    if library == "polars" and type(X).__name__ == "LazyFrame":
        raise InputError("X is a lazy polars frame; pass X.collect()")
    if library == "polars" and type(X).__name__ == "DataFrame":
        code = "X = pd.DataFrame(X.to_dict(as_series=False))"
        return pd.DataFrame(X.to_dict(as_series=False)), f"import pandas as pd\n\n{code}"
    if library == "polars" and type(X).__name__ == "Series":
        return X.to_list(), "X = X.to_list()"
    if library == "pyarrow" and hasattr(X, "to_pydict"):
        return pd.DataFrame(X.to_pydict()), (
            "import pandas as pd\n\nX = pd.DataFrame(X.to_pydict())"
        )
    return X, ""


def plain_frame(X: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Take each column once, so that every pipeline can use it.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_features)
        Columns of any type; their names differ.

    Returns
    -------
    X : DataFrame
        Numbers (NumPy's), truth values, dates, text and categories; missing ones are NaN, NaT or
        None.
    code : list of str
        A line of Python for each column that a pipeline could not have used as it was.

    Raises
    ------
    InputError
        If a column is something else; the message names it and says what to do.
    """
    if X.columns.has_duplicates or 0 in X.shape:
        return X, []  # which is told elsewhere
    if isinstance(X.columns, pd.MultiIndex):
        raise InputError(
            "X has names of several levels: X.columns = [' '.join(map(str, c)) for c in X.columns]"
        )
    if any(isinstance(dtype, pd.SparseDtype) for dtype in X.dtypes) and X.size > _MAX_DENSE:
        raise InputError(
            f"X is a frame of sparse columns, {X.shape[0]:,} x {X.shape[1]:,}, too large to be made"
            " dense: pass the matrix, X.sparse.to_coo().tocsr()"
        )
    changed: dict[Any, pd.Series] = {}
    by_expression: dict[str, list[Any]] = {}
    for place, name in enumerate(X.columns):
        series = X.iloc[:, place]
        new, expression = plain_column(series, name)
        if new is not series:
            changed[name] = new
        if expression:
            by_expression.setdefault(expression, []).append(name)
    code = ["X = X.copy()"] if by_expression else []
    for expression, names in by_expression.items():
        code += each_column(names, "X[{0}] = " + expression.replace("{0}", "X[{0}]"))
    if not changed:
        return X, code
    made = {name: changed.get(name, X.iloc[:, i]) for i, name in enumerate(X.columns)}
    return pd.DataFrame(made, index=X.index, columns=X.columns), code


def plain_column(series: pd.Series, name: Any) -> tuple[pd.Series, str]:
    """Return a column that pipelines take, and the expression that makes it of ``{0}``.

    Parameters
    ----------
    series : Series of shape (n_samples,)
    name : object
        For the message.

    Returns
    -------
    series : Series
        The same one where nothing is to be done.
    expression : str
        Empty where pipelines would take it as it is.

    Raises
    ------
    InputError
        If nothing can be learnt from it as it is.
    """
    dtype = series.dtype
    if isinstance(dtype, np.dtype) and not dtype.isnative:  # as FITS files have them
        new, more = plain_column(series.astype(dtype.newbyteorder("=")), name)
        expression = '{0}.astype({0}.dtype.newbyteorder("="))'
        return new, more.replace("{0}", expression) if more else expression
    if isinstance(dtype, pd.SparseDtype):
        new, _ = plain_column(series.sparse.to_dense(), name)
        return new, "{0}.sparse.to_dense()"
    if isinstance(dtype, pd.CategoricalDtype):
        return _categorical(series, name)
    if isinstance(dtype, pd.IntervalDtype):
        return series.map(str, na_action="ignore"), '{0}.map(str, na_action="ignore")'
    if isinstance(dtype, pd.PeriodDtype) or dtype.kind == "M":
        # `DateEncoder` takes these as they are, so no line of code is needed.
        return read_dates(series, None), ""
    if dtype.kind == "m":
        raise InputError(_duration_advice(name))
    if dtype.kind == "c":
        raise InputError(
            f"column {name!r} holds complex numbers: pass real and imaginary part as two columns"
        )
    if isinstance(dtype, pd.StringDtype):
        if dtype.na_value is np.nan:  # pandas' default from version 3 on
            return series, ""
        return _text(series)
    if type(dtype).__name__ == "ArrowDtype":
        return _arrow(series, name)
    if pd.api.types.is_extension_array_dtype(dtype):
        return _nullable(series)
    if dtype.kind == "O":
        return _objects(series, name)
    if dtype.kind == "f" and dtype.itemsize > 8:  # pandas and scikit-learn know no such floats
        return series.astype(float), "{0}.astype(float)"
    return series, ""


def _text(series: pd.Series) -> tuple[pd.Series, str]:
    expression = "{0}.astype(object).where({0}.notna(), None)"
    return series.astype(object).where(series.notna(), None), expression


def _nullable(series: pd.Series) -> tuple[pd.Series, str]:
    """Return numbers and truth values of pandas' own types as NumPy's."""
    if series.dtype.kind == "b":
        if series.isna().any():
            return _text(series)
        return series.astype(bool), ""
    if series.dtype.kind in "iu" and not series.isna().any():
        return series.astype(series.dtype.numpy_dtype), ""
    # scikit-learn reads these itself, so no line of code is needed.
    return series.astype(float), ""


def _arrow(series: pd.Series, name: Any) -> tuple[pd.Series, str]:
    """Return a column in Arrow's memory as one in NumPy's."""
    dtype: Any = series.dtype
    if dtype.kind in "iuf" or dtype.type is decimal.Decimal:
        return pd.Series(
            series.to_numpy(dtype=float, na_value=np.nan), series.index, name=name
        ), "{0}.astype(float)"
    if dtype.kind == "b" and not series.isna().any():
        return series.astype(bool), "{0}.astype(bool)"
    if dtype.kind == "m":
        raise InputError(_duration_advice(name))
    objects, expression = _text(series)
    new, more = _objects(objects, name)
    return new, more.replace("{0}", expression) if more else expression


def _categorical(series: pd.Series, name: Any) -> tuple[pd.Series, str]:
    """Return categories as they are, where they sort; intervals (of `pandas.cut`) as text."""
    values = series.cat.categories
    if isinstance(values.dtype, pd.IntervalDtype):
        expression = '{0}.astype(object).map(str, na_action="ignore")'
        return series.astype(object).map(str, na_action="ignore"), expression
    if values.dtype.kind == "m":
        raise InputError(_duration_advice(name))
    if values.dtype.kind == "M" or isinstance(values.dtype, pd.PeriodDtype):
        return read_dates(series, None), ""
    kinds = {type(value).__name__ for value in values}
    if "str" in kinds and len(kinds) > 1:
        raise InputError(_mix_advice(name, kinds))
    if values.dtype == object or pd.api.types.is_numeric_dtype(values):
        return series, ""
    # Categories that are pandas' own text: plain text, so that two tables agree.
    return series.astype(object), ""


def _objects(series: pd.Series, name: Any) -> tuple[pd.Series, str]:
    """Return a column of Python's objects by what they are."""
    present = series.dropna()
    kinds = set(map(type, present))
    names = {kind.__name__ for kind in kinds}
    if not kinds:
        nothing = series.where(series.notna(), None).astype(float)
        only_none = all(value is None or isinstance(value, float) for value in series)
        return nothing, "" if only_none else "{0}.where({0}.notna(), None).astype(float)"
    for value in _one_of_each(present):
        _refuse(value, name)
    if len(kinds) > 1 and any(issubclass(kind, str) for kind in kinds):
        raise InputError(_mix_advice(name, names))
    if all(issubclass(kind, (bool, np.bool_)) for kind in kinds):
        if len(present) == len(series):
            return series.astype(bool), ""
        return _one_marker(series)
    if all(issubclass(kind, (numbers.Real, decimal.Decimal, np.bool_)) for kind in kinds):
        new = series.astype(object).where(series.notna(), np.nan).astype(float)
        whole = all(issubclass(kind, numbers.Integral) for kind in kinds)
        if whole and len(present) == len(series) and present.abs().max() < 2**63:
            new = series.astype("int64")
        return new, "{0}.where({0}.notna(), None).astype(float)"
    if all(issubclass(kind, str) for kind in kinds):
        return _one_marker(series)
    if all(issubclass(kind, _DATES) for kind in kinds):
        return read_dates(series, None), ""
    # Intervals, UUIDs, paths, members of an enumeration: by their names.
    return series.map(str, na_action="ignore"), '{0}.map(str, na_action="ignore")'


def _one_marker(series: pd.Series) -> tuple[pd.Series, str]:
    """Return values whose missing ones are all None or all NaN, as encoders tell these apart."""
    missing = {type(value).__name__ for value in series[series.isna()]}
    if len(missing) <= 1 and not missing & {"NAType", "NaTType"}:
        return series, ""
    return _text(series)


def _one_of_each(values: pd.Series) -> list[Any]:
    first: dict[type, Any] = {}
    for value in values:
        first.setdefault(type(value), value)
    return list(first.values())


def _refuse(value: Any, name: Any) -> None:
    if isinstance(value, _CONTAINERS):
        what = f"{type(value).__name__}s"
        raise InputError(
            f"column {name!r} holds {what} (such as {str(value)[:40]}): drop it, or spread it over "
            "columns of one value each"
        )
    if isinstance(value, (datetime.timedelta, np.timedelta64)):
        raise InputError(_duration_advice(name))
    if isinstance(value, datetime.time):
        raise InputError(_time_advice(name))
    if isinstance(value, (bytes, bytearray)):
        raise InputError(
            f"column {name!r} holds bytes: make them text with X[{name!r}].str.decode('utf-8')"
        )
    if isinstance(value, numbers.Complex) and not isinstance(value, numbers.Real):
        raise InputError(
            f"column {name!r} holds complex numbers: pass real and imaginary part as two columns"
        )


def _time_advice(name: Any) -> str:
    return (
        f"column {name!r} holds times of day: turn it into numbers (such as the hour), "
        f"X[{name!r}] = [time and time.hour for time in X[{name!r}]]"
    )


def _duration_advice(name: Any) -> str:
    return (
        f"column {name!r} holds durations: turn it into numbers, "
        f"pd.to_timedelta(X[{name!r}]).dt.total_seconds()"
    )


def _mix_advice(name: Any, kinds: set[str]) -> str:
    return (
        f"column {name!r} mixes types ({', '.join(sorted(kinds))}); make it all text: "
        f"X[{name!r}] = X[{name!r}].astype(str)"
    )
