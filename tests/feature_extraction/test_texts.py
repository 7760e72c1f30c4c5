from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb.feature_extraction import filled_texts

TEXTS = ["one two", None, "3"]


@pytest.mark.parametrize(
    "column",
    [
        TEXTS,
        pd.Series(TEXTS),
        pd.Series(TEXTS, dtype=object, index=[5, 3, 9]),
        pd.Series(TEXTS, dtype="category"),
        pd.Series(TEXTS, dtype="string"),
        np.array(["one two", np.nan, 3], dtype=object),
    ],
)
def test_what_is_missing_is_an_empty_text(column):
    assert filled_texts(column).tolist() == ["one two", "", "3"]
