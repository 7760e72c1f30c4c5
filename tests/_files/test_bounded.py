from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from sklimb._files.bounded import TooLarge, check_members, read_within


def zipped(*members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return zipfile.ZipFile(buffer)


def test_a_stream_is_read_up_to_its_bound_and_no_further():
    data = bytes(5 << 20)
    packed = gzip.compress(data)
    with gzip.open(io.BytesIO(packed)) as stream:
        assert read_within(stream, len(data)) == data
    with gzip.open(io.BytesIO(packed)) as stream:
        with pytest.raises(TooLarge, match="it unpacks to more than 1,000 bytes"):
            read_within(stream, 1000)
        assert stream.tell() < 3 << 20


def test_members_are_counted_and_added_up():
    with zipped(("a", b"123"), ("in/b", bytes(10_000))) as archive:
        check_members(archive, n_bytes=10_003, n_members=2)
        with pytest.raises(TooLarge, match="10,003 bytes, more than the 10,002"):
            check_members(archive, n_bytes=10_002, n_members=2)
        with pytest.raises(TooLarge, match="2 files, more than the 1 "):
            check_members(archive, n_bytes=10_003, n_members=1)


@pytest.mark.parametrize("name", ["../a", "/a", "in/../../a", "..\\a", "C:\\a", "c:/a"])
def test_names_that_lead_out_are_refused(name):
    with zipped((name, b"1")) as archive, pytest.raises(ValueError, match="leads out of it"):
        check_members(archive, n_bytes=10, n_members=10)


def test_a_size_that_is_said_too_small_bounds_what_is_read():
    data = bytearray(zipped(("a", bytes(1 << 20))).fp.getvalue())
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):  # the file's own header, and the list's
        at = data.index(mark) + (22 if mark.endswith(b"\x04") else 24)
        data[at : at + 4] = (100).to_bytes(4, "little")
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        check_members(archive, n_bytes=100, n_members=1)
        with pytest.raises(zipfile.BadZipFile):
            archive.read("a")
