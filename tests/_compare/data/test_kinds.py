from __future__ import annotations

import numpy as np
import pandas as pd

from sklimb._compare.data.columns import MAX_VALUES, columns_of
from sklimb._compare.data.spelling import NumberFormat


def test_what_each_column_is():
    n = 2 * MAX_VALUES
    frame = pd.DataFrame(
        {
            "number": np.linspace(0, 1, n),
            "flag": [True, False] * MAX_VALUES,
            "words": ["True", "false"] * MAX_VALUES,
            "kind": ["x", None] * MAX_VALUES,
            "who": [f"n{i}" for i in range(n)],
            "text": [f"the pump {i} leaks again" for i in range(n)],
            "day": [f"{1 + i % 28}.03.2024" for i in range(n)],
            "nothing": np.nan,
            "same": 3,
        }
    )
    columns = columns_of(frame, {"number": NumberFormat(",")})
    assert columns.names == list(frame.columns)
    kinds = ["number", "boolean", "boolean", "category", "identifier", "text", "date", "empty"]
    assert [column.kind for column in columns] == [*kinds, "number"]
    assert columns["number"].number == NumberFormat(",")
    assert [column.name for column in columns if column.constant] == ["same"]
    assert columns["kind"].values == {"x": "x"}
    assert columns["flag"].values == {"True": True, "False": False}


def test_how_missing_values_are_stored_is_kept():
    frame = pd.DataFrame({"a": pd.Series(["x", None], dtype=object), "b": ["x", np.nan]})
    columns = columns_of(frame)
    assert columns["a"].missing is None
    assert np.isnan(columns["b"].missing)
