from __future__ import annotations

import datetime
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from sklimb import AffinityClassifier, PriorCorrectedClassifier, RebalancedClassifier
from sklimb._data.remedies import overflow_named
from sklimb.feature_extraction import DateEncoder

N = 20
Y = np.arange(N) % 2
DAYS = pd.date_range("2024-01-05", periods=N)
TEXTS = [f"the pump {i % 3} leaks again" for i in range(N)]


def _frame(**columns):
    return pd.DataFrame({"a": np.arange(N) / 7, **columns})


@pytest.mark.parametrize(
    "X, said",
    [
        (_frame(s=["x", "y"] * 10), "(OneHotEncoder(handle_unknown=\"ignore\"), ['s'])"),
        (_frame(s=pd.Categorical(["x", "y"] * 10)), "OneHotEncoder"),
        (_frame(s=["x", None] * 10), "OneHotEncoder"),
        (_frame(d=DAYS), "(DateEncoder(), ['d'])"),
        (pd.DataFrame({"d": DAYS}), "(DateEncoder(), ['d'])"),
        (_frame(d=[day.date() for day in DAYS]), "(DateEncoder(), ['d'])"),
        (_frame(d=DAYS.where(Y == 1), s=["x", "y"] * 10), "SimpleImputer(), Reb"),
        (_frame(t=TEXTS, s="x"), "(TfidfVectorizer(), 't')"),
        (_frame(b=[np.nan, *[1.0] * (N - 1)]), "make_pipeline(SimpleImputer(), Reb"),
        (_frame(b=pd.array([1, None] * 10, dtype="Int64")), "make_pipeline(SimpleImputer(), Reb"),
        (np.array([[np.nan, 1.0], [1.0, 2.0]] * 10), "make_pipeline(SimpleImputer(), Reb"),
        (TEXTS, "make_pipeline(TfidfVectorizer(), Reb"),
        (pd.Series(TEXTS), "make_pipeline(TfidfVectorizer(), Reb"),
        (np.array([["x", 1]] * N, dtype=object), "make_pipeline(OneHotEncoder("),
    ],
)
def test_the_error_names_a_line_that_helps(X, said):
    with pytest.raises(ValueError) as caught:
        RebalancedClassifier(max_epochs=1).fit(X, Y)
    message = str(caught.value)
    assert said in message
    line = message.split("Put in front what makes numbers of it: ")[1].split("; sklimb.compare")[0]
    space = {
        "make_pipeline": make_pipeline,
        "make_column_transformer": make_column_transformer,
        "OneHotEncoder": OneHotEncoder,
        "SimpleImputer": SimpleImputer,
        "TfidfVectorizer": TfidfVectorizer,
        "DateEncoder": DateEncoder,
        "RebalancedClassifier": RebalancedClassifier,
    }
    model = eval(line.replace("(...)", "(max_epochs=1)"), space)
    assert model.fit(X, Y).predict(X).shape == (N,)


def test_every_classifier_and_prediction_says_it():
    for model in (AffinityClassifier(), PriorCorrectedClassifier(RebalancedClassifier())):
        with pytest.raises(ValueError, match="OneHotEncoder"):
            model.fit(_frame(s=["x", "y"] * 10), Y)
    model = RebalancedClassifier(max_epochs=1).fit(_frame(b=1.0), Y)
    with pytest.raises(ValueError, match=r"contains NaN[\s\S]*SimpleImputer"):
        model.predict(_frame(b=np.nan))


@pytest.mark.parametrize(
    "X, said",
    [
        (np.full((N, 2), np.inf), "infinity"),
        (np.ones((N - 1, 2)), "inconsistent numbers of samples"),
        ([[1, 2], [3]] * 10, "inhomogeneous"),
        (np.array([[{"a": 1}, 2]] * N, dtype=object), "must be a string or a real number"),
    ],
)
def test_other_errors_stay_as_they_are(X, said):
    with pytest.raises((ValueError, TypeError)) as caught:
        RebalancedClassifier(max_epochs=1).fit(X, Y)
    assert said in str(caught.value) and "Put in front" not in str(caught.value)


@pytest.mark.parametrize(
    "X, said",
    [
        (_frame(d=[datetime.timedelta(1)] * N), "Column 'd' holds durations: .*total_seconds"),
        (pd.DataFrame({"d": pd.to_timedelta(range(N))}), "X holds durations, which are no numbers"),
        (_frame(d=pd.period_range("2024", periods=N, freq="M")), "'d' holds periods: .*timestamp"),
        (_frame(d=[None, *[[1, 2]] * (N - 1)]), r"Column 'd' holds lists \(such as \[1, 2\]\)"),
        ({"a": [1.0] * N}, r"X is a dict, .*pass pandas.DataFrame\(X\)"),
        ([{"a": 1.0}] * N, r"Records of numbers go in as pandas.DataFrame\(X\)"),
        (_frame(b=1.0).to_records(index=False), "X is an array of records"),
        (np.ones((N, 2)).astype("M8[D]"), "X is an array of dates .*DateEncoder"),
        (np.ones((N, 2)).astype("m8[s]"), "X is an array of durations .*timedelta64"),
        (pl.DataFrame({"a": [1.0] * N}).lazy(), r"X is a lazy polars frame: pass X.collect\(\)"),
        (np.ma.masked_array(np.ones((N, 2)), np.eye(N, 2)), r"contains NaN[\s\S]*SimpleImputer"),
    ],
)
def test_what_no_encoder_is_for_is_named(X, said):
    with pytest.raises((TypeError, ValueError)) as caught:
        RebalancedClassifier(max_epochs=1).fit(X, Y)
    assert re.search(said, str(caught.value))


def test_an_int_that_no_float_can_hold_is_in_x():
    with (
        pytest.raises(ValueError, match="X holds a number that no float can hold"),
        overflow_named(),
    ):
        float(10**400)
