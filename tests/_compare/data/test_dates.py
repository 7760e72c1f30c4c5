from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.dates import (
    DateFormat,
    are_compact_dates,
    check_format,
    date_format,
    looks_like_date,
    most_are_dates,
    order_of,
    unix_notes,
    written_dates,
)
from sklimb._compare.data.kinds import columns_of
from sklimb._compare.data.roles import make_roles
from sklimb._compare.errors import InputError
from sklimb.feature_extraction.dates import read_dates

DAYS = pd.Series(pd.date_range("2024-01-05", periods=70, freq="13h"))


@pytest.mark.parametrize(
    "form",
    [
        *("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d", "%Y.%m.%d"),
        *("%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%y", "%d.%m.%Y %H:%M"),
        *("%m/%d/%Y %I:%M %p", "%d/%m/%Y, %H:%M:%S", "%d %b %Y", "%d-%b-%y", "%B %d, %Y"),
        *("%d. %B %Y", "%b %d %Y"),
    ],
)
def test_every_way_of_writing_dates_is_read_as_meant(form):
    texts = DAYS.dt.strftime(form)
    found = date_format(list(texts.unique()))
    assert found is not None and not found.in_doubt
    meant = pd.to_datetime(texts, format=form)
    assert (read_dates(texts, found.format) == meant).all()
    assert (written_dates(meant, found.format) == texts).all() or found.format == "ISO8601"


def test_what_tells_nothing_is_in_doubt_unless_the_file_tells():
    values = ["03/04/2024", "11/12/2024"]
    found = date_format(values)
    assert found.format == "%m/%d/%Y" and found.in_doubt and not found.day_first
    for day_first, form in [(True, "%d/%m/%Y"), (False, "%m/%d/%Y")]:
        found = date_format(values, day_first)
        assert found.format == form and not found.in_doubt
    dotted = date_format(["03.04.2024", "3.4.2024"])
    assert dotted.format == "%d.%m.%Y" and not dotted.in_doubt


def test_the_order_of_a_file():
    day, month = date_format(["13/01/2024"]), date_format(["01/13/2024"])
    doubt, iso = date_format(["01/02/2024"]), date_format(["2024-01-02"])
    assert order_of([day, doubt, iso]) is True
    assert order_of([month, doubt]) is False
    assert order_of([doubt, iso]) is None and order_of([day, month]) is None


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["2024", "2023"],
        ["1.5", "2.5"],
        ["31.12.2024", "2024-12-31"],
        ["31.02.2024"],
        ["10.0.0.1", "10.0.0.2"],
        ["12:30"],
        ["march on", "may be"],
        ["1.2.3"],
    ],
)
def test_what_is_no_column_of_dates(values):
    assert date_format(values) is None


def test_nearly_dates():
    dates = list(DAYS.dt.strftime("%d.%m.%Y").unique())
    assert most_are_dates([*dates, "none"]) == ["none"]
    assert most_are_dates(["none", "soon", "1.1.2024"]) == []
    assert looks_like_date("31 Mar 2024, 10:00")


def test_a_format_that_does_not_fit_is_refused():
    texts = pd.Series(["31.12.2024", "1.1.2025", "2024-12-31"])
    check_format("day", "%d.%m.%Y", texts)
    with pytest.raises(InputError, match=r"column 'day' is not written as '%m.%d.%Y' in 2 of 3"):
        check_format("day", "%m.%d.%Y", texts)
    with pytest.raises(InputError, match="is no format of dates"):
        check_format("day", "%Q", texts)


def test_whole_numbers_that_are_all_days():
    days = pd.Series(pd.date_range("2023-12-20", periods=20)).dt.strftime("%Y%m%d").astype(int)
    assert are_compact_dates(days) and are_compact_dates(days.where(days.index > 2))
    assert not are_compact_dates(days[:5])  # few, as codes are
    assert not are_compact_dates(days + 40) and not are_compact_dates(days + 0.5)
    assert not are_compact_dates(days.astype(str))


