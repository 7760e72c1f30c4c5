"""Samples whose class is not known, left out where that was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import _safe_indexing

from sklimb._compare.data.dtypes import as_pandas
from sklimb._compare.errors import InputError
from sklimb._compare.phrases import counted
from sklimb._data.labels import label_array

# Whole numbers up to here are told apart by floats, which a gap makes of them.
_EXACT = 2**53


@dataclass
class Labelled:
    """Samples that have a label.

    Parameters
    ----------
    X, y : object
    sides : list
        What else goes with the samples, in the order in which it came.
    notes : list of str
    code : list of str
        Lines of Python that do the same.
    """

    X: Any
    y: Any
    sides: list[Any]
    notes: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)


def without_unlabelled(X: Any, y: Any, *sides: Any, of: str = "") -> Labelled:
    """Leave out the samples whose label is missing.

    Parameters
    ----------
    X : frame, array-like or sparse matrix of n_samples samples
    y : array-like of shape (n_samples,)
    *sides : array-like of shape (n_samples,), str or None
        What goes with the samples: groups, times. What is no array stays as it is.
    of : str, default=""
        Which samples they are, for the note.

    Returns
    -------
    labelled : Labelled
        As they came where no label is missing, or labels are none of these samples.

    Raises
    ------
    InputError
        If no label is there.
    """
    kept = Labelled(X, y, list(sides))
    labels = np.asarray(label_array(y))
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
    if labels.shape != (n_samples,):
        return kept
    missing = np.asarray(pd.isna(labels))
    if not missing.any():
        return kept
    if missing.all():
        raise InputError(f"the target is missing in all {counted(n_samples, 'sample')}{of}")
    rows = np.flatnonzero(~missing)
    kept.X, kept.code = _rows(X, rows)
    kept.y, conversion = _plain(labels[rows])
    if hasattr(y, "columns"):
        kept.code.insert(0, "y = y.iloc[:, 0].to_numpy()")
    elif not isinstance(y, np.ndarray):
        kept.code.insert(0, "y = pd.Series(y).to_numpy()")
    elif y.ndim == 2:
        kept.code.insert(0, "y = y[:, 0]")
    kept.code[:0] = ["import pandas as pd"] + (
        ["import numpy as np"] if "np." in conversion else []
    )
    kept.code.append("y = " + conversion.format("y[labelled]"))
    kept.sides = [_side(side, rows) for side in sides]
    kept.notes.append(
        f"{counted(int(missing.sum()), 'sample')} of {n_samples:,}{of} had no label and "
        f"{'was' if missing.sum() == 1 else 'were'} left out, as asked for"
    )
    return kept


def _side(side: Any, rows: np.ndarray) -> Any:
    if side is None or isinstance(side, str):
        return side
    return side.iloc[rows] if hasattr(side, "iloc") else np.asarray(label_array(side))[rows]


def _rows(X: Any, rows: np.ndarray) -> tuple[Any, list[str]]:
    """Return some samples, and code that takes those that are ``labelled``."""
    X, code = as_pandas(X)
    lines = code.splitlines()
    labelled = "labelled = pd.notna(y)"
    if isinstance(X, (list, tuple)):
        each = "X = [x for x, there in zip(X, labelled) if there]"
        return _safe_indexing(X, rows), [*lines, labelled, each]
    if sparse.issparse(X):
        return X.tocsr()[rows], [*lines, labelled, "X = X.tocsr()[labelled]"]
    return _safe_indexing(X, rows), [*lines, labelled, "X = X[labelled]"]


def _plain(labels: np.ndarray) -> tuple[np.ndarray, str]:
    """Return labels as they were before a gap changed their type, and code that does the same."""
    code = "{0}"
    if labels.dtype == object and not any(isinstance(value, str) for value in labels):
        labels, code = np.array(labels.tolist()), "np.array({0}.tolist())"
    if labels.dtype.kind == "f" and (labels % 1 == 0).all() and (abs(labels) < _EXACT).all():
        return labels.astype("int64"), f'{code}.astype("int64")'
    return labels, code
