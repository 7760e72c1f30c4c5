"""What each column is, in one line each."""

from __future__ import annotations

from sklimb._compare.data.columns import Column, Columns
from sklimb._compare.data.spelling import NumberFormat
from sklimb._compare.phrases import counted, first_few

# From so many columns on ordinary numbers and categories share a line.
_MANY = 40
_WIDTH = 108
_NAME = 30
_ORDINARY = ("number", "boolean", "category")


def column_lines(columns: Columns) -> list[str]:
    """Return a line for each column: its name, what it is, and what becomes of it.

    Parameters
    ----------
    columns : Columns

    Returns
    -------
    lines : list of str
        In tables of more than 40 columns ordinary numbers and categories share one for their kind.
    """
    shown = [c for c in columns if len(columns.columns) <= _MANY or _is_special(c)]
    width = min(_NAME, max((len(_name(column)) for column in shown), default=0))
    lines = [f"{_name(column)[:_NAME]:{width}}  {_said(column)}"[:_WIDTH] for column in shown]
    for kind in _ORDINARY:
        rest = [c for c in columns if c.kind == kind and c not in shown]
        if rest:
            names = first_few([_name(column) for column in rest], n=5)
            lines.append(f"{counted(len(rest), 'column')} of kind {kind}: {names}"[:_WIDTH])
    return lines


def _is_special(column: Column) -> bool:
    return bool(column.left_out or column.notes) or column.kind not in _ORDINARY


def _name(column: Column) -> str:
    return " ".join(str(column.name).split())


def _said(column: Column) -> str:
    if column.kind == "dropped":
        return "dropped, as asked for"
    if column.constant and column.left_out:
        return f"constant, {column.left_out}: left out"
    if column.left_out:
        return f"{column.kind}, {column.left_out}: left out"
    if column.kind == "number":
        return "number" if column.number == NumberFormat() else f"number ({column.number})"
    if column.kind == "date":
        return f"date, {column.says}: as numbers"
    if column.kind == "text":
        return f"text, {column.says}: words weighted by TF-IDF"
    return f"{column.kind}, {column.says}" if column.says else column.kind
