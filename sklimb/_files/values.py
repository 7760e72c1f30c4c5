"""Plain values as JSON and back: numbers, text, arrays of any label type, dates, pandas' scalars.

What JSON has no word for is an object with the key ``"is"``, which names the kind.
"""

from __future__ import annotations

import base64
import datetime
import math
import os
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import torch

_DTYPE = re.compile(r"[<>|=]?([biufcSU]\d+|[mM]8(\[\w+\])?)")
_DATES = {
    "datetime": datetime.datetime,
    "date": datetime.date,
    "time": datetime.time,
}


def encode_plain(value: Any) -> Any:
    """Return a value as JSON; NotImplemented for what is not plain."""
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"is": "float", "value": repr(value)}
    if value is pd.NaT or value is pd.NA:
        return {"is": "missing", "value": str(value)}
    if kind is bytes:
        return {"is": "bytes", "data": _text(value)}
    if isinstance(value, (pd.Timestamp, pd.Timedelta)):
        return {"is": kind.__name__, "value": value.isoformat(), "unit": value.unit}
    for name, cls in _DATES.items():
        if kind is cls:
            return {"is": name, "value": value.isoformat()}
    if kind is datetime.timedelta:
        parts = [value.days, value.seconds, value.microseconds]
        return {"is": "timedelta", "value": parts}
    if kind is Decimal:
        return {"is": "decimal", "value": str(value)}
    if kind is range:
        return {"is": "range", "value": [value.start, value.stop, value.step]}
    if kind is slice:
        parts = [value.start, value.stop, value.step]
        whole = all(part is None or type(part) is int for part in parts)
        return {"is": "slice", "value": parts} if whole else NotImplemented
    if isinstance(value, np.dtype):
        return (
            {"is": "dtype", "value": value.str} if _DTYPE.fullmatch(value.str) else NotImplemented
        )
    if isinstance(value, np.generic):
        return _array(np.asarray(value), "scalar")
    if kind is np.ndarray and value.dtype.kind != "O":
        return _array(value, "array")
    if isinstance(value, os.PathLike):
        return os.fspath(value)  # as text, which every parameter that takes a path takes too
    if isinstance(value, (torch.dtype, torch.device)):
        return {"is": f"torch.{kind.__name__}", "value": str(value).removeprefix("torch.")}
    if isinstance(value, torch.Generator):
        return {"is": "generator"}  # no state of one is in a file
    return NotImplemented


def decode_plain(value: Any) -> Any:
    """Return what `encode_plain` made JSON of; NotImplemented for another kind of object."""
    if not isinstance(value, dict):
        return value
    kind, content = value["is"], value.get("value")
    if kind == "float":
        return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[content]
    if kind == "missing":
        return {"NaT": pd.NaT, "<NA>": pd.NA}[content]
    if kind == "bytes":
        return _bytes(value["data"])
    if kind in ("Timestamp", "Timedelta"):
        return getattr(pd, kind)(content).as_unit(value["unit"])
    if kind in _DATES:
        return _DATES[kind].fromisoformat(content)
    if kind == "timedelta":
        return datetime.timedelta(*content)
    if kind == "decimal":
        return Decimal(content)
    if kind == "range":
        return range(*content)
    if kind == "slice":
        return slice(*content)
    if kind == "dtype":
        return _dtype(content)
    if kind in ("array", "scalar"):
        array = _decoded_array(value)
        return array if kind == "array" else array[()]
    if kind == "torch.dtype":
        found = getattr(torch, content, None)
        if not isinstance(found, torch.dtype):
            raise ValueError(f"{content!r} is no type of torch.")
        return found
    if kind == "torch.device":
        return torch.device(content)
    if kind == "generator":
        return torch.Generator()
    return NotImplemented


def _array(array: np.ndarray, kind: str) -> Any:
    shape = list(array.shape)
    if array.dtype.kind == "T":  # numpy's strings of any length
        values = [str(text) for text in array.ravel()]
        return {"is": kind, "dtype": "T", "shape": shape, "values": values}
    if not _DTYPE.fullmatch(array.dtype.str):
        return NotImplemented
    data = _text(np.ascontiguousarray(array).tobytes())
    return {"is": kind, "dtype": array.dtype.str, "shape": shape, "data": data}


def _decoded_array(value: dict[str, Any]) -> np.ndarray:
    shape = tuple(int(n) for n in value["shape"])
    if value["dtype"] == "T":
        return np.array(value["values"], dtype=np.dtypes.StringDType()).reshape(shape)
    dtype, data = _dtype(value["dtype"]), _bytes(value["data"])
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(data):
        raise ValueError(f"an array of shape {shape} has {len(data)} bytes.")
    if not dtype.itemsize:
        return np.zeros(shape, dtype) if not math.prod(shape) else np.full(shape, "", dtype)
    return np.frombuffer(bytearray(data), dtype).reshape(shape)


def _dtype(text: str) -> np.dtype:
    if not _DTYPE.fullmatch(text):
        raise ValueError(f"{text!r} is no type of numbers or text.")
    return np.dtype(text)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
