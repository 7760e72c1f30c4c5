"""How values are written: missing ones, numbers with all that people put beside them, booleans."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from sklimb._compare.data.marks import mark_steps

# What `pandas.read_csv` takes for missing, and the question mark of the UCI's files.
MISSING = frozenset(
    [
        *("", "?", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND"),
        *("1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
    ]
)
# Those that are also words which somebody may have meant.
WORDS = frozenset(word for word in MISSING if word.isalpha())
# Marks that say "nothing" among numbers; elsewhere they may be values like any other.
BLANKS = frozenset({"-", "--", "---", "\u2013", "\u2014", ".", "..", "...", "\u2026"}) | {"/", "#"}
BLANKS |= {"??", "???", "*", "**"}
# What laboratories and spreadsheets write there.
BLANKS |= {"n.a.", "N.A.", "n.d.", "N.D.", "n/d", "N/D", "nd", "ND", "n.b.", "k.A.", "k. A.", "N/a"}
BLANKS |= {"#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#WERT!", "#BEZUG!", "#NV"}

_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0"})
_MINUS = "\u2212"
# In front only: between two numbers it makes a range.
_DASH = "\u2013"
_CURRENCIES = "USD EUR GBP CHF JPY CNY INR AUD CAD NZD SEK NOK DKK PLN CZK HUF BRL MXN ZAR kr zł"
_CURRENCIES += r" Rs\.? R\$ Fr\. Kč Ft RM Rp\.? Euro EURO"
# Signs of currencies, with the letters that tell one dollar from another.
_SIGNS = r"(?:US|A|C|R|NZ|HK|S)?[$€£¥₹₩₽₺₪฿₫₱]"
_PER = {"%": "per cent", "‰": "per mille"}
_AFFIX = rf"(?:[%‰]|{_SIGNS}|{'|'.join(_CURRENCIES.split())})"
_DECORATED = re.compile(
    rf"(?P<sign>[+-]?)\s*(?P<before>{_AFFIX})?\s*(?P<sign2>[+-]?)\s*"
    rf"(?P<body>[0-9][0-9.,'’\s]*|[.,][0-9]+)(?P<exponent>[eE][+-]?[0-9]+)?\s*(?P<after>{_AFFIX})?"
)
# How negative numbers are marked otherwise than in front, and what puts a minus there.
_NEGATIVE = {
    "()": (r"^([^()\d]*)\(([^()]*)\)([^()\d]*)$", r"-\1\2\3", True),
    "-": (r"^(.*\S)\s*-$", r"-\1", True),
}
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity)", re.I | re.A)
_CODE = re.compile(r"0\d+", re.A)
# Decimal sign, and what stands between thousands.
_WAYS = [(d, t) for d, ts in [(".", ("", ",", " ", "'", "’")), (",", ("", ".", " ", "'", "’"))]
         for t in ts]  # fmt: skip


@dataclass(frozen=True)
class NumberFormat:
    """How the numbers of a column are written.

    Parameters
    ----------
    decimal : str, default="."
    thousands : str, default=""
        What stands between groups of three digits.
    affix : str, default=""
        A sign of currency or per cent beside the number.
    spaced : bool, default=False
        Whether there are spaces within cells.
    minus : bool, default=False
        Whether the typographic minus occurs.
    negative : {"", "()", "-"}, default=""
        How negative numbers are marked where that is not by a sign in front: in parentheses, or by
        a minus behind.
    dash : bool, default=False
        Whether an en dash occurs as minus in front.
    marks : tuple of str, default=()
        Which marks occur, as `sklimb._compare.data.marks` names them.
    clock : bool, default=False
        Whether these are times of day or durations, which become seconds.
    """

    decimal: str = "."
    thousands: str = ""
    affix: str = ""
    spaced: bool = False
    minus: bool = False
    negative: str = ""
    dash: bool = False
    marks: tuple[str, ...] = ()
    clock: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether pandas reads such numbers by itself."""
        return self == NumberFormat()

    @property
    def removed(self) -> str:
        """Regular expression of what is no part of the number; empty where all is."""
        single = self.thousands.replace(" ", "") + (self.affix if len(self.affix) == 1 else "")
        inside = single + (r"\s" if self.spaced else "")
        if (single and inside != single) or len(single) > 1:
            inside = f"[{inside}]"
        elif single:
            inside = re.escape(single)
        long = [re.escape(self.affix)] if len(self.affix) > 1 else []
        return "|".join([*long, *([inside] if inside else [])])

    def steps(self) -> list[tuple[str, str, bool]]:
        """Return (what, by what, whether a regular expression), replaced in this order."""
        if self.clock:
            return [(r"^\s*(\d+:\d\d)\s*$", r"\1:00", True)]
        steps = [(_MINUS, "-", False)] if self.minus else []
        steps += mark_steps(self.marks)
        if self.dash:
            steps.append((rf"^\s*{_DASH}", "-", True))
        if self.negative:
            steps.append(_NEGATIVE[self.negative])
        removed = self.removed
        literal = removed.removeprefix("\\")
        if removed and len(literal) == 1 and literal != "s":
            steps.append((literal, "", False))
        elif removed:
            steps.append((removed, "", True))
        if self.decimal != ".":
            steps.append((self.decimal, ".", False))
        return steps

    def read(self, cells: pd.Series) -> pd.Series:
        """Return text as numbers, NaN where a cell is none.

        Parameters
        ----------
        cells : Series of str

        Returns
        -------
        numbers : Series
        """
        for old, new, regex in self.steps():
            cells = cells.str.replace(old, new, regex=regex)
        if self.clock:
            return pd.to_timedelta(cells, errors="coerce").dt.total_seconds()
        return pd.to_numeric(cells, errors="coerce")

    def __str__(self) -> str:
        parts = []
        if self.affix:
            parts.append(_PER.get(self.affix, self.affix))
        if self.clock:
            parts.append("seconds of times")
        if self.marks:
            parts.append("without marks")
        if self.decimal == ",":
            parts.append("decimal comma")
        if self.negative:
            how = "in parentheses" if self.negative == "()" else "with a minus behind"
            parts.append(f"negative ones {how}")
        if self.thousands:
            name = {",": "commas", ".": "points", " ": "spaces"}.get(self.thousands, "apostrophes")
            parts.append(f"{name} between thousands")
        return ", ".join(parts) or "decimal point"


