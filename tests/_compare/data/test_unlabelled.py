from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklimb._compare.data.unlabelled import without_unlabelled
from sklimb._compare.errors import InputError

FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": list("uvwx")}, index=[5, 6, 7, 8])
GAPS = [[1.0, np.nan, 0.0, 1.0], ["p", None, "q", "p"], [True, None, False, True]]
EXPECTED = [[1, 0, 1], ["p", "q", "p"], [True, False, True]]


def _array(X):
    return np.asarray(X.toarray() if sparse.issparse(X) else X, dtype=object)


@pytest.mark.parametrize(
    "X",
    [
        FRAME,
        FRAME[["a"]].to_numpy(),
        sparse.coo_matrix(FRAME[["a"]].to_numpy()),
        ["one text", "two", "three", "four"],
        np.arange(4 * 9).reshape(4, 3, 3),
    ],
)
@pytest.mark.parametrize(
    "make", [list, pd.Series, pd.DataFrame, lambda y: np.array(y, dtype=object)[:, None]]
)
@pytest.mark.parametrize("values, left", list(zip(GAPS, EXPECTED, strict=True)))
def test_samples_without_a_label_are_left_out_and_the_code_does_the_same(X, make, values, left):
    y = make(values)
    kept = without_unlabelled(X, y, pd.Series(list("klmn")), None, "name", [1, 2, 3, 4])
    assert kept.notes == ["1 sample of 4 had no label and was left out, as asked for"]
    assert list(kept.y) == left and all(type(a) is not float for a in kept.y.tolist())
    rows = [0, 2, 3]
    expected = _array(X.tocsr() if sparse.issparse(X) else X)[rows]
    np.testing.assert_array_equal(_array(kept.X), expected)
    assert list(kept.sides[0]) == ["k", "m", "n"] and kept.sides[1:3] == [None, "name"]
    assert list(kept.sides[3]) == [1, 3, 4]
    space = {"X": X, "y": y}
    exec("\n".join(kept.code), space)
    np.testing.assert_array_equal(_array(space["X"]), expected)
    assert list(space["y"]) == left and space["y"].dtype == kept.y.dtype


@pytest.mark.parametrize("y", [[1, 0, 1, 1], [1, None], np.ones((4, 2))])
def test_nothing_is_done_where_nothing_is_missing_or_labels_are_none(y):
    kept = without_unlabelled(FRAME, y)
    assert kept.X is FRAME and kept.y is y and kept.notes == kept.code == []


def test_no_label_at_all():
    with pytest.raises(InputError, match="missing in all 4 samples of the test part"):
        without_unlabelled(FRAME, [None] * 4, of=" of the test part")


def test_fractions_and_columns_of_nullable_numbers():
    assert without_unlabelled(FRAME, [1.5, 2.0, np.nan, 1.5]).y.tolist() == [1.5, 2, 1.5]
    whole = pd.Series([1, 0, pd.NA, 1], dtype="Int64").to_frame()
    kept = without_unlabelled(FRAME, whole)
    assert kept.y.tolist() == [1, 0, 1] and kept.y.dtype.kind == "i"
    assert kept.X.index.tolist() == [5, 6, 8]
