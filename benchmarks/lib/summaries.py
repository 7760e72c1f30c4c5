"""Rows of a results file chosen, and put into figures."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

Row = dict[str, str]


def select(rows: Iterable[Row], **wanted: object) -> list[Row]:
    """Return the rows that have these values: ``select(rows, set="glass", seed=0)``."""
    texts = {name: str(value) for name, value in wanted.items()}
    return [row for row in rows if all(row[name] == text for name, text in texts.items())]


def values(rows: Iterable[Row], column: str) -> np.ndarray:
    """Return a column as numbers, without its empty cells and those that are nan."""
    found = np.array([float(row[column]) for row in rows if row.get(column)])
    return found[~np.isnan(found)]


def mean(rows: Iterable[Row], column: str) -> float:
    """Return the mean of a column; nan if it has no numbers."""
    found = values(rows, column)
    return float(found.mean()) if len(found) else float("nan")


def spread(rows: Iterable[Row], column: str) -> float:
    """Return the standard deviation of a column; 0 of a single number."""
    found = values(rows, column)
    return float(found.std(ddof=1)) if len(found) > 1 else 0.0


def chosen(searched: Iterable[Row], **wanted: object) -> Row | None:
    """Return the row with the best validation, the first of equal ones; None without any."""
    rows = select(searched, **wanted)
    return max(rows, key=lambda row: float(row["validation"]), default=None)


def of_least_cut(rows: list[Row]) -> list[Row]:
    """Return the rows of the protocol with the most epochs times share of the images."""
    seen = [float(row["epochs"]) * float(row["share"]) for row in rows]
    return [row for row, own in zip(rows, seen, strict=True) if own == max(seen)]
