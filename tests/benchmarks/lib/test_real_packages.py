"""The recipe by which texts become numbers, and that no other wheel than the known one is read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lib import real_packages
from lib.real_packages import Wheel, entries, table


def of(*columns: list[str], label: list[str]) -> pd.DataFrame:
    return pd.DataFrame(dict(enumerate([*columns, label])), dtype=object)


def test_numbers_are_kept_and_gaps_are_the_median():
    X, y = table(of(["1", "?", "4", "2.5", "<null>"], label=["b", "b", "a", "b", "a"]))
    assert X.tolist() == [[1.0], [2.5], [4.0], [2.5], [2.5]]
    assert y.tolist() == [0, 0, 1, 0, 1]  # the larger class is 0


def test_levels_become_columns_and_two_of_them_one():
    three = ["low", "high", "mid", "?"]
    two = ["yes", "no", "no", "yes"]
    X, _ = table(of(three, two, label=["0", "0", "0", "1"]))
    # high, low, mid, missing; yes
    assert X.tolist() == [[0, 1, 0, 0, 1], [1, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 1]]


def test_a_column_with_one_word_among_numbers_is_levels():
    X, _ = table(of(["2", "4", "more", "2"], label=["0", "0", "0", "1"]))
    assert X.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]


def test_constant_columns_go():
    X, _ = table(of(["5", "5", "?"], ["1", "2", "3"], ["a", "a", "a"], label=["0", "0", "1"]))
    assert X.tolist() == [[1.0], [2.0], [3.0]]


def test_rare_classes_go_where_there_are_more_than_two():
    label = ["a"] * 12 + ["b"] * 9 + ["c"] * 10
    X, y = table(of([str(row) for row in range(31)], label=label))
    assert np.bincount(y).tolist() == [12, 10]
    assert X[:, 0].tolist() == [*range(12), *range(21, 31)]
    _, y = table(of([str(row) for row in range(21)], label=label[:21]))
    assert np.bincount(y).tolist() == [12, 9]


def test_a_long_table_is_sampled_by_class_and_rows_keep_their_order():
    n = 12_000
    X, y = table(of([str(row) for row in range(n)], label=["0"] * (n - 1200) + ["1"] * 1200))
    assert np.bincount(y).tolist() == [9000, 1000]
    assert (np.diff(X[:, 0]) > 0).all()


def test_entries_begin_below_the_header_and_without_one_at_once():
    header = "@relation x\n@attribute a real\n@DATA\n% said\n1, b\n\n 2,c \n"
    assert entries(header).to_numpy().tolist() == [["1", "b"], ["2", "c"]]
    assert entries("1 b\n2 c\n", separator=" ").to_numpy().tolist() == [["1", "b"], ["2", "c"]]


def test_another_wheel_than_the_known_one_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(real_packages, "CACHE", tmp_path)
    (tmp_path / "x.whl").write_bytes(b"something else")
    with pytest.raises(OSError, match="not 00ff: delete it"):
        Wheel("x==1", "x.whl", "00ff").path()


def test_what_cannot_be_fetched_says_where_to_put_it(tmp_path, monkeypatch):
    monkeypatch.setattr(real_packages, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(OSError, match=r"could not be downloaded(.|\n)*put sklimb_no_such"):
        Wheel("sklimb-no-such==1", "sklimb_no_such.whl", "00ff").path()
