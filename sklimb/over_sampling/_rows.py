"""Rows of a table, dense or CSR, for samplers that compute on some of them at a time."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from scipy import sparse

from sklimb._data.columns import ColumnSpread

# A sparse matrix of at most this many places, 32 MB in float64, may be made dense.
_VALUES_DENSE = 2**22
_KINDS_OF_INTEGERS = "iub"


class TableRows:
    """The rows of X in float64, a few at a time, and how to put rows behind them.

    Parameters
    ----------
    X : ndarray or sparse matrix, shape (n, d)
        Numbers. CSC is turned into CSR and back.
    is_integer : ndarray of bool, shape (d,)
        The columns that hold integers.
    """

    def __init__(self, X: Any, is_integer: np.ndarray) -> None:
        self.format = X.format if sparse.issparse(X) else None
        self.X = X.tocsr() if self.format else X
        if self.format and not self.X.has_canonical_format:
            self.X = self.X.copy()  # entries of one place add up
            self.X.sum_duplicates()
        self.is_integer = is_integer
        self.n_columns = X.shape[1]

    def take(self, rows: np.ndarray) -> Any:
        """Return some rows as they are."""
        return self.X[rows]

    def dense(self, rows: np.ndarray) -> np.ndarray:
        """Return some rows as a float64 array."""
        part = self.X[rows]
        return (part.toarray() if self.format else np.asarray(part)).astype(np.float64)

    def to_fit(self) -> Any:
        """Return X for a network to be fitted to: dense where it is small, else as it is.

        A sparse batch goes through other kernels than a dense one and rounds otherwise, which a
        training in float32 blows up. A small matrix has no need of them.
        """
        if self.format and self.X.shape[0] * self.n_columns <= _VALUES_DENSE:
            return self.X.toarray()
        return self.X

    def spread_and_limits(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return standard deviation, least and greatest value of each column, in float64."""
        columns = ColumnSpread()
        columns.update(self.X)
        return columns.result()

    def rounded(self, rows: np.ndarray) -> np.ndarray:
        """Return rows with the columns of integers rounded."""
        if self.is_integer.any():
            rows[:, self.is_integer] = np.rint(rows[:, self.is_integer])
        return rows

    def like_x(self, rows: np.ndarray) -> Any:
        """Return rows in the form and the type of X."""
        rows = rows.astype(self.X.dtype)
        return type(self.X)(rows) if self.format else rows

    def replaced(self, rows: Any, where: np.ndarray, pieces: list[Any]) -> Any:
        """Return rows with those at some places replaced by the rows of pieces, in order."""
        if not self.format:
            rows[where] = np.concatenate(pieces)
            return rows
        # each row from where it now is: behind each other, then in order
        order = np.arange(rows.shape[0])
        order[where] = rows.shape[0] + np.arange(len(where))
        return sparse.vstack([rows, *pieces], format="csr")[order]

    def followed_by(self, new: Any) -> Any:
        """Return X with new rows behind it, in the format of X."""
        if self.format:
            return sparse.vstack([self.X, new], format=self.format)
        return np.concatenate([self.X, new])


def integer_columns(X: Any) -> np.ndarray:
    """Return which columns of a table hold integers; a single answer for an array.

    Raises
    ------
    TypeError
        If a column of a frame is categorical: there is nothing between two categories.
    """
    polars = is_polars(X)
    dtypes = getattr(X, "dtypes", None)
    if dtypes is None:
        dtype = getattr(X, "dtype", None)
        kind = getattr(dtype, "kind", None) or np.asarray(X).dtype.kind
        return np.array([kind in _KINDS_OF_INTEGERS])
    categorical = [name for name, dtype in zip(X.columns, dtypes, strict=True) if _category(dtype)]
    if categorical:
        raise TypeError(
            f"Columns {categorical[:10]} are categorical, and translation moves numbers. Encode "
            "them first, with OneHotEncoder for example."
        )
    if polars:
        return np.array([dtype.is_integer() or str(dtype) == "Boolean" for dtype in dtypes], bool)
    return np.array([getattr(dtype, "kind", "O") in _KINDS_OF_INTEGERS for dtype in dtypes])


def _category(dtype: Any) -> bool:
    # pandas has a name; of polars' types Categorical and Enum are meant
    name = getattr(dtype, "name", None) or type(dtype).__name__
    return name in ("category", "Categorical", "Enum")


def integers_as_floats(X: Any, is_integer: np.ndarray) -> Any:
    """Return a table whose columns of integers are float64."""
    if not is_integer.any():
        return X
    if hasattr(X, "dtypes"):
        if is_polars(X):
            names = np.array(X.columns, dtype=object)[is_integer]
            return X.cast(dict.fromkeys(names, sys.modules["polars"].Float64))
        return X.astype(dict.fromkeys(X.columns[is_integer], np.float64))
    if hasattr(X, "astype"):
        return X.astype(np.float64)
    floats = np.asarray(X, dtype=np.float64)
    return floats.tolist() if isinstance(X, list) else floats


def is_polars(data: Any) -> bool:
    """Return whether data is a frame or a series of polars, which need not be installed."""
    polars = sys.modules.get("polars")
    return polars is not None and isinstance(data, (polars.DataFrame, polars.Series))


def polars_followed_by(frame: Any, new: np.ndarray) -> Any:
    """Return a polars frame with new rows behind it, of the columns and types that it has.

    Parameters
    ----------
    frame : polars.DataFrame of d columns
    new : ndarray, shape (n_new, d)
        Numbers; whole ones where the column is of integers.

    Returns
    -------
    frame : polars.DataFrame
    """
    new = type(frame)(dict(zip(frame.columns, np.ascontiguousarray(new.T), strict=True)))
    return frame.vstack(new.cast(dict(frame.schema)))
