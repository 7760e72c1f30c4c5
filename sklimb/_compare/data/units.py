"""Numbers with a unit behind them, and times of day and durations: text that measures something."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from sklimb._compare.data.spelling import NumberFormat, is_code, number_formats

# Of so few different values categories lose nothing: 36 months and 60 months.
FEW = 10
# More units than these are words behind numbers, such as streets.
_MOST_UNITS = 3
_OF = r"(?:/|out of|of) ?\d+"  # 3/10, 7 out of 10
_UNIT = r"[^\W\d_]{1,8}(?:[/.·][^\W\d_]{1,4})?[²³23]?|°[CF]?"
_WITH_UNIT = re.compile(
    rf"(?P<number>[-+\u2212\u2013(]?[\d.,'’\s]*\d\)?)\s*(?P<unit>{_UNIT}|{_OF})"
)
_CLOCK = re.compile(
    r"-?(?:\d+ days?,? )?\d{1,4}:[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?", re.A
)
_DEGREES = re.compile(
    r"[NSEWO]?\s*-?\d{1,3}\s*°\s*\d{1,2}(?:[.,]\d+)?\s*['′’]"
    r"(?:\s*\d{1,2}(?:[.,]\d+)?\s*(?:\"|″|''|”))?\s*[NSEWO]?",
    re.A,
)
# Letters behind numbers that count or tell the half of the day, and measure nothing.
_NO_UNITS = frozenset({"st", "nd", "rd", "th", "am", "pm", "AM", "PM", "e", "E"})


def formats_with_unit(cells: Sequence[str]) -> list[NumberFormat]:
    """Return all the ways in which every one of some cells is a number before the same unit.

    Parameters
    ----------
    cells : sequence of str
        Different values, none of them missing, without spaces around them.

    Returns
    -------
    formats : list of NumberFormat
        The unit is their affix. Empty where units differ, or cells are few.

    Examples
    --------
    >>> from sklimb._compare.data.units import formats_with_unit
    >>> [way] = formats_with_unit([f"{i}.5 kg" for i in range(20)])
    >>> way.affix, formats_with_unit(["1 kg", "2 kg"])
    ('kg', [])
    """
    if len(cells) <= FEW:
        return []
    found = [_WITH_UNIT.fullmatch(cell) for cell in cells]
    if not all(found):
        return []
    units = {match["unit"] for match in found if match}
    numbers = [match["number"].strip() for match in found if match]
    if len(units) > 1 or units & _NO_UNITS or is_code(numbers):
        return []
    [unit] = units
    spaced = any(any(c.isspace() for c in cell) for cell in cells)
    return [
        replace(way, affix=unit, spaced=spaced) for way in number_formats(numbers) if not way.affix
    ]


def is_unit(affix: str) -> bool:
    """Return whether what stands beside numbers is a unit, no per cent and no currency."""
    return bool(affix) and not number_formats([f"1 {affix}"])


def unit_notes(name: Any, values: Collection[str]) -> list[str]:
    """Say that a column of text measures something in a way that is not read.

    Parameters
    ----------
    name : object
    values : collection of str
        Different ones, none of them missing.

    Returns
    -------
    notes : list of str
        At most one.
    """
    if len(values) <= FEW:
        return []
    first = next(iter(values))
    if all(_CLOCK.fullmatch(value) for value in values):
        return [
            f"column {name} holds times of day or durations (such as {first!r}), so it was not "
            "read as numbers: write them as such, in seconds or hours"
        ]
    if all(_DEGREES.fullmatch(value) for value in values):
        return [
            f"column {name} holds degrees and minutes (such as {first!r}), so it was not read as "
            "numbers: write them as decimal degrees"
        ]
    found = [_WITH_UNIT.fullmatch(value) for value in values]
    if not all(found):
        return []
    by_unit = {match["unit"]: match[0] for match in found if match}
    measured = any(re.search(r"[\s.,]", match["number"] + match[0]) for match in found if match)
    if not 1 < len(by_unit) <= _MOST_UNITS or by_unit.keys() & _NO_UNITS or not measured:
        return []
    shown = " and ".join(map(repr, list(by_unit.values())[:2]))
    return [
        f"column {name} holds numbers with several units ({shown}), so it was not read as "
        "numbers: write them in one unit"
    ]
