"""From objects to the JSON of a file and back.

`Writer` turns an object into JSON and collects its tensors and other parts; `Reader` does the
reverse. How a kind of object is written is in `_files.values`, `_modules`, `_networks`,
`_estimators` and `_trees`.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.utils import Bunch
from torch import Tensor

from sklimb._files.values import decode_plain, encode_plain
from sklimb._warnings import warn
from sklimb.persistence._names import Names, known_name, own_name

# (writer, value, where) -> JSON or NotImplemented; (reader, JSON) -> object
Encode = Callable[["Writer", Any, str], Any]
Decode = Callable[["Reader", Mapping[str, Any]], Any]

_CONTAINERS = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


class Writer:
    """What goes into a file, while an object is taken apart.

    Parameters
    ----------
    encoders : sequence of callable
        Of the kinds of objects that this class does not know, tried in turn.
    """

    def __init__(self, *encoders: Encode) -> None:
        self.encoders = encoders
        self.tensors: dict[str, Tensor] = {}
        self.parts: dict[str, bytes] = {}
        self.own: dict[str, Any] = {}
        self.networks: list[Any] = []
        self._memory: dict[int, str] = {}
        self._seen: dict[int, tuple[int, Any]] = {}

    def encode(self, value: Any, where: str) -> Any:
        """Return a value as JSON.

        Parameters
        ----------
        value : object
        where : str
            What it is called in an error.

        Raises
        ------
        TypeError
            If a file cannot hold it.
        """
        found = encode_plain(value)
        if found is NotImplemented:
            found = self._container(value, where)
        if found is NotImplemented:
            found = self._object(value, where)
        if found is NotImplemented and callable(value):
            found = {"is": "name", "name": self.name(value, where)}
        if found is NotImplemented:
            raise TypeError(
                f"{where} is of the type {type(value).__module__}.{type(value).__qualname__}, "
                "which a file cannot hold. Set it to something else, or to None, before saving."
            )
        return found

    def _object(self, value: Any, where: str) -> Any:
        """Return an object as an encoder writes it, or a reference if it is written already."""
        if id(value) in self._seen:
            return {"is": "same", "id": self._seen[id(value)][0]}
        for encode in self.encoders:
            found = encode(self, value, where)
            if found is not NotImplemented:
                found["id"] = len(self._seen)
                self._seen[id(value)] = (found["id"], value)
                return found
        return NotImplemented

    def _container(self, value: Any, where: str) -> Any:
        kind = type(value)
        if kind is list:
            return [self.encode(item, f"{where}[{i}]") for i, item in enumerate(value)]
        for name, cls in _CONTAINERS.items():
            if kind is cls:
                items = [self.encode(item, f"{where}[{i}]") for i, item in enumerate(value)]
                return {"is": name, "value": items}
        if kind in (dict, OrderedDict, Bunch):
            items = [
                [self.encode(key, f"a key of {where}"), self.encode(item, f"{where}[{key!r}]")]
                for key, item in value.items()
            ]
            return {"is": "bunch" if kind is Bunch else "dict", "value": items}
        if kind is np.ndarray:
            values = [self.encode(item, where) for item in value.ravel().tolist()]
            return {"is": "objects", "shape": list(value.shape), "value": values}
        if isinstance(value, pd.Series):
            index, values, name = value.index.to_numpy(), value.to_numpy(), value.name
            return {"is": "series", "value": self.encode([index, values, name], where)}
        if isinstance(value, pd.DataFrame):
            labels = [value.index.to_numpy(), value.columns.to_numpy()]
            columns = [value.iloc[:, i].to_numpy() for i in range(value.shape[1])]
            return {"is": "frame", "value": self.encode([*labels, columns], where)}
        if kind in (torch.Tensor, torch.nn.Parameter):
            return self.tensor(value, where)
        if kind is partial:
            return {
                "is": "partial",
                "value": self.encode([value.func, value.args, value.keywords], where),
            }
        if isinstance(value, (np.random.RandomState, np.random.Generator)):
            warn(
                f"{where} is a generator of random numbers, whose state no file holds: it is None "
                "in the file. Give an int."
            )
            return {"is": "none"}
        return NotImplemented

    def name(self, thing: Any, where: str) -> str:
        """Return the name of a class or function, and remember it if it is the user's own."""
        name = known_name(thing)
        if name is None:
            name = own_name(thing)
            if name is None:
                raise TypeError(
                    f"{where}={thing!r} has no import path, so a file cannot name it. Define it "
                    "with def or class in a module."
                )
            self.own[name] = thing
        return name

    def tensor(self, value: Tensor, name: str) -> dict[str, Any]:
        """Add a tensor to the file, and return the JSON that refers to it.

        Raises
        ------
        ValueError
            If it shares memory with another that is there already.
        TypeError
            If it is sparse or of a type that safetensors does not have.
        """
        value = value.detach()
        if value.layout != torch.strided or value.is_complex() or value.is_quantized:
            raise TypeError(f"{name} is a tensor of layout {value.layout} and {value.dtype}.")
        key = name
        while key in self.tensors:
            key += "'"
        if value.numel():
            memory = value.untyped_storage().data_ptr()
            other = self._memory.setdefault(memory, key)
            if other != key:
                raise ValueError(
                    f"{other} and {key} share memory (tied weights), which safetensors refuses: "
                    "loaded, they would be two. Give each its own before training."
                )
        self.tensors[key] = value.cpu().contiguous()
        return {"is": "tensor", "name": key, "shape": list(value.shape)}

    def part(self, content: bytes, ending: str) -> str:
        """Add an entry to the file, and return its name."""
        name = f"part{len(self.parts)}.{ending}"
        self.parts[name] = content
        return name


