from __future__ import annotations

import pandas as pd
import pytest

from sklimb._compare.data.roles import make_roles, split_date, split_list
from sklimb._compare.errors import InputError

NAMES = ["when", "note", "zip", 3]


def test_what_was_said_of_columns():
    roles = make_roles(NAMES, text="note", date={"when": "%d.%m.%Y"}, category=["zip"], drop=3)
    assert roles.kinds == {"note": "text", "when": "date", "zip": "category", 3: "drop"}
    assert roles.formats == {"when": "%d.%m.%Y"} and roles.dropped == [3] and roles
    assert make_roles(NAMES, **roles.asked) == roles
    assert not make_roles(NAMES, text=None, drop=())
    assert make_roles(NAMES, date={"when": None}).formats == {}
    by_name = make_roles(NAMES, date=pd.Series({"when": "%d.%m.%Y"}))
    assert by_name.formats == {"when": "%d.%m.%Y"}
    assert make_roles(NAMES, date=pd.Series(["when"])).kinds == {"when": "date"}


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(InputError, match=r"text names 'notes'.*did you mean 'note'"):
        make_roles(NAMES, text=["notes"])
    with pytest.raises(InputError, match="'zip' cannot be both text and category"):
        make_roles(NAMES, text=["zip"], category=["zip"])
    with pytest.raises(InputError, match="text takes names of columns, not a mapping"):
        make_roles(NAMES, text={"zip": "x"})


def test_names_and_formats_on_the_command_line():
    assert split_date("a=b=%Y") == ("a=b", "%Y")
    assert split_date("a=b") == ("a=b", None)
    assert split_list("when=%B %d, %Y, note,,") == ["when=%B %d, %Y", "note"]


@pytest.mark.parametrize("given", [float("nan"), 2.5, object(), [["a"]]])
def test_what_names_no_column_is_one_line(given):
    with pytest.raises(InputError, match="drop must be names of columns, not"):
        make_roles(["a", "b"], drop=given)
