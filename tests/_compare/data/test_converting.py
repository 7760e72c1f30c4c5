from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklimb._compare.data.converting import conform
from sklimb._compare.data.kinds import columns_of
from sklimb._compare.errors import InputError

FIRST = pd.DataFrame(
    {
        "amount": [1.5, 2.0, np.nan, 4.0],
        "flag": [True, False, True, True],
        "kind": ["low", "high", "low", "high"],
        "code": ["007", "012", "007", "012"],
        "grade": pd.Categorical([1, 2, 1, 2]),
        "digit": [0, 1, 1, 0],
    }
)
COLUMNS = columns_of(FIRST)


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame,
        lambda frame: frame[frame.columns[::-1]],
        lambda frame: frame.astype(object),
        lambda frame: frame.astype(str),
        lambda frame: frame.astype("string"),
        lambda frame: frame.astype("category"),
        lambda frame: frame.convert_dtypes(),
        lambda frame: pl.DataFrame(frame.to_dict("list")).to_dict(as_series=False),
    ],
)
def test_a_second_table_of_other_types_is_as_the_first(change):
    made, notes = conform(pd.DataFrame(change(FIRST)), COLUMNS)
    assert notes == []
    assert list(made.columns) == list(FIRST.columns)
    np.testing.assert_array_equal(made["amount"].astype(float), FIRST["amount"])
    assert made["flag"].tolist() == FIRST["flag"].tolist()
    assert made["kind"].tolist() == FIRST["kind"].tolist()
    assert made["grade"].tolist() == [1, 2, 1, 2]
    assert made["digit"].tolist() == [0, 1, 1, 0]
    assert both_numbers(made)


def both_numbers(made):
    both = pd.concat([FIRST, made], ignore_index=True)
    return list(both.select_dtypes("number").columns) == ["amount", "digit"]


@pytest.mark.parametrize(
    "column, values, made, said",
    [
        ("amount", ["unknown", "2", "3,5", "4"], [np.nan, 2, 3.5, 4], "1 of 4 values"),
        ("amount", ["1", "2", "3", "x"], [1, 2, 3, np.nan], "row 4, 'x'"),
        ("digit", ["True", "False", "true", "FALSE"], [1, 0, 1, 0], None),
        ("digit", [True, False, True, False], [1, 0, 1, 0], None),
        ("flag", ["True", "unknown", "TRUE", "false"], [True, None, True, False], "'unknown'"),
        ("flag", [1, 0, 1, 0], [True, False, True, False], "otherwise than True and False"),
        ("flag", ["yes", "no", "Yes", "NO"], [True, False, True, False], "row 1, 'yes'"),
        ("kind", [" LOW", "high", "low", "high"], FIRST["kind"], "'LOW' as 'low'"),
        ("kind", ["low", "new", "low", "high"], ["low", "new", "low", "high"], "row 2, 'new'"),
        ("code", [7, 12, 7, 12], FIRST["code"], "'7' as '007'"),
        ("kind", ["low", "", None, "high"], ["low", None, None, "high"], None),
    ],
)
def test_what_is_written_otherwise_is_taken_and_named(column, values, made, said):
    got, notes = conform(FIRST.assign(**{column: values}), COLUMNS)
    expected = pd.Series(list(made), dtype=object)
    pd.testing.assert_series_equal(
        got[column].astype(object).where(got[column].notna(), None),
        expected.where(expected.notna(), None),
        check_names=False,
    )
    if said is None:
        assert notes == []
    else:
        assert any(said in note and f"column {column}" in note for note in notes)


@pytest.mark.parametrize(
    "change, said",
    [
        ({"amount": ["a", "b", "c", "4"]}, "column 'amount' holds numbers, but 3 of 4 values"),
        ({"amount": pd.Timestamp("2020")}, "'amount' holds numbers, but dates"),
        ({"flag": "perhaps"}, "column 'flag' holds true and false"),
        ({"kind": [1, 2, 3, 4]}, r"column 'kind' holds categories \(high, low\), but numbers in 4"),
        ({"kind": pd.Timestamp("2020")}, "'kind' holds text, but dates"),
    ],
)
def test_columns_that_mean_something_else_are_refused(change, said):
    with pytest.raises(InputError, match=said) as caught:
        conform(FIRST.assign(**change), COLUMNS)
    assert "\n" not in str(caught.value)


def test_columns_are_found_by_name():
    with pytest.raises(InputError, match="new: id; missing: kind"):
        conform(FIRST.rename(columns={"kind": "id"}), COLUMNS)
    made, notes = conform(FIRST.assign(id=1, x=2), COLUMNS)
    assert notes == ["columns id, x of the test part: not in the training part, left out"]
    assert list(made.columns) == list(FIRST.columns)
    renamed, _ = conform(FIRST.rename(columns={"kind": " kind "}), COLUMNS)
    assert list(renamed.columns) == list(FIRST.columns)
    twice = FIRST.set_axis([*FIRST.columns[:-1], "amount"], axis=1)
    with pytest.raises(InputError, match="two columns of the test part are called 'amount'"):
        conform(twice, COLUMNS)


