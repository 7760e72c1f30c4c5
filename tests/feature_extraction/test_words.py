"""Words in windows as numbers: which features, of which column, with and without vectors."""

from __future__ import annotations

import gzip
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from sklimb.datasets import fetch_twitter_pos
from sklimb.feature_extraction import WordWindowVectorizer
from tests.datasets.shared import DATA, needs

X = [["", "ab", "cab"], ["ab", "cab", "ab"], ["cab", "ab", ""]]
VECTORS = {"ab": [1, 2], "UUUNKKK": [3, 4], "</s>": [5, 6]}


def features(vectorizer, rows):
    """Names of the features that are on, row by row."""
    names = vectorizer.get_feature_names_out()
    made = vectorizer.transform(rows)
    assert made.shape == (len(rows), len(names))
    return [set(names[row.nonzero()[1]]) for row in sparse.csr_matrix(made)]


def naive(word, column, low, high):
    """Every substring of the word with a blank at each end, but a lone blank."""
    padded = f" {word} "
    grams = {padded[i:j] for i in range(len(padded)) for j in range(i + 1, len(padded) + 1)}
    return {f"{column}~{g}" for g in grams if low <= len(g) <= high and g != " "}


def test_words_and_ngrams_by_column():
    vectorizer = WordWindowVectorizer(ngram_range=(1, 3), min_df=1).fit(X)
    for row, found in zip(X, features(vectorizer, X)):
        expected = set()
        for k, word in enumerate(row):
            if word:
                expected |= {f"x{k}={word}"} | naive(word, f"x{k}", 1, 3)
        assert found == expected


def test_made_of_zeros_and_ones_and_sparse():
    made = WordWindowVectorizer(min_df=1).fit_transform([["aaa"], ["aa"]])
    assert sparse.issparse(made) and made.format == "csr" and made.dtype == np.float32
    assert set(made.data) == {1.0}


def test_parts_can_be_left_out():
    (words,) = features(WordWindowVectorizer(ngram_range=None, min_df=1).fit(X), [["ab"] * 3])
    assert words == {"x0=ab", "x1=ab", "x2=ab"}
    (grams,) = features(
        WordWindowVectorizer(words=False, ngram_range=(4, 4), min_df=1).fit(X), [["ab"] * 3]
    )
    assert grams == {"x0~ ab ", "x1~ ab ", "x2~ ab "}


def test_rare_features_are_left_out():
    vectorizer = WordWindowVectorizer(ngram_range=None, min_df=2).fit([["a"], ["a"], ["b"]])
    assert vectorizer.get_feature_names_out().tolist() == ["x0=a"]


def test_words_that_were_not_seen():
    vectorizer = WordWindowVectorizer(ngram_range=(1, 2), min_df=1).fit([["ab"], ["b"]])
    assert features(vectorizer, [["xb"], ["zz"]]) == [{"x0~b", "x0~b "}, set()]


def test_vectors_alone_are_dense():
    vectorizer = WordWindowVectorizer(words=False, ngram_range=None, vectors=VECTORS).fit(X)
    made = vectorizer.transform([["", "ab", "new"]])
    assert isinstance(made, np.ndarray) and made.dtype == np.float32
    np.testing.assert_array_equal(made, [[5, 6, 1, 2, 3, 4]])
    names = ["x0[0]", "x0[1]", "x1[0]", "x1[1]", "x2[0]", "x2[1]"]
    assert vectorizer.get_feature_names_out().tolist() == names


def test_vectors_without_special_words_are_zero_there():
    vectorizer = WordWindowVectorizer(words=False, ngram_range=None, vectors={"ab": [1, 2]})
    np.testing.assert_array_equal(
        vectorizer.fit_transform([["", "ab", "new"]]), [[0, 0, 1, 2, 0, 0]]
    )


def test_vectors_beside_words_come_last():
    vectorizer = WordWindowVectorizer(ngram_range=None, min_df=1, vectors=VECTORS).fit(X)
    made = vectorizer.transform(X)
    assert sparse.issparse(made)
    alone = WordWindowVectorizer(words=False, ngram_range=None, vectors=VECTORS).fit(X)
    np.testing.assert_array_equal(made.toarray()[:, -6:], alone.transform(X))
    assert len(vectorizer.get_feature_names_out()) == made.shape[1] == 6 + 6


