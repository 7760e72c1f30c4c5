"""From the cells of a column, as they are written, to numbers, truth values or text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pandas as pd

from sklimb._compare.data.marked_numbers import (
    clock_formats,
    formats_with_marks,
    is_marked_number,
    mark_notes,
    pair_notes,
)
from sklimb._compare.data.spelling import (
    BLANKS,
    MISSING,
    WORDS,
    NumberFormat,
    choose_format,
    is_boolean,
    is_code,
    is_plain_number,
    number_formats,
)
from sklimb._compare.data.units import formats_with_unit, unit_notes
from sklimb._compare.phrases import first_few
from sklimb._forks import kept_property

# From this share of numbers on, the rest of a column deserves a word; of few different numbers it
# must be more, for sizes and grades are numbers and letters.
_NEARLY = 0.8
_NEARLY_OF_FEW = 0.9
_FEW = 10
_LEAST_NUMBERS = 3
_MANY = 2000
# A column is one of numbers beside blanks where so many of its cells are numbers: of few numbers it
# is more telling that there is one.
_NUMBERS_BESIDE_BLANKS = 0.5


@dataclass
class Cells:
    """A column as it is written.

    Parameters
    ----------
    name : str
    typed, raw : Series
        As pandas reads it, and as it is written.
    values : list of str
        The different texts that are not missing.
    markers : dict of str to int
        How often each text that says missing occurs as it is written, spaces included.
    formats : list of NumberFormat
        The ways in which all values are numbers.
    blanks : dict of str to int, default={}
        How often each mark occurs, such as a dash, that says missing because all values are
        numbers.
    """

    name: str
    typed: pd.Series
    raw: pd.Series
    values: list[str]
    markers: dict[str, int]
    formats: list[NumberFormat]
    blanks: dict[str, int] = field(default_factory=dict)

    @kept_property
    def text(self) -> pd.Series:
        """Return the cells without spaces around them, empty where a marker says missing."""
        nothing = self.markers.keys() | self.blanks.keys()
        clean = {t: "" if t in nothing else t.strip() for t in self.raw.unique()}
        return self.raw.map(clean)


@dataclass
class Decision:
    """What becomes of a column, and how the printed code does the same.

    Parameters
    ----------
    series : Series
    number : NumberFormat or None
        How numbers are written, where pandas does not read them.
    as_text : bool
        Whether pandas must be told that these are no numbers.
    strip : bool
        Whether spaces behind the values have to go.
    coerce : bool
        Whether there are marks among the numbers that become missing.
    notes : list of str
    """

    series: pd.Series
    number: NumberFormat | None = None
    as_text: bool = False
    strip: bool = False
    coerce: bool = False
    notes: list[str] = field(default_factory=list)


def cells_of(
    name: str,
    typed: pd.Series,
    raw: pd.Series,
    doubt: bool = False,
    as_values: bool = False,
    asked: bool = False,
) -> Cells:
    """Look at how a column is written.

    Parameters
    ----------
    name : str
    typed, raw : Series of shape (n_samples,)
        As pandas reads it, and as it is written.
    doubt : bool, default=False
        Whether what pandas takes for numbers may be other numbers, as where points stand between
        thousands.
    as_values : bool, default=False
        Whether marks among numbers, such as dashes, are values all the same, and those at numbers,
        as in ``<3``.
    asked : bool, default=False
        Whether the user says that these are numbers, however few and with whatever marks.

    Returns
    -------
    cells : Cells
    """
    counts = raw.value_counts(sort=False)
    markers = {text: int(n) for text, n in counts.items() if text.strip() in MISSING}
    values = list(dict.fromkeys(text.strip() for text in counts.index if text not in markers))
    known = typed.dtype.kind in "biuf" and not doubt
    formats = [] if known else _formats(values, as_values, asked)
    blanks: dict[str, int] = {}
    if not (known or formats or as_values):
        numbers = [value for value in values if value not in BLANKS]
        blanks = {text: int(n) for text, n in counts.items() if text.strip() in BLANKS}
        n_present = len(raw) - sum(markers.values())
        often = n_present - sum(blanks.values()) >= _NUMBERS_BESIDE_BLANKS * n_present
        if blanks and often and len(numbers) >= _LEAST_NUMBERS:
            formats = _formats(numbers, as_values, asked)
        values, blanks = (numbers, blanks) if formats else (values, {})
    return Cells(name, typed, raw, values, markers, formats, blanks)


def _formats(values: list[str], as_values: bool, asked: bool) -> list[NumberFormat]:
    if is_code(values) or is_boolean(values):
        return []
    plain = number_formats(values) or formats_with_unit(values)
    if plain or as_values:
        return plain
    return formats_with_marks(values, asked) or clock_formats(values, asked)


def file_has_commas(columns: list[Cells], separator: str, typed: pd.DataFrame) -> bool | None:
    """Return whether a file writes decimal commas, None where it does not say.

    Parameters
    ----------
    columns : list of Cells
    separator : str
    typed : DataFrame
        Columns of numbers that pandas reads.

    Returns
    -------
    answer : bool or None
    """
    decimals = {
        cells.formats[0].decimal
        for cells in columns
        if len({f.decimal for f in cells.formats}) == 1
        and any(mark in value for value in cells.values for mark in ",.")
    }
    if decimals == {","}:
        return True
    if "." in decimals or any(has_fractions(series) for _, series in typed.items()):
        return False
    # Only those who write 3,14 need another separator than the comma.
    return True if separator == ";" else None


def has_fractions(series: pd.Series) -> bool:
    """Return whether a column that pandas reads as numbers holds others than whole ones."""
    return series.dtype.kind == "f" and bool((series.dropna() % 1 != 0).any())


def decide_all(
    features: pd.DataFrame, raw: pd.DataFrame, separator: str, as_values: Collection[str] = ()
) -> tuple[dict[str, Decision], list[str]]:
    """Return what becomes of each column, and the texts for missing that pandas does not know.

    In the columns `as_values`, dashes and the like are values beside numbers, too.
    """
    everything = set(features.columns) <= set(raw.columns)
    cells: dict[str, Cells] = {
        name: cells_of(name, features[name], raw[name], everything, name in as_values)
        for name in features.columns
        if name in raw.columns
    }
    plain = features.drop(columns=list(cells))
    comma = file_has_commas(list(cells.values()), separator, plain)
    decisions = {
        name: decide(cells[name], comma) if name in cells else Decision(features[name])
        for name in features.columns
    }
    markers = [
        text.lstrip() for c in cells.values() for text in c.markers if text.strip() != text.lstrip()
    ]
    return decisions, sorted(set(markers))


def decide(cells: Cells, comma: bool | None) -> Decision:
    """Decide what a column is.

    Parameters
    ----------
    cells : Cells
    comma : bool or None
        As `file_has_commas` returns it.

    Returns
    -------
    decision : Decision
    """
    name, typed = cells.name, cells.typed
    if not cells.values:
        return Decision(typed.astype(float) if typed.isna().all() else typed)
    if is_code(cells.values):
        text = cells.text.where(cells.text != "")
        example = next((v for v in cells.values if v.startswith("0")), cells.values[0])
        note = (
            f"column {name} holds codes with leading zeros ({example!r}), so its values are "
            "categories, not numbers"
            if example.startswith("0")
            else f"column {name} holds more digits than a number has ({example!r}), so its values "
            "are categories"
        )
        strip = bool((cells.text != "").any()) and _strips(cells)
        return Decision(text, as_text=True, strip=strip, notes=[note])
    if cells.formats:
        return _number(cells, comma)
    if typed.dtype.kind in "biuf" or is_boolean(cells.values):
        return _boolean(cells)
    strip = _strips(cells)
    series = cells.text.where(cells.text != "") if strip else typed
    return Decision(series, strip=strip, notes=_word_notes(cells))


def _strips(cells: Cells) -> bool:
    """Return whether pandas leaves spaces around some value."""
    raw = cells.typed.dropna()
    return raw.dtype.kind not in "biuf" and any(
        isinstance(value, str) and value != value.strip() for value in raw.unique()
    )


def _number(cells: Cells, comma: bool | None) -> Decision:
    chosen, ambiguous = choose_format(cells.formats, cells.values, comma)
    notes = []
    if ambiguous:
        example = next(v for v in cells.values if "," in v or "." in v)
        value = chosen.read(pd.Series([example])).iloc[0]
        notes.append(
            f"column {cells.name}: {example!r} was read as {value:g} ({chosen}); if that is wrong, "
            "write its numbers without a mark between thousands and with a decimal point"
        )
    elif marked := mark_notes(cells.name, chosen, cells.raw):
        notes += marked
    elif chosen.affix or chosen.negative:
        ends = ("(", ")", "-") if chosen.negative else ""
        example = next(v for v in cells.values if v.startswith(ends) or v.endswith(ends))
        notes.append(f"column {cells.name} holds numbers ({chosen}, such as {example!r})")
    notes += _blank_notes(cells)
    if chosen.is_plain and cells.typed.dtype.kind in "iuf":
        return Decision(cells.typed, notes=notes)
    series = chosen.read(cells.text.where(cells.text != ""))
    coerce = bool(cells.blanks)
    # 1.234 is a number to pandas, and 1234 where points stand between thousands.
    as_text = cells.typed.dtype.kind in "iuf"
    number = None if chosen.is_plain and not coerce else chosen
    return Decision(series, number, as_text, coerce=coerce, notes=notes)


def _blank_notes(cells: Cells) -> list[str]:
    """Say which marks among numbers were taken as missing."""
    if not cells.blanks:
        return []
    marks: dict[str, int] = {}
    for text, n in cells.blanks.items():
        marks[text.strip()] = marks.get(text.strip(), 0) + n
    return [
        f"column {cells.name} holds numbers, and {_counted(marks)} of {len(cells.raw):,} values, "
        f"taken as missing (--category {cells.name} keeps them as values)"
    ]


def _counted(marks: dict[str, int]) -> str:
    """Return marks with how often each occurs, the most frequent first."""
    order = sorted(marks, key=lambda mark: -marks[mark])
    return first_few((f"{mark!r} in {marks[mark]:,}" for mark in order), n=4)


def _boolean(cells: Cells) -> Decision:
    if not _strips(cells):
        return Decision(cells.typed)
    made = cells.text.str.lower().map({"true": True, "false": False})
    return Decision(made.astype(bool) if made.notna().all() else made.astype(object), strip=True)


def _word_notes(cells: Cells) -> list[str]:
    words = {text.strip(): n for text, n in cells.markers.items() if text.strip() in WORDS}
    if not words:
        return []
    shown = ", ".join(f"{word!r} ({n:,} rows)" for word, n in list(words.items())[:3])
    return [f"column {cells.name}: {shown} was taken as missing, a category of its own"]


def number_notes(name: Any, values: Sequence[str], text: pd.Series) -> list[str]:
    """Say that a column of text is nearly one of numbers, or of measures.

    Parameters
    ----------
    name : object
    values : sequence of str
        Different ones, none of them missing.
    text : Series of str

    Returns
    -------
    notes : list of str
        At most one.
    """
    if measured := unit_notes(name, values):
        return measured
    top = list(islice(values, _MANY))
    likely = [v for v in top if number_formats([v])]
    share = len(likely) / max(1, len(top))
    if len(likely) > 1 and share >= _NEARLY and len(likely) == len(values):
        if number_formats(likely):  # who keeps few of them as text means that
            return _text_notes(name, likely)
        return [
            f"column {name} holds numbers written in several ways ({_two(likely)}), so it was not "
            "read as numbers: write them in one way"
        ]
    if pairs := pair_notes(name, values):
        return pairs
    few_marks = len(top) - len(likely) <= _FEW
    if len(likely) < _LEAST_NUMBERS or not (share >= _NEARLY or few_marks) or is_code(likely):
        return []
    counts = text.value_counts()
    marks = {v: int(counts[v]) for v in values if not number_formats([v])}
    of_cells = 1 - sum(marks.values()) / max(1, int(counts.drop("", errors="ignore").sum()))
    many = len(likely) > _FEW
    if not (many and share >= _NEARLY) and not (
        len(marks) <= _FEW and of_cells >= (_NEARLY if many else _NEARLY_OF_FEW)
    ):
        return []
    if all(map(is_marked_number, marks)):
        return [
            f"column {name} holds numbers and, in {sum(marks.values()):,} of {len(text):,} values, "
            f"numbers with marks ({_counted(marks)}); it was not read as numbers, as its values "
            f"are few: --number {name} reads it so, without the marks"
        ]
    # More than half would be refused as numbers.
    remedy = f"say --number {name}" if of_cells >= 0.5 else "empty these cells"
    return [
        f"column {name} holds numbers but for {sum(marks.values()):,} of {len(text):,} values "
        f"({_counted(marks)}), so it was not read as numbers: if these are missing, {remedy}"
    ]


def _text_notes(name: Any, values: list[str]) -> list[str]:
    """Say that numbers that are kept as text are categories, where they are no few ones."""
    if len(values) <= _FEW:
        return []
    return [
        f"column {name} holds numbers kept as text (such as {values[0]!r}), so its values are "
        f"categories: --number {name} makes them numbers"
    ]


def _two(values: list[str]) -> str:
    """Return two values that no single way of writing has both."""
    first = values[0]
    other = next((v for v in values if not number_formats([first, v])), values[-1])
    plain = sorted([first, other], key=is_plain_number, reverse=True)
    return " and ".join(map(repr, plain))
