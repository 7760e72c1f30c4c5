from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.errors import InputError
from sklimb._compare.reading import read_table

ADULT = """\
39, State-gov, 77516, Bachelors, <=50K
50, ?, 83311, Bachelors, <=50K
38, Private, 215646, HS-grad, >50K
53, Private,, ?, >50K
"""


@pytest.fixture
def file(tmp_path):
    def write(text, name="data.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def _run(table):
    space = {}
    exec(table.code, space)
    pd.testing.assert_frame_equal(space["X"], table.X)
    assert list(space["y"]) == list(table.y)


def test_a_file_without_a_header_as_the_uci_has_them(file):
    table = read_table(file(ADULT), target="-1")
    assert list(table.X.columns) == ["column_0", "column_1", "column_2", "column_3"]
    assert list(table.y) == ["<=50K", "<=50K", ">50K", ">50K"]
    assert list(table.X["column_0"]) == [39, 50, 38, 53]
    assert table.X["column_1"].isna().tolist() == [False, True, False, False]
    assert table.X["column_2"].isna().tolist() == [False, False, False, True]
    assert table.X["column_3"].tolist()[:3] == ["Bachelors", "Bachelors", "HS-grad"]
    assert table.notes == ["data.csv has no header (say --header yes if it has)"]
    _run(table)


def test_a_file_with_a_header(file):
    table = read_table(file("age,sex,label\n1,m,a\n2,f,b\n"), target="label")
    assert list(table.X.columns) == ["age", "sex"]
    assert table.notes == []
    _run(table)


@pytest.mark.parametrize("target", ["label", "2", "-1"])
def test_the_target_by_name_or_by_number(file, target):
    table = read_table(file("age,sex,label\n1,m,a\n2,f,b\n"), target=target)
    assert list(table.y) == ["a", "b"]


def test_a_name_comes_before_a_number(file):
    table = read_table(file("1,0,label\n5,6,a\n7,8,b\n"), target="1", header="yes")
    assert list(table.y) == [5, 7]


@pytest.mark.parametrize(
    "text, has_header",
    [
        ("1,2,a\n3,4,b\n", False),
        ("x,y,a\n3,4,b\n", True),
        ("0,1,2\n5,6,7\n", True),  # an unnamed frame, saved
        ("0,1,2,target\n5,6,7,a\n", True),
        ("0,1,2\n", False),  # alone it is a row
        ("x,?,a\n3,4,b\n", False),  # a missing value is no name
        ("red,small,yes\nblue,small,no\n", False),  # text all over, a value below again
        ("colour,size,bought\nred,small,yes\n", True),
    ],
)
def test_whether_there_is_a_header(file, text, has_header):
    table = None
    try:
        table = read_table(file(text), target="-1")
    except InputError as error:
        assert "no rows" in str(error)
    assert (table is None or table.notes == []) == has_header


def test_the_header_can_be_told(file):
    path = file("1,2\n3,4\n5,6\n")
    assert len(read_table(path, target="-1", header="yes").X) == 2
    table = read_table(path, target="-1", header="no")
    assert len(table.X) == 3
    assert table.notes == []
    _run(table)


def test_row_numbers_that_pandas_saved_are_no_column(file, tmp_path):
    frame = pd.DataFrame({"a": [1.0, 2.0], "label": ["x", "y"]})
    path = tmp_path / "saved.csv"
    frame.to_csv(path)
    table = read_table(path, target="label")
    assert list(table.X.columns) == ["a"]
    _run(table)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators(file, separator):
    text = "age,sex,label\n1,m,a\n2,f,b\n".replace(",", separator)
    table = read_table(file(text), target="label")
    assert table.X.shape == (2, 2)
    _run(table)


def test_apostrophes_as_quotes(file):
    table = read_table(file("0.2,'-1'\n0.3,'1'\n0.4,'-1'\n"), target="-1")
    assert list(table.y) == [-1, 1, -1]
    _run(table)


def test_apostrophes_within_words_are_letters(file):
    table = read_table(file("name,label\n\"O'Hara\",a\nD'Arcy,b\n"), target="label")
    assert list(table.X["name"]) == ["O'Hara", "D'Arcy"]
    _run(table)


def test_compressed_files(tmp_path):
    path = tmp_path / "data.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8") as handle:
        handle.write(ADULT)
    assert len(read_table(path, target="-1").X) == 4


def test_groups_time_and_dropped_columns_are_not_learnt_from(file):
    text = "id,who,when,a,label\n1,x,2020-01-02,5,n\n2,y,2020-01-01T10:00,6,p\n"
    table = read_table(file(text), target="label", groups="who", time="when", drop=["0"])
    assert list(table.X.columns) == ["a"]
    assert list(table.groups) == ["x", "y"]
    assert table.time[0] > table.time[1]
    _run(table)


def test_time_as_numbers(file):
    table = read_table(file("t,a,label\n3,1,n\n1.5,1,p\n"), target="label", time="t")
    np.testing.assert_array_equal(table.time, [3, 1.5])


