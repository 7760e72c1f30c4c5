"""Files of lines, plain and packed."""

from __future__ import annotations

import gzip
import io

import pytest

from sklimb.datasets._text import _write_lines, chosen_subsets, text_lines, text_part

LINES = ["a\tone two", "b\tthree\x0bfour\x85five ", "", "c\tü"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_any_packing_gives_the_same_lines(tmp_path, end, last):
    data = (end.join(LINES) + end * last).encode()
    (tmp_path / "a.txt").write_bytes(data)
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(data))
    assert text_lines(tmp_path / "a.txt") == text_lines(tmp_path / "a.txt.gz") == LINES


def test_what_is_written_is_read_and_always_the_same(tmp_path):
    first, again = io.BytesIO(), io.BytesIO()
    _write_lines(LINES, first)
    _write_lines(LINES, again)
    assert first.getvalue() == again.getvalue()
    (tmp_path / "a.txt.gz").write_bytes(first.getvalue())
    assert text_lines(tmp_path / "a.txt.gz") == LINES


def test_a_damaged_file_is_told(tmp_path):
    from sklimb.datasets._obtaining import obtain

    path = tmp_path / "text" / "a.txt.gz"
    path.parent.mkdir()
    path.write_bytes(gzip.compress(b"a\tone\n" * 1000)[:-20])
    with pytest.raises(OSError, match="it cannot be read, EOFError"):
        obtain(
            text_part("a", "http://127.0.0.1:1", "0"),
            data_home=tmp_path,
            download_if_missing=True,
            n_retries=0,
            delay=0,
            verbose=False,
        )


def test_subsets():
    assert chosen_subsets("all", ("train", "test")) == ("train", "test")
    assert chosen_subsets("test", ("train", "test")) == ("test",)
    with pytest.raises(ValueError, match="one of 'train', 'test' or 'all', got 'dev'"):
        chosen_subsets("dev", ("train", "test"))


def test_what_a_file_unpacks_to_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("sklimb.datasets._text._MOST_BYTES", 100)
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"a" * 100))
    assert text_lines(tmp_path / "a.txt.gz") == ["a" * 100]
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"a" * 101))
    with pytest.raises(ValueError, match="it unpacks to more than 100 bytes"):
        text_lines(tmp_path / "a.txt.gz")
