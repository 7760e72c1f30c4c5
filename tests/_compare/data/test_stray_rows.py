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
