"""The file itself: whole, as it was written, or refused in one line."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import joblib
import pytest

from sklimb._files import archive as _archive
from sklimb._files.archive import pack, remove_unfinished, unpack, write_atomically

ENTRIES = {"model.json": b'{"a": 1}', "tensors.safetensors": bytes(range(256)) * 4}


def zipped(entries, compression=zipfile.ZIP_STORED, comment=b""):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(name, content)
        archive.comment = comment
    return buffer.getvalue()


def parts(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()], archive.comment


def test_what_goes_in_comes_out_and_the_same_gives_the_same():
    assert unpack(pack(ENTRIES)) == ENTRIES
    assert pack(ENTRIES) == pack(dict(ENTRIES))
    manifest = json.loads(dict(parts(pack(ENTRIES))[0])["manifest.json"])
    assert set(manifest["entries"]) == set(ENTRIES)
    assert all(len(entry["sha256"]) == 64 for entry in manifest["entries"].values())


def test_a_cut_file_is_refused_wherever_it_is_cut():
    data = pack(ENTRIES)
    for length in range(0, len(data), 37):
        with pytest.raises(ValueError, match=r"^[^\n]+$"):
            unpack(data[:length])


def test_a_changed_byte_is_refused_or_changes_nothing():
    data = pack(ENTRIES)
    refused = 0
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 0x55
        try:
            assert unpack(bytes(changed)) == ENTRIES  # a date in the zip, say
        except ValueError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 0.8 * len(data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: [*e, ("more.json", b"{}")], "does not name 'more.json'"),
        (lambda e: e[:-1], "names 'tensors.safetensors'"),
        (
            lambda e: [(n, b"other" if n == "model.json" else c) for n, c in e],
            "'model.json' is not",
        ),
        (lambda e: e[1:], "no manifest.json"),
    ],
)
def test_entries_are_those_of_the_manifest(change, message):
    entries, comment = parts(pack(ENTRIES))
    with pytest.raises(ValueError, match=message):
        unpack(zipped(change(entries), comment=comment))


def test_a_changed_manifest_is_refused():
    entries, comment = parts(pack(ENTRIES))
    entries[0] = (entries[0][0], entries[0][1].replace(b"1024", b"1025"))
    with pytest.raises(ValueError, match=r"manifest\.json is not as it was written"):
        unpack(zipped(entries, comment=comment))


def test_other_formats_and_versions_are_refused(monkeypatch):
    monkeypatch.setattr(_archive, "FORMAT_VERSION", 2)
    data = pack(ENTRIES)
    monkeypatch.undo()
    with pytest.raises(ValueError, match="version 2, and this sklimb reads 1"):
        unpack(data)
    monkeypatch.setattr(_archive, "FORMAT", "cake")
    data = pack(ENTRIES)
    monkeypatch.undo()
    with pytest.raises(ValueError, match="format is 'cake'"):
        unpack(data)
    with pytest.raises(ValueError, match="no zip"):
        unpack(b"a,b\n1,2\n")


def test_what_would_unpack_to_more_is_refused():
    bomb = {"model.json": b"0" * 10_000_000}
    with pytest.raises(ValueError, match=r"'manifest\.json' is compressed"):
        unpack(zipped(parts(pack(bomb))[0], zipfile.ZIP_DEFLATED))
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = zipped([("a", b"1"), ("a", b"2")])
    with pytest.raises(ValueError, match="of one name"):
        unpack(twice)


def test_entries_that_overlap_are_refused():
    """As in the zip bombs that need no compression within an entry."""
    data = pack({f"e{i}": b"x" * 50_000 for i in range(4)})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        places = [entry.header_offset for entry in archive.infolist()]
        directory = archive.start_dir
    changed = bytearray(data[: places[2]] + data[directory:])  # one content for all the entries
    end = changed.rindex(b"PK\x05\x06")
    start = places[2]
    changed[end + 16 : end + 20] = start.to_bytes(4, "little")
    place = start
    for _ in range(5):
        assert changed[place : place + 4] == b"PK\x01\x02"
        lengths = [
            int.from_bytes(changed[place + k : place + k + 2], "little") for k in (28, 30, 32)
        ]
        if lengths[0] == 2:  # e0 ... e3
            changed[place + 42 : place + 46] = places[1].to_bytes(4, "little")
        place += 46 + sum(lengths)
    with pytest.raises(ValueError, match=r"larger together|damaged"):
        unpack(bytes(changed))


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path, monkeypatch):
    path = tmp_path / "m"
    write_atomically(path, b"old")
    monkeypatch.setattr(os, "fsync", lambda fd: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["m"]
    monkeypatch.undo()
    link = tmp_path / "link"
    link.symlink_to(path)
    write_atomically(link, b"new")
    assert link.is_symlink() and path.read_bytes() == b"new"
    with pytest.raises(FileNotFoundError) as error:
        write_atomically(tmp_path / "no" / "m", b"new")
    assert error.value.filename == str(tmp_path / "no" / "m")  # not the one beside it
    assert "->" not in str(error.value)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_full_device_is_named():
    with pytest.raises(OSError, match=r"No space left on device: '/dev/full'"):
        write_atomically(Path("/dev/full"), b"model")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes with names")
def test_a_pipe_or_a_device_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_atomically(pipe, b"model")
        assert os.read(reader, 100) == b"model"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert os.listdir(tmp_path) == ["pipe"]


@pytest.mark.parametrize("compress", [0, "zlib", "gzip", "bz2", "xz", "lzma"])
def test_a_pickle_is_told_from_a_file_that_is_damaged(compress, tmp_path):
    path = tmp_path / "model.sklimb"
    joblib.dump({"a": 1}, path, compress=compress and (compress, 3))
    with pytest.raises(ValueError, match=r"it is a pickle.*joblib\.load\(path\)"):
        unpack(path.read_bytes())


def test_a_file_is_of_one_kind():
    data = pack(ENTRIES, "bread")
    assert unpack(data, "bread") == ENTRIES
    with pytest.raises(ValueError, match="format is 'bread', not 'sklimb model'"):
        unpack(data)


def test_what_a_killed_writer_leaves_is_removed_and_nothing_else(tmp_path):
    names = ["m", ".m.0123.part", ".mm.0123.part", "m.part", ".m.0123"]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    remove_unfinished(tmp_path / "m")
    assert sorted(os.listdir(tmp_path)) == sorted(set(names) - {".m.0123.part"})
