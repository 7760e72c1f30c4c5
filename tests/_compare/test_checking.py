from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.checking import check_labels, check_order, check_side
from sklimb._compare.errors import InputError


@pytest.mark.parametrize(
    "y",
    [
        [0, 0, 1, 1],
        [0.0, 0.0, 2.0, 2.0],
        [True, True, False, False],
        ["a", "a", "b", "b"],
        np.array(["a", "a", "b", "b"], dtype=object),
        pd.Series(["a", "a", "b", "b"], dtype="category"),
        pd.Series(["a", "a", "b", "b"], dtype="string"),
        [["a"], ["a"], ["b"], ["b"]],
        ["NaT", "NaT", "None", "None"],
    ],
)
def test_labels_of_many_kinds(y):
    found = check_labels(y, 4)
    assert found.shape == (4,)
    assert len(np.unique(found)) == 2


@pytest.mark.parametrize(
    "y, said",
    [
        ([0, 1], "X has 4 rows and y has 2 labels"),
        (np.zeros((4, 2)), "one label a row"),
        ([0, 0, np.nan, 1], r"missing in 1 of 4 rows \(the first: row 3\)"),
        (["a", None, "b", None], r"missing in 2 of 4 rows \(the first: row 2\)"),
        (pd.Series(["a", "b", pd.NA, "b"], dtype="string"), "missing in 1 of 4"),
        (np.array(["a", 1, "a", 1], dtype=object), r"mixes types \(int, str\)"),
        (["a", "a", "a", "a"], "one class only, a"),
        ([1, 2, 3, 4], r"as many values as rows \(4\)"),
        ([1.5, 1.5, 2.0, 2.0], "number to predict, not like classes"),
        ([1, 2, 3, 3], "3 different values in 4 rows"),
        ([0, 0, 0, 1], "class 1: one row only"),
        ([0, 0, np.inf, np.inf], "infinite"),
        (np.array([b"a", b"a", b"b", b"b"]), r"bytes, such as b'a': .* np\.char\.decode"),
        (np.array([b"a", b"a", b"b", b"b"], dtype=object), "holds bytes"),
        (pd.to_datetime(["2020-01-01"] * 2 + ["2021-01-01"] * 2), "datetime64"),
    ],
)
def test_bad_labels_are_told_in_one_line(y, said):
    with pytest.raises(InputError, match=said) as caught:
        check_labels(y, 4)
    assert "\n" not in str(caught.value)


def test_classes_of_one_row_are_refused_by_name_unless_there_is_a_test_part():
    y = ["a"] * 5 + ["b"] * 5 + ["lone", "other"]
    with pytest.raises(InputError, match="classes lone, other: one row only"):
        check_labels(y, 12)
    assert len(check_labels(y, 12, alone_is_fine=True)) == 12


def test_labels_that_are_likely_misspelt_are_named():
    notes = []
    check_labels(["yes"] * 30 + ["no"] * 60 + ["yess"] * 2, 92, notes=notes)
    assert len(notes) == 1 and "class 'yess' (2 samples) is likely 'yes' (30)" in notes[0]
    with pytest.raises(
        InputError, match=r"class yess: one row only.*\('yess' is likely 'yes' miss"
    ):
        check_labels(["yes"] * 30 + ["no"] * 60 + ["yess"], 91)
    train = check_labels(["fraud", "fraud", "fine", "fine"], 4)
    with pytest.raises(InputError, match=r"class frauds, .*; did you mean 'fraud'"):
        check_labels(["fraud", "frauds"], 2, test_of=train)


def test_labels_of_a_test_part_must_be_known():
    train = check_labels(["a", "a", "b", "b"], 4)
    assert list(check_labels(["b"], 1, test_of=train)) == ["b"]
    with pytest.raises(InputError, match=r"class b\., which the training part has not \(it has c"):
        check_labels(["a", "b."], 2, test_of=train)


def test_side_columns_become_ranks():
    np.testing.assert_array_equal(check_side(["b", "a", "b"], 3, "groups"), [1, 0, 1])
    np.testing.assert_array_equal(check_side([2.5, -1.0, 9.0], 3, "time"), [1, 0, 2])


