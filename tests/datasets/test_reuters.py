"""Reuters in 36 and 52 topics: what is in it, and how it is downloaded."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from sklimb.datasets import _reuters, fetch_reuters36, fetch_reuters52, imbalance_ratio
from sklimb.datasets._storage import content_sha256
from tests.datasets.shared import DATA, found_at, needs
from tests.datasets.shared import server as server

FILES = ("text/r52-train.txt.gz", "text/r52-test.txt.gz")
HERE = {"data_home": DATA, "download_if_missing": False}
each_fetch = pytest.mark.parametrize("fetch", [fetch_reuters36, fetch_reuters52])


@needs(*FILES)
class TestReal:
    def test_36_topics(self):
        train, test = (fetch_reuters36(subset=name, **HERE) for name in ("train", "test"))
        assert (len(train.data), len(test.data)) == (6436, 2530)
        assert len(train.target_names) == 36
        counts = Counter(train.target.tolist())
        assert (max(counts.values()), min(counts.values())) == (2840, 4)
        assert imbalance_ratio(train.target) == 710
        assert min(Counter(test.target.tolist()).values()) == 5
        assert train.target_names == test.target_names == sorted(counts)
        assert train.data[0].startswith("bahia cocoa review showers")
        assert train.target[0] == "cocoa"
        assert "36 topics" in train.DESCR and "6,436 documents" in train.DESCR
        assert "the smallest 4." in train.DESCR

    def test_52_topics(self):
        train, test = (fetch_reuters52(subset=name, **HERE) for name in ("train", "test"))
        assert (len(train.data), len(test.data)) == (6532, 2568)
        assert len(train.target_names) == 52
        assert "the smallest 1." in train.DESCR

    @each_fetch
    def test_all_is_train_and_test(self, fetch):
        texts, topics = fetch(subset="all", return_X_y=True, **HERE)
        train, test = (fetch(subset=name, return_X_y=True, **HERE) for name in ("train", "test"))
        assert texts == train[0] + test[0]
        np.testing.assert_array_equal(topics, np.concatenate([train[1], test[1]]))

    def test_the_paper_s_1000_words(self):
        # the same set that benchmarks/papers/m2m_reuters.py measures on
        from sklearn.feature_extraction.text import TfidfVectorizer

        texts, _ = fetch_reuters36(return_X_y=True, **HERE)
        words = TfidfVectorizer(min_df=2, stop_words="english").fit(texts).vocabulary_
        assert len(words) == 11_643


@pytest.fixture
def small(server, monkeypatch):
    """A Reuters of three topics, of which one has 4 test documents."""
    parts = {}
    for name, (a, b, c) in {"train": (3, 2, 1), "test": (5, 4, 6)}.items():
        lines = ["a\tone text"] * a + ["b\ttwo\ttabs"] * b + ["c\tthree "] * c
        url = server.serve(f"/{name}.txt", "".join(f"{line}\n" for line in lines).encode())
        part = _reuters._R52[name]
        from sklimb.datasets._obtaining import by_digest

        check = by_digest(content_sha256, content_sha256(lines))
        parts[name] = found_at(part, url, check=check)
    monkeypatch.setattr(_reuters, "_R52", parts)
    return server


def test_downloaded_and_kept(small, tmp_path):
    found = fetch_reuters36(data_home=tmp_path, delay=0)
    assert found.data == ["one text"] * 3 + ["three "]
    assert found.target.tolist() == ["a", "a", "a", "c"]
    assert found.target_names == ["a", "c"]
    assert small.asked == ["/train.txt", "/test.txt"]
    # laid out like the folder of the real files
    assert {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.*")} == set(FILES)
    texts, _ = fetch_reuters52(subset="test", data_home=tmp_path, return_X_y=True)
    assert (len(texts), texts[5]) == (15, "two\ttabs")
    assert len(small.asked) == 2


@each_fetch
def test_offline(fetch, tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        from urllib.error import URLError

        raise URLError("Name or service not known")

    monkeypatch.setattr("sklimb.datasets._obtaining.download", refuse)
    with pytest.raises(OSError, match="Name or service not known") as caught:
        fetch(data_home=tmp_path, delay=0)
    for said in ("raw.githubusercontent.com", "Without a network, put text/r52-train.txt.gz"):
        assert said in str(caught.value)


@each_fetch
def test_refused(fetch, tmp_path):
    with pytest.raises(ValueError, match="subset must be one of 'train', 'test' or 'all', got 'x'"):
        fetch(subset="x", data_home=tmp_path, download_if_missing=False)
    with pytest.raises(OSError, match="Data not found and `download_if_missing` is False"):
        fetch(data_home=tmp_path, download_if_missing=False)


@pytest.mark.parametrize("name", ["train", "test"])
def test_the_address_is_pinned_to_a_commit(name):
    (source,) = _reuters._R52[name].sources
    assert source.url == (
        "https://raw.githubusercontent.com/hendrycks/error-detection/"
        f"96b8c95396e111879f0675264301caf5d7fb26df/NLP/Categorization/data/r52-{name}.txt"
    )
