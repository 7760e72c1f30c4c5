"""Text from a user's file as it may be shown: no marks that reorder or hide, no formulas."""

from __future__ import annotations

import re
import unicodedata

import pandas as pd

# What a spreadsheet takes for the start of a formula.
_STARTS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
# Control characters, and those that change the direction of what follows; no line ends and tabs.
_KINDS = ("Cc", "Cf", "Co", "Cs")
_ORDINARY = "\n\t"
# Parts of letters and signs of some scripts, and of emojis.
_JOINERS = "\u200c\u200d\ufe0f"


def shown(text: str) -> str:
    r"""Return a text with a mark in place of each character that steers a terminal or the reader.

    Parameters
    ----------
    text : str

    Returns
    -------
    shown : str
        Control characters but line ends and tabs, and marks of direction, as ``<U+202E>``.

    Examples
    --------
    >>> from sklimb._compare.report.harmless import shown
    >>> shown("a\u202eb\x1b[31m")
    'a<U+202E>b<U+001B>[31m'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"<U+{ord(c):04X}>"
        if unicodedata.category(c) in _KINDS and c not in _ORDINARY and c not in _JOINERS
        else c
        for c in text
    )


def harmless_cell(value: object) -> object:
    """Return a cell of a CSV file that no spreadsheet runs; numbers stay as they are.

    Parameters
    ----------
    value : object

    Returns
    -------
    cell : object
        Text that begins as a formula does gets an apostrophe in front.

    Examples
    --------
    >>> from sklimb._compare.report.harmless import harmless_cell
    >>> [harmless_cell(v) for v in ("=1+1", "-2.5", "@SUM(A1)", -1.5, "plain")]
    ["'=1+1", '-2.5', "'@SUM(A1)", -1.5, 'plain']
    """
    if not isinstance(value, str):
        return value
    if value.startswith(_STARTS) and not _NUMBER.fullmatch(value):
        value = f"'{value}"
    return shown(value)


def harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose texts, names of columns and rows too, are harmless cells.

    Parameters
    ----------
    frame : DataFrame

    Returns
    -------
    frame : DataFrame
        A new one.
    """
    made = frame.copy()
    for place, dtype in enumerate(frame.dtypes):
        if not pd.api.types.is_numeric_dtype(dtype):
            made.isetitem(place, frame.iloc[:, place].map(harmless_cell))
    made.columns = [harmless_cell(name) for name in frame.columns]
    made.index = frame.index.map(harmless_cell)
    made.index.name, made.columns.name = frame.index.name, frame.columns.name
    return made
