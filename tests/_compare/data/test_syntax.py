from __future__ import annotations

from pathlib import Path

import pytest

from sklimb._compare.data.files import Source
from sklimb._compare.data.syntax import find_syntax
from sklimb._compare.errors import InputError

ROWS = "a,b,label\n1,5,x\n2,6,y\n3,7,x\n"


def _syntax(text, header="auto", asked=()):
    return find_syntax(Source(Path("data.csv"), text.encode()), header, asked)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_the_one_that_all_lines_have(separator):
    assert _syntax(ROWS.replace(",", separator)).separator == separator


def test_decimal_commas_do_not_outnumber_the_separator():
    syntax = _syntax("1,5;2,5;x\n3,5;4,5;y\n")
    assert syntax.separator == ";" and len(syntax.names) == 3


@pytest.mark.parametrize("first", ["sep=,", "SEP=,", '"sep=,"', "\ufeffsep=,"])
def test_the_line_of_excel_says_the_separator(first):
    syntax = _syntax(f"{first}\r\n{ROWS}")
    assert syntax.names == ["a", "b", "label"]
    assert syntax.options["skiprows"] == 1 and syntax.first_row == 2
    assert syntax.notes == []


def test_the_separator_that_excel_says_is_taken():
    assert _syntax("sep=;\n" + ROWS.replace(",", ";")).separator == ";"


@pytest.mark.parametrize(
    "title, first_row", [("Report 2024\n", 2), ("Report 2024,,\n,,\n", 3), ("# by x\n\n", 3)]
)
def test_titles_above_the_names_are_left_out_and_named(title, first_row):
    syntax = _syntax(title + ROWS)
    assert syntax.names == ["a", "b", "label"]
    assert syntax.first_row == first_row
    assert len(syntax.notes) == 1 and "left out as a title" in syntax.notes[0]


@pytest.mark.parametrize("header", ["2019,2020,label", "0,x,label", "a,NA,label"])
def test_a_name_that_was_asked_for_makes_a_header(header):
    text = ROWS.replace("a,b,label", header)
    assert not _syntax(text).header
    syntax = _syntax(text, asked=["", "label"])
    assert syntax.header and not syntax.guessed
    assert syntax.names[2] == "label"


def test_a_number_is_a_place_unless_there_is_none():
    text = "1,2019,2020\n1,5,6\n2,6,7\n"
    assert not _syntax(text, asked=["1"]).header
    assert _syntax(text, asked=["2020"]).header


@pytest.mark.parametrize("end_of_header", [",", ""])
def test_separators_at_the_ends_of_lines_are_an_empty_column(end_of_header):
    head, *rows = ROWS.strip().split("\n")
    syntax = _syntax("\n".join([head + end_of_header, *(row + "," for row in rows)]))
    assert syntax.names == ["a", "b", "label", "Unnamed: 3"]
    assert syntax.empty == ("Unnamed: 3",)


def test_row_names_have_no_name():
    head, *rows = ROWS.strip().split("\n")
    numbered = [f"r{i},{row}" for i, row in enumerate(rows)]
    for first in (head, f",{head}"):  # as R and as pandas write them
        syntax = _syntax("\n".join([first, *numbered]))
        assert syntax.row_names == 1 and syntax.names == ["a", "b", "label"]
        assert len(syntax.notes) == (first == head)


def test_a_nameless_first_column_whose_values_repeat_is_kept_and_named():
    syntax = _syntax(",b,label\n1,5,x\n1,6,y\n2,6,y\n")
    assert syntax.names[0] == "Unnamed: 0" and syntax.row_names == 0
    assert "Unnamed: 0" in syntax.notes[0]


def test_names_that_come_twice_are_known():
    syntax = _syntax("a,t,a,t,a\n1,x,2,y,3\n")
    assert syntax.names == ["a", "t", "a.1", "t.1", "a.2"]
    assert syntax.repeated == {"a.1": "a", "t.1": "t", "a.2": "a"}


def test_quoted_lines_within_cells_count_as_one_row():
    syntax = _syntax('a,"the\nlabel"\n1,x\n2,y\n')
    assert syntax.first_row == 1 and syntax.names == ["a", "the\nlabel"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("broken", ["a\nb", "two, or\nthree", "x;\ny", "\n\n"])
def test_line_breaks_in_names_do_not_hide_the_separator(separator, broken):
    lines = "".join(f"1{separator}{i}{separator}x\n" for i in range(80))
    syntax = _syntax(f'"{broken}"{separator}b{separator}"the\nlabel"\n{lines}', asked=["the label"])
    assert syntax.separator == separator and len(syntax.names) == 3
    assert syntax.header and not syntax.guessed


def test_a_title_of_several_lines_in_quotes_is_one_record():
    syntax = _syntax(f'"A report\n\nof ""things"""\n\n{ROWS}')
    assert syntax.options["skiprows"] == 1 and syntax.first_row == 3
    assert "the first line of data.csv" in syntax.notes[0]


def test_a_title_with_a_single_quote_would_swallow_rows():
    with pytest.raises(InputError, match="title with a single quote"):
        _syntax(f'Tubes of 5" width\n{ROWS}1,2,"z"\n')


@pytest.mark.parametrize("target", ["3", "-1"])
def test_years_are_names_where_the_target_says_so(target):
    years = "2019,2020,2021,t\n" + "".join(f"{i},5,7,{'ab'[i % 2]}\n" for i in range(9))
    syntax = _syntax(years, asked=[target])
    assert syntax.header and syntax.names == ["2019", "2020", "2021", "t"]
    assert "'t' (say --header no if it is a row)" in syntax.notes[0]
    assert not _syntax(years, header="no", asked=[target]).header
    assert not _syntax(years.replace("t", "a"), asked=[target]).header


def test_one_name_less_than_cells_takes_the_first_for_row_names_and_says_so():
    lines = "".join(f"r{i},{i},{'xy'[i % 2]}\n" for i in range(6))
    syntax = _syntax("a,label\n" + lines)
    assert syntax.row_names == 1 and syntax.names == ["a", "label"]
    assert "first column ('r0', ...) was taken for row names" in syntax.notes[0]


@pytest.mark.parametrize("cells", [["0.5", "0.25", "1.5"], ["u", "v", "u"], ["1", "", "3"]])
def test_a_first_column_without_a_name_that_names_no_rows_is_refused(cells):
    lines = "".join(f"{cell},{i},x\n" for i, cell in enumerate(cells))
    with pytest.raises(InputError, match=r"3 cells in its lines and 2 names on top.*every column"):
        _syntax("a,label\n" + lines)


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("place", [0, 1, 30])
@pytest.mark.parametrize("n", [200_000, 400_000])
def test_a_cell_may_be_long(quote, place, n):
    rows = [f"{i},short,{i % 2}" for i in range(40)]
    rows[place] = f"{place},{quote}{'long words ' * (n // 11)}{quote},1"
    syntax = _syntax("a,b,t\n" + "\n".join(rows) + "\n", asked=["t"])
    assert syntax.names == ["a", "b", "t"] and syntax.header