@pytest.mark.parametrize(
    "values, said",
    [
        ([1, 2], "one value a row"),
        ([1, np.nan, 2], r"missing in 1 rows \(the first: row 2\)"),
        ([np.nan, "a", "b"], r"missing in 1 rows \(the first: row 1\)"),
        (["a", 1, 2], "mixes types"),
        (np.array(["a", 1, 2], dtype=object), "mixes types"),
    ],
)
def test_bad_side_columns_are_told(values, said):
    with pytest.raises(InputError, match=said):
        check_side(values, 3, "groups")


def test_times_as_text_are_no_text():
    np.testing.assert_array_equal(check_side(["9", "10", "1"], 3, "time"), [1, 2, 0])
    np.testing.assert_array_equal(check_side(["9", "10", "1"], 3, "groups"), [2, 1, 0])


def test_labels_get_notes():
    notes = []
    y = check_labels(["a", "a ", "A", "A", "b", "b"], 6, notes=notes)
    assert y.tolist() == ["a", "a", "A", "A", "b", "b"]
    assert len(notes) == 2
    assert check_labels(["B "], 1, test_of=np.array(["B", "c"]), notes=notes).tolist() == ["B"]


X = pd.DataFrame({"a": range(6)}, index=list("abcdef"))
Y = pd.Series(range(6), index=X.index)


@pytest.mark.parametrize("make", [lambda y: y, lambda y: y.to_frame(), lambda y: y.astype(str)])
def test_an_index_in_another_order_is_refused(make):
    with pytest.raises(
        InputError, match=r"y has the index of X.*y\.loc\[X\.index\], or y\.to_numpy"
    ):
        check_order(X, make(Y[::-1]), "y")
    check_order(X, make(Y[::-1]).loc[X.index], "y")
    check_order(X, make(Y[::-1]).to_numpy(), "y")


@pytest.mark.parametrize(
    "index",
    [[3, 1, 2, 0, 5, 4], ["b", 1, 2.5, None, "a", 7], pd.date_range("2020", periods=6)[::-1]],
)
def test_any_index_counts(index):
    frame = X.set_axis(index)
    check_order(frame, Y.set_axis(index), "y")
    with pytest.raises(InputError, match="groups has the index of X_test"):
        check_order(frame, Y.set_axis(index)[::-1], "groups", of="X_test")


def test_labels_that_come_twice_cannot_be_put_in_order_by_them():
    index = [0, 0, 1, 1, 2, 2]
    with pytest.raises(InputError, match="pass y in the order of X, or"):
        check_order(X.set_axis(index), Y.set_axis(index[::-1]), "y")


@pytest.mark.parametrize(
    "one, other",
    [(X, Y.reset_index(drop=True)), (X.reset_index(drop=True)[::2], Y[:3]), (X.to_numpy(), Y[::-1]),
     (X, Y[:3]), (X, list(range(6))), (X, None), (None, Y), (X, np.arange(6)),
     (X.set_axis([0, 0, 1, 2, 3, 4]), Y.set_axis([0, 1, 1, 2, 3, 4]))],
)  # fmt: skip
def test_what_says_nothing_about_order_goes_by_position(one, other):
    check_order(one, other, "y")


def test_few_fractions_may_be_classes():
    with pytest.raises(InputError, match=r"2 different values .*write them as text: 'level 0.5'"):
        check_labels(np.tile([0.5, 1.5], 20), 40)
    with pytest.raises(InputError, match=r"not like classes \(to tell ranges"):
        check_labels(np.tile(np.arange(30) + 0.5, 2), 60)


def test_a_label_missing_in_the_test_part_is_said_to_be_there():
    train = np.array(["a", "b"])
    with pytest.raises(InputError, match=r"missing in 1 of 2 rows of the test part \(the first"):
        check_labels(["a", None], 2, test_of=train)
    with pytest.raises(InputError, match=r"missing in 1 of 2 rows \(the first: row 2\)"):
        check_labels(["a", None], 2)
