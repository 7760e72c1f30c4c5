from __future__ import annotations

from pathlib import Path

import pytest

from sklimb._compare.data.syntax import Syntax
from sklimb._compare.data.table import find_column
from sklimb._compare.errors import InputError


def find(asked, names, header=True, guessed=True):
    syntax = Syntax({}, names, header, ",", guessed, first_row=1)
    return find_column(asked, names, Path("a.csv"), syntax)


@pytest.mark.parametrize(
    "asked, found", [("b", "b"), ("0", "a"), ("-1", "1"), ("1", "1"), (" the  class", "the class")]
)
def test_a_column_is_found_by_name_before_number(asked, found):
    assert find(asked, ["a", "b", "the class", "1"]) == found


@pytest.mark.parametrize(
    "asked, options, said",
    [
        ("7", {}, "has 2 columns, numbered 0 to 1"),
        ("agee", {}, "has no column 'agee': did you mean 'age'"),
        ("zzz", {}, "there are 'age', 'x' .the first line was taken for the names"),
        ("zzz", {"guessed": False}, "has no column 'zzz': there are 'age', 'x'$"),
        ("zzz", {"header": False}, "no header, so name it by number.*say --header yes"),
    ],
)
def test_a_column_that_is_not_there_is_told_with_what_to_do(asked, options, said):
    with pytest.raises(InputError, match=said):
        find(asked, ["age", "x"], **options)
