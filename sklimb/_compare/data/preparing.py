"""Samples as they come: what they are, whether a pipeline can use them, and rows of them."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from sklimb._compare.data.dtypes import plain_frame
from sklimb._compare.errors import InputError
from sklimb._data.from_tensors import without_tensors
from sklimb._data.remedies import check_container
from sklimb._data.sparse_form import check_sparse


def as_arrays(values: Any, name: str) -> Any:
    """Return what came as torch tensors as arrays, anything else as it is.

    Parameters
    ----------
    values : object
    name : str
        The argument, for errors.

    Raises
    ------
    InputError
        If a tensor is none that an array can be made of.
    """
    try:
        return without_tensors(values, name)
    except (TypeError, ValueError) as error:
        raise InputError(str(error).removesuffix(".")) from None


def is_frame(X: Any) -> bool:
    """Return whether `X` is a pandas frame, without importing pandas."""
    return hasattr(X, "iloc") and hasattr(X, "columns")


def is_text(X: Any) -> bool:
    """Return whether `X` is one text a row: a list, a series or an array of strings."""
    if isinstance(X, (list, tuple)):
        return len(X) > 0 and any(isinstance(text, str) for text in X)
    if getattr(X, "ndim", None) != 1 or sparse.issparse(X):
        return False
    return any(isinstance(text, str) for text in np.asarray(X, dtype=object))


def take(X: Any, rows: np.ndarray) -> Any:
    """Return rows of a frame, an array or a sparse matrix by position."""
    return X.iloc[rows] if is_frame(X) else X[rows]


def stack(X: Any, more: Any) -> Any:
    """Return the rows of `X` and below them those of `more`, which has the same columns.

    Parameters
    ----------
    X, more : frame, array or sparse matrix of shape (n_samples, n_features)

    Returns
    -------
    both : same type as `X`

    Raises
    ------
    InputError
        If the columns differ.
    """
    if is_frame(X) != is_frame(more):
        raise InputError("X and X_test must both be frames or both be arrays")
    if is_text(X) != is_text(more):
        raise InputError("X and X_test must both be texts or both be tables")
    if is_text(X):
        return np.concatenate([X, more])
    if is_frame(X):
        if list(X.columns) != list(more.columns):
            strange = [str(c) for c in more.columns if c not in set(X.columns)][:3]
            lacking = [str(c) for c in X.columns if c not in set(more.columns)][:3]
            raise InputError(
                "the test part has other columns than the training part"
                + (f"; new: {', '.join(strange)}" if strange else "")
                + (f"; missing: {', '.join(lacking)}" if lacking else "")
            )
        # Text of the test part that came as objects is kept as the training part keeps it.
        text = {name: d for name, d in X.dtypes.items() if isinstance(d, pd.StringDtype)}
        if text and not X.columns.has_duplicates:
            more = more.astype(text)
        return pd.concat([X, more], ignore_index=True)
    if X.ndim == 4 and X.shape[1:] != more.shape[1:]:
        raise InputError(
            f"X has images of the shape {X.shape[1:]} and X_test of the shape {more.shape[1:]}"
        )
    if X.shape[1] != more.shape[1]:
        raise InputError(f"X has {X.shape[1]} columns and X_test has {more.shape[1]}")
    if sparse.issparse(more) and not sparse.issparse(X):
        more = more.toarray()
    return sparse.vstack([X, more], format="csr") if sparse.issparse(X) else np.vstack([X, more])


def check_columns(X: Any) -> Any:
    """Check `X` once for all methods.

    Parameters
    ----------
    X : frame, array-like or sparse matrix of shape (n_samples, n_features), or n_samples texts

    Returns
    -------
    X : frame, ndarray or CSR matrix; texts as an object array of one dimension

    Raises
    ------
    InputError
        If no pipeline could use `X`.
    """
    if is_frame(X):
        _check_names(X)
        # Numbers that came as objects are numbers, as they are to every estimator.
        X, _ = plain_frame(X)
        _check_frame(X)
        return X
    if is_text(X):
        return _check_text(X)
    if sparse.issparse(X):
        X = _as_csr(X)
        _check_finite(X.data)
    else:
        _check_container(X)
        X = _as_array(X)
        if X.dtype.kind not in "fiub":
            raise InputError(
                f"X is an array of {X.dtype}, not of numbers; pass columns of text as a pandas "
                "DataFrame, which keeps numbers and categories apart"
            )
        if X.ndim != 2:
            raise InputError(
                f"X must have two dimensions, rows and columns; its shape is {X.shape} "
                "(flatten images with X.reshape(len(X), -1))"
            )
        _check_finite(X)
    if 0 in X.shape:
        raise InputError(f"X is empty: its shape is {X.shape}")
    return X


def as_rows(X: Any) -> Any:
    """Return `X` as something whose rows can be taken, for a preparation of the user's own.

    Parameters
    ----------
    X : frame, array-like or sparse matrix with n_samples rows, or n_samples texts

    Returns
    -------
    X : frame, ndarray or CSR matrix

    Raises
    ------
    InputError
        If it has no rows.
    """
    if sparse.issparse(X):
        X = _as_csr(X)
    elif not is_frame(X):
        # An array of strings would be as wide as the longest of them.
        X = _check_text(X) if is_text(X) else np.asarray(X)
    if np.ndim(X) == 0 or X.shape[0] == 0:
        raise InputError(f"X is empty: its shape is {np.shape(X)}")
    return X


def _check_container(X: Any) -> None:
    try:
        check_container(X)
        if isinstance(X, (list, tuple)) and len(X):
            check_container(X[0])
    except TypeError as error:
        raise InputError(str(error).removesuffix(".")) from None


def _as_csr(X: Any) -> sparse.csr_matrix:
    try:
        check_sparse(X)
    except ValueError as error:
        raise InputError(str(error)) from None
    return sparse.csr_matrix(X)


def _check_text(X: Any) -> np.ndarray:
    texts = np.empty(len(X), dtype=object)
    texts[:] = list(X)
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise InputError(
                f"X holds texts, but row {row + 1} is {text!r}; leave it out or make it a text"
            )
    return texts


def _check_finite(values: np.ndarray) -> None:
    if values.dtype.kind == "f" and np.isinf(values).any():
        raise InputError("X has infinite values; replace them by NaN (missing) or by a number")


def _as_array(X: Any) -> np.ndarray:
    """Return an array of numbers as such, whatever holds them."""
    if isinstance(X, np.ma.MaskedArray) and X.dtype.kind in "fiub":
        # Its mask would be lost, and what it hides be learnt from.
        return X.astype(float).filled(np.nan)
    X = np.asarray(X)
    if not X.dtype.isnative:  # pandas takes none of the other byte order, as FITS files have it
        return X.astype(X.dtype.newbyteorder("="))
    if X.dtype.kind == "O" and all(
        value is None or (isinstance(value, numbers.Real) and not isinstance(value, str))
        for value in X.ravel()
    ):
        return X.astype(float)
    return X


def _check_names(X: Any) -> None:
    if 0 in X.shape:
        raise InputError(f"X is empty: its shape is {X.shape}")
    if X.columns.has_duplicates:
        name = X.columns[X.columns.duplicated()][0]
        raise InputError(f"two columns are called {name!r}; rename one")
    text = [isinstance(name, str) for name in X.columns]
    if any(text) and not all(text):
        # scikit-learn refuses these in every fit.
        one, other = X.columns[text.index(True)], X.columns[text.index(False)]
        make = "map(str)" if X.columns.hasnans else "astype(str)"  # which keeps NaN
        raise InputError(
            f"column names are text and others beside it (such as {one!r} and {other!r}): "
            f"X.columns = X.columns.{make}"
        )


def _check_frame(X: Any) -> None:
    numbers = X.select_dtypes("number")
    for name, column in numbers.items():
        if np.isinf(column.to_numpy(dtype=float, na_value=np.nan)).any():
            raise InputError(
                f"column {name!r} has infinite values; replace them by NaN (missing) or a number"
            )
    if numbers.shape[1] < X.shape[1] and not all(isinstance(name, str) for name in X.columns):
        raise InputError(
            "with columns of text all column names must be strings: "
            "X.columns = X.columns.astype(str)"
        )
