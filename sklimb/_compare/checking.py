"""Checks of labels and of what else goes with the samples: each complaint is one clear line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.data.labels import case_notes, match_labels, strip_labels
from sklimb._compare.data.misspelling import misspelt, spelling_notes
from sklimb._compare.data.odd_labels import (
    is_quantity,
    missing_notes,
    several_notes,
    without_decimals,
)
from sklimb._compare.data.times import as_times
from sklimb._compare.errors import InputError
from sklimb._compare.phrases import first_few, likely, listed
from sklimb._data.labels import label_array

# So many fractions may well be the names of classes.
_FEW_FRACTIONS = 20


def check_labels(
    y,
    n_samples: int,
    *,
    alone_is_fine: bool = False,
    test_of=None,
    notes: list[str] | None = None,
) -> np.ndarray:
    """Return labels as an array that sorts, or say why they are none.

    Parameters
    ----------
    y : array-like
    n_samples : int
        Samples of X.
    alone_is_fine : bool, default=False
        Whether a class may have one sample.
    test_of : ndarray or None, default=None
        Labels of the training part, if `y` is those of a test part: labels that are the same but
        for their type or spelling become these.
    notes : list of str or None, default=None
        What a user should know is added here.

    Returns
    -------
    y : ndarray of shape (n_samples,)

    Raises
    ------
    InputError
    """
    if isinstance(y, str):
        raise InputError(
            f"y is {y!r}, not the labels: if that is a column, pass y=X[{y!r}] and "
            f"X.drop(columns={y!r})"
        )
    y = np.asarray(label_array(y))
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise InputError(f"y must be one label a row; its shape is {y.shape}")
    if len(y) != n_samples:
        raise InputError(f"X has {n_samples:,} rows and y has {len(y):,} labels")
    missing = pd.isna(y)
    if missing.any():
        first = int(np.flatnonzero(missing)[0])
        of = "" if test_of is None else " of the test part"
        raise InputError(
            f"the target is missing in {missing.sum():,} of {n_samples:,} rows{of} (the first: row "
            f"{first + 1}); leave these rows out (--drop-unlabelled, drop_unlabelled=True) or give "
            "them a class"
        )
    if y.dtype == object:
        y = without_decimals(y)
    if y.dtype == object:
        kinds = {type(value).__name__ for value in y}
        if len(kinds) > 1:
            raise InputError(
                f"the target mixes types ({', '.join(sorted(kinds))}); make them all strings"
            )
        y = np.array(y.tolist())
    if y.dtype.kind == "S":
        raise InputError(
            f"the target holds bytes, such as {bytes(y[0])!r}: make them text, "
            "np.char.decode(y, 'utf-8')"
        )
    if y.dtype.kind not in "biufU":
        raise InputError(f"the target holds {y.dtype} values; labels are text or whole numbers")
    if y.dtype.kind == "f" and np.isinf(y).any():
        raise InputError("the target has infinite values; labels are text or whole numbers")
    notes = [] if notes is None else notes
    y, more = strip_labels(y) if test_of is None else match_labels(y, test_of)
    notes += more
    labels, counts = np.unique(y, return_counts=True)
    if test_of is None and y.dtype.kind == "U":
        notes += case_notes(labels) + spelling_notes(labels.tolist(), counts.tolist())
        notes += several_notes(labels.tolist())
    if test_of is not None:
        strange = np.setdiff1d(labels, test_of)
        if len(strange):
            meant = likely(str(strange[0]), np.unique(test_of)) if y.dtype.kind == "U" else ""
            raise InputError(
                f"the test part has {listed(strange)}, which the training part has not "
                f"(it has {listed(np.unique(test_of))})" + (f"; {meant}" if meant else "")
            )
        return y
    if len(labels) == 1:
        raise InputError(f"the target has one class only, {labels[0]!s}: nothing to tell apart")
    if len(labels) == n_samples:
        raise InputError(
            f"the target has as many values as rows ({n_samples:,}): it looks like an identifier "
            "or a number to predict, not like classes"
        )
    notes += missing_notes(labels, counts)
    # Not by `type_of_target`, which warns of many classes.
    fractions = y.dtype.kind == "f" and bool((labels % 1 != 0).any())
    if fractions or len(labels) > n_samples / 2 or is_quantity(labels, counts):
        few = fractions and len(labels) <= _FEW_FRACTIONS
        remedy = (
            f" (if these are classes, write them as text: 'level {labels[0]!s}')" if few else ""
        )
        if not few and y.dtype.kind in "iuf":
            remedy = " (to tell ranges of it apart, make these the classes: pandas.cut)"
        raise InputError(
            f"the target has {len(labels):,} different values in {n_samples:,} rows, such as "
            f"{labels[0]!s}: it looks like a number to predict, not like classes{remedy}"
        )
    alone = labels[counts == 1]
    if len(alone) and not alone_is_fine:
        right = misspelt(labels.tolist(), counts.tolist()) if y.dtype.kind == "U" else {}
        meant = [
            f"{name!r} is likely {right[name]!r} misspelt"
            for name in alone.tolist()
            if name in right
        ]
        raise InputError(
            f"{listed(alone)}: one row only, but one is needed to learn from and one to be scored "
            "on; leave it out or merge it with another class"
            + (f" ({first_few(meant)})" if meant else "")
        )
    return y


def check_side(values, n_samples: int, what: str) -> np.ndarray:
    """Return a groups or time column as integers in the same order.

    Parameters
    ----------
    values : array-like of shape (n_samples,)
    n_samples : int
    what : {"groups", "time"}
        Times as text are taken as the times that they say, or refused.

    Returns
    -------
    ranks : ndarray of shape (n_samples,)

    Raises
    ------
    InputError
        If values are missing or have no order.
    """
    values = as_times(values, what) if what == "time" else label_array(values)
    values = np.asarray(values)
    if values.shape != (n_samples,):
        raise InputError(
            f"{what} must be one value a row ({n_samples:,}); its shape: {values.shape}"
        )
    missing = pd.isna(values)
    if missing.any():
        row = int(np.flatnonzero(missing)[0]) + 1
        raise InputError(f"{what} is missing in {missing.sum():,} rows (the first: row {row})")
    try:
        return np.unique(values, return_inverse=True)[1]
    except TypeError:
        raise InputError(f"{what} mixes types that do not sort; make them all strings") from None


def check_order(X: Any, values: Any, name: str, of: str = "X") -> None:
    """Refuse values whose index is that of the samples in another order, as samples go by position.

    Parameters
    ----------
    X : object
        A frame or series of pandas has an index; for anything else there is nothing to check.
    values : object
        What goes with the samples of `X`, one each.
    name : str
        What `values` is called, for the message.
    of : str, default="X"
        What `X` is called.

    Raises
    ------
    InputError
        If both have the same index but for the order.
    """
    if not (hasattr(X, "iloc") and hasattr(values, "iloc")):
        return
    one, other = X.index, values.index
    if len(one) != len(other) or one.equals(other):
        return
    # By their text, as labels of several types do not sort.
    counts = [
        index.value_counts().sort_index(key=lambda labels: labels.map(repr))
        for index in (one, other)
    ]
    if not counts[0].equals(counts[1]):
        return
    remedy = f"{name}.loc[{of}.index]" if one.is_unique else f"{name} in the order of {of}"
    raise InputError(
        f"{name} has the index of {of}, but in another order: pass {remedy}, or "
        f"{name}.to_numpy() if its order is right as it is"
    )
