"""Warnings that point at the user's line, however deep in the package they are found."""

from __future__ import annotations

import sys
import warnings

# What stands between a user and us: ourselves, and what calls us on the user's behalf.
_NOT_THE_USER = {"sklimb", "sklearn", "imblearn", "skorch", "joblib", "torch", "contextlib"}


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn of something at the first line up the stack that is not this package's or its caller's.

    Parameters
    ----------
    message : str
        What is wrong, the value, and what to do.
    category : type, default=UserWarning
    """
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and _package(frame.f_globals) in _NOT_THE_USER:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _package(names: dict[str, object]) -> str:
    return str(names.get("__name__", "")).partition(".")[0]
