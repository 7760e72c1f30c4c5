"""Columns of a table that hold a text a row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def filled_texts(column: Any) -> np.ndarray:
    """Return a column as texts, empty where one is missing, as vectorisers of words take them.

    Parameters
    ----------
    column : array-like of shape (n_samples,)
        Texts; what is missing (None, NaN) is an empty one, and a number is as it is printed.

    Returns
    -------
    texts : ndarray of shape (n_samples,)
        Of str objects.

    Examples
    --------
    In a pipeline, before a vectoriser:

    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from sklimb.feature_extraction import filled_texts
    >>> words = make_pipeline(FunctionTransformer(filled_texts), TfidfVectorizer())
    >>> words.fit_transform(["the pump leaks", None]).shape
    (2, 3)
    """
    values = pd.Series(column).to_numpy(dtype=object)
    texts = np.empty(len(values), dtype=object)
    texts[:] = [
        "" if missing else str(v) for v, missing in zip(values, pd.isna(values), strict=True)
    ]
    return texts
