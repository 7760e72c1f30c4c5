"""The Python that makes an unfitted estimator, written out."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

_WIDTH = 88


def construction(estimator: BaseEstimator, name: str = "model") -> str:
    """Return code that imports what is needed and binds `name` to an equal, unfitted estimator.

    Parameters
    ----------
    estimator : estimator
        Its parameters are estimators, classes, functions, plain values, or containers of these.
    name : str, default="model"

    Returns
    -------
    code : str

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.linear_model import LogisticRegression
    >>> print(construction(make_pipeline(StandardScaler(), LogisticRegression(C=0.1))))
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler
    <BLANKLINE>
    model = Pipeline(
        steps=[
            ("standardscaler", StandardScaler()),
            ("logisticregression", LogisticRegression(C=0.1)),
        ]
    )
    """
    needed: dict[str, tuple[str, str]] = {}
    expression = _written(estimator, needed, indent=0, room=_WIDTH - len(name) - 3)
    by_module: dict[str, list[str]] = {}
    for alias, (module, thing) in sorted(needed.items(), key=lambda item: item[1]):
        by_module.setdefault(module, []).append(thing if thing == alias else f"{thing} as {alias}")
    imports = [f"from {module} import {', '.join(things)}" for module, things in by_module.items()]
    return "\n".join([*imports, "", f"{name} = {expression}"]).lstrip("\n")


def joined(*pieces: str) -> str:
    """Return pieces of code as one, with all their imports sorted on top.

    Parameters
    ----------
    *pieces : str
        Code whose imports take one line each.

    Returns
    -------
    code : str
    """
    lines = [line for piece in pieces for line in [*piece.strip().splitlines(), ""]]
    starts = ("import ", "from ")
    imports = {line for line in lines if line.startswith(starts)}
    rest = "\n".join(line for line in lines if not line.startswith(starts))
    ordered = sorted(imports, key=lambda line: (line.startswith("from"), line))
    return "\n".join(ordered) + "\n\n" + re.sub(r"\n{3,}", "\n\n", rest.strip())


def literal(value: Any) -> str:
    """Return plain values, containers of them and built-in types as code.

    Examples
    --------
    >>> literal({"dtype": str, "sep": ";"})
    '{"dtype": str, "sep": ";"}'
    """
    return _flat(value, {})


def each_column(names: Sequence[Any], line: str) -> list[str]:
    """Return `line` for one column, a loop for several; the name stands where ``{0}`` is.

    Examples
    --------
    >>> each_column(["a", 1], "del X[{0}]")
    ['for name in ["a", 1]:', '    del X[name]']
    """
    shown = [quoted(name) if isinstance(name, str) else repr(name) for name in names]
    if len(shown) == 1:
        return [line.replace("{0}", shown[0])]
    loop = [f"for name in [{', '.join(shown)}]:", "    " + line.replace("{0}", "name")]
    return loop if shown else []


def public_module(thing: type) -> str:
    """Return the shortest module path from which a class or function can be imported.

    Parameters
    ----------
    thing : class or function

    Returns
    -------
    path : str
    """
    parts = thing.__module__.split(".")
    for length in range(1, len(parts)):
        module = sys.modules.get(".".join(parts[:length]))
        if getattr(module, thing.__name__, None) is thing:
            return ".".join(parts[:length])
    return thing.__module__


def _written(value: Any, needed: dict, indent: int, room: int) -> str:
    """Return `value` as an expression that fits in `room`, or broken over indented lines."""
    flat = _flat(value, needed)
    if len(flat) <= room:
        return flat
    opening, parts, closing = _parts(value, needed)
    if not parts:
        return flat
    inner = indent + 4
    lines = []
    for key, part in parts:
        text = _written(part, needed, inner, _WIDTH - inner - len(key) - 1)
        lines.append(f"{' ' * inner}{key}{text}")
    joined = ",\n".join(lines)
    # A lone keyword argument needs no trailing comma; a tuple of one does, and the rest may.
    comma = "" if len(parts) == 1 and parts[0][0] else ","
    return f"{opening}\n{joined}{comma}\n{' ' * indent}{closing}"


def _flat(value: Any, needed: dict) -> str:
    opening, parts, closing = _parts(value, needed)
    if parts is None:
        return opening
    inside = ", ".join(key + _flat(part, needed) for key, part in parts)
    comma = "," if opening == "(" and len(parts) == 1 else ""
    return f"{opening}{inside}{comma}{closing}"


def _parts(value: Any, needed: dict) -> tuple[str, list[tuple[str, Any]] | None, str]:
    """Return what opens an expression, its parts with their keys, and what closes it."""
    if isinstance(value, list):
        return "[", [("", part) for part in value], "]"
    if isinstance(value, tuple):
        return "(", [("", part) for part in value], ")"
    if isinstance(value, dict):
        return "{", [(f"{_flat(key, needed)}: ", part) for key, part in value.items()], "}"
    if isinstance(value, np.ndarray):
        return _parts(value.tolist(), needed)
    if isinstance(value, np.generic):
        return repr(value.item()), None, ""
    if isinstance(value, float) and not np.isfinite(value):
        return f"float({str(value)!r})", None, ""
    if inspect.isclass(value) or inspect.isfunction(value):
        return _imported(value, needed), None, ""
    if isinstance(value, str):
        return quoted(value), None, ""
    if value is None or isinstance(value, (bytes, int, float, complex)):
        return repr(value), None, ""
    return f"{_imported(type(value), needed)}(", _changed(value), ")"


def _imported(thing: Any, needed: dict) -> str:
    """Return the name of a class or function, and note in `needed` where it comes from."""
    name = thing.__name__
    if thing.__module__ == "builtins":
        return name
    source = (public_module(thing), name)
    # Two libraries with a class of one name: scikit-learn's Pipeline and imbalanced-learn's.
    alias = name if needed.get(name, source) == source else f"{source[0].split('.')[0]}_{name}"
    needed[alias] = source
    return alias


def quoted(text: str) -> str:
    """Return a string literal in double quotes, where that needs no more escapes.

    Parameters
    ----------
    text : str

    Returns
    -------
    literal : str
    """
    literal = repr(text)
    return literal if '"' in text or "\\" in literal else f'"{literal[1:-1]}"'


def _changed(value: Any) -> list[tuple[str, Any]]:
    """Return the constructor arguments of an object that differ from the defaults."""
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(type(value).__init__).parameters.items()
        if name != "self" and parameter.kind is not parameter.VAR_KEYWORD
    }
    # CatBoost's classifiers are estimators that do not inherit from scikit-learn's.
    if hasattr(value, "get_params"):
        given = value.get_params(deep=False)
    else:
        given = {name: getattr(value, name) for name in defaults}
    order = [*[n for n in defaults if n in given], *[n for n in given if n not in defaults]]
    return [
        (f"{name}=", given[name])
        for name in order
        if not _same(given[name], defaults.get(name, _unnamed_default(name)))
    ]


def _unnamed_default(name: str) -> Any:
    """Return the default of a parameter that the signature does not name: XGBoost's are None."""
    return inspect.Parameter.empty if "__" in name else None


def _same(value: Any, default: Any) -> bool:
    if value is default:
        return True
    if type(value) is not type(default):
        return False
    return repr(value) == repr(default)
