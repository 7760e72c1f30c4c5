"""Where data sets lie, downloads that go wrong, files that appear whole, checksums of content."""

from __future__ import annotations

import errno
import hashlib
import os
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError

import numpy as np
import pytest

from sklimb.datasets import get_data_home
from sklimb.datasets._storage import NotWritable, atomic_write, content_sha256, download
from tests.datasets.shared import cut, without_length
from tests.datasets.shared import server as server

BODY = bytes(range(256)) * 3000  # more than one piece
ONCE = {"n_retries": 0, "delay": 0, "verbose": False}


class TestDataHome:
    def test_order(self, monkeypatch, tmp_path):
        monkeypatch.delenv("SKLIMB_DATA", raising=False)
        monkeypatch.delenv("SCIKIT_LEARN_DATA", raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        assert get_data_home() == tmp_path / "scikit_learn_data" / "sklimb"
        monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "sk"))
        assert get_data_home() == tmp_path / "sk" / "sklimb"
        monkeypatch.setenv("SKLIMB_DATA", str(tmp_path / "own"))
        assert get_data_home() == tmp_path / "own"
        assert get_data_home("~/here") == tmp_path / "here"
        monkeypatch.setenv("SKLIMB_DATA", "")
        assert get_data_home() == tmp_path / "sk" / "sklimb"

    def test_nothing_is_made(self, tmp_path):
        assert not get_data_home(tmp_path / "new").exists()


class TestWrittenWhole:
    def test_appears_at_the_end(self, tmp_path):
        path = tmp_path / "deep" / "file"
        with atomic_write(path) as file:
            file.write(b"one")
            assert not path.exists()
        assert path.read_bytes() == b"one"
        assert os.listdir(path.parent) == ["file"]

    def test_a_failure_leaves_what_was_there(self, tmp_path):
        path = tmp_path / "file"
        path.write_bytes(b"old")
        with pytest.raises(KeyboardInterrupt), atomic_write(path) as file:
            file.write(b"new")
            raise KeyboardInterrupt
        assert path.read_bytes() == b"old"
        assert os.listdir(tmp_path) == ["file"]

    def test_a_full_disk(self, tmp_path, monkeypatch):
        fill(monkeypatch)
        path = tmp_path / "file"
        with pytest.raises(NotWritable, match="No space") as caught, atomic_write(path) as file:
            file.write(b"new")
        assert "Make room or choose another folder with data_home" in str(caught.value)
        assert caught.value.errno == errno.ENOSPC
        assert os.listdir(tmp_path) == []

    def test_a_folder_that_cannot_be_made(self, tmp_path):
        (tmp_path / "file").write_bytes(b"no folder")
        path = tmp_path / "file" / "below"
        with pytest.raises(NotWritable, match="cannot be written"), atomic_write(path):
            pass


def fill(monkeypatch):
    """Make every write of a data file fail as on a full disk."""

    def refuse(self, data):
        error = OSError(errno.ENOSPC, "No space left on device")
        from sklimb.datasets._storage import _not_writable

        raise _not_writable(self.path, error)

    monkeypatch.setattr("sklimb.datasets._storage._Checked.write", refuse)


