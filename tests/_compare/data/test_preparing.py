from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklimb._compare.data.preparing import (
    MAX_CATEGORIES,
    as_rows,
    check_columns,
    make_preparation,
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


def test_numbers_are_scaled():
    X = np.array([[1.0, 1e6], [2.0, 3e6], [3.0, 2e6]])
    made = make_preparation(X).fit_transform(X)
    np.testing.assert_allclose(made.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(made.std(axis=0), 1)


@pytest.mark.parametrize("as_frame", [False, True])
def test_missing_numbers_are_filled_with_the_median_of_the_rows_learnt_from(as_frame):
    X = np.array([[1.0, 5], [np.nan, 5], [2.0, 6], [9.0, 8]])
    X = pd.DataFrame(X, columns=["a", "b"]) if as_frame else X
    checked, notes = check_columns(X)
    assert notes == []
    preparation = make_preparation(checked).fit(take(checked, np.array([0, 1, 2])))
    made = preparation.transform(checked)
    assert np.isfinite(made).all()
    assert made[1, 0] == pytest.approx((made[0, 0] + made[2, 0]) / 2)


def test_a_mixed_frame_becomes_numbers_with_missing_as_a_category(mixed):
    X, notes = check_columns(mixed)
    assert notes == []
    made = make_preparation(X).fit_transform(X)
    # two numbers, three jobs and three towns (one of each missing), two of member
    assert made.shape == (4, 2 + 3 + 3 + 2)
    assert np.isfinite(made).all()
    assert set(np.unique(made[:, 2:])) == {0, 1}
    np.testing.assert_array_equal(made[:, 2:5].sum(axis=1), 1)


def test_categories_that_were_not_seen_are_taken(mixed):
    preparation = make_preparation(mixed).fit(mixed)
    new = mixed.copy()
    new["job"] = ["astronaut", "cook", None, "cook"]
    new["children"] = [1.0, np.nan, 2.0, 3.0]
    made = preparation.transform(new)
    assert np.isfinite(made).all()
    np.testing.assert_array_equal(made[0, 2:5], 0)


def test_many_categories_share_a_column():
    rng = np.random.RandomState(0)
    frame = pd.DataFrame({"name": [f"n{i}" for i in rng.randint(200, size=1000)]})
    _, notes = check_columns(frame)
    assert notes == [
        f"column name holds text with {frame['name'].nunique()} different values: the "
        f"{MAX_CATEGORIES - 1} most frequent count one by one, the rest as one "
        "(drop it if it is an identifier)"
    ]
    assert make_preparation(frame).fit_transform(frame).shape == (1000, MAX_CATEGORIES)


def test_a_column_without_values_is_told_and_does_no_harm(recwarn):
    frame = pd.DataFrame({"a": [1.0, 2.0], "empty": [np.nan, np.nan]})
    X, notes = check_columns(frame)
    assert notes == ["column empty has no value at all"]
    made = make_preparation(X).fit_transform(X)
    np.testing.assert_array_equal(made[:, 1], 0)
    assert not recwarn.list


def test_sparse_stays_sparse():
    X, _ = check_columns(sparse.coo_matrix(np.eye(4)))
    assert sparse.issparse(make_preparation(X).fit_transform(X))
    assert take(X, np.array([1, 2])).shape == (2, 4)
    assert stack(X, X).shape == (8, 4)


TEXTS = ["one two", "two three", "three", "one two two"]


@pytest.mark.parametrize("convert", [list, tuple, np.array, pd.Series, lambda x: np.array(x, "O")])
def test_texts_become_counts_of_words(convert):
    X, notes = check_columns(convert(TEXTS))
    assert notes == []
    assert X.dtype == object and X.tolist() == TEXTS
    made = make_preparation(X).fit_transform(X)
    assert sparse.issparse(made) and made.shape == (4, 3)
    assert take(X, np.array([1, 2])).tolist() == TEXTS[1:3]
    assert stack(X, X).tolist() == TEXTS * 2


def test_a_word_of_one_text_is_left_out():
    X, _ = check_columns([*TEXTS, "four"])
    assert make_preparation(X).fit(X).get_feature_names_out().tolist() == ["one", "three", "two"]


@pytest.mark.parametrize("missing", [None, np.nan, 3])
def test_a_text_that_is_none_is_told(missing):
    with pytest.raises(InputError, match="X holds texts, but row 2 is"):
        check_columns(["one", missing, "two"])


def test_texts_and_tables_do_not_go_together():
    X, _ = check_columns(TEXTS)
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
        (np.zeros((2, 2, 2)), r"X.reshape\(len\(X\), -1\)"),
        (np.zeros((0, 2)), "X is empty"),
        (pd.DataFrame({"a": []}), "X is empty"),
        (np.array([[np.inf]]), "infinite"),
        (sparse.csr_matrix([[np.inf]]), "infinite"),
        (pd.DataFrame({"a": [1, np.inf]}), "column 'a' has infinite"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "two columns are called 'a'"),
        (pd.DataFrame({"a": pd.to_datetime(["2020-01-01"])}), "column 'a' holds dates"),
        (pd.DataFrame({0: ["x"], 1: [2]}), "column names must be strings"),
        (pd.DataFrame({"a": pd.Series(["x", 1], dtype=object)}), "column 'a' mixes types"),
    ],
)
def test_bad_columns_are_told(X, said):
    with pytest.raises(InputError, match=said) as caught:
        check_columns(X)
    assert "\n" not in str(caught.value)


