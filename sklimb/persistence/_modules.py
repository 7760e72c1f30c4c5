"""A module that a user gave as an instance: its class, its attributes, its weights, its children.

No constructor is run again: what the instance is, is what it holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from sklimb.persistence._objects import Reader, Writer, set_attributes

# Attributes that every module has.
_INTERNAL = frozenset(vars(nn.Module()))
_HOOKS = tuple(name for name in _INTERNAL if name.endswith("_hooks"))
# What to do where an instance cannot be in a file.
_INSTEAD = (
    "Or give the class of the network instead of an instance (module=YourNet, and what its "
    "constructor takes as module__...): it makes this again."
)
# Views of weights that a recurrent layer makes when it is built.
_MADE_AGAIN = frozenset(("_flat_weights", "_flat_weight_refs"))


def encode_module(writer: Writer, value: Any, where: str) -> Any:
    """Return a module as JSON; NotImplemented for anything else."""
    if not isinstance(value, nn.Module):
        return NotImplemented
    if any(vars(value)[name] for name in _HOOKS):
        raise TypeError(
            f"{where}, a {type(value).__name__}, has hooks (as weight_norm sets), which a file "
            f"cannot hold. {_INSTEAD}"
        )
    skip = _INTERNAL | (_MADE_AGAIN if isinstance(value, nn.RNNBase) else frozenset())
    passing = value._non_persistent_buffers_set
    attributes = []
    for name, attribute in vars(value).items():
        if name in skip:
            continue
        try:
            attributes.append([name, writer.encode(attribute, f"{where}.{name}")])
        except TypeError as error:
            # of a child it is said already
            raise error if _INSTEAD in str(error) else TypeError(f"{error} {_INSTEAD}") from None
    return {
        "is": "module",
        "class": writer.name(type(value), where),
        "training": value.training,
        "attributes": attributes,
        "parameters": [
            [name, None if p is None else p.requires_grad, _tensor(writer, p, f"{where}.{name}")]
            for name, p in value._parameters.items()
        ],
        "buffers": [
            [name, name not in passing, _tensor(writer, b, f"{where}.{name}")]
            for name, b in value._buffers.items()
        ],
        "children": [
            [name, None if child is None else encode_module(writer, child, f"{where}.{name}")]
            for name, child in value._modules.items()
        ],
    }


def _tensor(writer: Writer, value: Tensor | None, name: str) -> Any:
    return None if value is None else writer.tensor(value, name)


def decode_module(reader: Reader, value: Mapping[str, Any]) -> nn.Module:
    """Return the module that JSON stands for."""
    cls = reader.subclass(value["class"], nn.Module)
    module = cls.__new__(cls)
    nn.Module.__init__(module)
    if any(name in _INTERNAL for name, _ in value["attributes"]):
        raise ValueError(f"it has attributes for a {cls.__name__} that are torch's own.")
    set_attributes(reader, module, value["attributes"])
    for name, learnt, tensor in value["parameters"]:
        parameter = None
        if tensor is not None:
            parameter = nn.Parameter(reader.decode(tensor), requires_grad=bool(learnt))
        module.register_parameter(name, parameter)
    for name, persistent, tensor in value["buffers"]:
        module.register_buffer(name, reader.decode(tensor), persistent=bool(persistent))
    for name, child in value["children"]:
        module.add_module(name, None if child is None else decode_module(reader, child))
    if isinstance(module, nn.RNNBase):
        module._init_flat_weights()
    module.training = bool(value["training"])  # its own: each child has one, too
    return module