def test_names_that_are_numbers_are_found_as_text():
    first = pd.DataFrame({0: [1.0, 2.0], 1: [3, 4]})
    made, notes = conform(first.set_axis(["0", "1"], axis=1), columns_of(first))
    assert notes == [] and list(made.columns) == [0, 1]


def test_a_column_without_values_stays_so():
    first = FIRST.assign(extra=np.nan)
    made, notes = conform(FIRST.assign(extra=[1, 2, 3, 4]), columns_of(first))
    assert made["extra"].isna().all()
    assert "column extra has no value at all in the training part" in notes[0]


def test_names_of_people_that_were_not_seen_need_no_word():
    first = pd.DataFrame({"who": [f"n{i}" for i in range(80)]})
    made, notes = conform(pd.DataFrame({"who": ["a", "b"]}), columns_of(first))
    assert notes == [] and made["who"].tolist() == ["a", "b"]


@pytest.mark.parametrize("values", [[True, False], ["True", "FALSE"], [1.5, True]])
def test_truths_are_numbers_only_beside_zeros_and_ones(values):
    rows = FIRST.iloc[[0, 1]]
    # Two of three values would be an error, so one stray one is looked at alone.
    test = rows.assign(amount=pd.Series(values, dtype=object))
    if values[0] == 1.5:
        made, notes = conform(test, COLUMNS)
        assert made["amount"][0] == 1.5 and np.isnan(made["amount"][1])
        assert "column amount: 1 of 2 values of the test part is no number" in notes[0]
    else:
        with pytest.raises(InputError, match="'amount' holds numbers, but 2 of 2 values"):
            conform(test, COLUMNS)
    made, notes = conform(rows.assign(digit=[True, False]), COLUMNS)
    assert notes == [] and made["digit"].dtype.kind in "iuf" and made["digit"].tolist() == [1, 0]


@pytest.mark.parametrize("dtype", [bool, "boolean", object, "category"])
def test_columns_of_truth_values_are_no_amounts(dtype):
    truths = pd.Series([True, False, True, False]).astype(dtype)
    with pytest.raises(InputError, match="is it the same column"):
        conform(FIRST.assign(amount=truths), COLUMNS)
    made, _ = conform(FIRST.assign(digit=truths), COLUMNS)
    assert made["digit"].tolist() == [1, 0, 1, 0] and made["digit"].dtype.kind in "iuf"


@pytest.mark.parametrize("column", FIRST.columns)
@pytest.mark.parametrize("nothing", [np.nan, None, "", " NA "])
def test_a_column_that_only_the_training_part_fills_is_named(column, nothing):
    made, notes = conform(FIRST.assign(**{column: nothing}), COLUMNS)
    assert made[column].isna().all()
    assert notes == [
        f"column {column} has no value at all in the test part, and has in the training"
    ]
    _, notes = conform(FIRST[:0], COLUMNS)
    assert notes == []


def test_an_error_about_columns_says_what_to_do():
    with pytest.raises(InputError, match=r"new: Amount; missing: amount \('amount': did you mean"):
        conform(FIRST.rename(columns={"amount": "Amount"}), COLUMNS)
    first = FIRST.assign(**{"Unnamed: 0": range(4)})
    with pytest.raises(InputError, match=r"missing: Unnamed: 0 \(row numbers.*--drop 'Unnamed: 0'"):
        conform(FIRST, columns_of(first))


@pytest.mark.parametrize(
    "name", ["gro\u0308\u00dfe", "gr\u00f6\u00dfe\u00a0", " gr\u00f6\u00dfe\u200b"]
)
def test_names_are_found_as_eyes_see_them(name):
    first = pd.DataFrame({"gr\u00f6\u00dfe": [1.5, 2.5, 3.0], "m2": [1.0, 2.0, 4.0]})
    made, notes = conform(pd.DataFrame({"m2": ["3"], name: ["7"]}), columns_of(first))
    assert made.to_dict("list") == {"gr\u00f6\u00dfe": [7], "m2": [3]} and not notes


def test_a_name_that_is_there_is_not_taken_for_one_that_looks_alike():
    first = pd.DataFrame({"m\u00b2": [1.5, 2.5], "m2": [1.0, 2.0], "z": [0.5, 0.1]})
    with pytest.raises(InputError, match="missing: z"):
        conform(first.drop(columns="z"), columns_of(first))


def test_dashes_among_numbers_of_a_test_part_are_missing_without_a_word():
    test = FIRST.iloc[[0, 1]].assign(amount=["1.5", "--"])
    made, notes = conform(test, COLUMNS)
    assert made["amount"][0] == 1.5 and np.isnan(made["amount"][1]) and notes == []
