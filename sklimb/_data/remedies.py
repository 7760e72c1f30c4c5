"""The line of code that makes numbers of what a network cannot take: text, dates, gaps."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse

_LOOKED_AT = 100
_WORDS_OF_TEXT = 4
_SHOWN = 4


@contextmanager
def remedy_named(estimator: Any, X: Any) -> Iterator[None]:
    """Add to an error about X the line that helps, where X holds text, dates or missing values.

    Parameters
    ----------
    estimator : estimator
        For its name.
    X : object
        As it was passed in.

    Raises
    ------
    ValueError
        What scikit-learn says, and the line; and that X holds dates, which scikit-learn takes for
        nanoseconds where it has nothing else.
    """
    check_container(X)
    times = _columns_of_kind(X, "mM")
    if times and len(times) == len(X.columns):
        dates = _columns_of_kind(X, "M")
        what, line = "dates", _line(estimator, X)
        if not dates:
            what, line = "durations", odd_column(X)
        raise ValueError(f"X holds {what}, which are no numbers yet. {line}")
    try:
        with overflow_named():
            yield
    except (ValueError, TypeError) as error:
        line = odd_column(X) or _line(estimator, X, missing="NaN" in str(error))
        if not line:
            raise
        raise ValueError(f"{error}\n{line}") from error


@contextmanager
def overflow_named() -> Iterator[None]:
    """Raise a ValueError where scikit-learn meets an int in X that is too large for a float."""
    try:
        yield
    except OverflowError as error:
        raise ValueError(f"X holds a number that no float can hold: {error}.") from error


def check_container(X: Any) -> None:
    """Refuse containers of columns that NumPy takes for a single value, with what makes a frame.

    Raises
    ------
    TypeError
        If X is a dict, an array of records, or a polars frame that is still to be computed; or an
        array of dates or durations, which scikit-learn takes for the numbers behind them.
    """
    check_takes_samples(X)
    if getattr(getattr(X, "dtype", None), "names", None):
        raise TypeError("X is an array of records, not rows of numbers: pass pandas.DataFrame(X).")
    kind = getattr(getattr(X, "dtype", None), "kind", "")
    if kind == "M" and not isinstance(X, pd.Series):
        raise TypeError(
            f"X is an array of dates ({X.dtype}), which are no numbers yet: "
            "sklimb.feature_extraction.DateEncoder makes some of them."
        )
    if kind == "m" and not isinstance(X, pd.Series):
        raise TypeError(
            f"X is an array of durations ({X.dtype}), which are no numbers yet: pass "
            'X / numpy.timedelta64(1, "s").'
        )


def check_takes_samples(X: Any) -> None:
    """Refuse what has no samples to count and to take.

    Raises
    ------
    TypeError
        If X is a dict, a polars frame that is still to be computed, or None.
    """
    if X is None:
        raise TypeError("X is None, not samples: pass an array, a frame or a sparse matrix.")
    # one of the sparse formats is a dict
    if isinstance(X, Mapping) and not scipy.sparse.issparse(X):
        raise TypeError("X is a dict, not rows of numbers: pass pandas.DataFrame(X).")
    if type(X).__name__ == "LazyFrame":
        raise TypeError("X is a lazy polars frame: pass X.collect().")


def odd_column(X: Any, *, dates: bool = False) -> str:
    """Return what to do with the first column that no encoder is for, empty where there is none.

    Parameters
    ----------
    X : object
        Anything but a pandas frame has no columns.
    dates : bool, default=False
        Whether dates count.

    Returns
    -------
    str
        A sentence.
    """
    if not isinstance(X, pd.DataFrame) or X.columns.has_duplicates:
        return ""
    for name, dtype in X.dtypes.items():
        if isinstance(dtype, pd.PeriodDtype):
            return f"Column {name!r} holds periods: make dates of them, .dt.to_timestamp()."
        if dates and getattr(dtype, "kind", "O") == "M":
            return (
                f"Column {name!r} holds dates: make numbers of them, "
                "sklimb.feature_extraction.DateEncoder."
            )
        if getattr(dtype, "kind", "O") == "m":
            return f"Column {name!r} holds durations: make numbers of them, .dt.total_seconds()."
        if dtype != np.dtype(object):
            continue
        value = next((value for value in X[name].iloc[:_LOOKED_AT] if value is not None), None)
        if isinstance(value, (list, tuple, dict, set, np.ndarray)):
            return (
                f"Column {name!r} holds {type(value).__name__}s (such as {value!r:.40}): drop it, "
                "or spread it over columns of one number each."
            )
    return ""


def _columns_of_kind(X: Any, kinds: str) -> list[Any]:
    if not isinstance(X, pd.DataFrame):
        return []
    return [name for name, dtype in X.dtypes.items() if getattr(dtype, "kind", "O") in kinds]


def _line(estimator: Any, X: Any, missing: bool = False) -> str:
    """Return a sentence with the line, empty where X holds nothing of the kind."""
    steps = _frame_steps(X) if isinstance(X, pd.DataFrame) else _array_steps(X)
    if not steps and missing and not scipy.sparse.issparse(X):
        steps = ["SimpleImputer()"]
    if not steps:
        return ""
    model = f"{type(estimator).__name__}(...)"
    return (
        f"Put in front what makes numbers of it: make_pipeline({', '.join([*steps, model])}); "
        "sklimb.compare does so by itself."
    )


def _frame_steps(X: pd.DataFrame) -> list[str]:
    kinds: dict[str, list[Any]] = {}
    for place, name in enumerate(X.columns):
        kinds.setdefault(_kind(X.iloc[:_LOOKED_AT, place]), []).append(name)
    parts = []
    if names := kinds.get("category"):
        parts.append(f'(OneHotEncoder(handle_unknown="ignore"), {_shown(names)})')
    if names := kinds.get("date"):
        parts.append(f"(DateEncoder(), {_shown(names)})")
    parts += [f"(TfidfVectorizer(), {name!r})" for name in kinds.get("text", [])[:_SHOWN]]
    if not parts:
        return []
    rest = ', remainder="passthrough"' if kinds.get("number") else ""
    steps = [f"make_column_transformer({', '.join(parts)}{rest})"]
    gaps = kinds.get("date", []) + kinds.get("number", [])
    if X[gaps].isna().any(axis=None):
        steps.append("SimpleImputer()")
    return steps


def _shown(names: list[Any]) -> str:
    more = ", ..." if len(names) > _SHOWN else ""
    return f"[{', '.join(map(repr, names[:_SHOWN]))}{more}]"


def _kind(column: pd.Series) -> str:
    """Return "number", "date", "text" (sentences) or "category"."""
    kind = getattr(column.dtype, "kind", "O")
    if kind in "biuf" and not isinstance(column.dtype, pd.CategoricalDtype):
        return "number"
    present = column.dropna()
    if kind == "M" or (len(present) and all(isinstance(v, datetime.date) for v in present)):
        return "date"
    if not len(present):
        return "number"
    texts = [value for value in present if isinstance(value, str)]
    if len(texts) == len(present):
        words = np.mean([len(text.split()) for text in texts])
        return "text" if words >= _WORDS_OF_TEXT else "category"
    return "category" if texts or isinstance(column.dtype, pd.CategoricalDtype) else "number"


def _array_steps(X: Any) -> list[str]:
    single = isinstance(X, np.ndarray) and X.ndim == 0
    if single or not isinstance(X, (list, tuple, np.ndarray, pd.Series)):
        return []
    try:
        top = np.asarray(X[:_LOOKED_AT] if not isinstance(X, pd.Series) else X.iloc[:_LOOKED_AT])
    except ValueError:  # rows of several lengths
        return []
    if not any(isinstance(value, str) for value in top.ravel().tolist()):
        return []
    return ["TfidfVectorizer()"] if top.ndim == 1 else ['OneHotEncoder(handle_unknown="ignore")']
