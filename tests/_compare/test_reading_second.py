from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.errors import InputError
from sklimb._compare.reading import read_second, read_table

FIRST = pd.DataFrame(
    {
        "a": [1.5, 2.25, 3.0, 4.75] * 5,
        "price": ["$1,234.50", "$3.00", "$7.25", "$9.00"] * 5,
        "flag": ["True", "False"] * 10,
        "zip": ["01067", "80331"] * 10,
        "label": ["x", "y", "x", "y"] * 5,
    }
)


@pytest.fixture
def second(tmp_path):
    """Return a function that writes both tables and reads the second with the first's decisions."""

    def read(frame, first=FIRST, target="label", options=None, **how):
        path, other = tmp_path / "train.csv", tmp_path / "test.csv"
        first.to_csv(path, index=False, header=target != "-1")
        other.write_bytes(frame if isinstance(frame, bytes) else _text(frame, **how).encode())
        table = read_table(path, target=target)
        return table, read_second(other, table, **(options or {}))

    return read


def _text(frame, **how):
    return frame.to_csv(index=False, **how)


def test_the_same_file_gives_the_same_table(second):
    table, test = second(FIRST)
    pd.testing.assert_frame_equal(test.X, table.X, check_dtype=False)
    assert test.y.tolist() == table.y.tolist()
    assert test.notes == []


def test_order_and_separator_and_decimal_signs_are_the_files_own(second):
    other = FIRST[FIRST.columns[::-1]].assign(price=["$1.234,50", "$3,00", "$7,25", "$9,00"] * 5)
    table, test = second(other, sep=";", decimal=",")
    pd.testing.assert_frame_equal(test.X, table.X, check_dtype=False)
    assert test.notes == []


def test_what_does_not_fit_is_missing_and_named(second):
    other = FIRST.astype({"a": object}).assign(flag=["unknown", *FIRST["flag"][1:]])
    other.loc[2, "a"] = "stray"
    _, test = second(other)
    assert np.isnan(test.X["a"][2]) and test.X["a"].notna().sum() == 19
    assert pd.isna(test.X["flag"][0])
    assert test.X["flag"][1:].tolist() == [False, *[True, False] * 9]
    assert any("column a: 1 of 20" in n and "row 3, 'stray'" in n for n in test.notes)
    assert any("column flag: 1 of 20" in n and "'unknown'" in n for n in test.notes)


def test_zeros_that_a_spreadsheet_took_away_come_back(second):
    _, test = second(FIRST.assign(zip=FIRST["zip"].astype(int)))
    assert test.X["zip"].tolist() == FIRST["zip"].tolist()
    assert "'1067' as '01067'" in test.notes[0]


def test_a_column_more_is_left_out_and_one_less_refused(second):
    _, test = second(FIRST.assign(id=range(20)))
    assert "id" not in test.X and "column id" in test.notes[0]
    with pytest.raises(InputError, match="missing: zip"):
        second(FIRST.drop(columns="zip"))
    with pytest.raises(InputError, match="has no column 'label', the target"):
        second(FIRST.drop(columns="label"))
    with pytest.raises(InputError, match="header but no rows"):
        second(FIRST[:0])


def test_another_encoding(second):
    data = _text(FIRST.replace({"label": {"x": "ä"}})).encode("latin-1")
    _, test = second(data, first=FIRST.replace({"label": {"x": "ä"}}))
    assert test.y[0] == "ä" and "Windows-1252" in test.notes[0]


def test_without_a_header_columns_are_known_by_their_place(second):
    table, test = second(FIRST, header=False)
    pd.testing.assert_frame_equal(test.X, table.X, check_dtype=False)
    assert "test.csv has no header, so its columns were taken in their order" in test.notes
    table, test = second(FIRST, target="-1")
    pd.testing.assert_frame_equal(test.X, table.X, check_dtype=False)
    assert "the training file has no header" in test.notes[0]
    with pytest.raises(InputError, match="has 6 columns and the training file 5"):
        second(FIRST.assign(z=1), target="-1", header=False)


def test_a_line_break_in_a_name_costs_no_row_and_finds_its_column(second):
    other = FIRST.rename(columns={"a": "a\n(cm)", "label": " label"})
    first = FIRST.rename(columns={"a": "a (cm)"})
    table, test = second(other, first=first)
    pd.testing.assert_frame_equal(test.X, table.X, check_dtype=False)
    assert test.y.tolist() == table.y.tolist()


def test_a_target_called_otherwise_is_asked_for(second):
    with pytest.raises(InputError, match="no column 'label', the target: did you mean 'Label'"):
        second(FIRST.rename(columns={"label": "Label"}))


def test_words_for_missing_values_among_labels_that_are_numbers(second):
    first = FIRST.assign(label=[0, 1] * 10)
    _, test = second(FIRST.assign(label=["0", "NA", "1", ""] * 5), first)
    assert test.y.tolist() == ["0", None, "1", None] * 5
    _, test = second(FIRST.assign(label=["x", "NA"] * 10))
    assert test.y.tolist() == ["x", "NA"] * 10
