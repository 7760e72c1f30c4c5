"""Arguments of a class that a user names, checked before it is called with them."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Collection, Sequence
from typing import Any

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def check_keywords(
    called: Callable[..., Any],
    prefix: str,
    given: Collection[str],
    *,
    filled: Sequence[str] = (),
    source: str = "X",
) -> None:
    """Raise an error that names an argument nobody takes, or one that is missing.

    Parameters
    ----------
    called : callable
        Where its signature cannot be read, or ends in ``**kwargs``, any name goes.
    prefix : str
        Under which the arguments are parameters: ``prefix__name``.
    given : collection of str
        Names of the arguments that there are.
    filled : sequence of str
        Those among them, or beside them, that the user need not give.
    source : str, default="X"
        What they are filled in from, in words.

    Raises
    ------
    TypeError
        With the nearest names, and all that there are.
    """
    try:
        signature = inspect.signature(called)
    except (TypeError, ValueError):  # some classes written in C have none
        return
    parameters = signature.parameters.values()
    name = getattr(called, "__name__", type(called).__name__)
    takes = [p.name for p in parameters if p.kind in _BY_NAME]
    own = [p for p in takes if p not in filled]
    named = [f"{prefix}__{p}" for p in own]
    there = f" It takes {', '.join(named)}." if own else " It takes none."
    if not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
        for unknown in sorted(set(given) - set(takes)):
            near = difflib.get_close_matches(unknown, own, 2)
            hint = f" Did you mean {' or '.join(f'{prefix}__{n}' for n in near)}?" if near else ""
            raise TypeError(f"{name} has no argument for {prefix}__{unknown}.{hint}{there}")
    needed = [p.name for p in parameters if p.kind in _BY_NAME and p.default is p.empty]
    missing = [p for p in needed if p not in given and p not in filled]
    if missing:
        raise TypeError(
            f"{name} needs {', '.join(f'{prefix}__{p}' for p in missing)}, which cannot be filled "
            f"in from {source}.{there}"
        )
