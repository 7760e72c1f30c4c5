from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from sklimb.feature_extraction import CategoryChecker, NewCategoryWarning

KINDS = pd.DataFrame({"channel": ["web", "shop", "phone", None] * 10, "code": [1, 2, 3, 1] * 10})


def _new(**columns):
    return pd.DataFrame({"channel": ["web"] * 20, "code": [1] * 20} | columns)


@pytest.mark.parametrize("make", [lambda X: X, lambda X: X.to_numpy(), pd.DataFrame.astype])
def test_columns_go_through_as_they_are(make):
    X = KINDS.astype("category") if make is pd.DataFrame.astype else make(KINDS)
    checker = CategoryChecker().fit(X)
    assert checker.transform(X) is X
    assert [sorted(c) for c in checker.categories_] == [["phone", "shop", "web"], [1, 2, 3]]
    assert checker.alone_share_.tolist() == [0, 0] and checker.n_features_in_ == 2
    assert hasattr(clone(checker), "fit")


def test_it_keeps_names_for_an_encoder_behind_it():
    encode = make_pipeline(CategoryChecker(), OneHotEncoder(handle_unknown="ignore")).fit(KINDS)
    assert encode.get_feature_names_out()[0] == "channel_phone"
    with pytest.raises(ValueError, match="X has 1 features, but CategoryChecker is expecting 2"):
        encode.transform(KINDS[["code"]])


@pytest.mark.parametrize(
    "columns, said",
    [
        ({"channel": ["WEB"] + ["web"] * 19}, r"channel: 1 of 20 value is .*\('WEB' for 'web'\)"),
        ({"channel": ["web "] * 20}, r"channel: 20 of 20 values are .*\('web ' for 'web'\)"),
        ({"channel": pd.Categorical(["Shop"] * 20)}, "'Shop' for 'shop'"),
        ({"code": ["1"] * 20}, r"code: 20 of 20 .*\('1' for 1\)"),
        ({"channel": ["mail"] * 15 + ["web"] * 5}, "channel: 15 of 20 values do not occur in fit"),
    ],
)
def test_categories_that_are_not_those_of_fit(columns, said):
    checker = CategoryChecker().fit(KINDS)
    with pytest.warns(NewCategoryWarning, match=said) as caught:
        pickle.loads(pickle.dumps(checker)).transform(_new(**columns))
    assert len(caught) == 1 and caught[0].filename == __file__
    assert issubclass(NewCategoryWarning, UserWarning)


def test_one_row_that_is_written_otherwise():
    checker = CategoryChecker().fit(KINDS)
    row = KINDS.iloc[[0]].assign(channel="Web")
    with pytest.warns(NewCategoryWarning, match="'Web' for 'web'"):
        checker.transform(row)


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"channel": ["mail"] * 10 + ["web"] * 10},
        {"channel": [None] * 20},
        {"code": [1.0, np.nan] * 10},
        {"code": [7] * 9 + [None] * 11},
    ],
)
def test_new_categories_and_gaps_at_an_ordinary_rate(columns):
    CategoryChecker().fit(KINDS).transform(_new(**columns))


def test_a_new_row_may_have_any_new_category():
    CategoryChecker().fit(KINDS).transform(KINDS.iloc[[0]].assign(channel="mail"))


def test_where_most_values_come_once_new_ones_are_expected():
    names = pd.DataFrame({"who": [f"n{i}" for i in range(60)] + ["again"] * 40})
    checker = CategoryChecker().fit(names)
    assert checker.alone_share_.tolist() == [0.6]
    new = pd.DataFrame({"who": [f"m{i}" for i in range(60)] + ["again"] * 40})
    checker.transform(new)
    with pytest.warns(NewCategoryWarning, match="100 of 100"):
        checker.transform(pd.DataFrame({"who": [f"m{i}" for i in range(100)]}))


def test_where_fit_tells_cases_apart_a_third_spelling_is_new():
    both = pd.DataFrame({"grade": ["a", "A", "b", "B", "c"] * 4})
    CategoryChecker().fit(both).transform(pd.DataFrame({"grade": ["C"]}))


def test_one_slip_in_fit_does_not_end_the_check():
    slip = pd.DataFrame({"channel": ["web", "WEB", "shop", "phone"]})
    checker = CategoryChecker().fit(slip)
    checker.transform(pd.DataFrame({"channel": ["Web"]}))  # of which there are two
    with pytest.warns(NewCategoryWarning, match="'Shop' for 'shop'"):
        checker.transform(pd.DataFrame({"channel": ["Shop"]}))


def test_columns_go_by_name_as_in_fit():
    # too few rows, and too much in common, for the values themselves to tell
    answers = pd.DataFrame({"asked": ["yes", "no"], "given": ["no", "yes"]})
    checker = CategoryChecker().fit(answers)
    with pytest.raises(ValueError, match="must be in the same order"):
        checker.transform(answers[["given", "asked"]])
    with pytest.raises(ValueError, match="unseen at fit time"):
        checker.transform(answers.set_axis(["asked", "sent"], axis=1))
    assert checker.transform(answers) is answers