@pytest.mark.parametrize("packed", [False, True])
def test_vectors_from_a_file(tmp_path, packed):
    text = "ab\t1 2\nUUUNKKK 3 4\n</s>\t5.0 6e0\n"
    path = tmp_path / ("v.txt.gz" if packed else "v.txt")
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    rows = [["", "ab", "new"]]
    for vectors in (path, str(path)):
        made = WordWindowVectorizer(words=False, ngram_range=None, vectors=vectors)
        np.testing.assert_array_equal(made.fit_transform(rows), [[5, 6, 1, 2, 3, 4]])


@pytest.mark.parametrize(
    "convert", [np.array, pd.DataFrame, lambda x: pl.DataFrame(x, orient="row")]
)
def test_containers(convert):
    expected = WordWindowVectorizer(min_df=1).fit_transform(X).toarray()
    made = WordWindowVectorizer(min_df=1).fit_transform(convert(X)).toarray()
    np.testing.assert_array_equal(made, expected)


def test_names_of_a_frame():
    frame = pd.DataFrame(X, columns=["previous", "word", "next"])
    vectorizer = WordWindowVectorizer(ngram_range=None, min_df=1).fit(frame)
    assert vectorizer.feature_names_in_.tolist() == ["previous", "word", "next"]
    assert vectorizer.get_feature_names_out()[0] == "previous=ab"
    assert vectorizer.get_feature_names_out(frame.columns)[0] == "previous=ab"
    with pytest.raises(ValueError, match="input_features is not equal to feature_names_in_"):
        vectorizer.get_feature_names_out(["a", "b", "c"])
    vectorizer.fit(X)
    assert not hasattr(vectorizer, "feature_names_in_")
    assert vectorizer.get_feature_names_out()[0] == "x0=ab"
    assert vectorizer.get_feature_names_out(["a", "b", "c"])[0] == "a=ab"
    with pytest.raises(ValueError, match=r"number of features \(3\), got 1"):
        vectorizer.get_feature_names_out(["a"])


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_other_names_of_a_frame_are_refused(make):
    columns = dict(zip(["previous", "word", "next"], zip(*X)))
    vectorizer = WordWindowVectorizer(min_df=1).fit(make(columns))
    assert vectorizer.transform(make(columns)).shape[0] == 3
    swapped = {name: columns[name] for name in ("next", "word", "previous")}
    renamed = dict(zip("abc", columns.values()))
    for other, said in ((swapped, "same order"), (renamed, "unseen at fit time")):
        with pytest.raises(ValueError, match=f"(?s)feature names should match.*{said}"):
            vectorizer.transform(make(other))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        vectorizer.transform(X)


def test_cloned_and_pickled():
    vectorizer = WordWindowVectorizer(min_df=1, vectors=VECTORS)
    assert clone(vectorizer).get_params() == vectorizer.get_params()
    again = pickle.loads(pickle.dumps(vectorizer.fit(X)))
    np.testing.assert_array_equal(again.transform(X).toarray(), vectorizer.transform(X).toarray())


@pytest.mark.parametrize(
    ("options", "rows", "said"),
    [
        ({"words": False, "ngram_range": None}, X, "there are no features: set words"),
        ({"ngram_range": (2, 1)}, X, "1 <= shortest <= longest"),
        ({"ngram_range": (0, 1)}, X, "1 <= shortest <= longest"),
        ({"vectors": {"a": [1], "b": [1, 2]}}, X, "all of one length; the shapes found"),
        ({"vectors": {}}, X, "all of one length"),
        ({}, ["ab", "c"], r"words in rows and columns.* its shape is \(2,\)"),
        ({}, [["ab", 1]], "must hold words .str., got 1 of type int"),
        ({}, np.empty((0, 3), dtype=object), "its shape is"),
        ({}, [["", ""], ["", ""]], "No column of X has a word"),
        ({"words": False, "ngram_range": (9, 9)}, X, "No column of X has a word .or an n-gram"),
        ({"words": True, "min_df": 3}, X, "Column 'x0' has no feature in at least min_df=3 of its"),
        ({"min_df": 4}, X, "in at least min_df=4 of its 3 samples; lower min_df"),
        ({"min_df": -1}, X, "The 'min_df' parameter of WordWindowVectorizer"),
    ],
)
def test_refused(options, rows, said):
    with pytest.raises(ValueError, match=said):
        WordWindowVectorizer(**options).fit(rows)


