"""What a user says of columns: which are texts, dates, categories, numbers, or to be left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.errors import InputError
from sklimb._compare.phrases import nearest

KINDS = ("text", "date", "category", "number", "drop")


@dataclass(frozen=True)
class Roles:
    """What columns are, by the word of the user.

    Parameters
    ----------
    kinds : dict
        From the name of a column to one of `KINDS`.
    formats : dict
        From the name of a column of dates to how they are written, where that was said.
    """

    kinds: Mapping[Any, str] = field(default_factory=dict)
    formats: Mapping[Any, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.kinds)

    @property
    def asked(self) -> dict[str, Any]:
        """What to call `make_roles` with for the same."""
        asked: dict[str, Any] = {}
        for name, kind in self.kinds.items():
            asked.setdefault(kind, {})[name] = self.formats.get(name)
        return {kind: names if kind == "date" else list(names) for kind, names in asked.items()}

    @property
    def dropped(self) -> list[Any]:
        """The columns to leave out."""
        return [name for name, kind in self.kinds.items() if kind == "drop"]


def make_roles(names: Iterable[Any], **asked: Any) -> Roles:
    """Check what was said of columns.

    Parameters
    ----------
    names : iterable
        The columns that there are.
    **asked : name or sequence of names, or None
        For some of `KINDS`; ``date`` also as a mapping of names to formats.

    Returns
    -------
    roles : Roles

    Raises
    ------
    InputError
        If there is no such column, or two things were said of one.
    """
    names = list(names)
    kinds: dict[Any, str] = {}
    formats: dict[Any, str] = {}
    for kind in KINDS:
        given = asked.get(kind)
        if isinstance(given, pd.Series) and kind == "date" and set(given.index) <= set(names):
            given = given.to_dict()  # formats by name, as in a dict
        if isinstance(given, Mapping):
            if kind != "date":
                raise InputError(f"{kind} takes names of columns, not a mapping")
            formats.update({name: f for name, f in given.items() if f is not None})
        for name in as_list(given, kind):
            if name not in names:
                raise InputError(f"{kind} names {name!r}, and X has no such column: "
                                 f"{nearest(name, names)}")  # fmt: skip
            if kinds.get(name, kind) != kind:
                raise InputError(
                    f"column {name!r} cannot be both {kinds[name]} and {kind}: name it once"
                )
            kinds[name] = kind
    return Roles(kinds, formats)


def as_list(given: Any, kind: str) -> list[Any]:
    """Return names of columns as a list, or say that they are none.

    Parameters
    ----------
    given : name, sequence of names, mapping or None
    kind : str
        The argument, for errors.

    Returns
    -------
    names : list

    Raises
    ------
    InputError
    """
    if given is None:
        return []
    if isinstance(given, (str, int, np.integer)):
        return [given]
    try:
        names = list(given)
        hash(tuple(names))
    except TypeError:  # no sequence, or one of arrays or lists
        raise InputError(f"{kind} must be names of columns, not {given!r}") from None
    return names


def split_date(asked: str) -> tuple[str, str | None]:
    """Return the name and the format of ``NAME=FORMAT``; without a format that is None.

    Examples
    --------
    >>> split_date("paid=%d.%m.%Y"), split_date("a=b"), split_date("t=ms")
    (('paid', '%d.%m.%Y'), ('a=b', None), ('t', 'ms'))
    """
    name, found, format = asked.rpartition("=")
    if found and (("%" in format) or format in ("ISO8601", "s", "ms", "us", "ns")):
        return name, format
    return asked, None


def split_list(text: str) -> list[str]:
    """Return what stands between commas, but for commas within a format of dates.

    Examples
    --------
    >>> split_list("a, b,when=%b %d, %Y")
    ['a', 'b', 'when=%b %d, %Y']
    """
    parts = re.split(r",(?!\s*%)", text)
    return [part.strip() for part in parts if part.strip()]
