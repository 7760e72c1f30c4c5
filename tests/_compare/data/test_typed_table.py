from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.errors import InputError
from sklimb._compare.reading import read_second, read_table

N = 24
FRAME = pd.DataFrame(
    {
        "amount": np.arange(N) / 7,
        "zip": [1067, 80331] * (N // 2),
        "paid": pd.date_range("2024-01-05", periods=N),
        "mixed": ["x", 3, 2.0, None] * (N // 4),
        "who": [f"c{i % 6}" for i in range(N)],
        "label": [" yes", "no"] * (N // 2),
    }
)


@pytest.fixture
def parquet(tmp_path, monkeypatch):
    """Return a function that stores a frame as if it were in a Parquet file."""
    stored = {}

    def read(source):
        name = source if isinstance(source, str) else source.getvalue()[4:].decode()
        return stored[name].copy()

    def store(frame, name="data.parquet"):
        path = tmp_path / name
        stored[str(path)] = frame
        path.write_bytes(b"PAR1" + str(path).encode())
        return path

    monkeypatch.setattr(pd, "read_parquet", read)
    return store


def test_a_typed_file_is_taken_apart_and_the_code_does_the_same(parquet):
    path = parquet(FRAME)
    table = read_table(path, target="-1", groups="who", drop=["amount"], category=["zip"])
    assert list(table.X.columns) == ["zip", "paid", "mixed"]
    assert table.y.tolist()[:2] == ["yes", "no"] and table.groups[7] == "c1"
    assert table.X["mixed"].tolist()[:3] == ["x", "3", "2.0"] and table.X["mixed"].isna().sum() == 6
    assert [c.kind for c in table.columns] == ["category", "date", "category"]
    assert table.lines == [
        "label   target",
        "who     groups to split by",
        "amount  dropped, as asked for",
    ]
    space = {}
    exec(table.code, space)
    pd.testing.assert_frame_equal(space["X"], table.X)


def test_times_and_labels_that_are_numbers(parquet):
    path = parquet(FRAME.assign(label=[1.0, 2.0] * 11 + [1.0, np.nan]))
    table = read_table(path, target="label", time="paid")
    assert table.y.tolist()[:2] == [1, 2] and table.y[-1] is None
    assert (np.diff(table.time) > np.timedelta64(0)).all()


def test_a_second_file_of_either_kind_goes_with_the_first(parquet, tmp_path):
    text = tmp_path / "rows.csv"
    FRAME.to_csv(text, index=False)
    typed = parquet(FRAME)
    for first, second in [(typed, text), (text, typed), (typed, typed)]:
        table = read_table(first, target="label", drop=["mixed"])
        test = read_second(second, table)
        assert list(test.X.columns) == ["amount", "zip", "paid", "who"]
        np.testing.assert_allclose(test.X["amount"].astype(float), FRAME["amount"])
        assert [str(label).strip() for label in test.y] == ["yes", "no"] * (N // 2)
        assert str(test.X["paid"][3])[:10] == "2024-01-08"


def test_columns_that_are_not_there_are_named(parquet):
    path = parquet(FRAME)
    with pytest.raises(InputError, match="no column 'lable': did you mean 'label'"):
        read_table(path, target="lable")
    with pytest.raises(InputError, match="'who' is not learnt from, so it cannot be called text"):
        read_table(path, target="label", groups="who", text=["who"])
    table = read_table(path, target="label")
    with pytest.raises(InputError, match="has no column 'label', the target"):
        read_second(parquet(FRAME.drop(columns="label"), "b.parquet"), table)
    with pytest.raises(InputError, match="no column is left to learn from"):
        read_table(path, target="label", drop=list(FRAME.columns[:-1]))


@pytest.mark.parametrize("suffix, package", [("parquet", "pyarrow"), ("xlsx", "openpyxl")])
def test_files_as_pandas_writes_them(tmp_path, suffix, package):
    pytest.importorskip(package, reason=f"{package} is not installed")
    path = tmp_path / f"rows.{suffix}"
    frame = FRAME.drop(columns="mixed")
    frame.to_parquet(path) if suffix == "parquet" else frame.to_excel(path, index=False)
    table = read_table(path, target="label")
    assert [c.kind for c in table.columns] == ["number", "number", "date", "category"]
    space = {}
    exec(table.code, space)
    pd.testing.assert_frame_equal(space["X"], table.X)


def _workbook(path, rows):
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def _read_as_the_code_does(path):
    table = read_table(path, target="label")
    space = {}
    exec(table.code, space)
    return table, space


def test_cells_of_a_spreadsheet_keep_their_types(tmp_path):
    names = ["zip", "kept", "comma", "day", "paid", "gap", "word", "label"]
    rows = [
        [
            f"{i % 4:05}", str(i / 4), f"{i},5", datetime(2024, 1, 1 + i), i % 3 == 0,
            i if i % 5 else None, "NA" if i % 4 else "red", "01" if i % 2 else "1",
        ]
        for i in range(N)
    ]  # fmt: skip
    table, space = _read_as_the_code_does(_workbook(tmp_path / "a.xlsx", [names, *rows]))
    assert table.y.tolist()[:2] == ["1", "01"]
    assert space["y"].tolist() == table.y.tolist()
    assert table.X["zip"].tolist()[:2] == ["00000", "00001"]
    assert table.X["kept"].tolist() == [i / 4 for i in range(N)]
    assert table.X["day"].dtype.kind == "M" and table.X["paid"].dtype == bool
    assert table.X["gap"].isna().sum() == 5 and table.X["gap"].dtype == float
    assert table.X["word"].isna().sum() == N - N // 4
    assert {c.name: c.kind for c in table.columns}["comma"] == "number"
    pd.testing.assert_frame_equal(space["X"], table.X)


@pytest.mark.parametrize(
    "cells, expected, noted",
    [
        (["NA", "None", "nan"], ["NA", "None", "nan"], True),
        (["NA", 1, 2], [None, 1, 2], False),
        (["1", 2, "3"], [1, 2, 3], False),
        (["1", "1.0", "2"], ["1", "1.0", "2"], False),
        (["01", 1, "x"], ["01", "1", "x"], False),
        ([None, "a", "b"], [None, "a", "b"], False),
        ([True, False, True], [True, False, True], False),
    ],
)
def test_labels_of_a_spreadsheet_are_as_in_a_csv_file(tmp_path, cells, expected, noted):
    rows = [[i / 7, cell] for i, cell in enumerate(cells * 8)]
    path = _workbook(tmp_path / "a.xlsx", [["a", "label"], *rows])
    table, space = _read_as_the_code_does(path)
    assert table.y.tolist() == expected * 8
    assert [None if pd.isna(y) else y for y in space["y"]] == expected * 8
    assert any("is a class like the others" in note for note in table.notes) == noted
    assert read_second(path, table).y.tolist() == expected * 8
