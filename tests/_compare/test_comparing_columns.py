"""What columns are, and what is said on top of a result, from the frame to the report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import StandardScaler

from sklimb._compare import compare
from tests._compare.stand_ins import blobs

LINEAR = {"methods": ["logistic"], "folds": 2, "n_jobs": 1, "random_state": 0}


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Search nothing, where only what surrounds the search is looked at."""
    from sklimb._compare.run import methods

    logistic = methods.METHODS["logistic"]
    monkeypatch.setitem(
        methods.METHODS, "logistic", replace(logistic, grids={"quick": {"C": [1.0] * 4}})
    )


WORDS = {
    "billing": ["invoice", "refund", "charge", "card"],
    "tech": ["error", "crash", "screen", "login"],
    "sales": ["price", "offer", "quote", "discount"],
}


def _tickets(sizes=(60, 40, 20), seed=0):
    """Return texts, numbers and dates, of which the first say most of the class."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(list(WORDS), sizes))
    noise = ["please", "help", "the", "with", "my", "account", "today"]
    texts = [
        " ".join(rng.permutation([*rng.choice(WORDS[c], 2), *rng.choice(noise, 4)])) for c in y
    ]
    days = pd.date_range("2023-01-01", periods=len(y), freq="11h").strftime("%d/%m/%Y")
    X = pd.DataFrame({"ticket": texts, "size": rng.normal(size=len(y)), "opened": days})
    return X, y


def test_a_column_of_texts_gives_what_the_texts_give():
    X, y = _tickets()
    alone = compare(X["ticket"], y, **LINEAR)
    column = compare(X[["ticket"]], y, **LINEAR)
    assert alone.results["balanced_accuracy"][0] > 0.9
    scores = ["balanced_accuracy", "macro_f1", "average_precision"]
    pd.testing.assert_frame_equal(alone.folds[scores], column.folds[scores])
    assert column.columns == ["ticket  text, 120 values: words weighted by TF-IDF"]


def test_texts_numbers_and_dates_give_what_words_beside_numbers_give():
    X, y = _tickets()
    X["opened"] = X["opened"].where(X.index % 7 > 0)
    found = compare(X, y, **LINEAR)
    words = TfidfVectorizer(min_df=2, sublinear_tf=True)
    by_hand = make_column_transformer((words, "ticket"), (StandardScaler(), ["size"]))
    expected = compare(X, y, prepare=by_hand, **LINEAR)
    assert found.results["balanced_accuracy"][0] > expected.results["balanced_accuracy"][0] - 0.05
    assert expected.results["balanced_accuracy"][0] > 0.85
    # The model takes rows as they came, with gaps and days that were not seen.
    new = X.assign(opened="31/12/2030", ticket=X["ticket"].where(X.index % 5 > 0))
    assert found.best_estimator_.predict(new).shape == (120,)
    space = {"X": X, "y": y}
    exec(found.code, space)
    predicted = found.best_estimator_.predict(X)
    np.testing.assert_array_equal(space["model"].predict(X), predicted)


@pytest.mark.parametrize("day", [lambda d: d, lambda d: d.strftime("%d.%m.%Y"), lambda d: d.date])
def test_the_day_tells_where_the_class_goes_by_the_day(day):
    days = pd.date_range("2023-01-02", periods=140)
    y = np.where(days.day_of_week > 4, "weekend", "week")
    X = pd.DataFrame({"day": day(days), "a": np.random.default_rng(0).normal(size=140)})
    found = compare(X, y, **LINEAR)
    assert found.results["balanced_accuracy"][0] > 0.95
    assert "day  date, 2023-01-02 to 2023-05-21" in found.columns[0]


def test_nothing_is_recommended_where_nothing_is_better_than_chance(tmp_path):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=120), "b": rng.normal(size=120)})
    y = np.where(np.arange(120) % 4 == 0, "bad", "good")
    X = X.assign(row=np.arange(120)).iloc[np.argsort(y, kind="stable")]  # sorted by class
    X["row"] = np.arange(120)
    found = compare(X, np.sort(y), **LINEAR)
    assert found.best_method is None and found.best_estimator_ is None and found.code == ""
    assert found.verdict.startswith("No method is better than chance: logistic regression")
    assert "Use " not in found.verdict and found.cautions[0] in " ".join(str(found).split())
    page = found.save_report(tmp_path).read_text(encoding="utf-8")
    assert "No method is better than chance" in page and "row  identifier" not in found.notes
    assert any("column row numbers the rows" in note for note in found.notes)
    # Learnt from, it gives the class away, which is said.
    kept = compare(X, np.sort(y), number="row", **LINEAR)
    assert any(line.startswith("column row") for line in kept.cautions)


def test_cautions_stand_on_top_of_the_result_and_the_report(tmp_path):
    X, y = blobs([60, 12], labels=["many", "few"])
    X = pd.DataFrame(X, columns=list("abc")).assign(when=np.where(y == "few", "2024-01-05", None))
    X.loc[y != "few", "a"] -= 1
    X["when"] = [f"2024-01-{i % 28 + 1:02}" if c == "few" else None for i, c in enumerate(y)]
    found = compare(pd.concat([X, X[:30]]), np.r_[y, y[:30]], **LINEAR)
    said = ["column when is filled only in rows of class few", "scored rows are the same in every"]
    printed = " ".join(str(found).split())
    page = " ".join(found.save_report(tmp_path).read_text(encoding="utf-8").split())
    for words in said:
        assert any(words in line for line in found.cautions)
        assert printed.index(words) < printed.index("bal. acc.")
        assert page.index(words) < page.index("<h2")
        assert printed.count(words) == 1 and page.count(words) == 1
