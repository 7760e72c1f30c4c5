from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.kinds import columns_of
from sklimb._compare.data.one_class import make_classes
from sklimb._compare.data.sanity import column_notes
from sklimb._compare.data.single_dates import date_numbers, dates_of_class

RNG = np.random.default_rng(0)
N = 1000
LABELS = np.array(["fine", "fraud"])
CODES = (np.arange(N) % 20 == 0).astype(int)
RARE = CODES == 1
HALF = np.arange(N) % 40 == 0  # 25 of the 50 frauds
DAY = pd.Series(pd.Timestamp("2023-01-01") + pd.to_timedelta(RNG.integers(0, 300, N), "D"))
CLASSES = make_classes(CODES, LABELS)


def _moved(rows, days):
    return DAY + pd.to_timedelta(np.where(rows, days, 0), "D")


def _at(minutes):
    return DAY + pd.to_timedelta(minutes, "min")


OWN_TIME = _at(np.where(HALF, 0, RNG.integers(60, 1440, N)))
MONDAY = pd.Timestamp("2023-01-02")
DAYS_OF_WEEK, WEEKS = RNG.integers(0, 6, N), 7 * RNG.integers(0, 40, N)


@pytest.mark.parametrize(
    "form", [None, "%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%d %b %Y", "%m/%d/%Y %H:%M"]
)
def test_dates_are_looked_at_as_numbers_however_they_are_written(form):
    """A day of closing that is later for frauds alone was 100 % without a word."""
    late = _moved(RARE, 400)
    frame = pd.DataFrame({"closed": late if form is None else late.dt.strftime(form)})
    if form == "%Y%m%d":
        frame["closed"] = frame["closed"].astype(int)
    frame["n"] = RNG.normal(size=N)
    (note,) = column_notes(frame, LABELS[CODES], columns=columns_of(frame))
    assert "column closed alone says the class nearly always (balanced accuracy" in note
    frame["closed"] = DAY if form is None else DAY.dt.strftime(form)
    assert column_notes(frame, LABELS[CODES], columns=columns_of(frame)) == []


@pytest.mark.parametrize(
    "dates",
    [
        _at(np.where(RARE, 0, RNG.integers(60, 1440, N))),
        MONDAY + pd.to_timedelta(np.where(RARE, 6, DAYS_OF_WEEK) + WEEKS, "D"),
    ],
)
def test_a_part_that_says_all(dates):
    frame = pd.DataFrame({"at": pd.Series(dates).dt.strftime("%Y-%m-%d %H:%M")})
    (note,) = column_notes(frame, LABELS[CODES], columns=columns_of(frame))
    assert "column at alone says the class nearly always" in note


@pytest.mark.parametrize(
    "dates, words, given",
    [
        (_moved(HALF, 400), "has dates after {given}", [DAY.max()]),
        (_moved(HALF, -400), "has dates before {given}", [DAY.min()]),
        (DAY.where(~HALF, pd.Timestamp("2023-05-05 07:07")), "has the date{s} {given}",
         [pd.Timestamp("2023-05-05 07:07")]),
        (OWN_TIME, "has the time{s} {given}", ["00:00"]),
        (MONDAY + pd.to_timedelta(np.where(HALF, 6, DAYS_OF_WEEK) + WEEKS, "D"),
         "has {given} as day{s} of the week", ["Sunday"]),
    ],
)  # fmt: skip
def test_what_half_of_the_rare_class_has_alone(dates, words, given):
    found, said = dates_of_class(pd.Series(dates), CLASSES)
    assert said == words and found[0] == given and found[1] == 1
    assert (found[2] & RARE).sum() >= 25 and not (found[2] & ~RARE).any()


@pytest.mark.parametrize(
    "dates",
    [
        DAY,
        _at(RNG.integers(0, 1440, N)),
        DAY.where(RNG.random(N) < 0.5),
        _moved(RARE, 100),  # later, as are others
        _moved(np.arange(N) % 100 == 0, 400),  # a fifth of them
        pd.Series(pd.date_range("2020-01-01", periods=N, freq="h")),
    ],
)
def test_ordinary_dates(dates):
    assert dates_of_class(dates, CLASSES) == (None, "")


def test_one_stray_date_of_another_class_hides_nothing():
    stray = np.arange(N) == 1
    found, said = dates_of_class(_moved(RARE | stray, 400), CLASSES)
    assert said == "has dates after {given}" and found[2].sum() == 51
    assert found[0] == [DAY[~RARE & ~stray].max()]


def test_missing_dates_are_no_late_ones():
    numbers = date_numbers(DAY.where(~RARE))
    assert numbers.shape == (N, 7) and np.isfinite(numbers).all()
    np.testing.assert_array_equal(numbers[:, 6], RARE)
    found, _ = dates_of_class(_moved(HALF, 400).where(np.arange(N) % 3 > 0), CLASSES)
    assert found is None or not found[2][np.arange(N) % 3 == 0].any()