def is_plain_number(cell: str) -> bool:
    """Return whether a text is a number as programs write it (3, -0.5, 1e-3).

    Parameters
    ----------
    cell : str

    Returns
    -------
    answer : bool
    """
    return _PLAIN.fullmatch(cell) is not None


def number_formats(cells: Sequence[str]) -> list[NumberFormat]:
    """Return all the ways in which every one of some cells is a number.

    Parameters
    ----------
    cells : sequence of str
        Different values, none of them missing, without spaces around them.

    Returns
    -------
    formats : list of NumberFormat
        Empty where some cell is no number in any consistent way. The decimal point comes first,
        then points before commas; more than one means that the cells do not tell.
    """
    if not len(cells):
        return []
    affixes, negatives, bodies, bare = set(), set(), [], []
    spaced = minus = dash = False
    for cell in cells:
        minus |= _MINUS in cell
        text = cell.replace(_MINUS, "-")
        if text.startswith(_DASH):
            text, dash = "-" + text[1:], True
        spaced |= any(c.isspace() for c in text)
        text, negative = _sign_in_front(text)
        negatives.add(negative)
        found = _DECORATED.fullmatch(text)
        if found is None or (found["before"] and found["after"]):
            return []
        if found["sign"] and found["sign2"]:
            return []
        affix = found["before"] or found["after"]
        if affix is None:
            bare.append(found["body"])
        elif found["exponent"]:
            return []
        else:
            affixes.add(affix)
        body = found["body"].strip()
        bodies.append((re.sub(r"\s", " ", body), bool(found["exponent"])))
    negatives.discard("")
    if len(affixes) > 1 or len(negatives) > 1:
        return []
    negative = negatives.pop() if negatives else ""
    affix = affixes.pop() if affixes else ""
    if affix in _PER and any(re.sub(r"[.,0]", "", body) for body in bare):
        return []  # 5 % beside 0.05: which of them is meant?
    return [
        NumberFormat(decimal, thousands, affix, spaced, minus, negative, dash)
        for decimal, thousands in _WAYS
        if _all_written(bodies, decimal, thousands)
    ]


