from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.checking import check_labels
from sklimb._compare.data.odd_labels import (
    is_quantity,
    missing_notes,
    several_notes,
    without_decimals,
)
from sklimb._compare.errors import InputError
from sklimb._compare.reading import read_table


def _notes(labels):
    notes: list[str] = []
    check_labels(np.repeat(labels, 5), 5 * len(labels), notes=notes)
    return notes


@pytest.mark.parametrize("mark", ["-", "--", ".", "n/a.", "N/a", "n.a.", "-999", "tbd", "#VALUE!"])
def test_a_mark_for_a_missing_label_is_named(mark):
    notes = [note for note in _notes(["good", "bad", mark]) if "missing label" in note]
    if mark == "n/a.":  # no such mark
        assert notes == []
        return
    assert notes[0].startswith(f"class {mark!r} (5 samples) looks like a mark for a missing label")
    assert "--drop-unlabelled" in notes[0]


@pytest.mark.parametrize("mark", [-999, 99, 9999])
def test_numbers_that_are_marks_are_named(mark):
    [note] = _notes([0, 1, 2, mark])
    assert note.startswith(f"class {mark} (5 samples) looks like a mark")


def test_several_marks_are_one_note():
    [note] = _notes(["good", "bad", "-", "n.d."])
    assert note.startswith("classes '-' (5 samples), 'n.d.' (5 samples) look like a mark")


@pytest.mark.parametrize(
    "labels",
    [
        ["+", "-"],
        ["+", "-", "0"],
        ["*", "**", "***"],
        ["none", "mild", "severe"],
        ["empty", "occupied"],
        ["unknown", "known"],
        [-1, 1],
        [*range(95, 100)],
        [99, 100, 101],
        [9, 99],
        ["ND", "NY", "nd"],  # states
        ["NA", "EU"],  # of which the reader of files tells
        ["99", "999", "9999"],
    ],
)
def test_ordinary_labels_are_not(labels):
    labels, counts = np.unique(labels, return_counts=True)
    assert missing_notes(labels, counts) == []


def test_the_note_comes_with_a_file(tmp_path):
    path = tmp_path / "data.csv"
    rows = [f"{i},{['good', 'bad', '-'][i % 3]}" for i in range(30)]
    path.write_text("\n".join(["x,y", *rows]))
    table = read_table(path, target="y")
    notes: list[str] = []
    check_labels(table.y, 30, notes=notes)
    assert "class '-' (10 samples)" in notes[0]


@pytest.mark.parametrize(
    "labels, shown",
    [
        (["a", "b", "a|b"], "'a|b'"),
        (["sport", "news", "sport;news", "sport; news; art", "art"], "'sport;news'"),
        (["x,y", "y,z", "x,z", "x,y,z"], "'x,y'"),
    ],
)
def test_several_classes_in_a_cell_are_named(labels, shown):
    [note] = several_notes(labels)
    assert note.startswith(f"labels such as {shown} are several classes in a cell")
    assert any("several classes in a cell" in n for n in _notes(labels))


@pytest.mark.parametrize(
    "labels",
    [
        ["a", "b", "c"],
        ["black/white", "colour"],
        ["R&D", "Sales"],
        ["Smith, J.", "Doe, J.", "Roe, A."],
        ["<=50K", ">50K"],
        ["1/2", "3/4"],
    ],
)
def test_names_with_signs_are_one_class_each(labels):
    assert several_notes(labels) == []


def test_quantities_are_no_classes():
    rng = np.random.default_rng(0)
    price = rng.integers(0, 10_000, 200)
    with pytest.raises(InputError, match="looks like a number to predict"):
        check_labels(price, 200)
    some_again = np.r_[np.arange(60), np.repeat(np.arange(60, 90), 10)]
    with pytest.raises(InputError, match=r"looks like a number to predict.*pandas\.cut"):
        check_labels(some_again, len(some_again))
    labels = np.arange(100)
    assert not is_quantity(labels, np.full(100, 3))
    assert not is_quantity(labels[:20], np.full(20, 1))
    assert not is_quantity(labels.astype(str), np.full(100, 1))


def test_decimals_are_numbers():
    """They were refused as "object values", without a remedy."""
    whole = np.array([Decimal("1.00"), Decimal(2)] * 5, dtype=object)
    assert check_labels(whole, 10).tolist() == [1, 2] * 5
    assert without_decimals(whole).dtype.kind == "i"
    half = np.array([Decimal("0.5"), Decimal(1)] * 5, dtype=object)
    with pytest.raises(InputError, match=r"write them as text: 'level 0\.5'"):
        check_labels(half, 10)
    mixed = np.array([Decimal(1), "a"], dtype=object)
    assert without_decimals(mixed) is mixed


def test_decimals_in_a_parquet_file(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "data.parquet"
    frame = pd.DataFrame({"x": range(20), "y": [Decimal(i % 2) for i in range(20)]})
    frame.to_parquet(path)
    table = read_table(path, target="y")
    assert check_labels(table.y, 20).tolist() == [0, 1] * 10


@pytest.mark.filterwarnings("error")
def test_many_classes_are_no_warning():
    """scikit-learn's warning of many classes went to the terminal."""
    y = np.repeat(np.arange(180), 2)
    assert len(np.unique(check_labels(y, 360))) == 180
    y = np.repeat([f"c{i}" for i in range(180)], 2)
    assert len(np.unique(check_labels(y, 360))) == 180
