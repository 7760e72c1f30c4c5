"""A training as it stands between two epochs, as JSON and tensors, and back.

In it is all that the epochs to come depend on and that is not made again from parameters and data:
weights and buffers, plain attributes of modules (numbers, text), the optimiser, generators of
random numbers, the history, what a monitor has kept, the state of callbacks. What is made before
the first epoch from the data (g of M2m, its pool of samples, folds, counts) is made again.
"""

from __future__ import annotations

import inspect
import random
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from skorch.callbacks import Callback
from skorch.history import History
from torch import Tensor, nn

from sklimb._files.values import decode_plain, encode_plain
from sklimb._random import device_generator_state, set_device_generator_state
from sklimb._warnings import warn

if TYPE_CHECKING:
    from sklimb._training.early_stopping import BestEpoch
    from sklimb._training.net import Net
    from sklimb._training.out_of_fold import OutOfFold

Tensors = dict[str, Tensor]
_DICTS = (dict, OrderedDict, defaultdict)
_PLAIN = (bool, int, float, str, type(None))
# What every module has by itself.
_INTERNAL = frozenset(vars(nn.Module()))
_PARTS = {"network": "module_", "loss": "criterion_", "transform": "transform_"}


def take_snapshot(net: Net, monitor: BestEpoch | OutOfFold | None) -> tuple[dict, Tensors]:
    """Return a training between two epochs, as JSON and the tensors that it names.

    Raises
    ------
    TypeError
        If the history or the optimiser holds what no file can.
    """
    tensors: Tensors = {}
    parts = {
        name: _module_state(getattr(net, own), tensors)
        for name, own in _PARTS.items()
        if getattr(net, own, None) is not None
    }
    document = {
        "stopped": net.stop_training,
        "scheduled": net.scheduled_,
        "rebalance_from": net.rebalancer.from_epoch,
        "history": encode([dict(row) for row in net.history_], tensors, "history_"),
        "parts": parts,
        "optimizer": encode(net.optimizer_.state_dict(), tensors, "the optimizer's state"),
        "generators": encode(_generators(net), tensors, "generators"),
        "callbacks": [
            [name, type(own).__qualname__, _callback_state(name, own, tensors)]
            for name, own in net.callbacks_
        ],
        "monitor": None if monitor is None else encode(monitor.state(), tensors, "monitor"),
    }
    return document, tensors


def restore_snapshot(
    net: Net,
    monitor: BestEpoch | OutOfFold | None,
    document: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
    prepare: Callable[[], None],
) -> None:
    """Bring a training that is about to begin to where a snapshot was taken of it.

    Parameters
    ----------
    net : Net
        Initialised, with all that is made from the data.
    monitor : BestEpoch, OutOfFold or None
    document, tensors
        From `take_snapshot`.
    prepare : callable
        Tells loss and transform of the epoch that the net is in, as at its beginning.
    """
    for name, own in _PARTS.items():
        if name in document["parts"]:
            _set_module_state(getattr(net, own), document["parts"][name], tensors)
    net.optimizer_.load_state_dict(decode(document["optimizer"], tensors))
    net.history_ = History(decode(document["history"], tensors))
    net.stop_training, net.scheduled_ = document["stopped"], document["scheduled"]
    net.rebalancer = replace(net.rebalancer, from_epoch=document["rebalance_from"])
    states = {(name, kind): state for name, kind, state in document["callbacks"]}
    for name, callback in net.callbacks_:  # users' own may come and go
        state = states.get((name, type(callback).__qualname__), {})
        _set_callback_state(callback, state, tensors)
    if monitor is not None:
        monitor.set_state(decode(document["monitor"], tensors))
    prepare()
    if net.has_transform:
        net.transform_.statistics()  # as at the end of an epoch
    _set_generators(net, decode(document["generators"], tensors))


# --- values -----------------------------------------------------------------------------------


def encode(value: Any, tensors: Tensors, where: str) -> Any:
    """Return a value of plain parts and tensors as JSON; tensors are put beside it.

    Raises
    ------
    TypeError
        If it holds anything else.
    """
    if isinstance(value, Tensor):
        key = str(len(tensors))
        # a copy: safetensors refuses tensors that share memory
        tensors[key] = value.detach().to("cpu", copy=True).contiguous()
        return {"is": "tensor", "key": key}
    if type(value) in _DICTS:
        items = value.items()
        return {
            "is": "dict",
            "items": [
                [encode(k, tensors, where), encode(v, tensors, f"{where}[{k!r}]")] for k, v in items
            ],
        }
    if isinstance(value, list):
        return [encode(item, tensors, where) for item in value]
    if isinstance(value, tuple):
        return {"is": "tuple", "items": [encode(item, tensors, where) for item in value]}
    found = encode_plain(value)
    if found is NotImplemented:
        raise TypeError(
            f"A checkpoint cannot hold {where}, a {type(value).__name__}. Keep numbers, text or "
            "tensors there, or set checkpoint=None."
        )
    return found


