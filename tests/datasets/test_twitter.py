"""Words of tweets: windows, tags that are left out, and where they come from."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

from sklimb.datasets import _twitter, class_counts, fetch_twitter_pos, find_twitter_vectors
from sklimb.datasets._obtaining import by_digest
from sklimb.datasets._storage import content_sha256
from tests.datasets.shared import DATA, found_at, needs
from tests.datasets.shared import server as server

FILES = tuple(f"text/tweets-{name}.txt.gz" for name in ("train", "dev", "devtest"))
HERE = {"data_home": DATA, "download_if_missing": False}


@needs(*FILES)
class TestReal:
    def test_train(self):
        found = fetch_twitter_pos(**HERE)
        assert found.data.shape == (14_614, 3)
        counts = class_counts(found.target)
        assert len(counts) == 23
        assert (max(counts.values()), min(counts.values())) == (2219, 15)
        assert found.data[:3].tolist() == [
            ["", "i", "predict"],
            ["i", "predict", "i"],
            ["predict", "i", "won't"],
        ]
        assert found.target[:3].tolist() == ["O", "V", "O"]
        assert len(np.unique(found.groups)) == 1000
        assert "23 tags" in found.DESCR and "14,614 words" in found.DESCR

    def test_the_others(self):
        assert len(fetch_twitter_pos(subset="dev", **HERE).data) == 4823
        assert len(fetch_twitter_pos(subset="test", **HERE).data) == 7152
        everything = fetch_twitter_pos(subset="all", all_tags=True, **HERE)
        assert len(everything.data) == 14_619 + 4_823 + 7_152
        assert len(everything.target_names) == 25
        # tweets are numbered through
        assert (np.diff(everything.groups) >= 0).all()
        assert len(np.unique(everything.groups)) == 1000 + 327 + 500


TWEETS = {
    "train": ["i\tO", "am\tM", "he\tO", "", "", "no\t!", ""],
    "dev": ["yes\t!"],
    "test": ["so\tP", "?\t,", ""],
}


@pytest.fixture
def small(server, monkeypatch, tmp_path):
    parts = {}
    for name, lines in TWEETS.items():
        url = server.serve(f"/{name}", "\n".join([*lines, ""]).encode())
        check = by_digest(content_sha256, content_sha256(lines))
        parts[name] = found_at(_twitter._TWITTER[name], url, check=check)
    monkeypatch.setattr(_twitter, "_TWITTER", parts)
    monkeypatch.setenv("SKLIMB_DATA", str(tmp_path))
    return server


def test_a_tag_that_is_left_out_is_still_a_neighbour(small):
    found = fetch_twitter_pos()
    assert found.data.tolist() == [["", "i", "am"], ["am", "he", ""], ["", "no", ""]]
    assert found.target.tolist() == ["O", "O", "!"]
    assert found.groups.tolist() == [0, 0, 1]
    assert found.feature_names == ["previous_1", "word", "next_1"]
    assert small.asked == ["/train"]
    assert fetch_twitter_pos(all_tags=True).target.tolist() == ["O", "M", "O", "!"]


def test_windows(small):
    assert fetch_twitter_pos(window=0).data.tolist() == [["i"], ["he"], ["no"]]
    wide = fetch_twitter_pos(window=2)
    assert wide.data[0].tolist() == ["", "", "i", "am", "he"]
    assert wide.feature_names == ["previous_2", "previous_1", "word", "next_1", "next_2"]


def test_subsets(small):
    X, y = fetch_twitter_pos(subset="all", return_X_y=True)
    assert X[:, 1].tolist() == ["i", "he", "no", "yes", "so", "?"]
    assert y.tolist() == ["O", "O", "!", "!", "P", ","]
    assert fetch_twitter_pos(subset="all").groups.tolist() == [0, 0, 1, 2, 3, 3]


def test_as_frame(small):
    found = fetch_twitter_pos(as_frame=True)
    assert isinstance(found.data, pd.DataFrame) and isinstance(found.target, pd.Series)
    assert found.frame.columns.tolist() == ["previous_1", "word", "next_1", "tag"]
    assert found.frame.iloc[1].tolist() == ["am", "he", "", "O"]
    X, y = fetch_twitter_pos(as_frame=True, return_X_y=True)
    pd.testing.assert_frame_equal(X, found.data)
    pd.testing.assert_series_equal(y, found.target)
    assert fetch_twitter_pos().frame is None


@pytest.mark.parametrize("window", [-1, 1.0, "1", True])
def test_bad_window(small, window):
    with pytest.raises(ValueError, match="window must be an int of at least 0"):
        fetch_twitter_pos(window=window)


def test_bad_subset():
    with pytest.raises(ValueError, match="'train', 'dev', 'test' or 'all', got 'devtest'"):
        fetch_twitter_pos(subset="devtest")


def test_the_addresses_are_pinned_to_a_commit():
    for name, file in [("train", "train"), ("dev", "dev"), ("test", "devtest")]:
        (source,) = _twitter._TWITTER[name].sources
        assert "/94474cc3b73afda5739a3fa15cb8ecdb9f65adc3/" in source.url
        assert source.url.endswith(f"/data/Tweets/tweets-{file}.txt")


def test_vectors_are_found_where_they_lie(tmp_path, monkeypatch):
    monkeypatch.setenv("SKLIMB_DATA", str(tmp_path))
    assert find_twitter_vectors() is None
    (tmp_path / "text").mkdir()
    packed = tmp_path / "text" / "embeddings-twitter.txt.gz"
    packed.write_bytes(gzip.compress(b"i 1 2"))
    assert find_twitter_vectors() == packed
    plain = tmp_path / "text" / "embeddings-twitter.txt"
    plain.write_text("i 1 2")
    assert find_twitter_vectors() == plain
    assert find_twitter_vectors(tmp_path / "elsewhere") is None
