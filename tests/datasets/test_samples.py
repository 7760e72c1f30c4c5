"""Samples of large tables: every row as likely as any other, and the file's own lines."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile

import numpy as np
import pandas as pd
import pytest

from sklimb.datasets import sample_csv, sample_parquet
from sklimb.datasets._samples import is_packed, parquet_size, sample_lines

N = 4_000
TEXT = "n,word\n" + "".join(f"{k},{'even' if k % 2 else 'odd'}\n" for k in range(N))


def write_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inside.csv", TEXT)
        archive.writestr("__MACOSX/._inside.csv", "x")


WRITERS = {
    "plain": lambda path: path.write_text(TEXT),
    "gzip": lambda path: path.write_bytes(gzip.compress(TEXT.encode())),
    "bz2": lambda path: path.write_bytes(bz2.compress(TEXT.encode())),
    "xz": lambda path: path.write_bytes(lzma.compress(TEXT.encode())),
    "zip": write_zip,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_what_is_small_is_all_there_however_it_is_packed(tmp_path, kind):
    path = tmp_path / "t"
    WRITERS[kind](path)
    assert sample_csv(path).read().decode() == TEXT
    assert is_packed(path) == (kind != "plain")
    few = sample_lines(path, len(TEXT) // 4, 0)
    assert (few.n_records, few.n_files) == (N + 1, 1)
    assert len(TEXT) / 8 - 200 < len(few.data) < len(TEXT) / 4 + 2_000


def test_a_sample_is_drawn_alike_from_all_lines_and_is_the_same_each_time(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(TEXT)
    frame = pd.read_csv(sample_csv(path, max_bytes=len(TEXT) // 3, random_state=1))
    assert frame["n"].is_monotonic_increasing and frame["n"].is_unique
    share = len(frame) / N
    assert 0.15 < share < 0.4
    counts = np.histogram(frame["n"][60:], 8, (60, N))[0]
    spread = (share * (1 - share) * N / 8) ** 0.5
    assert (np.abs(counts - share * N / 8) < 5 * spread).all()
    again, other = (
        sample_csv(path, max_bytes=len(TEXT) // 3, random_state=seed).read() for seed in (1, 2)
    )
    assert pd.read_csv(sample_csv(path, max_bytes=len(TEXT) // 3, random_state=1)).equals(frame)
    assert again != other


def test_line_breaks_in_quotes_are_in_a_cell_but_not_behind_a_lone_quote(tmp_path):
    path = tmp_path / "t.csv"
    rows = "".join(f'{k},"two\nlines"\n' for k in range(1000))
    path.write_text("n,text\n" + rows)
    frame = pd.read_csv(sample_csv(path, max_bytes=len(rows) // 2))
    assert set(frame["text"]) == {"two\nlines"} and 0 < len(frame) < 1000
    inches = "".join(f"{k},3{chr(34) if k == 500 else ''} pipe\n" for k in range(1000))
    path.write_text("n,text\n" + inches)
    assert sample_lines(path, 10**6, 0).n_records == 1001


def test_a_folder_has_its_names_once(tmp_path):
    (tmp_path / "1.csv").write_bytes(b"\xef\xbb\xbfa,b\n1,2\n3,4")
    (tmp_path / "2.csv").write_text("a,b\n5,6\n")
    frame = pd.read_csv(sample_csv(tmp_path))
    assert frame.to_numpy().tolist() == [[1, 2], [3, 4], [5, 6]]
    (tmp_path / "3.csv").write_text("b,a\n5,6\n")
    with pytest.raises(ValueError, match=r"3\.csv begins with 'b,a'.*columns differ"):
        sample_csv(tmp_path)


def test_a_folder_without_names(tmp_path):
    for part in range(3):
        (tmp_path / f"{part}.csv").write_text(f"{part},x\n{part + 10},y\n")
    frame = pd.read_csv(sample_csv(tmp_path), header=None)
    assert frame[0].tolist() == [0, 10, 1, 11, 2, 12]


def test_what_cannot_be_read(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_bytes(TEXT.encode("utf-16"))
    with pytest.raises(ValueError, match="save it as UTF-8"):
        sample_csv(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("1.csv", TEXT)
        archive.writestr("2.csv", TEXT)
    with pytest.raises(ValueError, match="holds 2 files"):
        sample_csv(path)
    with pytest.raises(FileNotFoundError, match="no file"):
        sample_csv(tmp_path / "none.csv")
    path.write_bytes(gzip.compress(bytes(2**20).replace(b"\0", b"1")))
    monkeypatch.setattr("sklimb.datasets._samples._LONGEST", 2**18)
    with pytest.raises(ValueError, match="A line of"):
        sample_csv(path)


def test_parquet(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow, of the extra 'files', is not installed")
    table = pd.DataFrame({"n": np.arange(N), "x": np.random.default_rng(0).normal(size=N)})
    table[: N // 2].to_parquet(tmp_path / "1.parquet", index=True)
    table[N // 2 :][::-1].to_parquet(tmp_path / "2.parquet", row_group_size=300)
    n_bytes, n_rows, n_files = parquet_size(tmp_path)
    assert n_rows == N and n_files == 2
    whole = sample_parquet(tmp_path)
    assert len(whole) == N and list(whole.columns) == ["n", "x"]
    some = sample_parquet(tmp_path, max_bytes=n_bytes // 4)
    assert 0.2 < len(some) / N < 0.3 and some["n"].is_unique
    pd.testing.assert_frame_equal(some, sample_parquet(tmp_path, max_bytes=n_bytes // 4))
    table.rename(columns={"x": "z"}).to_parquet(tmp_path / "3.parquet")
    with pytest.raises(ValueError, match=r"3\.parquet has the columns"):
        sample_parquet(tmp_path)
