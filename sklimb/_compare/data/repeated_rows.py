"""Rows that come more than once, and so are scored by what was learnt from themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

# From such a share of scored rows on copies flatter the figures.
_SHARE = 0.01
# Where no column has so many values for its rows, equal rows may be equal by chance.
_VALUES = 0.1
_SHARE_BY_CHANCE = 0.2


def repeated_notes(
    X: Any, y: np.ndarray, pairs: Iterable[tuple[np.ndarray, np.ndarray]],
    left_out: Collection[Any] = (), noun: str = "row",
) -> list[str]:  # fmt: skip
    """Say how many scored rows are also among the rows to learn from.

    Parameters
    ----------
    X : frame, ndarray, CSR matrix or array of texts, of n_samples rows
    y : ndarray of shape (n_samples,)
    pairs : iterable of (train, test)
        Positions.
    left_out : collection, default=()
        Columns of a frame that are not learnt from, as numbers of rows are.
    noun : str, default="row"
        What a sample is called.

    Returns
    -------
    notes : list of str
        At most one.
    """
    keys, unlikely = _keys(X, set(left_out))
    if keys is None:
        return []
    codes = np.unique(y, return_inverse=True)[1]
    with_class = keys.astype(np.uint64) + pd.util.hash_array(codes)
    n_scored = n_again = n_same = 0
    for train, test in pairs:
        hit = pd.Series(keys[test]).isin(keys[train]).to_numpy()
        n_scored, n_again = n_scored + len(test), n_again + int(hit.sum())
        n_same += int(pd.Series(with_class[test]).isin(with_class[train]).sum())
    share = n_again / max(1, n_scored)
    if n_again < 2 or share < (_SHARE if unlikely else _SHARE_BY_CHANCE):
        return []
    same = "all of them" if n_same == n_again else f"{n_same / n_again:.0%} of them"
    in_all, how = ("", "")
    if noun == "row":
        in_all, how = " in every column", " (X.drop_duplicates())"
    return [
        f"{share:.0%} of the scored {noun}s are the same{in_all} as a {noun} that was learnt "
        f"from, {same} with its class: if they are copies, the figures flatter; leave copies out"
        f"{how}, or give copies of one case one group (--groups)"
    ]


def _keys(X: Any, left_out: set) -> tuple[np.ndarray | None, bool]:
    """Return a number a row that equal rows share, and whether equal rows are no chance."""
    if sparse.issparse(X):
        X = X.sorted_indices()
        ends = zip(X.indptr[:-1], X.indptr[1:], strict=True)
        keys = [hash(X.indices[a:b].tobytes() + X.data[a:b].tobytes()) for a, b in ends]
        return np.array(keys), True
    if hasattr(X, "iloc"):
        frame = X[[name for name in X.columns if name not in left_out]]
    elif np.ndim(X) == 4:
        return np.array([hash(image.tobytes()) for image in X]), True
    elif np.ndim(X) == 1:
        frame = pd.DataFrame({0: X})
    elif np.ndim(X) == 2 and np.asarray(X).dtype != object:
        frame = pd.DataFrame(np.asarray(X))
    else:
        return None, False
    if not frame.shape[1]:
        return None, False
    top = frame.iloc[:2000]
    unlikely = any(top.iloc[:, i].nunique() > _VALUES * len(top) for i in range(top.shape[1]))
    keys = pd.util.hash_pandas_object(frame, index=False, categorize=True).to_numpy()
    return keys, unlikely