class Reader:
    """What is in a file, while an object is put together.

    Parameters
    ----------
    tensors : mapping
    parts : mapping
    names : Names
    decoders : mapping
        Kind -> function, of the kinds that this class does not know.
    device : str or None
        Where networks go; None leaves them where they were.
    """

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        parts: Mapping[str, bytes],
        names: Names,
        decoders: Mapping[str, Decode],
        device: str | None = None,
    ) -> None:
        self._tensors = dict(tensors)
        self._parts = dict(parts)
        self.names = names
        self.decoders = decoders
        self.device = device
        self.networks: list[Any] = []
        self._objects_by_id: dict[int, Any] = {}
        # No tensor of a saved network is much larger than all tensors of the file together.
        self.n_values = sum(tensor.numel() for tensor in tensors.values())

    def decode(self, value: Any) -> Any:
        """Return what a value of the description stands for."""
        if isinstance(value, list):
            return [self.decode(item) for item in value]
        found = decode_plain(value)
        if found is not NotImplemented:
            return found
        kind = value["is"]
        if kind in self.decoders:
            found = self._objects_by_id[value["id"]] = self.decoders[kind](self, value)
            return found
        return getattr(self, f"_{kind}")(value) if kind in _KINDS else self._unknown(kind)

    def _unknown(self, kind: Any) -> Any:
        raise ValueError(f"it has a value of a kind that is not known, {kind!r}.")

    def _sequence(self, value: Mapping[str, Any]) -> Any:
        return _CONTAINERS[value["is"]](self.decode(value["value"]))

    _tuple = _set = _frozenset = _sequence

    def _none(self, value: Mapping[str, Any]) -> None:
        return None

    def _dict(self, value: Mapping[str, Any]) -> dict[Any, Any]:
        return {self.decode(key): self.decode(item) for key, item in value["value"]}

    def _bunch(self, value: Mapping[str, Any]) -> Bunch:
        return Bunch(**self._dict(value))

    def _objects(self, value: Mapping[str, Any]) -> np.ndarray:
        array = np.empty(len(value["value"]), dtype=object)
        array[:] = self.decode(value["value"])
        return array.reshape(value["shape"])

    def _series(self, value: Mapping[str, Any]) -> pd.Series:
        index, values, name = self.decode(value["value"])
        return pd.Series(values, index=index, name=name)

    def _frame(self, value: Mapping[str, Any]) -> pd.DataFrame:
        index, names, columns = self.decode(value["value"])
        frame = pd.DataFrame(dict(enumerate(columns)), index=index)
        frame.columns = names
        return frame

    def _partial(self, value: Mapping[str, Any]) -> partial:
        func, args, keywords = self.decode(value["value"])
        return partial(func, *args, **keywords)

    def _same(self, value: Mapping[str, Any]) -> Any:
        return self._objects_by_id[value["id"]]

    def _name(self, value: Mapping[str, Any]) -> Any:
        return self.names.get(value["name"])

    def _tensor(self, value: Mapping[str, Any]) -> Tensor:
        name = value["name"]
        if name not in self._tensors:
            raise ValueError(f"its tensor {name!r} is missing, or is used twice.")
        tensor = self._tensors.pop(name)
        if list(tensor.shape) != value["shape"]:
            raise ValueError(
                f"its tensor {name!r} has the shape {tuple(tensor.shape)}, and its description "
                f"says {tuple(value['shape'])}."
            )
        return tensor

    def part(self, name: str) -> bytes:
        """Return an entry, which may be read once."""
        if name not in self._parts:
            raise ValueError(f"its entry {name!r} is missing, or is used twice.")
        return self._parts.pop(name)

    def subclass(self, name: str, *bases: type) -> type:
        """Return the class of a name, which must be a subclass of one of the bases."""
        cls = self.names.get(name)
        if not (isinstance(cls, type) and issubclass(cls, bases)):
            raise ValueError(f"it takes {name!r} for a {' or '.join(b.__name__ for b in bases)}.")
        return cls

    def check_all_used(self) -> None:
        """Raise a ValueError if the file has entries or tensors that the model does not use."""
        left = sorted([*self._tensors, *self._parts])
        if left:
            raise ValueError(f"it has more than its model is made of: {left[:5]}.")


