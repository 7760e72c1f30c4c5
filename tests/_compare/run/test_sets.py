"""Data sets by name: what `compare` is given, and the Python that gives the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.images import is_images
from sklimb._compare.errors import InputError
from sklimb._compare.run.methods import METHODS
from sklimb._compare.run.sets import SETS, NamedSet, load_set
from sklimb.datasets import class_counts
from sklimb.feature_extraction import WordWindowVectorizer
from tests.datasets.shared import DATA, needs

FILES = {
    "reuters36": ["text/r52-train.txt.gz", "text/r52-test.txt.gz"],
    "reuters52": ["text/r52-train.txt.gz", "text/r52-test.txt.gz"],
    "twitter-pos": ["text/tweets-train.txt.gz", "text/tweets-devtest.txt.gz"],
    "mnist-lt": ["images/mnist.npz"],
    "adult": ["tabular/adult-train.csv", "tabular/adult-test.csv"],
    **{n: [f"tabular/{n}.csv"] for n in ("mammography", "oil-spill", "phoneme", "glass", "ecoli")},
}
# rows, classes, largest and smallest class, test rows
SIZES = {
    "reuters36": (6436, 36, 2840, 4, 2530),
    "reuters52": (6532, 52, 2840, 1, 2568),
    "twitter-pos": (14_614, 23, 2219, 15, 7152),
    "mnist-lt": (2478, 10, 1000, 10, 10_000),
    "adult": (32_561, 2, 24_720, 7841, 16_281),
    "mammography": (11_183, 2, 10_923, 260, 0),
    "oil-spill": (937, 2, 896, 41, 0),
    "phoneme": (5404, 2, 3818, 1586, 0),
    "glass": (214, 6, 76, 9, 0),
    "ecoli": (336, 8, 143, 2, 0),
}


def same(a, b):
    if isinstance(a, pd.DataFrame):
        return a.equals(b)
    return np.array_equal(np.asarray(a), np.asarray(b))


@pytest.mark.parametrize("name", [pytest.param(n, marks=needs(*FILES[n])) for n in SETS])
def test_what_is_given_and_its_code(name, monkeypatch):
    found = load_set(name, data_home=str(DATA), seed=3)
    counts = class_counts(found.y)
    rows, n_classes, largest, smallest, n_test = SIZES[name]
    n = found.X.shape[0] if hasattr(found.X, "shape") else len(found.X)
    assert (n, len(found.y)) == (rows, rows)
    assert len(counts) == n_classes
    assert (max(counts.values()), min(counts.values())) == (largest, smallest)
    assert found.name == name
    assert (found.X_test is None) == (n_test == 0)
    # what has a test part of its own runs once, unless more is asked for
    assert found.repeats == (1 if n_test else None)
    assert max(map(len, found.code.splitlines())) <= 88 + len(str(DATA))

    space = {}
    exec(found.code, space)
    assert same(space["X"], found.X)
    assert same(space["y"], found.y)
    if n_test:
        assert len(found.y_test) == n_test
        assert same(space["X_test"], found.X_test)
        assert same(space["y_test"], found.y_test)


@needs(*FILES["reuters36"])
def test_on_reuters_what_takes_hours_is_run_only_if_asked_for():
    found = load_set("reuters36", data_home=str(DATA), seed=0)
    assert set(METHODS) - set(found.methods()) == {"smote", "oversample", "m2m", "m2m_sampler"}
    assert all(method in METHODS for method in found.left_out)
    assert "only where asked for by name" in found.notes[0]


def test_elsewhere_all_methods_run():
    found = NamedSet(np.zeros((2, 1)), np.arange(2), None, None, "")
    assert found.methods() is None


@needs("images/mnist.npz")
def test_the_seed_draws_the_rows_of_mnist():
    first, other = (load_set("mnist-lt", data_home=str(DATA), seed=s) for s in (0, 1))
    assert list(class_counts(first.y)) == list(range(10))
    # images, so that the methods for images are compared
    assert first.X.shape[1:] == first.X_test.shape[1:] == (1, 28, 28) and first.X.max() == 255
    assert is_images(first.X)
    assert class_counts(first.y) == class_counts(other.y)
    assert not np.array_equal(first.X, other.X)


@needs("tabular/oil-spill.csv")
def test_a_patch_s_number_is_not_learnt_from():
    assert "patch" not in load_set("oil-spill", data_home=str(DATA), seed=0).X


@needs(*FILES["reuters36"])
def test_reuters_is_prepared_as_in_the_tables():
    found = load_set("Reuters36", data_home=str(DATA), seed=0)
    assert found.prepare.fit_transform(found.X).shape == (6436, 11_643)


@needs(*FILES["twitter-pos"])
def test_word_vectors_are_used_where_they_lie(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "text").mkdir()
    for name in FILES["twitter-pos"]:
        (home / name).symlink_to(DATA / name)
    found = load_set("twitter_pos", data_home=str(home), seed=0)
    assert isinstance(found.prepare, WordWindowVectorizer)
    assert found.prepare.vectors is None and found.prepare.words
    assert "n-grams" in found.notes[0]
    (home / "text" / "embeddings-twitter.txt").write_text("i 1 2\n")
    found = load_set("twitter_pos", data_home=str(home), seed=0)
    assert found.prepare.fit_transform(found.X).shape == (14_614, 6)
    assert "embeddings-twitter.txt" in found.notes[0]


def test_unknown_names_are_told():
    with pytest.raises(InputError, match="there is no data set 'reuters': did you mean 'reuters"):
        load_set("reuters", data_home=None, seed=0)


@pytest.mark.parametrize("name", SETS)
def test_without_the_files_and_the_network(name, tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        from urllib.error import URLError

        raise URLError("Name or service not known")

    monkeypatch.setattr("sklimb.datasets._obtaining.download", refuse)
    monkeypatch.setattr("sklearn.datasets.fetch_openml", refuse)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(
        InputError, match=f"^--dataset {name}: .*Name or service not known"
    ) as error:
        load_set(name, data_home=str(tmp_path), seed=0)
    assert "\n" not in str(error.value)
    assert "Without a network, put" in str(error.value)
