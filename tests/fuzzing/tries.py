"""One try: something is called with odd arguments, and what comes of it is judged.

Right is a finite result, or a ValueError or TypeError that names the argument and its value; and
nothing outside is changed: generators, threads, float type, folder, files, or what was given.
"""

from __future__ import annotations

import os
import random
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from numbers import Number
from pathlib import Path
from traceback import extract_tb
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy import sparse

# How a message may speak of data, which it need not call by the argument's name.
_WORDS = {
    "X": (
        "x",
        "array",
        "sample",
        "feature",
        "row",
        "column",
        "item",
        "image",
        "string",
        "tensor",
        "scalartype",
    ),
    "y": ("y", "label", "class", "target"),
    "sample_weight": ("weight",),
    "classes": ("class", "label"),
    "X_test": ("x", "test"),
    "y_test": ("y", "test", "label", "class"),
}
# scikit-learn's own checks of data speak for themselves.
_CHECKS = ("/sklearn/utils/", "/sklearn/base.py", "/imblearn/utils/")


@dataclass
class Try:
    """Something to be called with odd arguments.

    Parameters
    ----------
    subject : str
        What is called, in words.
    odd : dict
        The odd arguments, by name.
    call : callable
        Takes nothing and returns what a user would get: arrays, tensors, numbers, in any nesting.
    given : list
        What must be as it was afterwards.
    also : tuple of str
        Further words by which an error may name the argument.
    refused : bool
        Set by `judge`: whether it ended in an error.
    """

    subject: str
    odd: Mapping[str, Any]
    call: Callable[[], Any]
    given: list = field(default_factory=list)
    also: tuple[str, ...] = ()
    refused: bool = False

    def __repr__(self) -> str:
        odd = ", ".join(f"{name}={short(value)}" for name, value in self.odd.items())
        return f"{self.subject}: {odd}"


def short(value: Any) -> str:
    """Return a value in one line of at most 60 characters."""
    if sparse.issparse(value):
        return f"<{type(value).__name__} {value.shape} {value.dtype}>"
    return f"{type(value).__name__} {' '.join(repr(value).split())}"[:60]


def judge(attempt: Try) -> str | None:
    """Return what is wrong with what comes of a try, None where nothing is.

    Parameters
    ----------
    attempt : Try
    """
    warm_up()
    before, given = _outside(), _digest(attempt.given)
    wrong = _what_is_wrong(attempt)
    if wrong is not None:
        return wrong
    after = _outside()
    changed = [name for name, state in before.items() if after[name] != state]
    if _digest(attempt.given) != given:
        changed.append("what was given")
    return f"changes {', '.join(changed)}" if changed else None


@cache
def warm_up() -> None:
    """Train once: what torch and scikit-learn import then sets variables of the environment."""
    from sklimb import RebalancedClassifier

    RebalancedClassifier(max_epochs=1, random_state=0).fit([[0.0], [1.0]] * 8, [0, 1] * 8)


def _what_is_wrong(attempt: Try) -> str | None:
    with warnings.catch_warnings(), np.errstate(all="warn"):
        warnings.simplefilter("ignore")
        try:
            result = attempt.call()
        except (ValueError, TypeError, FileNotFoundError) as error:  # the last: a path that is none
            attempt.refused = True
            return _complaint(attempt, error)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    bad = [part for part in _parts(result) if not _is_finite(part)]
    return f"not finite: {short(bad[0])}" if bad else None


def _complaint(attempt: Try, error: Exception) -> str | None:
    """Return what is missing in an error, None where it says which argument is meant."""
    text = str(error)
    if any(path in extract_tb(error.__traceback__)[-1].filename for path in _CHECKS):
        named = {name for name in attempt.odd if name in _WORDS} or _named(attempt, text)
        if named and "/imblearn/" in extract_tb(error.__traceback__)[-1].filename:
            return None
    else:
        named = _named(attempt, text)
    if not named:
        return f"{type(error).__name__} does not name it: {text}"
    if attempt.odd.keys() & _WORDS.keys() or attempt.also or len(named) > 1:
        return None  # data are not shown whole, and of what does not go together the names are
    if not any(_shows(text, attempt.odd[name]) for name in named):
        return f"{type(error).__name__} does not show the value: {text}"
    return None


def _named(attempt: Try, text: str) -> set[str]:
    low = text.lower()
    return {
        name
        for name in attempt.odd
        if name in text or any(word in low for word in (*_WORDS.get(name, ()), *attempt.also))
    }


def _shows(text: str, value: Any) -> bool:
    """Return whether a message shows a value: its start, the value within it, or its type."""
    seen = [repr(value)[:12], str(value)[:12], type(value).__name__]
    if isinstance(value, (list, tuple, np.ndarray)):
        seen.append(f"({len(np.atleast_1d(np.asarray(value, dtype=object)))},")  # its shape
    if isinstance(value, np.generic):
        seen.append(repr(value.item())[:12])
    if isinstance(value, pd.Series):  # by label
        seen += [repr(v)[:12] for v in value.index]
    if isinstance(value, Mapping):
        seen += [repr(v)[:12] for pair in value.items() for v in pair]
    elif isinstance(value, (list, tuple, set)):
        seen += [repr(v)[:12] for v in value]
    return any(part in text for part in seen if part)


def _parts(result: Any) -> Iterable[Any]:
    if isinstance(result, Mapping):
        result = list(result.values())
    if isinstance(result, (list, tuple)):
        for part in result:
            yield from _parts(part)
    else:
        yield result


def _is_finite(part: Any) -> bool:
    if sparse.issparse(part):
        part = part.tocsr().data
    if isinstance(part, torch.Tensor):
        part = part.detach()
        return not (part.is_floating_point() and not torch.isfinite(part).all())
    if isinstance(part, (np.ndarray, Number)) and np.asarray(part).dtype.kind in "fc":
        return bool(np.isfinite(part).all())
    return True


def _outside() -> dict[str, Any]:
    """Return what belongs to the process and not to a call."""
    kind, keys, *rest = np.random.get_state()
    here = Path.cwd()
    return {
        "random's generator": random.getstate(),
        "NumPy's generator": (kind, keys.tobytes(), *rest),
        "torch's generator": torch.get_rng_state().numpy().tobytes(),
        "torch's threads": torch.get_num_threads(),
        "torch's float type": torch.get_default_dtype(),
        "torch's gradients": torch.is_grad_enabled(),
        "NumPy's errors": np.geterr(),
        "the folder": here,
        "files of the folder": sorted(os.listdir(here)),
        "the environment": dict(os.environ),
    }


def _digest(given: list) -> list[bytes]:
    """Return the bytes of arrays that were given, those inside of matrices and frames too."""
    return [array.tobytes() for value in given for array in _arrays(value)]


def _arrays(value: Any) -> list[np.ndarray]:
    if isinstance(value, torch.Tensor):
        plain = value.layout == torch.strided and value.dtype != torch.bfloat16
        return [value.detach().numpy()] if plain and value.device.type == "cpu" else []
    if sparse.issparse(value):
        value = [getattr(value, name, None) for name in ("data", "indices", "indptr", "coords")]
        return [part for part in value if isinstance(part, np.ndarray)]
    value = getattr(value, "values", value)
    return [value] if isinstance(value, np.ndarray) and value.dtype != object else []
