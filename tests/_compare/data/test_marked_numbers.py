from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.columns import Column
from sklimb._compare.data.deciding import cells_of, decide, number_notes
from sklimb._compare.data.marked_numbers import (
    clock_formats,
    formats_with_marks,
    is_marked_number,
    pair_notes,
)
from sklimb._compare.data.matching_numbers import read_numbers
from sklimb._compare.data.roles import Roles
from sklimb._compare.data.spelling import NumberFormat
from sklimb._compare.data.text_numbers import read_text_numbers
from sklimb._compare.reading import read_table

HALVES = [f"{i}.5" for i in range(20)]


@pytest.mark.parametrize(
    "more, numbers",
    [
        (["<3", "< 0.1", ">100", "> 1000"], [3, 0.1, 100, 1000]),
        (["<=3", "≤2", "≥ 5", "=>7"], [3, 2, 5, 7]),
        (["~5", "≈ 6", "ca. 7", "c. 8"], [5, 6, 7, 8]),
        (["5+", "100 +"], [5, 100]),
        (["5.1 ± 0.2", "3 +/- 1", "2±0.5"], [5.1, 3, 2]),
        (["± 0.2"], [0.2]),
        (["82.8k", "1.2M", "3k"], [82_800, 1.2e6, 3000]),
        (["82.8k", "3 k"], [82_800, 3000]),
        (["<3k", "4k"], [3000, 4000]),
    ],
)
@pytest.mark.parametrize("header", ["value", "x y"])
def test_numbers_with_marks_are_numbers(tmp_path, more, numbers, header):
    """Such columns were identifiers or categories, without a word."""
    cells = HALVES + more
    path = tmp_path / "data.csv"
    path.write_text(f"{header};y\n" + "\n".join(f"{c};{'ab'[i % 2]}" for i, c in enumerate(cells)))
    table = read_table(path, target="y")
    expected = [*map(float, HALVES), *numbers]
    np.testing.assert_allclose(table.X[header], expected, rtol=1e-12)
    assert table.columns[header].kind == "number"
    [note] = [note for note in table.notes if f"column {header}" in note]
    assert f"in {len(more)} of {len(cells)} values (the first: row 21, {more[0]!r})" in note
    assert f"{more[0]!r} as {numbers[0]:.10g}" in note and "--category" in note
    space: dict = {}
    exec(table.code, space)
    pd.testing.assert_frame_equal(space["X"], table.X)
    frame = pd.DataFrame({"c": cells})
    read = read_text_numbers(frame, Roles())
    np.testing.assert_allclose(read.X["c"], expected, rtol=1e-12)
    space = {"X": frame, "pd": pd}
    exec("\n".join(read.code), space)
    np.testing.assert_array_equal(space["X"]["c"], read.X["c"])


@pytest.mark.parametrize(
    "cells, numbers, more",
    [
        (["82,8k", "1,2M", "950"], [82_800, 1.2e6, 950], "{},5"),
        (["$1.2M", "$300", "$5k"], [1.2e6, 300, 5000], "${}.5"),
        (["$1.2M", "$300M", "$950"], [1.2e6, 3e8, 950], "${}.5"),
        (["<0.5 mg/l", "4.5 mg/l"], [0.5, 4.5], "{}.5 mg/l"),
        (["< 1,000", "2,500"], [1000, 2500], "{},000"),
        (["5,- €", "7,50 €"], [5, 7.5], "{},— €"),
        (["Fr. 5.--", "Fr. 7.50"], [5, 7.5], "Fr. {}.–"),
    ],
)
def test_marks_beside_commas_currencies_and_units(cells, numbers, more):
    both = pd.Series([*cells, *(more.format(i) for i in range(1, 13))])
    made = decide(cells_of("c", both, both), ",-" in cells[0] or ",8" in cells[0]).series
    assert made.iloc[: len(cells)].tolist() == pytest.approx(numbers)
    assert made.notna().all()


@pytest.mark.parametrize(
    "cells",
    [
        ["<18", "18-65", ">65"],
        ["<=50K", ">50K"],
        ["1", "2", "3+"],
        [f"<{i}" for i in range(20)],  # of what is below each nobody knows more
        [f"{i}m" for i in range(20)] + ["1"],  # metres
        [f"{i} K" for i in range(20)] + ["280"],  # Kelvin
        [f"{i}M" for i in range(20)] + ["12"],  # months
        [f"A{i}+" for i in range(20)],
        [f"{i:03d}+" for i in range(20)],
        [f"<b>{i}</b>" for i in range(20)],
        HALVES,
    ],
)
def test_what_is_no_such_number_is_none(cells):
    assert formats_with_marks(cells) == []