def decode(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    """Return what `encode` made JSON of."""
    if isinstance(value, list):
        return [decode(item, tensors) for item in value]
    kind = value["is"] if isinstance(value, dict) else None
    if kind == "tensor":
        return tensors[value["key"]]
    if kind == "dict":
        return {decode(k, tensors): decode(v, tensors) for k, v in value["items"]}
    if kind == "tuple":
        return tuple(decode(item, tensors) for item in value["items"])
    return decode_plain(value)


# --- modules ----------------------------------------------------------------------------------


def _parts_of(module: nn.Module) -> list[tuple[str, nn.Module, Collection[str]]]:
    """Return name, submodule and the attributes that are made again, of all but those."""
    again: frozenset[str] = getattr(module, "made_from_data", frozenset())
    return [
        (name, part, again if part is module else ())
        for name, part in module.named_modules()
        if name.partition(".")[0] not in again
    ]


def _module_state(module: nn.Module, tensors: Tensors) -> list[Any]:
    found = []
    for name, part, again in _parts_of(module):
        values = {
            "parameters": [
                [n, p.requires_grad, encode(p, tensors, n)]
                for n, p in part._parameters.items()
                if p is not None
            ],
            "buffers": [
                [n, encode(b, tensors, n)] for n, b in part._buffers.items() if n not in again
            ],
            "attributes": [
                [n, encode(v, tensors, n)]
                for n, v in vars(part).items()
                if n not in _INTERNAL and n not in again and type(v) in _PLAIN
            ],
        }
        if type(part).get_extra_state is not nn.Module.get_extra_state:
            values["extra"] = encode(part.get_extra_state(), tensors, f"the extra state of {name}")
        found.append([name, values])
    return found


@torch.no_grad()
def _set_module_state(module: nn.Module, state: list[Any], tensors: Mapping[str, Tensor]) -> None:
    parts = {name: part for name, part, _ in _parts_of(module)}
    for name, values in state:
        part = parts[name]
        for own, learns, value in values["parameters"]:
            parameter = part._parameters[own]
            parameter.copy_(decode(value, tensors))
            parameter.requires_grad_(learns)
        for own, value in values["buffers"]:
            _set_buffer(part, own, decode(value, tensors), _device_of(module))
        for own, value in values["attributes"]:
            vars(part)[own] = decode(value, tensors)
        if "extra" in values:
            part.set_extra_state(decode(values["extra"], tensors))


def _set_buffer(part: nn.Module, name: str, value: Tensor | None, device: torch.device) -> None:
    own = part._buffers.get(name)
    if own is None or value is None or own.shape != value.shape or own.dtype != value.dtype:
        part._buffers[name] = None if value is None else value.to(device)
    else:
        own.copy_(value)


def _device_of(module: nn.Module) -> torch.device:
    held = [*module.parameters(), *module.buffers()]
    return held[0].device if held else torch.device("cpu")


# --- generators and callbacks -----------------------------------------------------------------


def _generators(net: Net) -> dict[str, Any]:
    kind, keys, place, has_gauss, gauss = np.random.get_state()
    version, words, next_gauss = random.getstate()
    own = _own_generator(net)
    return {
        "python": (version, np.array(words, dtype=np.uint32), next_gauss),
        "numpy": (kind, keys, place, has_gauss, gauss),
        "torch": torch.get_rng_state(),
        "device": device_generator_state(net.device),
        "loader": None if own is None else own.get_state(),
    }


def _set_generators(net: Net, states: Mapping[str, Any]) -> None:
    version, words, next_gauss = states["python"]
    random.setstate((version, tuple(words.tolist()), next_gauss))
    np.random.set_state(states["numpy"])
    torch.set_rng_state(states["torch"])
    set_device_generator_state(net.device, states["device"])
    own = _own_generator(net)
    if own is not None and states["loader"] is not None:
        own.set_state(states["loader"])


def _own_generator(net: Net) -> torch.Generator | None:
    """Return the generator that a user gave to the loader of a Dataset."""
    return net.get_params_for("iterator_train").get("generator")


def _callback_state(name: str, callback: Callback, tensors: Tensors) -> dict[str, Any]:
    state = {}
    for key, value in vars(callback).items():
        if key in _parameters_of(callback):
            continue
        try:
            if hasattr(value, "state_dict"):
                kept = {"is": "state", "value": encode(value.state_dict(), tensors, key)}
            else:
                kept = encode(value, tensors, key)
        except TypeError:
            if not type(callback).__module__.startswith(
                "skorch."
            ):  # those set it in on_train_begin
                warn(
                    f"A checkpoint cannot hold {key!r} of the callback {name!r} "
                    f"({type(callback).__name__}), so after an interruption that starts anew."
                )
            continue
        state[key] = kept
    return state


def _set_callback_state(
    callback: Callback, state: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> None:
    for key, value in state.items():
        if isinstance(value, dict) and value.get("is") == "state":
            getattr(callback, key).load_state_dict(decode(value["value"], tensors))
        else:
            setattr(callback, key, decode(value, tensors))


def _parameters_of(callback: Callback) -> Collection[str]:
    """Return what a callback's constructor takes; skorch takes any attribute for a parameter."""
    return inspect.signature(type(callback)).parameters
