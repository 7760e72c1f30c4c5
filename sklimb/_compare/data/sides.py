"""Columns that look like groups or times, by which a split should perhaps go."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.data.columns import Columns
from sklimb._compare.data.dates import unix_notes
from sklimb._compare.data.identifiers import LEAST_ROWS, in_words, is_name_of_numbers
from sklimb._compare.phrases import first_few

_GROUPS = re.compile(
    r"(.*[ _.-])?(customer|client|patient|subject|participant|person|people|user|member|student"
    r"|household|family|account|card|merchant|session|device|machine|sensor|unit|engine|vehicle"
    r"|site|hospital|clinic|plant|station|well|batch|lot|group|speaker|author|writer|animal|mouse"
    r"|donor|experiment|recording|run|scan|slide|video|document"
    # German, French, Spanish and Italian
    r"|kunden?|patient(?:en|in)?|proband(?:en)?|nutzer|benutzer|teilnehmer|mitglied|schüler|konto"
    r"|konten|karten?|haushalt|geräte?|geraete?|maschinen?|anlagen?|fahrzeug|standort|werk|charge"
    r"|cliente?|compte|foyer|sujet|utilisateur|abonn[eé]|capteur|appareil|élève|eleve"
    r"|paciente?|usuario|cuenta|socio|m[aá]quina|paziente|utente|conto)s?"
    r"([ _.-]?(id|ids|no|nr|num|number|nummer|name|code|key|index))?",
    re.I,
)
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# Whole numbers of so many digits, none of which is rounded, name things.
_LEAST_DIGITS = 8
_CODE = re.compile(r"[A-Za-z]*[ _.#-]?\d+[A-Za-z0-9._-]*")
# Of other numbers one in a hundred is.
_ROUND = 0.05
_TIMES = re.compile(r"(.*[ _.-])?(time|timestamp|datetime|date|epoch|step|tick|ts)", re.I)
# A group has at least so many rows on average, and there are at least so many groups.
_ROWS_OF_GROUP = 2
_LEAST_GROUPS = 5


def group_notes(X: pd.DataFrame, columns: Columns, y: np.ndarray) -> list[str]:
    """Say which columns look like groups of rows that belong together.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_features)
    columns : Columns
    y : ndarray of shape (n_samples,)

    Returns
    -------
    notes : list of str
        At most one.
    """
    found = [
        name
        for name in columns.of_kind("number", "category")
        if _looks_like_groups(name, X[name], y)
    ]
    if not found:
        return []
    name = found[0]
    n_groups = X[name].nunique()
    others = f" (so do {first_few(found[1:])})" if len(found) > 1 else ""
    return [
        f"column {name} looks like a group{others}: {n_groups:,} values, {len(X) / n_groups:.0f} "
        f"rows each on average, and rows of one {name} are on both sides of a split; if new rows "
        f"come from others, split by it (--groups {name})"
    ]


def _looks_like_groups(name: Any, values: pd.Series, y: np.ndarray) -> bool:
    present = values.dropna()
    if len(present) < 2 * LEAST_ROWS:
        return False
    if values.dtype.kind == "f" and (present % 1 != 0).any():
        return False
    n_values = present.nunique()
    if n_values < _LEAST_GROUPS or len(present) < _ROWS_OF_GROUP * n_values:
        return False
    if _GROUPS.fullmatch(in_words(name)) is not None:
        return True
    if is_name_of_numbers(name):
        return n_values > len(np.unique(y))
    return _are_codes(present, n_values)


def _are_codes(values: pd.Series, n_values: int) -> bool:
    """Return whether text is codes of things, such as P013, rather than names of kinds."""
    if n_values < 20 or values.dtype.kind == "b":
        return False
    if values.dtype.kind in "iuf":
        return _are_long_codes(values)
    different = [str(value) for value in values.unique()]
    return all(map(_CODE.fullmatch, different)) or all(map(_MAIL.fullmatch, different))


def _are_long_codes(values: pd.Series) -> bool:
    """Return whether whole numbers are codes: long, of equally many digits, and none of them round.

    Moments counted since 1970 are none.
    """
    least, largest = float(values.min()), float(values.max())
    lengths = {len(f"{value:.0f}") for value in (least, largest)}
    if least <= 0 or len(lengths) > 1 or lengths.pop() < _LEAST_DIGITS:
        return False
    round_ones = float((values % 100 == 0).mean())
    return round_ones < _ROUND and not unix_notes("", values)


def time_notes(X: pd.DataFrame, columns: Columns) -> list[str]:
    """Say which columns look like the time of a row.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_features)
    columns : Columns

    Returns
    -------
    notes : list of str
        At most one.
    """
    if len(X) < LEAST_ROWS:
        return []
    # One that is not always there is the time of something else.
    found = [name for name in columns.of_kind("date") if X[name].notna().all()]
    found += [name for name in columns.of_kind("number") if _looks_like_time(name, X[name])]
    if not found:
        return []
    look = f"columns {first_few(found)} look" if len(found) > 1 else f"column {found[0]} looks"
    return [
        f"{look} like times: rows are split at random, so what is learnt from may be later than "
        f"what is scored; to learn from the past and be scored on the future, say --time {found[0]}"
    ]


def _looks_like_time(name: Any, values: pd.Series) -> bool:
    different = values.nunique()
    return _TIMES.fullmatch(str(name)) is not None and different > max(20, len(values) / 20)
