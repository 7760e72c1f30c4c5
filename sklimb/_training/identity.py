"""What tells one training from another: data, parameters, versions, and where it starts from.

Each is a digest by name, so that two trainings can be compared, and told apart by name, without any
of the data being kept.
"""

from __future__ import annotations

import hashlib
import json
import marshal
import platform
from collections.abc import Mapping
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from types import FunctionType, MethodType
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator
from torch import Tensor, nn

from sklimb._data.tensors import is_csr
from sklimb._data.training_data import ArrayData, TrainingData
from sklimb._files.values import encode_plain

_LIBRARIES = ("sklimb", "torch", "numpy", "scipy", "scikit-learn", "skorch")
# They change nothing in a training that goes on; `random_state` is compared by what it seeds.
_NOT_COMPARED = frozenset((
    "checkpoint", "checkpoint_every", "verbose", "keep_training_state", "warm_start",
    "random_state", "callbacks",
))  # fmt: skip
_OF_EVERY_MODULE = frozenset(vars(nn.Module()))
# Bytes that are hashed at a time.
_CHUNK_BYTES = 2**24
# A value longer than this is not shown.
_SHOWN = 60


def identity_of(
    parameters: Mapping[str, Any], data: TrainingData, classes: np.ndarray
) -> dict[str, dict[str, str]]:
    """Return what a training is of: kind -> name -> what it is, in short.

    Parameters
    ----------
    parameters : mapping
        Of the classifier.
    data : TrainingData
        All of it, with class indices. Of a Dataset the number and shape of its items, their labels
        and weights count, but no item: it may draw them at random.
    classes : ndarray, shape (C,)
    """
    compared = {
        name: shown(value) for name, value in parameters.items() if name not in _NOT_COMPARED
    }
    # Users' own callbacks are not compared: many only look.
    known = [
        callback for callback in parameters.get("callbacks") or ()
        if type(_without_name(callback)).__module__.startswith("skorch.")
    ]  # fmt: skip
    return {
        "data": {
            "X": _of_samples(data),
            "y": _digest(json.dumps(described(classes)).encode(), _bytes(data.y_encoded)),
            "sample_weight": "None" if data.weight is None else _digest(_bytes(data.weight)),
        },
        "parameters": compared | {"callbacks": shown([_without_name(one) for one in known])},
        "versions": _versions(),
    }


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return in what two trainings differ, by name, with what each has where that is short.

    Examples
    --------
    >>> from sklimb._training.identity import differences
    >>> differences({"parameters": {"lr": "0.1"}}, {"parameters": {"lr": "0.2"}})
    ['lr (0.1, and 0.2 in the file)']
    """
    found = []
    for kind in one:
        own, theirs = one[kind], other.get(kind, {})
        for name in [*own, *(name for name in theirs if name not in own)]:
            a, b = own.get(name, "none"), theirs.get(name, "none")
            if a != b:
                told = kind != "data" and not (a.startswith("sha256:") or b.startswith("sha256:"))
                found.append(f"{name} ({a}, and {b} in the file)" if told else name)
    return found


def shown(value: Any) -> str:
    """Return a value as text where that is short, else a digest of it."""
    plain = isinstance(value, (bool, int, float, str, type(None), np.generic, type))
    text = value.__qualname__ if isinstance(value, type) else repr(value)
    if plain and len(text) <= _SHOWN and not isinstance(value, type):
        return text
    return _digest(json.dumps(described(value), sort_keys=True, default=str).encode())


def described(value: Any) -> Any:
    """Return a value as JSON: the same in another process, and different for another value."""
    if isinstance(value, Tensor):
        value = value.detach().cpu().to_dense()
        value = (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    if isinstance(value, nn.Module):
        state = {name: described(tensor) for name, tensor in value.state_dict().items()}
        own = [
            [name, type(part).__qualname__, k, described(v)]
            for name, part in value.named_modules()
            for k, v in vars(part).items()
            if k not in _OF_EVERY_MODULE and _is_plain(v)
        ]
        return [_path(type(value)), repr(value), state, own]
    if isinstance(value, (pd.Series, pd.DataFrame)):
        return [_path(type(value)), described(value.to_dict())]
    if isinstance(value, Mapping):
        return sorted(json.dumps([described(k), described(v)]) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return [described(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(json.dumps(described(item)) for item in value)
    if isinstance(value, partial):
        return ["partial", *map(described, (value.func, value.args, value.keywords))]
    if isinstance(value, MethodType):
        return [described(value.__func__), described(value.__self__)]
    if isinstance(value, FunctionType):
        held = [cell.cell_contents for cell in value.__closure__ or ()]
        held = [described(one) for one in (*held, *(value.__defaults__ or ())) if _is_plain(one)]
        return [_path(value), _digest(*_code(value.__code__)), held]
    found = encode_plain(value)
    if found is not NotImplemented:
        return found
    if isinstance(value, np.ndarray):
        return [list(value.shape), described(value.ravel().tolist())]
    if isinstance(value, (type,)) or not hasattr(value, "__dict__"):
        return _path(value)
    return _of_object(value)


def _of_object(value: Any) -> Any:
    """Return the class of an object with its parameters, and with its weights if it is fitted."""
    if isinstance(value, BaseEstimator) or hasattr(value, "get_params"):
        try:
            held = value.get_params(deep=False)
        except AttributeError:
            held = {}
        fitted = getattr(value, "module_", None)
        return [_path(type(value)), described(held), described(fitted)]
    own = {k: described(v) for k, v in vars(value).items() if _is_plain(v) or callable(v)}
    return [_path(type(value)), getattr(value, "__name__", ""), sorted(own.items())]


def _is_plain(value: Any) -> bool:
    return isinstance(value, Tensor) or encode_plain(value) is not NotImplemented


def _path(thing: Any) -> str:
    name = getattr(thing, "__qualname__", None)
    return f"{type(thing).__module__}.{type(thing).__qualname__}" if name is None else (
        f"{getattr(thing, '__module__', '')}.{name}"
    )  # fmt: skip


def _code(code: Any) -> list[bytes]:
    """Return the code of a function, without its file and line numbers."""
    found = [code.co_code, repr(code.co_names).encode()]
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            found += _code(constant)
        else:
            found.append(marshal.dumps(constant))
    return found


def _without_name(callback: Any) -> Any:
    return callback[1] if isinstance(callback, (list, tuple)) else callback


def _of_samples(data: TrainingData) -> str:
    if not isinstance(data, ArrayData):
        kind = type(data.whole())
        return f"{len(data)} items of a {kind.__module__}.{kind.__qualname__}"
    X = data.X
    parts = [X.values(), X.col_indices(), X.crow_indices()] if is_csr(X) else [X]
    head = json.dumps([list(X.shape), [str(part.dtype) for part in parts]]).encode()
    sha = hashlib.sha256(head)
    for part in parts:
        step = max(1, _CHUNK_BYTES // max(1, part[:1].numel() * part.element_size()))
        for start in range(0, len(part), step):
            chunk = part[start : start + step].cpu().contiguous()
            sha.update(chunk.view(torch.uint8).numpy().data if chunk.numel() else b"")
    return f"sha256:{sha.hexdigest()}"


def _bytes(array: np.ndarray) -> bytes:
    return np.ascontiguousarray(array).tobytes()


def _digest(*parts: bytes) -> str:
    sha = hashlib.sha256()
    for part in parts:
        sha.update(len(part).to_bytes(8, "little") + part)
    return f"sha256:{sha.hexdigest()}"


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found
