from __future__ import annotations

from pathlib import Path

import pytest

from sklimb._compare.data.files import Source
from sklimb._compare.data.parsing import text_frame, typed_frame
from sklimb._compare.data.syntax import find_syntax
from sklimb._compare.errors import InputError


def _source(text):
    source = Source(Path("data.csv"), text.encode())
    return source, find_syntax(source, "auto")


def test_text_is_as_it_is_written_and_typed_is_not():
    source, syntax = _source('a,b,label\n01,NA,x\n1,"2 ",\n')
    cells, short = text_frame(source, syntax, ["label", "a", "b"])
    assert cells.to_numpy().tolist() == [["x", "01", "NA"], ["", "1", "2 "]]
    assert short == []
    assert typed_frame(source, syntax)["a"].tolist() == [1, 1]


def test_columns_and_rows_agree_where_there_are_row_names_and_titles():
    text = "A report\n,a,b,label\nr1,1,2,x\n\nr2,3,4,y\n"
    source, syntax = _source(text)
    typed = typed_frame(source, syntax)
    cells, _ = text_frame(source, syntax, ["a", "label"])
    assert typed["a"].tolist() == [1, 3]
    assert cells.to_numpy().tolist() == [["1", "x"], ["3", "y"]]


def test_rows_that_are_too_short_are_found():
    source, syntax = _source('a,b,label\n1,2,x\n"3",4\n5,6,\n\n7\n')
    _, short = text_frame(source, syntax, ["a", "b", "label"])
    assert short == [1, 3]


@pytest.mark.parametrize(
    "rows, said",
    [
        ("1,2\n1,2,3\n", "line 3 has 3 cells where the lines above have 2"),
        ('1,"x\n', "a quote in line . or below is opened and not closed"),
    ],
)
def test_the_parsers_complaints_in_our_words(rows, said):
    source, syntax = _source("a,b\n" + rows)
    with pytest.raises(InputError, match=said) as caught:
        typed_frame(source, syntax)
    assert "C error" not in str(caught.value) and "\n" not in str(caught.value)


def test_short_rows_are_found_beside_a_long_cell():
    source, syntax = _source("a,b,c\n1,2,3\n4," + "x" * 200_000 + ",5\n6,7\n")
    cells, short = text_frame(source, syntax, syntax.names)
    assert len(cells) == 3 and short == [2]