def test_a_column_of_such_numbers_is_one_of_dates():
    """They were learnt from as numbers, with 69 between one month and the next."""
    days = pd.Series(pd.date_range("2023-12-20", periods=60)).dt.strftime("%Y%m%d").astype(int)
    frame = pd.DataFrame({"d": days, "n": range(60, 0, -1)}).sample(frac=1, random_state=0)
    column = columns_of(frame)["d"]
    assert column.kind == "date" and column.date == DateFormat("%Y%m%d")
    assert column.says == "2023-12-20 to 2024-02-17, written %Y%m%d"
    asked = columns_of(frame, roles=make_roles(["d", "n"], number=["d"]))["d"]
    assert asked.kind == "number"


@pytest.mark.parametrize(
    "form",
    [
        *("%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S.%f UTC", "%d/%b/%Y:%H:%M:%S +0000"),
        *("%a, %d %b %Y %H:%M:%S +0000", "%a %b %d %H:%M:%S +0000 %Y", "%a %b %d %H:%M:%S %Y"),
        *("%A, %B %d, %Y", "%a %d %b %Y", "%a %Y-%m-%d", "%d.%m.%Y %H:%M:%S +00:00"),
        *("%Y年%m月%d日", "%d/%b/%Y"),
    ],
)
def test_what_logs_mails_and_databases_write_are_dates(form):
    days = DAYS.dt.floor("s") if "%H" in form else DAYS.dt.normalize()
    texts = days.dt.strftime(form)
    found = date_format(list(texts.unique()))
    assert found is not None and not found.in_doubt
    assert (read_dates(texts, found.format) == days).all()
    assert (read_dates(written_dates(days, found.format), found.format) == days).all()


@pytest.mark.parametrize("form", ["%Y-%m", "%Y/%m", "%m/%Y", "%b-%y", "%b %Y", "%B %Y"])
def test_months_are_dates_and_tell_no_order_of_the_others(form):
    months = pd.Series(pd.date_range("2019-01-01", periods=30, freq="MS"))
    found = date_format(list(months.dt.strftime(form)))
    assert (read_dates(months.dt.strftime(form), found.format) == months).all()
    assert order_of([found, date_format(["01/02/2024"])]) is None


@pytest.mark.parametrize(
    "values", [["2011-12", "2012-13"], ["10-19", "20-29", "Oct-30"], ["11-12"]]
)
def test_ranges_and_seasons_are_no_months(values):
    assert date_format(values) is None


@pytest.mark.parametrize(
    "strange", ["0000-00-00", "00.00.0000", "0000-00-00 00:00:00", "31.02.2024"]
)
def test_a_date_that_there_is_not_is_named_among_dates(strange):
    form = "%d.%m.%Y" if "." in strange else "%Y-%m-%d"
    assert most_are_dates([*DAYS.dt.strftime(form).unique(), strange]) == [strange]


@pytest.mark.parametrize(
    "unit, per_second, word",
    [("s", 1, "seconds"), ("ms", 1000, "milliseconds"), ("us", 10**6, "microseconds")],
)
def test_moments_since_1970_are_named(unit, per_second, word):
    values = pd.Series((1_600_000_000 + 86_400 * np.arange(30)) * per_second)
    [note] = unix_notes("at", values)
    assert "from 2020-09-13 to 2020-10-12" in note
    assert f"count the {word} since 1970" in note and f"--date at={unit}" in note


@pytest.mark.parametrize(
    "values",
    [
        np.arange(30) * 1e8,  # before 2000
        1_600_000_000 + np.arange(30) / 2,
        [1_600_000_000] * 30,
        [str(1_600_000_000 + i) for i in range(30)],
    ],
)
def test_other_numbers_are_no_moments(values):
    assert unix_notes("c", pd.Series(values)) == []


def test_short_floats_are_no_warning():
    """A warning of pandas' went to the terminal for each such column."""
    numbers = pd.Series(np.arange(30) / 2, dtype="float16")
    assert not are_compact_dates(numbers) and unix_notes("c", numbers) == []
    [column] = columns_of(pd.DataFrame({"c": numbers}))
    assert (column.kind, column.notes) == ("number", ())
