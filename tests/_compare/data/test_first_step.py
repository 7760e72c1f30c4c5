from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklimb._compare.data.first_step import (
    has_text,
    make_native_preparation,
    make_preparation,
    texts_alone,
)
from sklimb._compare.data.kinds import columns_of
from sklimb._compare.data.preparing import check_columns, take
from sklimb._compare.data.roles import make_roles
from sklimb._compare.data.text_columns import MAX_CATEGORIES

TEXTS = ["one two", "two three", "three", "one two two"]


@pytest.fixture
def mixed():
    return pd.DataFrame(
        {
            "age": [20.0, np.nan, 40.0, 60.0],
            "children": [0, 1, 2, 5],
            "job": ["cook", None, "nurse", "cook"],
            "town": pd.Categorical(["Ulm", "Bonn", None, "Ulm"]),
            "member": [True, False, True, True],
        }
    )


def test_numbers_are_scaled():
    X = np.array([[1.0, 1e6], [2.0, 3e6], [3.0, 2e6]])
    made = make_preparation(X).fit_transform(X)
    np.testing.assert_allclose(made.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(made.std(axis=0), 1)


@pytest.mark.parametrize("as_frame", [False, True])
def test_missing_numbers_are_filled_with_the_median_of_the_rows_learnt_from(as_frame):
    X = np.array([[1.0, 5], [np.nan, 5], [2.0, 6], [9.0, 8]])
    X = pd.DataFrame(X, columns=["a", "b"]) if as_frame else X
    checked = check_columns(X)
    preparation = make_preparation(checked).fit(take(checked, np.array([0, 1, 2])))
    made = preparation.transform(checked)
    assert np.isfinite(made).all()
    assert made[1, 0] == pytest.approx((made[0, 0] + made[2, 0]) / 2)


def test_a_mixed_frame_becomes_numbers_with_missing_as_a_category(mixed):
    X = check_columns(mixed)
    made = make_preparation(X).fit_transform(X)
    # two numbers, three jobs and three towns (one of each missing), two of member
    assert made.shape == (4, 2 + 3 + 3 + 2)
    assert np.isfinite(made).all()
    assert set(np.unique(made[:, 2:])) == {0, 1}
    np.testing.assert_array_equal(made[:, 2:5].sum(axis=1), 1)


def test_categories_that_were_not_seen_are_taken(mixed):
    preparation = make_preparation(mixed).fit(mixed)
    new = mixed.copy()
    new["job"] = ["astronaut", "cook", None, "cook"]
    new["children"] = [1.0, np.nan, 2.0, 3.0]
    made = preparation.transform(new)
    assert np.isfinite(made).all()
    np.testing.assert_array_equal(made[0, 2:5], 0)


def test_many_categories_share_a_column():
    rng = np.random.RandomState(0)
    frame = pd.DataFrame({"name": [f"n{i}" for i in rng.randint(200, size=1000)]})
    assert columns_of(frame).notes == [
        f"column name holds text with {frame['name'].nunique()} different values: the "
        f"{MAX_CATEGORIES - 1} most frequent count one by one, the rest as one "
        "(drop it if it is an identifier, or say --text if it is words)"
    ]
    assert make_preparation(frame).fit_transform(frame).shape == (1000, MAX_CATEGORIES)


def test_a_column_without_values_is_told_and_does_no_harm(recwarn):
    frame = pd.DataFrame({"a": [1.0, 2.0], "empty": [np.nan, np.nan]})
    X = check_columns(frame)
    assert columns_of(X)["empty"].left_out == "it has no value"
    assert make_preparation(X).fit_transform(X).shape == (2, 1)
    assert not recwarn.list


def test_a_word_of_one_text_is_left_out():
    X = check_columns([*TEXTS, "four"])
    assert make_preparation(X).fit(X).get_feature_names_out().tolist() == ["one", "three", "two"]


def test_infinite_is_not_taken_for_missing_in_nullable_columns():
    X = pd.DataFrame({"a": pd.array([1, None, 3], dtype="Int64")})
    X = check_columns(X)
    assert np.isfinite(make_preparation(X).fit_transform(X)).all()


N = 40
MIXED = pd.DataFrame(
    {
        "amount": np.arange(N) / 7,
        "zip": [1067, 80331] * (N // 2),
        "kind": ["a", None] * (N // 2),
        "paid": pd.date_range("2024-01-05", periods=N).strftime("%d.%m.%Y"),
        "sent": pd.date_range("2024-01-05", periods=N).where(np.arange(N) % 4 > 0),
        "note": [f"{i % 3} oil pump leaks {i % 5} again" if i % 9 else None for i in range(N)],
        "more": [f"please call{i % 4} me{i % 7} back now {i}" for i in range(N)],
        "row": range(N),
    }
)


def test_dates_and_texts_beside_numbers_and_categories():
    columns = columns_of(MIXED, roles=make_roles(MIXED.columns, text="note", category="zip"))
    preparation = make_preparation(MIXED, columns).fit(MIXED)
    names = [name for name, *_ in preparation.transformers_]
    assert names == ["numbers", "categories", "dates_1", "dates_2", "text_1", "text_2", "remainder"]
    made = preparation.transform(MIXED)
    assert sparse.issparse(made) and np.isfinite(made.data).all()
    widths = [made[:, part].shape[1] for part in preparation.output_indices_.values()]
    assert widths[:4] == [1, 4, 7, 7]
    words = made[:, preparation.output_indices_["text_2"]]
    alone = make_preparation(MIXED["more"].tolist()).fit_transform(MIXED["more"])
    np.testing.assert_array_equal(words.toarray(), alone.toarray())
    assert has_text(MIXED, columns) and has_text(["a b", "c"], None)
    assert not has_text(MIXED, columns_of(MIXED[["amount", "zip"]]))


def test_what_is_left_out_may_be_missing_and_further_columns_be_there():
    frame = MIXED[["amount", "row"]].assign(same="x")
    preparation = make_preparation(frame, columns_of(frame)).fit(frame)
    made = preparation.transform(frame)
    assert made.shape == (N, 1)
    np.testing.assert_array_equal(preparation.transform(frame[["amount"]].assign(new=1)), made)


def test_the_missing_date_is_a_number():
    made = make_preparation(MIXED[["sent", "amount"]]).fit_transform(MIXED[["sent", "amount"]])
    gap = made[:, -1]
    assert set(np.flatnonzero(gap > 0)) == set(range(0, N, 4))


def test_a_column_of_texts_alone_gives_what_a_series_gives():
    frame = MIXED[["more"]]
    made = make_preparation(frame).fit_transform(frame)
    alone = make_preparation(frame["more"]).fit_transform(frame["more"])
    assert sparse.issparse(made)
    np.testing.assert_array_equal(made.toarray(), alone.toarray())


def test_names_that_are_no_text_are_asked_for_by_their_place():
    frame = pd.DataFrame({7: np.arange(N), 3: np.arange(N) / 7, 5: [1, 2] * (N // 2)})
    made = make_preparation(frame).fit_transform(frame)
    assert made.shape == (N, 2)
    np.testing.assert_allclose(made[:, 0], (frame[3] - frame[3].mean()) / frame[3].std(ddof=0))


def test_codes_of_categories_stand_in_front_and_numbers_keep_their_gaps(mixed):
    dated = mixed.assign(day=["2024-01-01", None, "2024-02-01", "2024-01-15"])
    columns = columns_of(dated, roles=make_roles(dated.columns, date="day"))
    preparation, n = make_native_preparation(dated, columns)
    made = preparation.fit_transform(dated)
    assert n == 3  # job, town, member
    assert np.isnan(made[1, 0]) and set(made[[0, 2, 3], 0]) == {0.0, 1.0}
    assert np.isnan(made[1, 3])  # age
    assert made.shape == (4, 3 + 2 + 7)
    new = preparation.transform(dated.assign(job="pilot", age=1.0))
    assert np.isnan(new[:, 0]).all() and np.isfinite(new[:, 3]).all()


def test_without_categories_and_texts_there_are_no_codes(mixed):
    numbers = mixed[["age", "children"]]
    assert make_native_preparation(numbers, columns_of(numbers)) is None


def test_beside_codes_texts_are_dense_columns_of_frequent_words():
    roles = make_roles(MIXED.columns, text="note", category="zip")
    columns = columns_of(MIXED, roles=roles)
    preparation, n = make_native_preparation(MIXED, columns)
    made = preparation.fit_transform(MIXED)
    assert n == 2 and isinstance(made, np.ndarray)
    parts = {name: made[:, part] for name, part in preparation.output_indices_.items()}
    assert list(parts)[:2] == ["categories", "numbers"]
    assert np.isnan(parts["categories"]).any() and np.isnan(parts["dates_2"]).any()
    alone = make_preparation(MIXED["more"].tolist()).fit_transform(MIXED["more"])
    np.testing.assert_array_equal(parts["text_2"], alone.toarray())


def test_the_words_of_several_texts_share_the_dense_columns():
    words = [f"w{k}" for k in range(400)]
    frame = pd.DataFrame({"a": [" ".join(words)] * 3, "b": [" ".join(words[:200])] * 3})
    roles = make_roles(frame.columns, text=["a", "b"])
    columns = columns_of(frame, roles=roles)
    assert texts_alone(frame, columns) and texts_alone(np.array(["a b"], dtype=object), None)
    assert not texts_alone(MIXED, columns_of(MIXED))
    preparation, n = make_native_preparation(frame, columns)
    assert n == 0 and preparation.fit_transform(frame).shape == (3, 300)
