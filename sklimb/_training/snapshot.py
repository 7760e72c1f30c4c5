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
# Attributes that every module has.
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

    Raises
    ------
    ValueError, TypeError, KeyError, IndexError, AttributeError, RuntimeError, ArithmeticError
        If it was not taken of this training.
    """
    for name, own in _PARTS.items():
        if name in document["parts"]:
            _set_module_state(getattr(net, own), document["parts"][name], tensors)
    state = decode(document["optimizer"], tensors)
    _check_optimizer(net.optimizer_, state)
    net.optimizer_.load_state_dict(state)
    history = decode(document["history"], tensors)
    if not all(isinstance(row, dict) and {"epoch", "train_loss"} <= row.keys() for row in history):
        raise ValueError("its history is none.")
    net.history_ = History(history)
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
    found = decode_plain(value)
    if found is NotImplemented:
        raise ValueError(f"it has something of the kind {kind!r}.")
    return found


# --- modules ----------------------------------------------------------------------------------


def _parts_of(module: nn.Module) -> list[tuple[str, nn.Module, Collection[str]]]:
    """Return name, submodule and attributes to leave out, but for what is made from data again."""
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
    if [name for name, _ in state] != list(parts):
        raise ValueError("its network has other layers.")
    for name, values in state:
        part = parts[name]
        for own, learns, value in values["parameters"]:
            parameter, value = part._parameters[own], decode(value, tensors)
            if parameter.shape != value.shape:  # which a copy would broadcast
                raise ValueError(f"{own!r} has the shape {tuple(value.shape)} in it.")
            parameter.copy_(value)
            parameter.requires_grad_(learns)
        for own, value in values["buffers"]:
            _set_buffer(part, own, decode(value, tensors), _device_of(module))
        for own, value in values["attributes"]:
            value = decode(value, tensors)
            if own in _INTERNAL or not _may_be(part, own, value):
                raise ValueError(f"{own!r} of {type(part).__name__} is none of its attributes.")
            vars(part)[own] = value
        if "extra" in values:
            part.set_extra_state(decode(values["extra"], tensors))


def _may_be(part: nn.Module, name: str, value: Any) -> bool:
    """Return whether an attribute of a module may have a value; of users' modules any plain one."""
    own, users = vars(part).get(name), not type(part).__module__.startswith(("torch.", "sklimb."))
    known = users or value is None or _is_like(value, own)
    is_method = name not in vars(part) and callable(getattr(type(part), name, None))
    return known and type(value) in _PLAIN and not is_method


def _set_buffer(part: nn.Module, name: str, value: Tensor | None, device: torch.device) -> None:
    own = part._buffers.get(name)
    if own is None or value is None or own.shape != value.shape or own.dtype != value.dtype:
        part._buffers[name] = None if value is None else value.to(device)
    else:
        own.copy_(value)


def _device_of(module: nn.Module) -> torch.device:
    held = [*module.parameters(), *module.buffers()]
    return held[0].device if held else torch.device("cpu")


def _check_optimizer(optimizer: torch.optim.Optimizer, state: Mapping[str, Any]) -> None:
    """Raise a ValueError where a state does not fit an optimiser, as far as can be told.

    Its own `load_state_dict` takes nearly anything, and the next step fails.
    """
    groups = zip(optimizer.param_groups, state["param_groups"], strict=True)
    for own, theirs in groups:
        rates = {"initial_lr": 0.0} if "initial_lr" in theirs else {}  # from the first epoch on
        for name, setting in (rates | own).items():
            value = theirs[name]
            switched = isinstance(setting, bool) and value not in (setting, None)
            if switched or not _is_like(value, setting):
                raise ValueError(f"its optimizer has {name}={value!r}.")
    if isinstance(optimizer, (torch.optim.Adam, torch.optim.AdamW)):
        learnt = [p for group in optimizer.param_groups for p in group["params"]]
        for place, values in state["state"].items():
            moments = [values["exp_avg"], values["exp_avg_sq"], torch.as_tensor(values["step"])]
            if [m.shape for m in moments] != [learnt[place].shape] * 2 + [torch.Size()]:
                raise ValueError("its optimizer has moments of other weights.")


def _is_like(value: Any, own: Any) -> bool:
    if isinstance(own, (int, float, Tensor)):  # a rate may become a tensor, or the reverse
        return isinstance(value, (int, float, Tensor)) or (value is None and own is False)
    if isinstance(own, (list, tuple)):
        return isinstance(value, (list, tuple)) and len(value) == len(own)
    return own is None or isinstance(value, type(own))


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
            # skorch's own set it in on_train_begin
            if not type(callback).__module__.startswith("skorch."):
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
        if key in _parameters_of(callback) or callable(getattr(callback, key, None)):
            raise ValueError(f"{key!r} of {type(callback).__name__} is nothing that it keeps.")
        if isinstance(value, dict) and value.get("is") == "state":
            getattr(callback, key).load_state_dict(decode(value["value"], tensors))
        else:
            setattr(callback, key, decode(value, tensors))


def _parameters_of(callback: Callback) -> Collection[str]:
    """Return what a callback's constructor takes; skorch takes any attribute for a parameter."""
    return inspect.signature(type(callback)).parameters