@pytest.mark.parametrize(
    "cells, seconds",
    [
        ([f"{i}h 5m" for i in range(20)], [3600 * i + 300 for i in range(20)]),
        ([f"{i} min 30 s" for i in range(20)], [60 * i + 30 for i in range(20)]),
        ([f"{i}:05:30" for i in range(20)], [3600 * i + 330 for i in range(20)]),
        ([f"{i:02d}:30" for i in range(20)], [3600 * i + 1800 for i in range(20)]),
        ([str(pd.Timedelta(hours=i)) for i in range(20)], [3600 * i for i in range(20)]),
    ],
)
def test_times_are_seconds(tmp_path, cells, seconds):
    path = tmp_path / "data.csv"
    path.write_text("t;y\n" + "\n".join(f"{c};{'ab'[i % 2]}" for i, c in enumerate(cells)))
    table = read_table(path, target="y")
    assert table.X["t"].tolist() == seconds
    assert any(f"{cells[0]!r} as {seconds[0]} seconds" in note for note in table.notes)
    space: dict = {}
    exec(table.code, space)
    pd.testing.assert_frame_equal(space["X"], table.X)
    column = table.columns["t"]
    made, notes = read_numbers(pd.Series([cells[3], "soon"]), column, None)
    assert made[0] == seconds[3] and np.isnan(made[1]) and notes == []


def test_minutes_beside_hours_are_not_guessed():
    assert clock_formats(["59:59", "1:02:03"] * 20) == []
    assert clock_formats([f"{i}:75" for i in range(20)]) == []
    assert clock_formats(["1:00", "2:00"]) == []
    assert clock_formats([f"{i} m" for i in range(20)] + ["1 kg"]) == []


@pytest.mark.parametrize("form", ["{}/20", "{} / 20", "{} out of 20", "{} of 20"])
def test_scores_of_one_number_are_numbers(form):
    cells = pd.Series([form.format(i) for i in range(20)])
    assert decide(cells_of("c", cells, cells), None).series.tolist() == list(range(20))


def test_per_mille_is_read_and_not_mixed_with_per_cent():
    cells = pd.Series([f"{i},5 ‰" for i in range(20)])
    decision = decide(cells_of("c", cells, cells), None)
    assert decision.series.tolist() == [i + 0.5 for i in range(20)]
    assert "per mille" in decision.notes[0]
    mixed = [f"{i}.5 {'%‰'[i % 2]}" for i in range(20)]
    [note] = number_notes("c", mixed, pd.Series(mixed))
    assert "written in several ways" in note


@pytest.mark.parametrize(
    "cells",
    [
        [f"{120 + i}/{60 + i}" for i in range(20)],
        [f"{i} {i + 1} {i + 2}" for i in range(20)],
        [f"[{i}.5, {i + 1}]" for i in range(20)],
        [f"{i}x{i + 10}" for i in range(20)],
    ],
)
def test_several_numbers_in_a_cell_are_named(cells):
    [note] = number_notes("c", cells, pd.Series(cells))
    assert note.startswith(f"column c holds several numbers in each cell (such as {cells[0]!r})")


@pytest.mark.parametrize(
    "cells",
    [
        [f"0{i} 12345" for i in range(20)],  # telephones
        [f"{i}-{i + 9}" for i in range(20)],
        ["1/2", "3/4"],
        [f"{i} high street" for i in range(20)],
    ],
)
def test_other_text_holds_no_several_numbers(cells):
    assert pair_notes("c", cells) == []


def test_few_numbers_with_marks_are_a_note_and_the_user_decides():
    cells = pd.Series(["1", "2", "3", "4", "5"] * 8 + [">5"] * 4)
    [note] = number_notes("c", list(cells.unique()), cells)
    assert (
        "in 4 of 44 values, numbers with marks ('>5' in 4)" in note
        and "--number c reads it so" in note
    )
    read = read_text_numbers(pd.DataFrame({"c": cells}), Roles({"c": "number"}))
    assert read.X["c"].tolist() == [1, 2, 3, 4, 5] * 8 + [5] * 4


@pytest.mark.parametrize(
    "way, cells, numbers, said",
    [
        (NumberFormat(), ["<3", "4", "> 5"], [3, 4, 5], "2 of 3 values of the test part"),
        (NumberFormat(marks=("bound",)), ["<3", "4"], [3, 4], None),
        (NumberFormat(marks=("letter",)), ["2k", "4", "1.5M"], [2000, 4, 1.5e6], None),
        (NumberFormat(), ["4", "2k"], [4, None], None),
        (NumberFormat(","), ["<2,5", "4"], [2.5, 4], "1 of 2 values of the test part"),
        (NumberFormat(affix="kg", spaced=True), ["<2 kg", "4 kg"], [2, 4], "1 of 2 values"),
    ],
)
def test_marks_in_a_second_table(way, cells, numbers, said):
    made, notes = read_numbers(pd.Series(cells), Column("c", "number", number=way), None)
    assert made.astype(object).where(made.notna(), None).tolist() == numbers
    assert notes == [] if said is None else said in notes[0]


def test_marked_numbers():
    assert all(map(is_marked_number, ["<3", "5+", "2h 5m", "1:30"]))
    assert not any(map(is_marked_number, ["3", "many", "<b>", "A+"]))
