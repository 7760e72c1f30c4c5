from __future__ import annotations

import pandas as pd
import pytest

from sklimb._compare.data.dates import date_format, looks_like_date
from sklimb.feature_extraction import DateEncoder
from sklimb.feature_extraction._months import in_english
from sklimb.feature_extraction.dates import read_dates


@pytest.mark.parametrize(
    "texts, days",
    [
        (["3. März 2024", "12. April 2024", "1. Mai 2023"], "2024-03-03 2024-04-12 2023-05-01"),
        (["12. April 2024", "3. März 2024", "4. Jänner 2024"], "2024-04-12 2024-03-03 2024-01-04"),
        (["03-mars-2024", "15-août-2023"], "2024-03-03 2023-08-15"),
        (["15 janv. 2024", "3 févr. 2024", "1er mai 2023"], "2024-01-15 2024-02-03 2023-05-01"),
        (["3 de marzo de 2024", "15 de agosto de 2023"], "2024-03-03 2023-08-15"),
        (["3 marzo 2024", "15 luglio 2023"], "2024-03-03 2023-07-15"),
        (["3 de fevereiro de 2024", "15 de outubro de 2023"], "2024-02-03 2023-10-15"),
        (["3 mei 2024", "15 maart 2023"], "2024-05-03 2023-03-15"),
        (["Montag, 4. März 2024", "Freitag, 1. März 2024"], "2024-03-04 2024-03-01"),
        (["Mrz 24", "Dez 23", "Okt 23"], "2024-03-01 2023-12-01 2023-10-01"),
        (["15 Jan. 2024", "3 Feb. 2024"], "2024-01-15 2024-02-03"),
        (["Sept 4, 2022", "Oct 5, 2022"], "2022-09-04 2022-10-05"),
    ],
)
def test_dates_in_other_languages_are_dates(texts, days):
    """Such columns were texts or categories."""
    found = date_format(texts)
    assert found is not None and not found.in_doubt
    made = read_dates(pd.Series(texts), found.format)
    assert made.dt.strftime("%Y-%m-%d").tolist() == days.split()
    frame = pd.DataFrame({"d": texts})
    encoder = DateEncoder(found.format).fit(frame)
    assert encoder.transform(frame)[:, 1].tolist() == made.dt.month.tolist()


@pytest.mark.parametrize("text", ["3 May 2024", "Tue, 18 Apr 2023 13:46:54 +0000", "April 3, 2024"])
def test_english_dates_are_written_as_they_were(text):
    found = date_format([text])
    assert found is not None
    assert pd.to_datetime(text, format=found.format) is not pd.NaT


def test_full_names_stay_such_beside_may():
    found = date_format(["3 May 2024", "3 March 2024"])
    assert found is not None and found.format == "%d %B %Y"


@pytest.mark.parametrize("text", ["room 12 set", "12 out of 20", "3 de marzo", "mars bar 2024"])
def test_other_text_is_no_date(text):
    assert not looks_like_date(text)


@pytest.mark.parametrize(
    "texts, days",
    [
        (["[18/Apr/2023:10:00:00 +0200]", "[19/Apr/2023:23:30:00 -0200]"], "04-18 04-20"),
        (["[2024-03-31 10:00:00]", "[2024-04-30 10:00:01]"], "03-31 04-30"),
    ],
)
def test_dates_in_brackets_of_logs(texts, days):
    found = date_format(texts)
    assert found is not None
    made = read_dates(pd.Series(texts), found.format)
    assert made.dt.strftime("%m-%d").tolist() == days.split()


def test_words_that_are_no_months_stay():
    assert in_english("Hello world. 5 Bar") == "Hello world. 5 Bar"
