"""Numbers of a second table, however they are written there, as those of the first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from sklimb._compare.data.columns import Column
from sklimb._compare.data.marked_numbers import clock_formats, read_marked
from sklimb._compare.data.spelling import NumberFormat, choose_format, number_formats
from sklimb._compare.data.units import is_unit


def read_numbers(
    cells: pd.Series, column: Column, comma: bool | None
) -> tuple[pd.Series, list[str]]:
    """Return text as numbers: by the first table's rule where that reads it, else by its own.

    Parameters
    ----------
    cells : Series of str
        Without missing ones.
    column : Column
        Of the first table.
    comma : bool or None
        Whether the second file has decimal commas elsewhere; None where that is not known.

    Returns
    -------
    numbers : Series
        NaN where a cell is no number at all.
    notes : list of str
        Where the two tables are written in two ways that may have been meant otherwise.
    """
    plain = pd.to_numeric(cells, errors="coerce")
    rule = column.number
    if not len(cells) or (rule.is_plain and comma is not True and plain.notna().all()):
        return plain, []
    if rule.clock:
        times = cells.map({c: bool(clock_formats([c], few=True)) for c in cells.unique()})
        return rule.read(cells.where(times)), []
    if marked := read_marked(cells, rule):
        return _without_marks(*marked, column, comma)
    if is_unit(rule.affix):
        return _measures(cells, column, comma)
    ways = {cell: number_formats([cell]) for cell in cells.unique()}
    likely = [cell for cell, formats in ways.items() if formats]
    notes = _per_cent(column, likely) or _other_currency(column, ways)
    by_rule = {cell: _by_rule(cell, ways[cell], rule) for cell in likely}
    together = number_formats(likely)
    if comma and not rule.thousands and rule.decimal == "." and len(together) > 1:
        # The first table has points, and so may this one, but the rest of its file has commas.
        by_rule = dict.fromkeys(likely)
    if all(by_rule.values()):
        return _read(cells, by_rule), notes
    if together:
        chosen, ambiguous = choose_format(together, likely, comma)
        numbers = _read(cells, dict.fromkeys(likely, chosen))
        if ambiguous:
            example = next(cell for cell in likely if re.search(r"[.,]", cell))
            notes.append(
                f"column {column.name}: {example!r} of the test part was read as "
                f"{chosen.read(pd.Series([example])).iloc[0]:g} ({chosen})"
            )
        return numbers, notes
    other = [cell for cell in likely if by_rule[cell] is None]
    numbers = _read(cells, {cell: by_rule[cell] or ways[cell][0] for cell in likely})
    hit = cells.isin(other).to_numpy()
    first = int(np.flatnonzero(hit)[0])
    notes.append(
        f"column {column.name}: {hit.sum():,} of {len(cells):,} numbers of the test part are "
        f"written otherwise than the others (the first: {cells.iloc[first]!r}, read as "
        f"{numbers.iloc[first]:g})"
    )
    return numbers, notes


def _without_marks(
    cells: pd.Series, factors: pd.Series, hit: np.ndarray, column: Column, comma: bool | None
) -> tuple[pd.Series, list[str]]:
    """Return numbers whose marks were taken away, as in the first table."""
    rule = replace(column.number, marks=())
    numbers, notes = read_numbers(cells, replace(column, number=rule), comma)
    if hit.any() and not column.number.marks:
        notes.append(
            f"column {column.name}: {hit.sum():,} of {len(cells):,} values of the test part are "
            "numbers with marks, as in '<3', and were taken as these numbers"
        )
    return numbers * factors, notes


def _measures(cells: pd.Series, column: Column, comma: bool | None) -> tuple[pd.Series, list[str]]:
    """Return numbers with the unit of the first table behind them, or with none."""
    unit = column.number.affix
    with_unit = cells.str.endswith(unit)
    cells = cells.where(~with_unit, cells.str.removesuffix(unit).str.rstrip())
    numbers, notes = read_numbers(
        cells, replace(column, number=replace(column.number, affix="")), comma
    )
    bare = int((~with_unit & numbers.notna()).sum())
    if bare:
        notes.append(
            f"column {column.name} is in {unit} in the training part and without a unit in "
            f"{bare:,} of {len(cells):,} values of the test part: the numbers were taken as they "
            "are written"
        )
    return numbers, notes


def _by_rule(cell: str, formats: Sequence[NumberFormat], rule: NumberFormat) -> NumberFormat | None:
    """Return the way to read a cell that agrees with the rule, None where none does."""
    for way in formats:
        if way.decimal == rule.decimal and way.thousands in ("", rule.thousands):
            return way
    # Whole numbers without a mark have no decimal sign at all.
    return None if re.search("[.,]", cell) else formats[0]


def _read(cells: pd.Series, ways: dict[str, NumberFormat | None]) -> pd.Series:
    """Return cells as numbers, each in its way; NaN where it has none."""
    numbers = pd.Series(np.nan, index=cells.index, dtype=float)
    way_of = cells.map(ways)
    for way in set(filter(None, ways.values())):
        rows = (way_of == way).to_numpy()
        numbers[rows] = way.read(cells[rows]).to_numpy(dtype=float)
    return numbers


def _per_cent(column: Column, cells: list[str]) -> list[str]:
    here = any("%" in cell for cell in cells)
    there = column.number.affix == "%"
    if not cells or here == there:
        return []
    with_, without = ("training", "test") if there else ("test", "training")
    return [
        f"column {column.name} is in per cent in the {with_} part and without a % in the {without} "
        "part: the numbers were taken as they are written"
    ]


def _other_currency(column: Column, ways: dict[str, list[NumberFormat]]) -> list[str]:
    """Say that prices of the two tables are in two currencies."""
    there = column.number.affix
    here = {formats[0].affix for formats in ways.values() if formats} - {"", "%", there}
    if not there or there == "%" or not here:
        return []
    return [
        f"column {column.name} is in {there} in the training part and in "
        f"{' and '.join(sorted(here))} in the test part: the numbers were taken as they are written"
    ]