def test_a_missing_label_stays_missing(file):
    table = read_table(file("a,label\n1,x\n2,\n3,y\n"), target="label")
    assert list(table.y) == ["x", None, "y"]


@pytest.mark.parametrize(
    "text, options, said",
    [
        ("", {}, "is empty"),
        ("\n \n", {}, "is empty"),
        ("\ufeff\ufeff", {}, "its first line, .*, names no column"),
        ("age,sex,label\n", {}, "header but no rows"),
        ("age\n1\n2\n", {}, "one column only"),
        ("age,sex,label\n1,m,a\n", {"target": "lable"}, "did you mean 'label'"),
        ("1,2,a\n3,4,b\n", {"target": "label"}, "no header, so name it by number, 0 to 2"),
        ("age,sex,label\n1,m,a\n", {"target": "3"}, "numbered 0 to 2 .* no column 3"),
        ("age,sex,label\n1,m,a\n", {"groups": "label"}, "is the target and cannot be"),
        ("age,label\n1,a\n", {"drop": ["age"]}, "no column is left"),
        ("age,label\n1,a\n", {"drop": ["aeg"]}, "has no column 'aeg': did you mean 'age'"),
        ("when,a,label\nsoon,1,x\n", {"time": "when"}, "neither numbers nor ISO dates"),
        ("a,b\n1,2\n1,2,3,4\n", {}, "line 3 has 4 cells where the lines above have 2"),
    ],
)
def test_bad_files_are_told_in_one_line(file, text, options, said):
    with pytest.raises(InputError, match=said) as caught:
        read_table(file(text), **{"target": "label", **options})
    assert "\n" not in str(caught.value)


def test_files_that_are_not_there(file, tmp_path):
    path = file("a,b\n1,2\n", "glass.csv")
    with pytest.raises(InputError, match=r"there is no file .*: did you mean 'glass\.csv'"):
        read_table(path.with_name("glas.csv"), target="b")
    with pytest.raises(InputError, match=r"there is no file .*nothing$"):
        read_table(tmp_path / "no" / "nothing", target="b")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="is a folder without CSV or Parquet files"):
        read_table(tmp_path / "empty", target="b")


def test_files_that_are_no_text(tmp_path):
    path = tmp_path / "model.csv"
    path.write_bytes(bytes(range(128, 256)))
    with pytest.raises(InputError, match="no text in UTF-8"):
        read_table(path, target="b")
    path = tmp_path / "fake.csv.gz"
    path.write_text("a,b\n")
    with pytest.raises(InputError, match="cannot be read"):
        read_table(path, target="b")


def test_decimal_commas_of_spreadsheets(file):
    points = "a;b;kind\n" + "".join(f"{k}.5;{k};{'xy'[k % 2]}\n" for k in range(6))
    commas = points.replace(".", ",")
    expected, got = (read_table(file(text), target="kind").X for text in (points, commas))
    pd.testing.assert_frame_equal(expected, got)
    headless = commas.split("\n", 1)[1]
    assert read_table(file(headless), target="-1").X.iloc[:, 0].tolist() == [
        k + 0.5 for k in range(6)
    ]


def test_the_target_twice_is_refused_unless_it_is_plain_which_is_meant(file):
    path = file("a,t,t\n1,x,x\n2,y,y\n")
    with pytest.raises(InputError, match=r"two columns called 't', the target .*--drop t\.1"):
        read_table(path, target="t")
    assert list(read_table(path, target="t", drop=["t.1"]).X.columns) == ["a"]
    table = read_table(path, target="1")
    assert list(table.X.columns) == ["a", "t.1"]
    assert table.notes == ["data.csv has two columns called 't': the second is 't.1' here"]
    _run(table)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_decimal_commas_anywhere_in_the_file(file, separator):
    rows = ["2", *(f"{i},5" for i in range(8))]
    text = "".join(
        f'{i}{separator}"{cell}"{separator}{"xy"[i % 2]}\n' for i, cell in enumerate(rows)
    )
    table = read_table(file(f"a{separator}c{separator}t\n{text}"), target="t")
    assert table.X["c"].tolist() == [2, *(i + 0.5 for i in range(8))]
    _run(table)


def test_the_message_says_what_was_taken_for_the_header(file):
    with pytest.raises(InputError, match="if the first line holds names, say --header yes"):
        read_table(file("2019,2020,x\n1,2,a\n"), target="label")
    with pytest.raises(InputError, match="if it holds data, say --header no"):
        read_table(file("u,v,w\n1,2,a\n"), target="label")


def test_groups_keep_their_spelling(file):
    table = read_table(file("g,a,t\n01,1,x\n1,2,y\nNA,3,x\n,4,y\n"), target="t", groups="g")
    assert list(table.groups) == ["01", "1", "NA", None]


def test_empty_columns_at_the_ends_of_lines_are_no_columns(file):
    for head in ("a,b,t,", "a,b,t"):
        table = read_table(file(f"{head}\n1,5,x,\n2,6,y,\n"), target="t")
        assert list(table.X.columns) == ["a", "b"]
        assert table.X["a"].tolist() == [1, 2]
        _run(table)


