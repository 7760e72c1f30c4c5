from __future__ import annotations

import pandas as pd
import pytest

from sklimb._compare.data.columns import Column
from sklimb._compare.data.deciding import cells_of, decide, number_notes
from sklimb._compare.data.matching_numbers import read_numbers
from sklimb._compare.data.roles import Roles
from sklimb._compare.data.spelling import NumberFormat
from sklimb._compare.data.text_numbers import read_text_numbers
from sklimb._compare.data.units import formats_with_unit, is_unit

HALVES = [i + 0.5 for i in range(20)]


@pytest.mark.parametrize(
    "form, unit",
    [
        ("{} kg", "kg"),
        ("{}kg", "kg"),
        ("-{} °C", "°C"),
        ("{} km/h", "km/h"),
        ("{} m²", "m²"),
        ("{} m", "m"),
    ],
)
def test_numbers_before_one_unit_are_numbers(form, unit):
    """Such a column was left out as an identifier, with the advice to call it text."""
    cells = pd.Series([form.format(value) for value in HALVES])
    decision = decide(cells_of("c", cells, cells), None)
    assert decision.series.abs().tolist() == HALVES
    assert decision.notes == [f"column c holds numbers ({unit}, such as {cells[0]!r})"]
    read = read_text_numbers(pd.DataFrame({"c": cells}), Roles())
    assert read.X["c"].abs().tolist() == HALVES


@pytest.mark.parametrize(
    "cells",
    [
        ["36 months", "60 months"],  # categories lose nothing
        [f"{i} {'kg' if i % 2 else 'g'}" for i in range(20)],
        [f"{i}th" for i in range(20)],
        [f"{i} am" for i in range(20)],
        [f"{i:03d}A" for i in range(20)],  # codes
        [f"A{i}" for i in range(20)],
        [f"{i} high street" for i in range(20)],
        [f"{i} kg" if i else "heavy" for i in range(20)],
    ],
)
def test_what_measures_nothing_in_one_unit_stays_text(cells):
    assert formats_with_unit(cells) == []


@pytest.mark.parametrize(
    "cells, said",
    [
        ([f"{i}:{i:02d}:00" for i in range(20)], "times of day or durations (such as '0:00:00')"),
        ([f"{i % 12}:{i:02d} PM" for i in range(20)], "times of day or durations"),
        ([str(pd.Timedelta(hours=i)) for i in range(20)], "times of day or durations"),
        ([f"{i} {'kg' if i % 2 else 'g'}" for i in range(20)], "units ('18 g' and '19 kg')"),
        ([f"{i}{'AB'[i % 2]}" for i in range(20)], None),  # codes
        ([f"{i}:{i}" for i in range(60, 80)], None),
        ([f"48°{i}'{i:02d}\"N" for i in range(20)], "holds degrees and minutes"),
        ([f"1:{i:02d}" for i in range(9)], None),
    ],
)
def test_measures_that_are_not_read_are_named(cells, said):
    notes = number_notes("c", cells, pd.Series(cells))
    assert notes == [] if said is None else said in notes[0]


@pytest.mark.parametrize(
    "cells, numbers, said",
    [
        (["1.5 kg", "2kg"], [1.5, 2.0], None),
        (["1,5 kg", "2,25 kg"], [1.5, 2.25], None),
        (["1.5 kg", "2"], [1.5, 2.0], "is in kg in the training part and without a unit in 1 of 2"),
        (["1.5 kg", "2 g"], [1.5, None], None),  # what is missing is told elsewhere
    ],
)
def test_units_of_a_second_table(cells, numbers, said):
    column = Column("c", "number", number=NumberFormat(affix="kg", spaced=True))
    made, notes = read_numbers(pd.Series(cells), column, None)
    assert made.astype(object).where(made.notna(), None).tolist() == numbers
    assert notes == [] if said is None else said in notes[0]


def test_per_cent_and_currencies_are_no_units():
    assert is_unit("kg") and not any(map(is_unit, ["%", "€", "USD", ""]))


def test_an_en_dash_before_a_number_with_a_unit_is_its_minus():
    [way] = formats_with_unit([f"\u2013{i}.5 kg" for i in range(20)])
    assert way.read(pd.Series(["\u20132.5 kg", "1 kg"])).tolist() == [-2.5, 1]
    assert formats_with_unit([f"{i}\u2013{i + 9} kg" for i in range(20)]) == []