def _sign_in_front(text: str) -> tuple[str, str]:
    """Return a cell with its minus in front, and how it was marked (a key of `_NEGATIVE`)."""
    for kind, (old, new, _) in _NEGATIVE.items():
        if re.search(old, text) and not text.startswith(("+", "-")):
            made = re.sub(old, new, text)
            # A second sign within is none of a number.
            return (made, kind) if not re.search("[+-]", made[1:]) else (text, "")
    return text, ""


def _all_written(bodies: list[tuple[str, bool]], decimal: str, thousands: str) -> bool:
    d = re.escape(decimal)
    whole = r"\d+"
    if thousands:
        if not any(thousands in body for body, _ in bodies):
            return False
        whole = rf"(?:[1-9]\d{{0,2}}(?:{re.escape(thousands)}\d{{3}})+|\d+)"
        if thousands == ",":
            whole = rf"(?:[1-9]\d?(?:,\d{{2}})+,\d{{3}}|{whole})"  # lakh and crore: 12,34,567
    pattern = re.compile(rf"{whole}(?:{d}\d*)?|{d}\d+", re.A)
    if decimal == "," and thousands != "." and not any("," in body for body, _ in bodies):
        return False  # whole numbers, or points: nothing speaks for a comma
    return all(pattern.fullmatch(body) for body, _ in bodies)


def choose_format(
    formats: Sequence[NumberFormat], cells: Iterable[str], comma: bool | None
) -> tuple[NumberFormat, bool]:
    """Choose one of the ways in which cells can be read as numbers.

    Parameters
    ----------
    formats : sequence of NumberFormat
        As `number_formats` returns them; at least one.
    cells : iterable of str
    comma : bool or None
        Whether the rest of the file has decimal commas (True) or points (False); None where it
        does not say.

    Returns
    -------
    chosen : NumberFormat
    ambiguous : bool
        Whether another way would have given other numbers.
    """
    if len(formats) == 1:
        return formats[0], False
    by_decimal = {f.decimal: f for f in reversed(formats)}
    if len(by_decimal) == 1:
        # Thousands in two ways with the same numbers: none of them is there.
        return formats[0], False
    point, with_comma = by_decimal["."], by_decimal[","]
    if any(re.fullmatch(r"\D*\d{4,}\D*", cell) for cell in cells):
        # Whole numbers above 999 without a mark: the mark is not one between thousands.
        comma = point.thousands == ","
    chosen = with_comma if comma else point
    # Three digits behind a point are nothing unusual, unless the file has decimal commas.
    return chosen, bool(comma) or bool(chosen.thousands)


def is_code(cells: Iterable[str]) -> bool:
    """Return whether whole numbers are codes, as postcodes are: some begin with a zero.

    Parameters
    ----------
    cells : iterable of str

    Returns
    -------
    answer : bool
        Also where digits are too many for a number.
    """
    zero = False
    for cell in cells:
        if not (cell.isascii() and cell.isdecimal()):
            return False
        zero |= _CODE.fullmatch(cell) is not None or len(cell) > 18
    return zero


def is_boolean(cells: Iterable[str]) -> bool:
    """Return whether cells are true or false, as programs write these."""
    cells = {cell.lower() for cell in cells}
    return bool(cells) and cells <= {"true", "false"}


def truth(cell: str) -> bool | None:
    """Return the truth value that a text stands for, None where it is none.

    Examples
    --------
    >>> truth("TRUE"), truth("no"), truth("perhaps")
    (True, False, None)
    """
    cell = cell.strip().lower()
    return True if cell in _TRUE else False if cell in _FALSE else None


def has_other_digits(text: str) -> bool:
    """Return whether a text is a number but for its digits, which are not 0 to 9.

    Examples
    --------
    >>> has_other_digits("\u0663.5"), has_other_digits("3.5"), has_other_digits("x\u0663")
    (True, False, False)
    """
    if text.isascii():
        return False
    digits = "".join(
        c if unicodedata.decimal(c, None) is None else str(unicodedata.decimal(c)) for c in text
    )
    return digits != text and bool(number_formats([unicodedata.normalize("NFKC", digits)]))
