from __future__ import annotations

import pandas as pd
import pytest

from sklimb._compare.reading import read_table

ROWS = 12


def _file(tmp_path, separator=",", **columns):
    frame = pd.DataFrame({"a": range(ROWS), **columns, "label": ["x", "y"] * (ROWS // 2)})
    path = tmp_path / "data.csv"
    frame.to_csv(path, index=False, sep=separator)
    return path


def _made(table):
    space = {}
    exec(table.code, space)
    pd.testing.assert_frame_equal(space["X"], table.X)
    assert list(space["y"]) == list(table.y)
    return table.code


def test_the_code_of_an_ordinary_file_is_short(tmp_path):
    code = _made(read_table(_file(tmp_path, b="u"), target="label"))
    assert code.splitlines()[2:] == [
        "table = pd.read_csv(",
        f'    "{tmp_path / "data.csv"}",',
        '    na_values=["?"],',
        "    skipinitialspace=True,",
        "    low_memory=False,",
        ")",
        'X = table.drop(columns=["label"])',
        'y = table["label"].to_numpy()',
    ]


@pytest.mark.parametrize(
    "values, line",
    [
        (
            ["$1,234.50", "$2"],
            'X["b"] = pd.to_numeric(X["b"].str.replace(r"[,$]", "", regex=True))',
        ),
        (["3,5", "2"], 'decimal=","'),
        (["€ 1.200,5", "€ 2"], r'r"[.€\s]", "", regex=True).str.replace(",", ".")'),
        (["1,234,567", "3"], 'X["b"] = pd.to_numeric(X["b"].str.replace(",", ""))'),
        (["007", "123"], 'dtype={"b": str}'),
        (["red ", "red"], 'X["b"] = X["b"].str.strip()'),
        (["True ", "False"], '.map({"true": True, "false": False})'),
        (["NA ", "3"], 'na_values=["?", "NA "]'),
    ],
)
def test_a_special_column_takes_one_line(tmp_path, values, line):
    path = _file(tmp_path, b=values * (ROWS // 2))
    assert line in _made(read_table(path, target="label"))


def test_columns_written_alike_share_a_loop(tmp_path):
    cells = ["5 %", "7 %"] * (ROWS // 2)
    code = _made(read_table(_file(tmp_path, b=cells, c=cells), target="label"))
    assert 'for name in ["b", "c"]:\n    X[name] = pd.to_numeric(X[name]' in code


@pytest.mark.parametrize(
    "labels, line",
    [
        (["01", "1"], 'dtype={"t": str}'),
        (["bad ", "bad", "good"], 'y = table["t"].str.strip().to_numpy()'),
        (["NA", "good"], 'usecols=["t"]'),
        (["None ", "None", "x"], 'y = labels["t"].str.strip().to_numpy()'),
        (["TRUE", "true"], 'dtype={"t": str}'),
    ],
)
@pytest.mark.parametrize("separator", [",", ";"])
def test_labels_as_they_are_written(tmp_path, labels, line, separator):
    path = _file(tmp_path, separator, t=labels * (ROWS // len(labels)))
    assert line in _made(read_table(path, target="t"))