def test_infinite_is_not_taken_for_missing_in_nullable_columns():
    X = pd.DataFrame({"a": pd.array([1, None, 3], dtype="Int64")})
    assert check_columns(X)[1] == []
    assert np.isfinite(make_preparation(X).fit_transform(X)).all()


def test_a_test_part_must_have_the_same_columns(mixed):
    assert len(stack(mixed, mixed)) == 8
    with pytest.raises(InputError, match="new: work; missing: job"):
        stack(mixed, mixed.rename(columns={"job": "work"}))
    with pytest.raises(InputError, match="2 columns and X_test has 3"):
        stack(np.zeros((1, 2)), np.zeros((1, 3)))
    with pytest.raises(InputError, match="both be frames"):
        stack(mixed, np.zeros((1, 5)))


def test_arrays_of_objects_and_masked_ones_are_taken_as_numbers():
    X, _ = check_columns(np.array([[1, 2.5], [None, 3]], dtype=object))
    np.testing.assert_array_equal(X, [[1, 2.5], [np.nan, 3]])
    X, _ = check_columns(np.ma.masked_greater([[1.0, 2.0], [9.0, 3.0]], 5))
    np.testing.assert_array_equal(X, [[1, 2], [np.nan, 3]])


@pytest.mark.parametrize("names", [[0, "b", 2], ["a", 1, 2], ["a", "b", 2.5], ["a", None, "b"]])
def test_names_of_several_types_are_refused_once_in_front(names):
    X = pd.DataFrame(np.eye(3), columns=pd.Index(names, dtype=object))
    with pytest.raises(InputError, match="column names are text and others") as caught:
        check_columns(X)
    assert "\n" not in str(caught.value)
    assert ("X.columns = X.columns.astype(str)" in str(caught.value)) == (None not in names)
    exec(str(caught.value).split(": ")[1], {"X": X})
    assert check_columns(X)[0].shape == (3, 3)
    check_columns(X.set_axis([0, 1, 2], axis=1))


@pytest.mark.parametrize("one, other", [(np.asarray, sparse.csr_matrix), (sparse.csr_matrix,) * 2,
                                        (sparse.csr_matrix, np.asarray)])  # fmt: skip
def test_dense_and_sparse_parts_go_together(one, other):
    X, more = np.eye(3), np.arange(6.0).reshape(2, 3)
    both = stack(one(X), other(more))
    assert sparse.issparse(both) == sparse.issparse(one(X))
    dense = both.toarray() if sparse.issparse(both) else both
    np.testing.assert_array_equal(dense, np.r_[X, more])
