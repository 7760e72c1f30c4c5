"""Marks at numbers: bounds (``<3``), margins (``5 ± 0.2``), prices (``5,-``), letters (``8k``)."""

from __future__ import annotations

import re

_IN_FRONT = r"^\s*(?:[<>]=?|=[<>]|[≤≥⩽⩾~≈∼±]|(?:ca?\.|approx\.?)(?=[\s\d]))\s*"
_MARGIN = r"\s*(?:±|\+\s*/\s*-|\+-)\s*\d+(?:[.,]\d+)?"
# What a letter behind a number multiplies it by, as the exponent of ten.
_LETTERS = {
    3: "k|K|Tsd\\.?",
    6: "M|Mio\\.?|mn|mln",
    9: "B|bn|Mrd\\.?",
    12: "T|tn",
}
_EXPONENTS = [(rf"(?<=\d)\s*(?:{letters})$", exponent) for exponent, letters in _LETTERS.items()]
# From the name of a mark to what is to be done to the text, in this order: expressions, and what to
# put in their place.
STEPS = {
    "bound": [(_IN_FRONT, ""), (r"(?<=\d)\s*\+$", "")],
    "dash": [(r"(?<=\d)[.,](?:--?|[–—])(?!\d)", "")],
    "margin": [(rf"(?<=\d){_MARGIN}", "")],
    "letter": [(pattern, f"e{exponent}") for pattern, exponent in _EXPONENTS],
}
_ORDER = ("dash", "margin", "bound", "letter")


def mark_steps(marks: tuple[str, ...]) -> list[tuple[str, str, bool]]:
    """Return (expression, replacement, True) for each step that takes marks away.

    Parameters
    ----------
    marks : tuple of {"bound", "dash", "margin", "letter"}

    Returns
    -------
    steps : list of tuple
    """
    return [(old, new, True) for mark in _ORDER if mark in marks for old, new in STEPS[mark]]


def unmarked(cell: str) -> tuple[str, frozenset[str], int]:
    """Return a text without its marks, what these were, and the power of ten to multiply by.

    Parameters
    ----------
    cell : str

    Returns
    -------
    text : str
    marks : frozenset of str
        Of the names that `mark_steps` takes.
    exponent : int

    Examples
    --------
    >>> unmarked("<3")[0], unmarked("5.1 ± 0.2")[0], unmarked("82.8k")[::2]
    ('3', '5.1', ('82.8', 3))
    """
    marks, exponent = set(), 0
    for mark in _ORDER[:-1]:
        for old, new in STEPS[mark]:
            made = re.sub(old, new, cell)
            if made != cell:
                cell = made
                marks.add(mark)
    for old, power in _EXPONENTS:
        made = re.sub(old, "", cell)
        if made != cell:
            cell, exponent = made, power
            marks.add("letter")
            break
    return cell.strip(), frozenset(marks), exponent
