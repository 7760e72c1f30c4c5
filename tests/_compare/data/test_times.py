from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.times import as_times
from sklimb._compare.errors import InputError

DAYS = pd.date_range("2020-01-30", periods=4)


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 10, 11],
        ["1", "2", "10", "11"],
        ["1,5", "2", "10,25", "11"],
        ["2020-01-30", "2020-01-31T10:00", "2020-02-01", "2020-02-02"],
        DAYS,
        DAYS.tz_localize("UTC"),
        list(DAYS.date),
        pd.period_range("2020-01", periods=4, freq="M"),
        pd.to_timedelta([1, 2, 10, 11], unit="h"),
        pd.Categorical(["x", "b", "y", "a"], categories=["x", "b", "y", "a"], ordered=True),
        pd.Series(["1", "2", "10", "11"], dtype="string"),
        [DAYS[0].tz_localize("Asia/Tokyo"), *DAYS[1:].tz_localize("UTC")],
    ],
)
def test_times_sort_as_times(values):
    times = as_times(values, "time")
    assert np.argsort(times[[3, 1, 0, 2]]).tolist() == [2, 1, 3, 0]


@pytest.mark.parametrize("values", [["02.01.2021", "15.06.2020"], ["jan", "feb"], ["9", "soon"]])
def test_text_that_would_sort_as_text_is_refused(values):
    with pytest.raises(InputError, match=r"time holds neither numbers nor ISO dates .*such as"):
        as_times(values, "time")


def test_missing_times_stay_missing():
    assert pd.isna(as_times(["1", "", "3"], "time")).tolist() == [False, True, False]
    assert pd.isna(as_times([datetime.date(2020, 1, 1), None], "time")).tolist() == [False, True]


@pytest.mark.parametrize(
    "days",
    [
        ["02.01.2021", "15.01.2021", "01.02.2021", "03.02.2021"],
        ["31/12/2020", "01/01/2021", "02/01/2021", "01/02/2021"],
    ],
)
def test_dates_of_a_column_are_read_as_its_dates_are(days):
    assert (np.diff(as_times(days, "time", of_column=True)) > np.timedelta64(0)).all()
    with pytest.raises(InputError, match=r"pass pd.to_datetime\(time, format='%d"):
        as_times(days, "time")


def test_days_that_could_be_months_are_refused():
    for of_column in (True, False):
        with pytest.raises(InputError, match="such as '03/04/2024': could the day or the month"):
            as_times(["03/04/2024", "05/04/2024"], "time", of_column)


def test_bytes_would_be_ordered_as_text_is():
    with pytest.raises(InputError, match="time holds bytes: make them text"):
        as_times(np.array([b"9", b"10"]), "time")
