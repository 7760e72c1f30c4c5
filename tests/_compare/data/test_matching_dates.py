from __future__ import annotations

import pandas as pd
import pytest

from sklimb._compare.data.converting import conform
from sklimb._compare.data.kinds import columns_of
from sklimb._compare.data.roles import make_roles
from sklimb._compare.errors import InputError

DAYS = pd.Series(pd.date_range("2024-01-05", periods=60))
PLAIN = pd.Series(range(60)) / 4


def both(first, second, **asked):
    """Return a second column as it is read beside a first one, and what is said."""
    frame = pd.DataFrame({"a": list(first), "n": PLAIN})
    columns = columns_of(frame, roles=make_roles(["a", "n"], **asked))
    made, notes = conform(pd.DataFrame({"a": list(second), "n": PLAIN[: len(second)]}), columns)
    return made["a"].tolist(), notes


def text(form):
    return DAYS.dt.strftime(form).tolist()


@pytest.mark.parametrize(
    "second", [DAYS, text("%d/%m/%Y"), [d.date() for d in DAYS], DAYS.astype(str)]
)
@pytest.mark.parametrize("form", ["%d/%m/%Y", "%Y-%m-%d", "%d %b %Y"])
def test_dates_are_taken_as_the_first_table_has_them(form, second):
    made, notes = both(text(form), second)
    assert made == text(form)
    read = isinstance(second[0], str) and second[0] != text(form)[0]
    assert len(notes) == read
    if read:
        assert "60 of 60 values of the test part are written otherwise" in notes[0]


def test_text_beside_dates_becomes_dates():
    made, notes = both(DAYS, text("%d.%m.%Y"))
    assert made == DAYS.tolist() and "and read as %d.%m.%Y (the first: row 1" in notes[0]
    assert both(DAYS, [d.tz_localize("UTC") for d in DAYS]) == (DAYS.tolist(), [])


def test_what_is_no_date_is_missing_and_named():
    made, notes = both(text("%d.%m.%Y"), ["01.02.2024", "soon", None, ""])
    assert made == ["01.02.2024", None, None, None]
    assert notes == [
        "column a: 1 of 4 values of the test part is no date and taken as missing (the first: row "
        "2, 'soon')"
    ]
    with pytest.raises(InputError, match=r"column 'a' holds dates, but 3 of 3 .* are no date"):
        both(text("%d.%m.%Y"), ["x", "y", "z"])


def test_a_day_in_doubt_is_read_as_the_first_table_tells():
    made, _ = both(text("%d/%m/%Y"), ["03-04-2024", "05-06-2024"])
    assert made == ["03/04/2024", "05/06/2024"]
    made, notes = both(text("%Y-%m-%d"), ["03-04-2024", "05-06-2024"])
    assert made == ["2024-03-04", "2024-05-06"] and "month first, though no day" in notes[0]


def test_seconds_since_1970():
    first = [1704412800 + 3600 * i for i in range(60)]
    made, notes = both(first, first[:3], date={"a": "s"})
    assert made == first[:3] and notes == []


def test_a_column_with_the_month_first_is_so_in_every_row():
    """Days up to 12 were read with the day first, and the others with the month first."""
    first = pd.Series(pd.date_range("2024-01-05", periods=60)).dt.strftime("%d/%m/%Y")
    days = pd.Series(pd.date_range("2024-06-09", periods=8))
    made, notes = both(first, days.dt.strftime("%m/%d/%Y").tolist())
    assert made == days.dt.strftime("%d/%m/%Y").tolist()
    assert "8 of 8 values" in notes[0] and "and read as %m/%d/%Y" in notes[0]
    # Where no single way reads all, each is read as it can be.
    made, _ = both(first, ["06/13/2024", "13/06/2024", "05/06/2024"])
    assert made == ["13/06/2024", "13/06/2024", "05/06/2024"]


def test_days_as_whole_numbers_beside_an_empty_cell():
    first = DAYS.dt.strftime("%Y%m%d").astype(int)
    made, notes = both(first, ["20240203.0", "", "20240204.0", "2024-02-05"])
    assert made == ["20240203", None, "20240204", "20240205"]
    assert len(notes) == 1 and "1 of 4 values" in notes[0]
    made, notes = both(first, pd.Series([20240203.0, None]))
    assert made == ["20240203", None] and notes == []
