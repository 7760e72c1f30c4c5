"""Tables in chunks of CSV and Parquet files: all rows once, in pieces of one size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb.datasets import iter_csv, iter_parquet

TABLE = pd.DataFrame(
    {"a": np.arange(25.0), "y": np.tile(["no", "yes", "no", "no", "no"], 5), "b": np.arange(25)}
)


def sizes(chunks):
    return [len(y) for _, y in chunks]


def joined(chunks):
    X, y = zip(*chunks)
    return pd.concat(X, ignore_index=True).assign(y=np.concatenate(y))


@pytest.fixture
def folder(tmp_path):
    for part, rows in enumerate([TABLE[:4], TABLE[4:13], TABLE[13:]]):
        rows.to_csv(tmp_path / f"part-{part}.csv", index=False)
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / "README.md").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("size", "expected"),
    [(10, [10, 10, 5]), (11, [11, 14]), (25, [25]), (100, [25]), (1, [1] * 25)],
)
def test_a_folder_is_one_table_in_chunks_of_one_size(folder, size, expected):
    chunks = list(iter_csv(folder, target="y", chunk_size=size))
    assert sizes(chunks) == expected
    pd.testing.assert_frame_equal(joined(chunks), TABLE[["a", "b", "y"]], check_dtype=False)


def test_a_file_with_options_of_pandas_and_chosen_columns(tmp_path):
    path = tmp_path / "t.csv"
    TABLE.to_csv(path, index=False, sep=";", decimal=",")
    [(X, y)] = iter_csv(path, target="y", features=["b"], sep=";", decimal=",")
    assert X.columns.tolist() == ["b"] and y.tolist() == TABLE["y"].tolist()
    [(X, _)] = iter_csv(path, target="b", features=["y", "a"], sep=";", decimal=",")
    assert X.columns.tolist() == ["y", "a"]


def test_files_come_in_random_order(folder):
    first, second = (
        joined(iter_csv(folder, target="y", shuffle=True, random_state=seed)) for seed in (0, 1)
    )
    again = joined(iter_csv(folder, target="y", shuffle=True, random_state=0))
    pd.testing.assert_frame_equal(first, again)
    orders = {tuple(first["b"]), tuple(second["b"]), tuple(TABLE["b"])}
    assert len(orders) > 1 and {frozenset(order) for order in orders} == {frozenset(range(25))}


def test_what_is_not_there(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="no file"):
        iter_csv(folder / "other.csv", target="y")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no file that ends in \.csv"):
        iter_csv(tmp_path / "empty", target="y")
    with pytest.raises(ValueError, match="has no column 'z', the target"):
        next(iter_csv(folder, target="z"))
    with pytest.raises(ValueError, match="chunk_size must be a whole number above 0, got 0"):
        iter_csv(folder, target="y", chunk_size=0)
    TABLE.assign(c=1).to_csv(folder / "part-9.csv", index=False)
    with pytest.raises(ValueError, match=r"part-9.csv has columns \['c'\] beside"):
        list(iter_csv(folder, target="y"))
    assert len(joined(iter_csv(folder, target="y", features=["a", "b"]))) == 50


def test_parquet_by_row_groups(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow, of the extra 'files', is not installed")
    TABLE[:13].to_parquet(tmp_path / "0.parquet", row_group_size=4)
    TABLE[13:].to_parquet(tmp_path / "1.parquet", index=False)
    chunks = list(iter_parquet(tmp_path, target="y", chunk_size=10))
    assert sizes(chunks) == [10, 10, 5]
    pd.testing.assert_frame_equal(joined(chunks), TABLE[["a", "b", "y"]], check_dtype=False)
    mixed = joined(iter_parquet(tmp_path, target="y", shuffle=True, random_state=0))
    assert sorted(mixed["b"]) == list(range(25)) and mixed["b"].tolist() != list(range(25))
    [(X, _)] = iter_parquet(tmp_path, target="y", features=["b"])
    assert X.columns.tolist() == ["b"]


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install sklimb\[files\]"):
        iter_parquet(tmp_path, target="y")


@pytest.mark.parametrize(
    "header, options, error, said",
    [
        ("a,b,t", {"target": "z"}, ValueError, r"has no column 'z', the target, there are \['a'"),
        ("a,b,t ", {}, ValueError, "no column 't', the target: did you mean 't '"),
        ("a;b;t", {}, ValueError, r"no column 't'.*what separates the columns, sep=';'"),
        ("a,t,t", {}, ValueError, "has a column 't.1', as pandas calls a second 't'"),
        ("a,b,t", {"features": "ab"}, TypeError, r"must be a list of names, got 'ab'"),
        ("a,b,t", {"features": ["a", "t"]}, ValueError, "features name 't', which is the target"),
    ],
)
def test_a_target_that_is_not_there_or_twice(header, options, error, said, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\n" + header.translate(str.maketrans("abt", "120")) + "\n")
    with pytest.raises(error, match=said):
        list(iter_csv(path, **{"target": "t", **options}))
    if "features" not in options and header == "a,t,t":
        [(X, y)] = iter_csv(path, target="t", features=["a"])
        assert list(X) == ["a"] and y.tolist() == [0]
