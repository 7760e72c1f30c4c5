"""A file, taken apart, and how its columns are asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from sklimb._compare.data.columns import Columns
from sklimb._compare.data.header import one_line
from sklimb._compare.data.roles import Roles
from sklimb._compare.data.syntax import Syntax
from sklimb._compare.errors import InputError
from sklimb._compare.phrases import likely, nearest


@dataclass
class Table:
    """A file, taken apart.

    Parameters
    ----------
    X : DataFrame
        The columns to learn from.
    y : ndarray of shape (n_samples,)
    groups, time : ndarray of shape (n_samples,) or None
    code : str
        Python that makes ``X`` and ``y`` from the file; empty for a second file.
    notes : list of str
        How the file was read, where that could have been otherwise.
    columns : Columns
        What each column of ``X`` is.
    label : str
        The column of labels.
    names : list of str
        All columns of the file.
    left_out : list of str
        Those that are not in ``X``.
    roles : Roles
        What the user says of columns of ``X``.
    lines : list of str
        What became of the columns that are not in ``X``.
    """

    X: pd.DataFrame
    y: np.ndarray
    groups: np.ndarray | None
    time: np.ndarray | None
    code: str
    notes: list[str]
    columns: Columns
    label: str
    names: list[str]
    left_out: list[str] = field(default_factory=list)
    roles: Roles = field(default_factory=Roles)
    lines: list[str] = field(default_factory=list)


def find_column(asked: str, names: list[str], path: Path, syntax: Syntax) -> str:
    """Return the name of a column that is given by name or by number.

    Parameters
    ----------
    asked : str
        A name comes before a number: a column called ``"1"`` is meant by ``1``.
    names : list of str
        The columns.
    path : Path
        For the message.
    syntax : Syntax
        Whether the names are the file's, and sure.

    Returns
    -------
    name : str

    Raises
    ------
    InputError
        If there is none; names the nearest.
    """
    if asked in names:
        return asked
    same = [name for name in names if one_line(name) == one_line(asked)]
    if len(same) == 1:
        return same[0]
    if re.fullmatch(r"[+-]?\d+", asked.strip()):
        number = int(asked)
        if -len(names) <= number < len(names):
            return names[number]
        raise InputError(
            f"{path} has {len(names)} columns, numbered 0 to {len(names) - 1} "
            f"(or -1 to -{len(names)} from the end): there is no column {number}"
        )
    hint = nearest(asked, names)
    if not syntax.header:
        hint = f"the file has no header, so name it by number, 0 to {len(names) - 1} or -1"
        if syntax.guessed:
            hint += " (if the first line holds names, say --header yes)"
    elif syntax.guessed and not likely(asked, names):
        hint += " (the first line was taken for the names; if it holds data, say --header no)"
    raise InputError(f"{path} has no column {asked!r}: {hint}")
