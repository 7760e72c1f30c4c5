"""Columns of text in a frame that are numbers with signs around them: 12.5 %, $3, 1,234."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.data.columns import MAX_VALUES
from sklimb._compare.data.deciding import cells_of, decide, file_has_commas
from sklimb._compare.data.marked_numbers import is_marked_number
from sklimb._compare.data.roles import Roles
from sklimb._compare.data.spelling import MISSING, NumberFormat, number_formats
from sklimb._compare.data.table_code import number_lines
from sklimb._compare.errors import InputError
from sklimb._compare.phrases import first_hit
from sklimb.feature_extraction._spelling import plain_text


@dataclass
class Read:
    """A frame whose text that is numbers was made such.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_features)
    formats : dict
        From each such column to how its numbers were written.
    code : list of str
        Lines of Python that do the same.
    notes : list of str
    """

    X: pd.DataFrame
    formats: dict[Any, NumberFormat] = field(default_factory=dict)
    code: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_text_numbers(X: pd.DataFrame, roles: Roles) -> Read:
    """Make numbers of text where all of a column is written so.

    Whole numbers as text stay categories where they are few, for who keeps them as text means that.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_features)
        As `sklimb._compare.data.dtypes.plain_frame` returns it.
    roles : Roles
        Columns that are called numbers become such, with what is none taken as missing.

    Returns
    -------
    read : Read

    Raises
    ------
    InputError
        If less than half of a column that is called one of numbers is.
    """
    read = Read(X)
    unknown = pd.Series(np.nan, index=X.index, dtype=object)
    looked_at, coerced = [], set()
    for name, series in X.items():
        asked = roles.kinds.get(name)
        if asked not in (None, "number") or not _is_text(series):
            continue
        raw = series.map(plain_text, na_action="ignore").astype(object).where(series.notna(), "")
        if asked == "number":
            raw = _without_strays(name, raw, read.notes)
        cells = cells_of(name, unknown, raw, asked=asked == "number")
        plain = any(way.is_plain for way in cells.formats) and len(cells.values) <= MAX_VALUES
        plain = plain and not cells.blanks
        if cells.formats and (asked == "number" or not plain):
            looked_at.append(cells)
            if asked or cells.blanks or cells.markers.keys() - {""}:
                coerced.add(name)
    comma = file_has_commas(looked_at, "", X.select_dtypes("number"))
    made = {}
    for cells in looked_at:
        decision = decide(cells, comma)
        made[cells.name] = decision.series.astype(float)
        read.formats[cells.name] = decision.number or NumberFormat()
        read.notes += decision.notes
    if made:
        read.X = X.assign(**made) if all(isinstance(n, str) for n in made) else _assigned(X, made)
        read.code = ["X = X.copy()", *number_lines(read.formats, coerced)]
    return read


def _is_text(series: pd.Series) -> bool:
    if series.dtype.kind in "biufcmM" or isinstance(series.dtype, pd.CategoricalDtype):
        return False
    return bool(series.notna().any()) and isinstance(series.dropna().iloc[0], str)


def _assigned(X: pd.DataFrame, made: dict[Any, pd.Series]) -> pd.DataFrame:
    X = X.copy()
    for name, series in made.items():
        X[name] = series
    return X


def _without_strays(name: Any, raw: pd.Series, notes: list[str]) -> pd.Series:
    """Return a column that was called one of numbers, without the cells that are none."""
    values = [v for v in raw.unique() if v not in MISSING]
    strange = [v for v in values if not (number_formats([v]) or is_marked_number(v.strip()))]
    hit = raw.isin(strange).to_numpy()
    present = ~raw.isin(list(MISSING)).to_numpy()
    if hit.sum() > 0.5 * present.sum():
        raise InputError(
            f"column {name!r} is called one of numbers, but {hit.sum():,} of {present.sum():,} "
            f"values are none ({first_hit(hit, raw)})"
        )
    if strange:
        notes.append(
            f"column {name}: {hit.sum():,} of {len(hit):,} values are no numbers and taken as "
            f"missing ({first_hit(hit, raw)})"
        )
    return raw.where(~hit, "")
