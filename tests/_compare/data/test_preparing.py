from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklimb._compare.data.first_step import make_preparation
from sklimb._compare.data.preparing import (
    as_rows,
    check_columns,
    stack,
    take,
)
from sklimb._compare.errors import InputError


@pytest.fixture
def mixed():
    return pd.DataFrame(
        {
            "age": [20.0, np.nan, 40.0, 60.0],
            "children": [0, 1, 2, 5],
            "job": ["cook", None, "nurse", "cook"],
            "town": pd.Categorical(["Ulm", "Bonn", None, "Ulm"]),
            "member": [True, False, True, True],
        }
    )


def test_sparse_stays_sparse():
    X = check_columns(sparse.coo_matrix(np.eye(4)))
    assert sparse.issparse(make_preparation(X).fit_transform(X))
    assert take(X, np.array([1, 2])).shape == (2, 4)
    assert stack(X, X).shape == (8, 4)


TEXTS = ["one two", "two three", "three", "one two two"]


@pytest.mark.parametrize("convert", [list, tuple, np.array, pd.Series, lambda x: np.array(x, "O")])
def test_texts_become_counts_of_words(convert):
    X = check_columns(convert(TEXTS))
    assert X.dtype == object and X.tolist() == TEXTS
    made = make_preparation(X).fit_transform(X)
    assert sparse.issparse(made) and made.shape == (4, 3)
    assert take(X, np.array([1, 2])).tolist() == TEXTS[1:3]
    assert stack(X, X).tolist() == TEXTS * 2


@pytest.mark.parametrize("missing", [None, np.nan, 3])
def test_a_text_that_is_none_is_told(missing):
    with pytest.raises(InputError, match="X holds texts, but row 2 is"):
        check_columns(["one", missing, "two"])


def test_texts_and_tables_do_not_go_together():
    X = check_columns(TEXTS)
    for pair in [(X, np.zeros((4, 2))), (np.zeros((4, 2)), X)]:
        with pytest.raises(InputError, match="both be texts or both be tables"):
            stack(*pair)


def test_rows_for_a_preparation_of_ones_own(mixed):
    assert as_rows(mixed) is mixed
    assert as_rows(TEXTS).tolist() == TEXTS
    assert as_rows([["a", "b"], ["c", "d"]]).shape == (2, 2)
    assert as_rows(sparse.coo_matrix(np.eye(2))).format == "csr"
    assert as_rows(np.zeros((3, 2, 2))).shape == (3, 2, 2)
    for empty in ([], np.empty((0, 3)), mixed.iloc[:0]):
        with pytest.raises(InputError, match="X is empty"):
            as_rows(empty)


@pytest.mark.parametrize(
    "X, said",
    [
        (np.array([["a", 1]], dtype=object), "not of numbers; pass columns of text"),
        ({"a": [1.0, 2.0]}, r"X is a dict, not rows of numbers: pass pandas.DataFrame\(X\)$"),
        ([{"a": 1.0}, {"a": 2.0}], r"X is a dict, not rows"),
        (np.array([(1.0, 2)], dtype=[("a", float), ("b", int)]), "X is an array of records"),
        (np.zeros((2, 2, 2)), r"X.reshape\(len\(X\), -1\)"),
        (np.zeros((0, 2)), "X is empty"),
        (pd.DataFrame({"a": []}), "X is empty"),
        (np.array([[np.inf]]), "infinite"),
        (sparse.csr_matrix([[np.inf]]), "infinite"),
        (pd.DataFrame({"a": [1, np.inf]}), "column 'a' has infinite"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "two columns are called 'a'"),
        (pd.DataFrame({"a": pd.to_timedelta([1], unit="D")}), "column 'a' holds durations"),
        (pd.DataFrame({0: ["x"], 1: [2]}), "column names must be strings"),
        (pd.DataFrame({"a": pd.Series(["x", 1], dtype=object)}), "column 'a' mixes types"),
    ],
)
def test_bad_columns_are_told(X, said):
    with pytest.raises(InputError, match=said) as caught:
        check_columns(X)
    assert "\n" not in str(caught.value)


def test_a_test_part_must_have_the_same_columns(mixed):
    assert len(stack(mixed, mixed)) == 8
    with pytest.raises(InputError, match="new: work; missing: job"):
        stack(mixed, mixed.rename(columns={"job": "work"}))
    with pytest.raises(InputError, match="2 columns and X_test has 3"):
        stack(np.zeros((1, 2)), np.zeros((1, 3)))
    with pytest.raises(InputError, match="both be frames"):
        stack(mixed, np.zeros((1, 5)))


def test_arrays_of_objects_and_masked_ones_are_taken_as_numbers():
    X = check_columns(np.array([[1, 2.5], [None, 3]], dtype=object))
    np.testing.assert_array_equal(X, [[1, 2.5], [np.nan, 3]])
    X = check_columns(np.ma.masked_greater([[1.0, 2.0], [9.0, 3.0]], 5))
    np.testing.assert_array_equal(X, [[1, 2], [np.nan, 3]])


@pytest.mark.parametrize("names", [[0, "b", 2], ["a", 1, 2], ["a", "b", 2.5], ["a", None, "b"]])
def test_names_of_several_types_are_refused_once_in_front(names):
    X = pd.DataFrame(np.eye(3), columns=pd.Index(names, dtype=object))
    with pytest.raises(InputError, match="column names are text and others") as caught:
        check_columns(X)
    assert "\n" not in str(caught.value)
    assert ("X.columns = X.columns.astype(str)" in str(caught.value)) == (None not in names)
    exec(str(caught.value).split(": ")[1], {"X": X})
    assert check_columns(X).shape == (3, 3)
    check_columns(X.set_axis([0, 1, 2], axis=1))


@pytest.mark.parametrize("one, other", [(np.asarray, sparse.csr_matrix), (sparse.csr_matrix,) * 2,
                                        (sparse.csr_matrix, np.asarray)])  # fmt: skip
def test_dense_and_sparse_parts_go_together(one, other):
    X, more = np.eye(3), np.arange(6.0).reshape(2, 3)
    both = stack(one(X), other(more))
    assert sparse.issparse(both) == sparse.issparse(one(X))
    dense = both.toarray() if sparse.issparse(both) else both
    np.testing.assert_array_equal(dense, np.r_[X, more])
