from __future__ import annotations

import datetime
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from sklimb.feature_extraction import DateEncoder
from sklimb.feature_extraction.dates import read_dates

DAYS = pd.to_datetime(["2023-12-31 18:00", "2024-02-29 06:00", None])


@pytest.mark.parametrize(
    "column, form",
    [
        (pd.Series(DAYS), None),
        (pd.Series(DAYS.tz_localize("Europe/Berlin")), None),
        (pd.Series(DAYS.strftime("%d.%m.%Y %H:%M")), "%d.%m.%Y %H:%M"),
        (pd.Series(DAYS.strftime("%m/%d/%y %I %p")), "%m/%d/%y %I %p"),
        (pd.Series(DAYS.strftime("%Y-%m-%dT%H:%M")), "ISO8601"),
        (pd.Series(DAYS.strftime("%Y-%m-%d %H:%M")), None),
        (pd.Series([1704045600.0, 1709186400.0, np.nan]), "s"),
        (pd.Series(["2023-12-31 18:00", "2024-02-29 06:00", "soon"], dtype="category"), None),
        (pd.Series(list(DAYS.to_pydatetime()), dtype=object), None),
    ],
)
def test_dates_however_stored_give_the_same_numbers(column, form):
    frame = column.to_frame("paid")
    made = DateEncoder(format=form).fit_transform(frame)
    expected = [[2023, 12, 31, 6, 18, 0, 0], [2024, 2, 29, 3, 6, 59.5, 0], [np.nan] * 6 + [1]]
    np.testing.assert_allclose(made, expected)
    as_array = frame.to_numpy()
    if as_array.dtype != object:
        np.testing.assert_allclose(DateEncoder(form).fit_transform(as_array), expected)


def test_days_are_counted_from_the_first_date_in_fit():
    frame = pd.DataFrame({"a": pd.to_datetime(["2024-01-10", "2024-01-05"]), "b": DAYS[:2]})
    encoder = DateEncoder().fit(frame)
    new = pd.DataFrame({"a": pd.to_datetime(["2024-01-01"]), "b": pd.to_datetime(["2024-01-01"])})
    made = pickle.loads(pickle.dumps(encoder)).transform(new)
    assert made.shape == (1, 14)
    assert made[0, 5] == -4 and made[0, 12] == 0.25
    names = encoder.get_feature_names_out()
    assert list(names[:2]) == ["a_year", "a_month"] and names[12] == "b_days"
    assert clone(encoder).format is None and encoder.n_features_in_ == 2
    with pytest.raises(ValueError, match="X has 1 features, but DateEncoder is expecting 2"):
        encoder.transform(new[["a"]])


def test_numbers_written_as_a_day_and_dates_of_python():
    whole = pd.Series([20240331.0, np.nan])
    assert read_dates(whole, "%Y%m%d").tolist()[0] == pd.Timestamp("2024-03-31")
    days = pd.Series([datetime.date(2024, 3, 31), None], dtype=object)
    assert read_dates(days, None).tolist()[0] == pd.Timestamp("2024-03-31")
    months = pd.Series(pd.period_range("2024-03", periods=2, freq="M"))
    assert read_dates(months, None).tolist()[1] == pd.Timestamp("2024-04-01")


def test_a_column_without_a_date_is_missing():
    with pytest.warns(UserWarning, match=r"No date was read from column 0, .*Pass the"):
        made = DateEncoder().fit_transform(pd.DataFrame({"a": [None, "?"]}))
    assert np.isnan(made[:, :6]).all() and (made[:, 6] == 1).all()


def test_dates_that_are_written_otherwise_than_in_fit_are_told():
    days = pd.DataFrame({"paid": ["31.12.2023", "01.01.2024", None] * 10})
    encoder = DateEncoder(format="%d.%m.%Y").fit(days)
    assert encoder.unread_share_.tolist() == [0.0]
    encoder.transform(days)  # what is missing is no other writing
    with pytest.warns(UserWarning, match=r"Column paid: 1 of 1 values .* '2024-01-02'"):
        numbers = encoder.transform(pd.DataFrame({"paid": ["2024-01-02"]}))
    assert numbers[0, -1] == 1 and np.isnan(numbers[0, 0])


def test_values_that_were_no_dates_in_fit_may_come_again():
    days = pd.DataFrame({"paid": ["31.12.2023", "never", "01.01.2024", "02.01.2024"] * 10})
    encoder = DateEncoder(format="%d.%m.%Y").fit(days)
    assert encoder.unread_share_.tolist() == [0.25]
    encoder.transform(days)
    del encoder.unread_share_  # of a file that an earlier version wrote
    with pytest.warns(UserWarning, match=r"Column paid: 10 of 40 values"):
        encoder.transform(days)


def test_columns_go_by_name_as_in_fit():
    days = pd.DataFrame(
        {"born": ["2000-01-01", "2001-01-01"], "paid": ["2020-05-01", "2021-05-01"]}
    )
    encoder = DateEncoder().fit(days)
    # in another order each column would be counted from the other's first day
    with pytest.raises(ValueError, match="must be in the same order"):
        encoder.transform(days[["paid", "born"]])
    with pytest.raises(ValueError, match="unseen at fit time"):
        encoder.transform(days.set_axis(["born", "sent"], axis=1))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        encoder.transform(days.to_numpy())
    counted = days.set_axis([0, 1], axis=1)
    assert not hasattr(encoder.fit(counted), "feature_names_in_")
    assert encoder.transform(counted).shape == (2, 14)
