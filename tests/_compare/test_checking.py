from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.checking import (
    base_seed,
    check_labels,
    check_options,
    check_side,
    resolve_jobs,
)
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
        (np.array(["a", 1, 2], dtype=object), "mixes types"),
    ],
)
def test_bad_side_columns_are_told(values, said):
    with pytest.raises(InputError, match=said):
        check_side(values, 3, "groups")


GOOD = {"metric": "macro_f1", "folds": 2, "repeats": None, "grid": "quick", "device": "cpu"}


def test_good_options_pass():
    check_options(**GOOD)
    check_options(**GOOD | {"repeats": np.int64(3)})


@pytest.mark.parametrize(
    "option, said",
    [
        ({"metric": "balanced_acuracy"}, "did you mean 'balanced_accuracy'"),
        ({"folds": 1}, "folds must be a whole number, at least 2, not 1"),
        ({"folds": 2.5}, "folds must be a whole number"),
        ({"repeats": 0}, "repeats must be a whole number, at least 1"),
        ({"grid": "big"}, "grid must be 'quick' or 'full', not 'big'"),
        ({"device": "gpu"}, "device='gpu'"),
    ],
)
def test_bad_options_are_told(option, said):
    with pytest.raises(InputError, match=said):
        check_options(**GOOD | option)


def test_jobs():
    assert resolve_jobs(None, "cpu") == -1
    assert resolve_jobs(3, "cpu") == 3
    with pytest.raises(InputError, match="n_jobs"):
        resolve_jobs(0, "cpu")


def test_one_job_on_another_device(monkeypatch):
    monkeypatch.setattr("sklimb._training.plan.resolve_device", lambda device: "cuda")
    assert resolve_jobs(None, "cuda") == 1
    assert resolve_jobs(2, "cuda") == 2


def test_seeds():
    before = np.random.get_state()[1].copy()
    assert base_seed(5) == 5
    assert base_seed(np.random.RandomState(0)) == base_seed(np.random.RandomState(0))
    assert base_seed(None) != base_seed(None)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    for bad in (-1, 1.5, "a"):
        with pytest.raises(InputError, match="random_state"):
            base_seed(bad)


def test_times_as_text_are_no_text():
    np.testing.assert_array_equal(check_side(["9", "10", "1"], 3, "time"), [1, 2, 0])
    np.testing.assert_array_equal(check_side(["9", "10", "1"], 3, "groups"), [2, 1, 0])


def test_labels_get_notes():
    notes = []
    y = check_labels(["a", "a ", "A", "A", "b", "b"], 6, notes=notes)
    assert y.tolist() == ["a", "a", "A", "A", "b", "b"]
    assert len(notes) == 2
    assert check_labels(["B "], 1, test_of=np.array(["B", "c"]), notes=notes).tolist() == ["B"]
