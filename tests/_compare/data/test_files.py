from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from sklimb._compare.data.files import load
from sklimb._compare.errors import InputError

TEXT = "a,label\n" + "1,x\n2,y\n" * 20


def _zip(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    "name, data, options",
    [
        ("a.csv", TEXT.encode(), {}),
        ("a.csv.gz", gzip.compress(TEXT.encode(), mtime=0), {}),
        ("a.csv", gzip.compress(TEXT.encode(), mtime=0), {"compression": "gzip"}),
        ("a.csv.bz2", bz2.compress(TEXT.encode()), {}),
        ("a.csv.xz", lzma.compress(TEXT.encode()), {}),
        ("a.zip", _zip(inside=TEXT), {}),
        ("a.csv", _zip(inside=TEXT), {"compression": "zip"}),
    ],
)
def test_packed_files_are_unpacked_whatever_they_are_called(tmp_path, name, data, options):
    path = tmp_path / name
    path.write_bytes(data)
    source = load(path)
    assert source.data.decode() == TEXT
    assert source.options == options
    assert source.notes == []


@pytest.mark.parametrize(
    "encoding, found, said",
    [
        ("utf-8", "utf-8", None),
        ("utf-8-sig", "utf-8", None),
        ("latin-1", "cp1252", "Windows-1252"),
        ("utf-16", "utf-16", "UTF-16"),
        ("utf-32", "utf-32", "UTF-32"),
        ("utf-16-le", "utf-16-le", "UTF-16-LE"),
        ("utf-16-be", "utf-16-be", "UTF-16-BE"),
    ],
)
def test_the_encoding_is_found_also_far_below(tmp_path, encoding, found, said):
    path = tmp_path / "a.csv"
    path.write_bytes((TEXT * 2000 + "3,schädlich\n").encode(encoding))
    source = load(path)
    assert source.encoding == found
    assert "schädlich" in source.data.decode(found)
    assert source.options == ({} if found == "utf-8" else {"encoding": found})
    assert [said] == [None] if not source.notes else said in source.notes[0]


def test_bytes_that_windows_does_not_use_are_latin_1(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT.encode() + b"3,\x81\n")
    assert load(path).encoding == "latin-1"


@pytest.mark.parametrize(
    "name, data, said",
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\xef\xbb\xbf \r\n", "is empty"),
        ("a.csv.gz", gzip.compress(TEXT.encode(), mtime=0)[:-20], "cut off"),
        ("a.csv.gz", gzip.compress(TEXT.encode(), mtime=0)[:6], "cut off"),
        ("a.csv.gz", TEXT.encode(), "is named .gz but is no gzip file"),
        ("a.csv.bz2", bz2.compress(TEXT.encode())[:-20], "fetch or copy it again"),
        ("a.csv.xz", lzma.compress(TEXT.encode())[:-20], "fetch or copy it again"),
        ("a.zip", _zip(inside=TEXT)[:-30], "zip file is cut off or damaged"),
        ("a.zip", _zip(one=TEXT, two=TEXT), r"holds 2 files \(one, two\)"),
        ("a.csv", _zip(**{"[Content_Types].xml": "", "xl/workbook.xml": ""}), "spreadsheet"),
        ("a.csv", b"\xd0\xcf\x11\xe0" + bytes(90), "an Excel file, not CSV"),
        ("a.csv", b"PAR1" + bytes(90), "read_parquet"),
        ("a.csv", b"\n<!DOCTYPE html><p>404", "a page of HTML"),
        ("a.csv", b"<!-- made by hand -->\n<table><tr><td>1", "a page of HTML"),
        ("a.csv", b'[{"a": 1, "label": "x"},\n {"a": 2, "label": "y"}]', "a JSON file"),
        ("a.csv", b'{\n "a": [1, 2],\n "label": ["x", "y"]\n}\n', "a JSON file.*read_json"),
        ("a.csv", b'\xef\xbb\xbf{"a": 1, "label": "x"}\n{"a": 2, "label": "y"}', "of JSON lines"),
        ("a.csv", TEXT.encode() + b"\0\0", "NUL bytes, the first in line 42"),
        (
            "a.arff",
            b"% made\n%\n@RELATION x\n@attribute a numeric\n@data\n1\n",
            "an ARFF file.*loadarff",
        ),
        ("a.svm", b"1 1:0.5 7:-2e3\n0 2:1\n", "of LIBSVM.*load_svmlight_file"),
        ("a", b"+1 qid:3 1:0.5 # a\r\n0 2:1\r\n", "of LIBSVM"),
        ("a.csv", bytes(range(128, 256)), "no text in UTF-8"),
        ("a.csv", b"a,b\n\x02\x03\xff", "no text in UTF-8"),
        ("a.csv", "ä,ö\nü,ß\n".encode() + b"\xe4\n", "but for line 3"),
        ("a.csv", TEXT.encode("utf-16")[:-1], "begins as text in UTF-16"),
    ],
)
def test_what_is_no_text_is_named_in_one_line(tmp_path, name, data, said):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError, match=said) as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_links_that_lead_nowhere_and_a_dash_are_told(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "lost").symlink_to("nothing")
    for name in ("loop", "lost"):
        with pytest.raises(InputError, match=f"{name} is a link to a file that is not there"):
            load(tmp_path / name)
    with pytest.raises(InputError, match="standard input is /dev/stdin"):
        load(Path("-"))