def test_a_damaged_file_of_vectors_says_the_line(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("ab 1 2\ncab 1 x\n")
    with pytest.raises(ValueError, match="line 2: after the word 'cab' come other things"):
        WordWindowVectorizer(vectors=path).fit(X)


def test_a_header_and_blank_lines_in_a_file_of_vectors(tmp_path):
    path = tmp_path / "v.txt"

    def read(text):
        path.write_text(text)
        found = WordWindowVectorizer(words=False, ngram_range=None, vectors=path).fit(X).vectors_
        return {word: vector.tolist() for word, vector in found.items()}

    body = "ab 1 2\n\ncab 3 4\n \n"
    expected = {"ab": [1, 2], "cab": [3, 4]}
    assert read(body) == read("2 2\n" + body) == read("\n2 2\n\n" + body) == expected
    # a word and its one number, like a header
    assert read("2 1\nab 3\n") == {"2": [1], "ab": [3]}
    assert read("7 8 9\nab 1 2\n") == {"7": [8, 9], "ab": [1, 2]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ab 1 2\n\ncab 1\n", "line 3: the word 'cab' has 1 numbers, the first one 2"),
        ("2 3\nab 1 2\n", "line 2: the word 'ab' has 2 numbers, the first one 1"),
        ("x 2\nab 1 2\n", "line 2: the word 'ab' has 2 numbers, the first one 1"),
        ("2 2\nab 1 2\ncab 1 2 3\n", "line 3: the word 'cab' has 3 numbers, the first one 2"),
        ("\n \n", "holds no word vectors"),
        ("ab\n", r"all of one length; the shapes found: \[\(0,\)\]"),
    ],
)
def test_lines_that_do_not_fit_in_a_file_of_vectors(tmp_path, text, said):
    path = tmp_path / "v.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        WordWindowVectorizer(vectors=path).fit(X)


def test_a_column_without_words_has_no_features():
    rows = [["", "ab"], ["", "cab"]]
    vectorizer = WordWindowVectorizer(ngram_range=None, min_df=1).fit(rows)
    assert vectorizer.vectorizers_[0] is None
    assert features(vectorizer, [["ab", "cab"]]) == [{"x1=cab"}]
    beside = WordWindowVectorizer(ngram_range=None, min_df=1, vectors=VECTORS).fit([[""], [""]])
    made = beside.transform([["ab"]])
    assert sparse.issparse(made) and made.toarray().tolist() == [[1, 2]]
    assert beside.get_feature_names_out().tolist() == ["x0[0]", "x0[1]"]


def test_another_width_is_refused():
    with pytest.raises(ValueError, match=r"X has 2 features, but .* is expecting 3"):
        WordWindowVectorizer(min_df=1).fit(X).transform([["a", "b"]])


@needs("text/tweets-train.txt.gz", "text/tweets-dev.txt.gz")
def test_tweets_can_be_tagged():
    options = {"data_home": DATA, "return_X_y": True, "download_if_missing": False}
    X, y = fetch_twitter_pos(**options)
    X_dev, y_dev = fetch_twitter_pos(subset="dev", **options)
    model = make_pipeline(WordWindowVectorizer(), LinearSVC(C=0.1, random_state=0))
    # 15 % of the words are verbs, the most frequent tag
    assert model.fit(X, y).score(X_dev, y_dev) > 0.8


@pytest.mark.parametrize("vectors", ["", "."])
def test_a_folder_is_no_file_of_word_vectors(vectors):
    with pytest.raises(ValueError, match=rf"^vectors='{vectors}' is a folder"):
        WordWindowVectorizer(vectors=vectors).fit([["a"]])
