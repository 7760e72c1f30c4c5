"""Where data sets lie, files that appear whole, checksums of content."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from pathlib import Path

import numpy as np
import pytest

from sklimb.datasets import get_data_home
from sklimb.datasets._storage import (
    NotWritable,
    atomic_write,
    content_sha256,
    remove_abandoned,
)


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


class TestAbandoned:
    def test_only_what_writers_left_a_day_ago_goes(self, tmp_path):
        path, name = tmp_path / "a.gz", "0123456789abcdef" * 2
        left = [f"a.gz.{name}.part", f"a.gz.download-{name}", f"a.gz.download-{name}.{name}.part"]
        others = ["a.gz", f"b.gz.{name}.part", "a.gz.part", f"a.gz.{name}", "a.gz.mine.part"]
        long_ago = time.time() - 90_000
        for old in [*left, *others]:
            (tmp_path / old).write_bytes(b"x")
            os.utime(tmp_path / old, (long_ago, long_ago))
        new = f"a.gz.{name[::-1]}.part"
        (tmp_path / new).write_bytes(b"x")
        remove_abandoned(path)
        assert sorted(os.listdir(tmp_path)) == sorted([*others, new])

    def test_without_a_folder_there_is_nothing_to_do(self, tmp_path):
        remove_abandoned(tmp_path / "deep" / "a.gz")
        assert os.listdir(tmp_path) == []


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
