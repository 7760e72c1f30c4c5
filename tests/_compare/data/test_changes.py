from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.changes import change_notes
from sklimb._compare.data.kinds import columns_of

RNG = np.random.default_rng(0)
N, M = 600, 200
DAYS = pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 300, N + M), "D")
BOTH = pd.DataFrame(
    {
        "amount": RNG.lognormal(3, 1, N + M),
        "score": RNG.normal(size=N + M),
        "height": RNG.normal(170, 8, N + M),
        "count": RNG.poisson(3, N + M),
        "kind": RNG.choice(list("uvw"), N + M),
        "day": DAYS.strftime("%d.%m.%Y"),
    }
)
KNOWN, NEW = BOTH[:N], BOTH[N:].reset_index(drop=True)
COLUMNS = columns_of(KNOWN)
SOME = RNG.random(M) < 0.2
ROWS = np.arange(M)


def _said(name, values, known=KNOWN):
    return change_notes(known, NEW.assign(**{name: values}), [], COLUMNS)


def test_parts_of_one_table_need_no_word():
    assert change_notes(KNOWN, NEW, [], COLUMNS) == []
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(N + M)
        one, other = BOTH.iloc[order[:40]], BOTH.iloc[order[40:]]
        assert change_notes(one, other, [], COLUMNS) == change_notes(other, one, [], COLUMNS) == []


@pytest.mark.parametrize("name", ["amount", "kind", "day", "count"])
def test_a_column_that_is_mostly_empty_in_one_part(name):
    """Columns filled in later were learnt from and then missing, without a word."""
    gaps = NEW[name].astype(object).where(SOME) if name == "kind" else NEW[name].where(SOME)
    (note,) = _said(name, gaps)
    assert note.startswith(f"column {name} is empty in {1 - SOME.mean():.0%} of the rows of the")
    assert "in 0% of those that were learnt from" in note and f"--drop {name}" in note
    empty = KNOWN[name].where(np.arange(N) % 5 == 0)
    (note,) = change_notes(KNOWN.assign(**{name: empty}), NEW, [], COLUMNS)
    assert f"column {name} is empty in 0% of the rows of the test part and in 80% of" in note
    assert _said(name, NEW[name].where(~SOME)) == []


@pytest.mark.parametrize(
    "name, mark, shown",
    [
        ("amount", -999, "-999"),
        ("count", -1, "-1"),
        ("score", 0.0, "0"),  # among the others
        ("height", 0, "0"),
        ("day", "01.01.1900", "1900-01-01"),
    ],
)
def test_a_mark_that_the_test_part_alone_has(name, mark, shown):
    (note,) = _said(name, NEW[name].where(~SOME, mark))
    assert f"column {name} holds {shown} in {SOME.sum()} of 200 rows of the test part" in note
    assert "and in 0 of 600 that were learnt from: does it mark what is missing?" in note
    both = KNOWN.assign(**{name: KNOWN[name].where(np.arange(N) % 5 > 0, mark)})
    assert _said(name, NEW[name].where(~SOME, mark), both) == []  # told of by itself


@pytest.mark.parametrize("n, told", [(3, True), (2, False)])
def test_few_marks_that_are_far_off(n, told):
    assert bool(_said("height", NEW["height"].where(n <= ROWS, -1))) == told


@pytest.mark.parametrize(
    "name, factor, words",
    [
        ("amount", 10, "about 10 times"),
        ("amount", 1000, "about 1,000 times"),
        ("amount", 1 / 10, "about 1/10 of"),
        ("score", 1 / 100, "about 1/100 of"),
        ("height", 1 / 100, "about 1/100 of"),
        ("height", 1 / 2.54, "about 1/2.54 of"),
        ("count", 60, "about 60 times"),
    ],
)
def test_another_unit_within_and_outside_the_range(name, factor, words):
    """A test part in cents, among amounts of all sizes, was scored without a word."""
    notes = _said(name, NEW[name] * factor)
    if name == "count":  # too few values to tell
        assert len(notes) == 1
        return
    (note,) = notes
    assert note.startswith(f"column {name} is {words} in the test part what it was in the rows")
    assert f"(median {(NEW[name] * factor).median():g}, was {KNOWN[name].median():g})" in note


@pytest.mark.parametrize(
    "name, value, shown",
    [("score", 0.5, "0.5"), ("kind", "u", "'u'"), ("day", "05.05.2024", "2024-05-05")],
)
def test_a_column_that_is_constant_in_the_test_part(name, value, shown):
    (note,) = _said(name, value)
    assert f"column {name} holds {shown} in all rows of the test part that have a value" in note
    assert f"and {KNOWN[name].nunique()} values in those" in note


def test_what_most_rows_have_may_be_all_of_a_small_part():
    known = KNOWN.assign(kind=np.where(np.arange(N) % 50, "u", "v"))
    assert change_notes(known, NEW[:20].assign(kind="u"), [], columns_of(known)) == []


def test_another_distribution():
    (note,) = _said("score", 0.7 * NEW["score"] + 1.8)
    assert "column score is distributed otherwise in the test part (median " in note
    assert _said("score", NEW["score"] + 0.5) == []


def test_one_line_for_a_column_and_a_few_for_each_kind():
    (note,) = _said("height", NEW["height"] + 1000)
    assert note.startswith("column height: 200 of 200 values of the test part lie outside")
    wide = RNG.normal(size=(80, 9))
    notes = change_notes(wide, np.where(np.arange(80)[:, None] % 4, np.nan, wide), [])
    assert len(notes) == 4 and notes[3] == "so it is with 6 more columns: 3, 4, 5, 6, 7, 8"
    assert change_notes(wide, np.full_like(wide, np.nan), []) == []  # told where it is read
    assert len(change_notes(wide, wide * 0 + 1, [0, 1, 2, 3, 4, 5, 6, 7])) == 1
    assert change_notes(wide[:9], wide * 0, []) == change_notes(["x"], ["y"], []) == []


def test_pixels_on_another_scale():
    images = RNG.integers(0, 256, (20, 1, 6, 6)).astype(np.uint8)
    (note,) = change_notes(images, images / 255, [])
    assert note == (
        f"pixels of the test part go from 0 to 1, and those that were learnt from go from 0 to "
        f"{images.max()}: bring both to one scale"
    )
    assert len(change_notes(images / 255, images / 127.5 - 1, [])) == 1
    assert change_notes(images, images[:5], []) == []
