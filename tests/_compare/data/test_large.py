"""Files that are too large to be read whole, and folders of files, for `sklimb compare`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data import large
from sklimb._compare.data.large import drawn_text, holds_parquet, holds_tables
from sklimb._compare.errors import InputError
from sklimb._compare.reading import read_second, read_table
from sklimb.datasets import _samples

TABLE = pd.DataFrame(
    {
        "a": np.arange(2_000) / 7,
        "city": ["Rom", "Oslo"] * 1_000,
        "y": ["no", "no", "no", "yes"] * 500,
    }
)


def run(code):
    """What the printed code makes."""
    names: dict = {}
    exec(code, names)
    return names["X"], names["y"]


@pytest.fixture
def small(monkeypatch):
    """A limit of 10,000 bytes; what is printed draws by the limit of the library."""
    monkeypatch.setattr(large, "MOST_BYTES", 10_000)
    monkeypatch.setitem(_samples.sample_csv.__kwdefaults__, "max_bytes", 10_000)
    monkeypatch.setitem(_samples.sample_parquet.__kwdefaults__, "max_bytes", 10_000)


def test_a_large_file_is_sampled_and_said_to_be(tmp_path, small):
    path = tmp_path / "big.csv"
    TABLE.to_csv(path, index=False)
    table = read_table(path, target="y")
    assert 100 < len(table.y) < 1_000
    [note] = [note for note in table.notes if "drawn at random" in note]
    assert note.startswith("big.csv is larger than what is read whole")
    assert f"{len(table.y) + 1:,} of its 2,001 lines" in note
    X, y = run(table.code)
    pd.testing.assert_frame_equal(X, table.X)
    assert y.tolist() == table.y.tolist()
    assert len(read_second(path, table).y) == len(table.y)


def test_a_file_below_the_limit_is_read_whole(tmp_path):
    path = tmp_path / "t.csv"
    TABLE.to_csv(path, index=False)
    assert drawn_text(path) is None
    table = read_table(path, target="y")
    assert len(table.y) == 2_000 and table.notes == []


def test_a_folder_is_one_table(tmp_path):
    for part in range(4):
        TABLE[part * 500 : (part + 1) * 500].to_csv(tmp_path / f"{part}.csv", index=False)
    assert holds_tables(tmp_path) and not holds_parquet(tmp_path)
    table = read_table(tmp_path, target="y")
    assert table.y.tolist() == TABLE["y"].tolist()
    assert table.notes == [f"4 files of the folder {tmp_path.name} were read as a table"]
    X, y = run(table.code)
    pd.testing.assert_frame_equal(X, table.X)
    assert y.tolist() == table.y.tolist()
    (tmp_path / "9.csv").write_text("b,a,y\n1,2,no\n")
    with pytest.raises(InputError, match="their columns differ") as caught:
        read_table(tmp_path, target="y")
    assert "\n" not in str(caught.value)


def test_a_folder_without_tables_is_none(tmp_path):
    (tmp_path / "cats").mkdir()
    assert not holds_tables(tmp_path)
    assert drawn_text(tmp_path) is None


def test_parquet_is_sampled_too(tmp_path, small):
    pytest.importorskip("pyarrow", reason="pyarrow, of the extra 'files', is not installed")
    TABLE.to_parquet(tmp_path / "0.parquet")
    table = read_table(tmp_path / "0.parquet", target="y")
    assert 300 < len(table.y) < 550  # of 48,000 bytes, 8 a cell
    assert any("rows were drawn at random" in note for note in table.notes)
    X, y = run(table.code)
    pd.testing.assert_frame_equal(X, table.X)
    assert y.tolist() == table.y.tolist()
    TABLE.to_parquet(tmp_path / "1.parquet")
    folder = read_table(tmp_path, target="y")
    assert folder.notes[0] == f"2 files of the folder {tmp_path.name} were read as a table"
    assert holds_parquet(tmp_path)


def test_a_folder_of_parquet_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (tmp_path / "0.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="needs pyarrow to be read: pip install pyarrow"):
        read_table(tmp_path, target="y")