_KINDS = frozenset((
    "tuple", "set", "frozenset", "none", "same", "dict", "bunch", "objects", "series", "frame",
    "partial", "name", "tensor",
))  # fmt: skip


def encode_attributes(writer: Writer, owner: Any, skip: Any, where: str) -> list[Any]:
    """Return the attributes of an object but those to skip, as pairs (name, JSON)."""
    found = []
    for name, value in vars(owner).items():
        if name in skip:
            continue
        if name == "_metadata_request":
            value = {
                method: getattr(value, method).requests
                for method in vars(value)
                if getattr(getattr(value, method), "requests", None)
            }
        found.append([name, writer.encode(value, f"{where}{name}")])
    return found


def set_attributes(reader: Reader, owner: Any, pairs: list[Any]) -> None:
    """Give an object the attributes that a file has for it.

    Raises
    ------
    ValueError
        If one would take the place of a method, or is no plain name.
    """
    for name, value in pairs:
        decoded = reader.decode(value)
        reserved = name.startswith("__") or not name.isidentifier()
        hides = callable(getattr(type(owner), name, None)) and decoded is not None
        if reserved or hides:
            raise ValueError(f"it has an attribute {name!r} for a {type(owner).__name__}.")
        if name == "_metadata_request":
            decoded = _requests(owner, decoded)
        vars(owner)[name] = decoded


def _requests(owner: Any, requests: dict[str, dict[str, Any]]) -> Any:
    """Return scikit-learn's own record of which metadata an estimator asks for."""
    found = copy.deepcopy(owner._get_metadata_request())
    for method, of_method in requests.items():
        for name, alias in of_method.items():
            getattr(found, method).add_request(param=name, alias=alias)
    return found
