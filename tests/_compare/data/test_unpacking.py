from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import pytest

from sklimb._compare.data import unpacking
from sklimb._compare.data.unpacking import check_archive, unpack
from sklimb._compare.errors import InputError

TEXT = b"a,label\n" + b"1,x\n2,y\n" * 1000


def zipped(method=zipfile.ZIP_DEFLATED, **members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


PACKED = {
    "gzip": gzip.compress(TEXT),
    "gzip of two pieces": gzip.compress(TEXT[:5000]) + gzip.compress(TEXT[5000:]),
    "bz2": bz2.compress(TEXT),
    "xz": lzma.compress(TEXT),
    "zip": zipped(a=TEXT),
    "zip by bz2": zipped(zipfile.ZIP_BZIP2, a=TEXT),
    "zip by lzma": zipped(zipfile.ZIP_LZMA, a=TEXT),
    "zip in gzip": gzip.compress(zipped(a=TEXT)),
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"some bytes")
    return path


@pytest.mark.parametrize("name", PACKED)
def test_up_to_the_bound_and_no_further(path, monkeypatch, name):
    monkeypatch.setattr(unpacking, "MOST_BYTES", len(TEXT))
    assert unpack(path, PACKED[name])[0] == TEXT
    monkeypatch.setattr(unpacking, "MOST_BYTES", len(TEXT) - 1)
    with pytest.raises(InputError, match=r"a\.csv is not opened: it unpacks to") as caught:
        unpack(path, PACKED[name])
    assert "if it is what you expect, unpack it and name the unpacked file" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("keep", [0.3, 0.97])
def test_cut_or_damaged_is_one_line(path, name, keep):
    data = bytearray(PACKED[name])
    with pytest.raises(InputError, match="fetch or copy it again") as caught:
        unpack(path, bytes(data[: int(keep * len(data))]))
    assert "\n" not in str(caught.value)
    at = len(data) // 2
    data[at : at + 8] = bytes(255 - byte for byte in data[at : at + 8])
    with pytest.raises(InputError, match=r"fetch or copy it again|cannot be unzipped") as caught:
        unpack(path, bytes(data))
    assert "\n" not in str(caught.value)


def test_plain_text_is_left_as_it_is(path):
    assert unpack(path, TEXT) == (TEXT, {}, "")


def test_too_many_members(path, monkeypatch):
    monkeypatch.setattr(unpacking, "_MOST_MEMBERS", 2)
    with pytest.raises(InputError, match="is not opened: it holds 3 files, more than the 2 it may"):
        unpack(path, zipped(a=b"1", b=b"2", c=b"3"))


def test_what_is_not_compressed_is_bounded_by_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "MOST_BYTES", 10)
    path = Path(tmp_path / "a.zip")
    path.write_bytes(zipped(zipfile.ZIP_STORED, a=TEXT))
    with zipfile.ZipFile(path) as archive:
        check_archive(path, archive, "")
    path.write_bytes(zipped(a=TEXT))
    with zipfile.ZipFile(path) as archive, pytest.raises(InputError, match=r"; do this$"):
        check_archive(path, archive, "do this")
