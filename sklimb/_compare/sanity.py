"""Columns that deserve a word: they repeat the labels, number the rows, or say nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    import pandas as pd

# In fewer rows everything happens by chance.
_LEAST_ROWS = 10
_NAMES_OF_NUMBERS = re.compile(r"(.*[ _.-])?(id|idx|index|nr|no|row|rownum|key)|unnamed: \d+", re.I)


def column_notes(X: Any, y: np.ndarray) -> list[str]:
    """Say which columns are a copy of the labels, a number of the row, or the same in all rows.

    Parameters
    ----------
    X : frame, ndarray, sparse matrix or array of texts, of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)

    Returns
    -------
    notes : list of str
    """
    if sparse.issparse(X) or np.ndim(X) != 2 or len(y) < _LEAST_ROWS:
        return []
    codes = np.unique(y, return_inverse=True)[1]
    copies, counts, constant = [], [], []
    for name, values in _columns(X):
        if _is_constant(values):
            constant.append(name)
        elif _is_copy(values, codes):
            copies.append(name)
        elif _counts_rows(name, values):
            counts.append(name)
    notes = [
        f"column {name} says the class in every row, one value for each: is it the target under "
        "another name? then drop it"
        for name in copies
    ]
    notes += [
        f"column {name} numbers the rows, as an identifier does: drop it unless the order of the "
        "rows means something"
        for name in counts
    ]
    if constant:
        shown = ", ".join(map(str, constant[:6]))
        more = f" and {len(constant) - 6} more" if len(constant) > 6 else ""
        holds = "columns {} hold" if len(constant) > 1 else "column {} holds"
        notes.append(f"{holds.format(shown + more)} the same value in all rows")
    return notes


def _columns(X: Any):
    if hasattr(X, "iloc"):
        yield from X.items()
    else:
        import pandas as pd

        for place in range(X.shape[1]):
            yield place, pd.Series(X[:, place])


def _is_constant(values: pd.Series) -> bool:
    first = values.iloc[0]
    # Without looking at all of a column that changes at once.
    if values.iloc[:50].nunique(dropna=False) > 1:
        return False
    return bool(not _missing(first) and (values == first).all())


def _missing(value: Any) -> bool:
    import pandas as pd

    return bool(pd.isna(value))


def _is_copy(values: pd.Series, codes: np.ndarray) -> bool:
    """Return whether values and labels are one to one."""
    import pandas as pd

    n_classes = int(codes.max()) + 1
    if n_classes > len(codes) / 2 or values.iloc[:1000].nunique(dropna=False) > n_classes:
        return False
    own, different = pd.factorize(values, use_na_sentinel=False)
    if len(different) != n_classes:
        return False
    return len(np.unique(own.astype(np.int64) * n_classes + codes)) == n_classes


def _counts_rows(name: Any, values: pd.Series) -> bool:
    """Return whether a column of whole numbers names the rows.

    It counts them one by one, rises or falls from each row to the next, is a permutation of such
    numbers with few gaps, or never repeats and is called so.
    """
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(values) or values.dtype.kind not in "iuf":
        return False
    numbers = values.to_numpy()
    if numbers.dtype.kind == "f" and not np.array_equal(numbers, np.floor(numbers)):
        return False  # NaN differs from itself, so a column with gaps is none either
    if len(np.unique(numbers[:1000])) < min(len(numbers), 1000):
        return False
    steps = np.diff(numbers.astype(float))
    if (steps > 0).all() or (steps < 0).all():
        return True
    if len(np.unique(numbers)) < len(numbers):
        return False
    dense = float(numbers.max()) - float(numbers.min()) < 1.2 * len(numbers)
    return dense or _NAMES_OF_NUMBERS.fullmatch(str(name)) is not None