def test_cells_that_are_json_make_no_json_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('{"a": 1};x\n{"a": 2};y\n')
    assert load(path).data.startswith(b"{")


BESIDE = {"__MACOSX/._a.csv": "x", "__MACOSX/": "", ".DS_Store": "x", "in/._b": "x"}


@pytest.mark.parametrize("name", ["a.zip", "a.csv"])
@pytest.mark.parametrize("beside", [BESIDE, {"in/": ""}], ids=["macos", "folder"])
def test_what_macos_packs_beside_a_file_is_left_out(tmp_path, name, beside):
    path = tmp_path / name
    path.write_bytes(_zip(**beside, **{"in/a b.csv": TEXT}))
    source = load(path)
    assert source.data.decode() == TEXT
    frame = pd.read_csv(source.address, **source.options)
    assert len(frame) == 40 and list(frame) == ["a", "label"]
    path.write_bytes(_zip(**beside, one=TEXT, two=TEXT))
    with pytest.raises(InputError, match=r"holds 2 files \(one, two\)"):
        load(path)


@pytest.mark.parametrize(
    "start, said",
    [
        (b"\x28\xb5\x2f\xfd", "packed by Zstandard, not CSV: unpack it (zstd -d)"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive, not CSV: unpack it"),
        (b"Rar!\x1a\x07\x01", "a RAR archive, not CSV: unpack it"),
        (b"$FL2@(#) SPSS", "an SPSS file, not CSV: read it with pandas (read_spss)"),
        (bytes(12) + b"\xc2\xea\x81\x60", "a SAS file, not CSV: read it with pandas (read_sas)"),
        (b"\x93NUMPY\x01", "an array of NumPy, not CSV: pass the array"),
        (b"\x80\x05\x95", "a pickle, not CSV"),
        (b"RDX3\nX\n", "a file of R, not CSV: save it as CSV in R"),
        (bytes(257) + b"ustar", "is a tar archive: unpack it"),
    ],
)
def test_files_of_other_programs_are_named(tmp_path, start, said):
    """They were "no text"."""
    path = tmp_path / "data"
    path.write_bytes(start + bytes(range(256)))
    with pytest.raises(InputError, match=re.escape(said)) as error:
        load(path)
    assert "\n" not in str(error.value)


def test_a_packed_archive_of_a_csv_file_is_named(tmp_path):
    """Its blocks were read as cells, and its member's name as a column."""
    path = tmp_path / "data.tar.gz"
    (tmp_path / "data.csv").write_text("x,y\n1,a\n2,b\n")
    with tarfile.open(path, "w:gz") as archive:
        archive.add(tmp_path / "data.csv", "data.csv")
    with pytest.raises(InputError, match="is a tar archive: unpack it"):
        load(path)