def test_short_rows_are_named(file):
    table = read_table(file("a,b,t\n1,5,x\n2\n3,6,y\n"), target="t")
    assert "1 row of data.csv (the first: row 2) has fewer cells" in table.notes[0]


@pytest.mark.parametrize(
    "top",
    [
        'a,kind,"the\nclass"\n',
        '"a\n(cm)",kind,"the\r\n class"\n',
        '"Measured\nin May",,\n\na,kind,"the\nclass"\n',
        'sep=,\n"A\n\ntitle"\n"a\nb",kind,the class\n',
    ],
)
def test_a_line_break_in_a_name_or_a_title_costs_no_row(file, top):
    lines = "".join(f"{i}.5,{'uv'[i % 2]},{'xyz'[i % 3]}\n" for i in range(12))
    table = read_table(file(top + lines), target="the class")
    assert table.X.shape == (12, 2) and table.y.tolist() == list("xyz") * 4
    _run(table)


def test_short_rows_are_counted_below_a_name_of_two_lines(file):
    text = 'a,"the\nclass",b\n1,x,2\n3,y\n4,x,5\n5,y,6\n'
    table = read_table(file(text), target="the class")
    assert "1 row of data.csv (the first: row 2) has fewer cells" in table.notes[0]


@pytest.mark.parametrize(
    "one, other",
    [
        ("N/A", "x"), ("n/a", "NA"), ("<NA>", "x"), ("#N/A ", "x"), ("-nan", "nan"),
        ("1,000", "2,000"), ("1'000", "2'000"), ("1 000", "2 000"), ("1,5", "2,5"),
        ("12345678901234567890", "12345678901234567891"), ("a  b", "a b"), ("1.50", "1.5"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("decimal", [".", ","])
def test_the_printed_code_has_the_labels_that_are_used(file, one, other, decimal):
    lines = "".join(f"{i}{decimal}5;{(one, other)[i % 2]}\n" for i in range(6))
    table = read_table(file("a;label\n" + lines), target="label")
    assert table.y.tolist()[:2] == [one.strip(), other]
    _run(table)


@pytest.mark.parametrize("cells", [["(0.5)", "1.5", "2"], ["0.5-", "1.5", "2"]])
def test_accounting_negatives_are_numbers(file, cells):
    rows = "".join(f"{cell},{i},{'xy'[i % 2]}\n" for i, cell in enumerate(cells * 2))
    table = read_table(file("a,b,t\n" + rows), target="t")
    assert table.X["a"].tolist() == [-0.5, 1.5, 2] * 2
    assert "column a holds numbers (negative ones" in table.notes[0]
    assert repr(cells[0]) in table.notes[0]
    _run(table)


@pytest.mark.parametrize("points", ["1.5", "4"])
def test_dashes_among_numbers_are_missing(file, points):
    lines = "".join(f"{i},5;{i} %;{dash};-;u\n" for i, dash in enumerate(["-", "u", "-", "v"] * 5))
    text = "a;b;c;d;y\n" + lines + f"-;--;w;{points};v\n"
    table = read_table(file(text), target="y")
    assert table.X["a"].isna().sum() == table.X["b"].isna().sum() == 1
    assert table.X["a"].iloc[1] == 1.5 and table.X["b"].iloc[1] == 1
    assert set(table.X["c"]) == {"-", "u", "v", "w"} and "-" in set(table.X["d"])
    assert any("column a holds numbers, and '-' in 1 of 21 values" in n for n in table.notes)
    _run(table)
    assert "-" in set(read_table(file(text), target="y", category=["a"]).X["a"])


def test_what_is_nearly_a_column_of_numbers_says_the_option_that_makes_it_one(file):
    lines = "".join(f"{i}.5,u\n" for i in range(30))
    text = "a,y\n" + lines + "unknown,v\nn/a?,v\n"
    table = read_table(file(text), target="y")
    (note,) = [n for n in [*table.notes, *table.columns.notes] if "column a holds numbers" in n][:1]
    assert "but for 2 of 32 values ('unknown' in 1, 'n/a?' in 1)" in note and "--number a" in note
    table = read_table(file(text), target="y", number=["a"])
    assert table.X["a"].isna().sum() == 2
    _run(table)


@pytest.mark.parametrize(
    "labels", [["1", "", "0"], ["1", "NA", "0"], ["01", "?", "00"], ["NA", "", "x"], ["a", "", "b"]]
)
def test_labels_that_are_missing(file, labels):
    table = read_table(
        file("a,y\n" + "".join(f"{i},{label}\n" for i, label in enumerate(labels))),
        target="y",
        drop_unlabelled=True,
    )
    assert pd.isna(table.y).tolist() == [False, True, False]
    space = {}
    exec(table.code, space)
    assert pd.isna(space["y"]).tolist() == [False, True, False]
    assert list(space["y"][[0, 2]]) == list(table.y[[0, 2]])


def test_a_word_among_numbers_names_the_option(file):
    with pytest.raises(InputError, match="leave these rows out \\(--drop-unlabelled\\)"):
        read_table(file("a,y\n1,0\n2,NA\n3,1\n"), target="y")
