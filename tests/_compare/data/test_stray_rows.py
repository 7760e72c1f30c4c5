from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sklimb._compare.data.stray_rows import check_first_label, check_rows
from sklimb._compare.errors import InputError
from sklimb._compare.reading import read_table

PATH = Path("data.csv")
TABLE = pd.DataFrame({"a": ["1", "2", "3,5", ""], "b": list("4567"), "label": list("xyxy")})


def _with(row, place):
    frame = TABLE.copy()
    top, bottom = frame.iloc[:place], frame.iloc[place:]
    return pd.concat([top, pd.DataFrame([row], columns=frame.columns), bottom], ignore_index=True)


@pytest.mark.parametrize("place", [0, 2, 4])
def test_names_that_come_again_are_no_row(place):
    check_rows(PATH, TABLE)
    with pytest.raises(InputError, match=rf"row {place + 1} below the names has these names again"):
        check_rows(PATH, _with(["a", " b", "label"], place))
    check_rows(PATH, _with(["1", "b", "x"], place))


@pytest.mark.parametrize("units", [["kg", "cm", ""], ["[kg]", "%", "class"], ["float", "int", "x"]])
def test_units_below_the_names_are_no_row(units):
    with pytest.raises(InputError, match="row 1 below the names looks like units") as caught:
        check_rows(PATH, _with(units, 0))
    assert "\n" not in str(caught.value)
    check_rows(PATH, _with(["unknown", "4", "x"], 0))
    check_rows(PATH, _with(["", "NA", "x"], 0))
    check_rows(PATH, _with(units, 1))


def test_a_label_that_only_the_first_row_has_may_be_a_name():
    said = "'t': if the first line holds names, say --header yes"
    with pytest.raises(InputError, match=said):
        check_first_label(PATH, pd.Series(["t", "a", "b", "a", " b "]))
    for labels in (["a", "a", "b", "b"], ["t", "a", "b", "b"], ["", "a", "a"], ["t"]):
        check_first_label(PATH, pd.Series(labels))


def test_files_are_looked_at_so(tmp_path):
    path = tmp_path / "data.csv"
    rows = "".join(f"{i},{i + 1}.5,{'uv'[i % 2]}\n" for i in range(12))

    def read(text, **how):
        path.write_text(text)
        return read_table(path, target="-1", **how)

    with pytest.raises(InputError, match="row 13 below the names has these names again"):
        read("a,b,t\n" + rows + "a,b,t\n")
    with pytest.raises(InputError, match="'m' in a, 'kg' in b"):
        read("a,b,t\nm,kg,\n" + rows)
    with pytest.raises(InputError, match="--header yes"):
        read("7,2.5,t\n" + rows)
    assert len(read("7,2.5,t\n" + rows, header="no").y) == 13
    many = "".join(f"{i % 70},{i},{i}.5,{'uv'[i % 2]}\n" for i in range(90))
    with pytest.raises(InputError, match="'0' comes twice"):
        read("a,b,t\n" + many)


@pytest.mark.parametrize(
    "row, said",
    [
        (["Total", "22", ""], r"looks like a total \(Total, 22\)"),
        (["Summe:", "22", ""], "looks like a total"),
        (["Average", "", ""], "looks like a total"),
        (["(4 rows)", "", ""], "looks like a note on the file"),
        (["Exported by A on 2024-03-01", "", ""], "looks like a note on the file"),
        (["----+---", "", ""], "is a ruled line"),
        (["------", "-----", "-------"], "is a ruled line"),
    ],
)
def test_rows_at_the_end_that_are_none(row, said):
    """Totals were learnt from, and made categories of columns of numbers."""
    with pytest.raises(InputError, match=f"row 5 below the names {said}.*: take it out"):
        check_rows(PATH, _with(row, 4))


@pytest.mark.parametrize(
    "row",
    [
        ["total", "4", "x"],  # a value like others
        ["7", "total", ""],
        ["Source of it all was unknown", "", ""],  # an unlabelled text
        ["--", "", "x"],
        ["", "", ""],
    ],
)
def test_rows_at_the_end_that_may_be_some(row):
    words = TABLE.assign(a=["some", "words", "Source of it all was unknown", "here"])
    check_rows(PATH, pd.concat([words, pd.DataFrame([row], columns=words.columns)]))


def test_rules_and_names_of_survey_programs_below_the_names():
    with pytest.raises(InputError, match=r"row 1 below the names is a ruled line \(-----"):
        check_rows(PATH, _with(["-----", "----", "-----"], 0))
    with pytest.raises(InputError, match="row 2 below the names holds the names that a survey"):
        check_rows(PATH, _with(['{"ImportId":"QID1"}', '{"ImportId":"QID2"}', "x"], 1))


def test_a_total_at_the_end_of_a_sheet(tmp_path):
    pytest.importorskip("openpyxl")
    path = tmp_path / "data.xlsx"
    shops = [f"s{i % 3}" for i in range(12)]
    frame = pd.DataFrame({"shop": shops, "n": range(12), "y": list("ab") * 6})
    frame.to_excel(path, index=False)
    assert len(read_table(path, target="y").X) == 12
    total = pd.DataFrame([["Total", 66, None]], columns=frame.columns)
    pd.concat([frame, total]).to_excel(path, index=False)
    with pytest.raises(InputError, match="row 13 below the names looks like a total"):
        read_table(path, target="y", drop_unlabelled=True)