class FullFile:
    def write(self, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    flush = lambda self: self.write(b"")  # noqa: E731


def test_a_write_that_fails_says_where():
    from sklimb.datasets._storage import _Checked

    file = _Checked(FullFile(), Path("some") / "file")
    for fails in (lambda: file.write(b"x"), file.flush):
        with pytest.raises(NotWritable, match=r"some.file cannot be written \(No space left"):
            fails()


class TestDownload:
    @pytest.mark.parametrize("answer", [BODY, without_length(BODY)])
    def test_whole(self, server, tmp_path, answer):
        download(server.serve("/a", answer), tmp_path / "a", **ONCE)
        assert (tmp_path / "a").read_bytes() == BODY
        assert os.listdir(tmp_path) == ["a"]

    def test_progress_on_request(self, server, tmp_path, capsys):
        url = server.serve("/a", BODY)
        download(url, tmp_path / "a", **ONCE)
        assert capsys.readouterr() == ("", "")
        download(url, tmp_path / "a", **ONCE | {"verbose": True})
        out, err = capsys.readouterr()
        assert out == ""
        assert "100%" in err and "768k" in err

    def test_a_cut_connection_is_no_file(self, server, tmp_path):
        url = server.serve("/a", cut(BODY, 1000))
        with pytest.raises(OSError, match="cut after 1,000 of 768,000 bytes"):
            download(url, tmp_path / "a", **ONCE)
        assert os.listdir(tmp_path) == []
        assert server.asked == ["/a"]

    def test_retries_until_it_is_there(self, server, tmp_path, monkeypatch):
        slept = []
        monkeypatch.setattr("time.sleep", slept.append)
        url = server.serve("/a", cut(BODY, 10), 503, BODY)
        download(url, tmp_path / "a", n_retries=3, delay=0.25, verbose=False)
        assert (tmp_path / "a").read_bytes() == BODY
        assert len(server.asked) == 3
        assert [s for s in slept if s == 0.25] == [0.25, 0.25]

    def test_gives_up_after_the_retries(self, server, tmp_path):
        url = server.serve("/a", 503)
        with pytest.raises(HTTPError, match="503"):
            download(url, tmp_path / "a", n_retries=2, delay=0, verbose=False)
        assert len(server.asked) == 3

    @pytest.mark.parametrize(("status", "asked"), [(404, 1), (403, 1), (429, 3), (500, 3)])
    def test_a_refusal_is_not_asked_again(self, server, tmp_path, status, asked):
        url = server.serve("/a", status)
        with pytest.raises(HTTPError, match=str(status)):
            download(url, tmp_path / "a", n_retries=2, delay=0, verbose=False)
        assert len(server.asked) == asked

    def test_a_full_disk_is_not_tried_again(self, server, tmp_path, monkeypatch):
        fill(monkeypatch)
        with pytest.raises(NotWritable, match="No space left"):
            download(server.serve("/a", BODY), tmp_path / "a", n_retries=2, delay=0, verbose=False)
        assert len(server.asked) == 1
        assert os.listdir(tmp_path) == []

    def test_nobody_there(self, server, tmp_path):
        with pytest.raises(URLError):
            download("http://127.0.0.1:1/a", tmp_path / "a", **ONCE)

    def test_what_is_no_http_is_an_oserror(self, server, tmp_path, monkeypatch):
        def answer(*args, **kwargs):
            raise HTTPException("what")

        monkeypatch.setattr("sklimb.datasets._storage.urlopen", answer)
        with pytest.raises(OSError, match="what"):
            download("http://127.0.0.1:1/a", tmp_path / "a", **ONCE)


class TestContent:
    def test_by_hand(self):
        expected = hashlib.sha256(b"array <i2 (2,);" + b"\1\0\2\0" + b"texts 2;1;a2;\xc3\xa4")
        found = content_sha256(np.array([1, 2], dtype=np.int16), ["a", "ä"])
        assert found == expected.hexdigest()

    def test_layout_and_byte_order_do_not_matter(self):
        array = np.arange(6, dtype=np.float64).reshape(2, 3)
        digest = content_sha256(array)
        assert content_sha256(np.asfortranarray(array)) == digest
        assert content_sha256(array.astype(">f8")) == digest

    def test_everything_else_does(self):
        array = np.arange(6)
        different = [
            (array,),
            (array.reshape(2, 3),),
            (array.astype(np.int32),),
            (array[::-1],),
            (["ab", "c"],),
            (["a", "bc"],),
            (["ab"], ["c"]),
            (array, array),
            (),
        ]
        assert len({content_sha256(*parts) for parts in different}) == len(different)
        assert content_sha256(np.empty(0)) != content_sha256([])
