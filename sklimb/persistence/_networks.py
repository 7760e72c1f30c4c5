"""A classifier with its network: parameters, what `fit` left, and the weights by name.

Its network is built again as `fit` builds it, from the parameters and the shape of the first
samples, and gets the weights of the file. So all that its modules hold beside them comes from their
constructors, and `same_scores` makes sure of it before a file is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np
import scipy.sparse
import torch
from skorch.history import History
from torch import nn
from torch.overrides import TorchFunctionMode

from sklimb._data.training_data import ArrayData
from sklimb._random import Streams, isolated_rng, torch_defaults
from sklimb._training.inference import run, scores_of
from sklimb._training.net import Net
from sklimb._training.plan import Mode, TrainPlan, choose_backbone, resolve_device
from sklimb._training.rebalancing import Rebalancer
from sklimb._training.training import make_net
from sklimb._training.training_state import has_state
from sklimb._warnings import warn
from sklimb.classifiers.base import BaseNetClassifier
from sklimb.classifiers.parameters import _same
from sklimb.persistence._fitted import check_fitted, is_counts
from sklimb.persistence._objects import Reader, Writer, encode_attributes, set_attributes

# Attributes that are written separately, or not at all.
_NOT_ATTRIBUTES = frozenset(("net_", "_built_with", "source_estimator_"))
_REBALANCING = ("class_weight", "effective_beta", "sampling", "from_epoch")
# The largest tensor that building a network may make: this many values, as a wide example needs, or
# this many times the values of all weights.
_LEAST_BOUND = 2**24
_BOUND_BY_WEIGHTS = 16


# --- writing ---------------------------------------------------------------------------------


def encode_network(writer: Writer, value: Any, where: str) -> Any:
    """Return a classifier as JSON; NotImplemented for anything else."""
    if not isinstance(value, BaseNetClassifier):
        return NotImplemented
    inside = f"{where}." if where else ""
    parameters = value.get_params(deep=False)
    skip = _NOT_ATTRIBUTES | set(parameters)
    record = {
        "is": "network",
        "class": writer.name(type(value), where or "the model"),
        "parameters": [
            [name, writer.encode(own, f"{inside}{name}")] for name, own in parameters.items()
        ],
        "attributes": encode_attributes(writer, value, skip, inside),
        "net": None,
    }
    if "net_" not in vars(value):
        writer.networks.append(value)
        return record
    built = value._built_with
    record["built_with"] = [
        [name, writer.encode(own, f"{inside}{name}, as the network was built,")]
        for name, own in built.items()
        if name not in parameters or not _same(own, parameters[name])
    ]
    record["not_built_with"] = sorted(set(parameters) - set(built))
    record["net"] = _encode_net(writer, value.net_, inside)
    writer.networks.append(value)
    return record


def _encode_net(writer: Writer, net: Net, where: str) -> dict[str, Any]:
    example = net.module.example
    rebalancing = [getattr(net.rebalancer, name) for name in _REBALANCING]
    lost = net.lost_optimizer_state_ or has_state(net.optimizer_)
    return {
        "example": {
            "shape": list(example.shape),
            "dtype": str(example.dtype).removeprefix("torch."),
            "sparse": example.layout != torch.strided,
        },
        "n_rows": net.module.n_rows,
        "n_members": net.module.n_members,
        "calibrated": net.module.calibrated_classes is not None,
        "max_epochs": net.max_epochs,
        "batch_size": net.batch_size,
        "lr": net.lr,
        "device": str(net.device),
        "entropy": net.streams.entropy,
        "scheduled": net.scheduled_,
        "lost_optimizer_state": lost,
        "counts": writer.encode(net.counts_, "counts"),
        "rebalancing": writer.encode(rebalancing, "class_weight"),
        "history": writer.encode([dict(row) for row in net.history_], f"{where}history_"),
        "weights": _encode_state(writer, net.module_, where),
        "loss": _encode_state(writer, net.criterion_, f"{where}loss."),
    }


def _encode_state(writer: Writer, module: nn.Module, where: str) -> list[Any]:
    state = module.state_dict()
    return [[name, writer.tensor(value, f"{where}{name}")] for name, value in state.items()]


# --- reading ---------------------------------------------------------------------------------


def decode_network(reader: Reader, record: Mapping[str, Any]) -> BaseNetClassifier:
    """Return the classifier that JSON stands for."""
    cls = reader.subclass(record["class"], BaseNetClassifier)
    parameters = {name: reader.decode(value) for name, value in record["parameters"]}
    model = cls(**parameters)
    set_attributes(reader, model, record["attributes"])
    check_fitted(model)
    if record["net"] is not None:
        _restore(reader, model, record, parameters)
    if reader.device is not None:
        model.device = reader.device
    reader.networks.append(model)
    return model


def _restore(
    reader: Reader,
    model: BaseNetClassifier,
    record: Mapping[str, Any],
    parameters: dict[str, Any],
) -> None:
    """Build the net of a classifier, and set it."""
    changed = {name: reader.decode(value) for name, value in record["built_with"]}
    of_then = {k: v for k, v in parameters.items() if k not in record["not_built_with"]} | changed
    built = type(model)(**of_then)
    vars(built).update({k: v for k, v in vars(model).items() if k not in parameters})
    # the constructor of a user's network may draw random numbers or set something global
    device = _device(reader.device, record["net"]["device"])
    with isolated_rng(threads=torch.get_num_threads(), device=device), _bounded(reader.n_values):
        net = _rebuilt(reader, built, record["net"], device)
    model.net_ = net
    model._built_with = built.get_params(deep=False)


def _device(asked: str | None, saved: str) -> str:
    if asked is not None:
        return resolve_device(asked)
    try:
        return resolve_device(saved)
    except ValueError:
        warn(f"The model was on {saved!r}, which is not here, so it is on the CPU now.")
        return "cpu"


def _rebuilt(
    reader: Reader, built: BaseNetClassifier, record: Mapping[str, Any], device: str
) -> Net:
    """Return the net as it was after training, with an optimiser that has not taken a step."""
    for name in ("max_epochs", "batch_size", "n_rows"):
        if type(record[name]) is not int or record[name] < 0:
            raise ValueError(f"its {name} is {record[name]!r}, not a whole number from 0 on.")
    data = _blank_data(record["example"], len(built.classes_))
    rebalancing = dict(zip(_REBALANCING, reader.decode(record["rebalancing"]), strict=True))
    plan = TrainPlan(
        mode=Mode.WARM_START,
        backbone=choose_backbone(built.module, data),
        epochs=0,
        max_epochs=record["max_epochs"],
        batch_size=record["batch_size"],
        device=device,
        dtype=getattr(torch, built.dtype),
        threads=torch.get_num_threads(),
        rebalancer=Rebalancer(built.classes_, **rebalancing),
        schedule=None,
        validation_fraction=None,
        lr=record["lr"],
        n_samples=record["n_rows"],
        n_members=record["n_members"],
        cross_fit=record["calibrated"],
    )
    parameters = built.get_params(deep=False)
    net = make_net(parameters, data, plan, built._recipe(plan, data), Streams(0))
    net.streams.entropy = record["entropy"]
    net.lr = plan.lr
    # what only a training needs is made when a training goes on
    transform, net.transform = net.transform, None
    net.initialize()
    net.transform = transform
    _load_state(reader, net.module_, record["weights"])
    _load_state(reader, net.criterion_, record["loss"])
    net.counts_ = reader.decode(record["counts"])
    if not is_counts(net.counts_, len(built.classes_)):
        raise ValueError(f"its counts of classes are {net.counts_!r}, not one for each class.")
    net.scheduled_ = record["scheduled"]
    net.lost_optimizer_state_ = record["lost_optimizer_state"]
    net.history_ = History(reader.decode(record["history"]))
    return net


def _blank_data(example: Mapping[str, Any], n_classes: int) -> ArrayData:
    shape = example["shape"]
    dtype = str(example["dtype"])
    blank: Any = None
    if example["sparse"]:
        blank = scipy.sparse.csr_array(tuple(shape), dtype=dtype)
    else:
        blank = torch.zeros(shape, dtype=getattr(torch, dtype))
    return ArrayData(blank, np.arange(len(blank.shape and range(shape[0]))) % n_classes)


def _load_state(reader: Reader, module: nn.Module, pairs: list[Any]) -> None:
    """Copy the tensors of a file into a module that must have the same names and shapes."""
    given = {name: reader.decode(value) for name, value in pairs}
    own = module.state_dict()
    for name in sorted(set(given) ^ set(own)):
        raise ValueError(
            f"its network has {'no' if name in given else 'a'} tensor {name!r}, other than the "
            "one that is built from its parameters."
        )
    for name, value in own.items():
        if given[name].shape != value.shape:
            raise ValueError(
                f"its tensor {name!r} has the shape {tuple(given[name].shape)}, and the network "
                f"that its parameters make {tuple(value.shape)}."
            )
        if given[name].dtype != value.dtype:
            raise ValueError(
                f"its tensor {name!r} is of the type {given[name].dtype}, and the network that its "
                f"parameters make of {value.dtype}."
            )
    for name, _ in module.named_parameters():  # a buffer may hold NaN, for a class not seen yet
        if name in given and given[name].isnan().any():
            raise ValueError(f"its tensor {name!r} has values that are no numbers (NaN).")
    module.load_state_dict(given)


class _Bounded(TorchFunctionMode):
    """Refuse to make tensors much larger than the weights in the file, before they are made."""

    _MAKERS = frozenset((torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn))

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func in self._MAKERS:
            sizes = args[0] if args and isinstance(args[0], (tuple, list)) else args
            sizes = (kwargs or {}).get("size", sizes)
            n_values = prod(n for n in sizes if isinstance(n, int))
            if n_values > self.most:
                raise ValueError(
                    f"its parameters ask for a network with {n_values} values in one tensor, far "
                    "more than the file has."
                )
        return func(*args, **(kwargs or {}))


@contextmanager
def _bounded(n_values: int) -> Iterator[None]:
    with _Bounded(max(_LEAST_BOUND, _BOUND_BY_WEIGHTS * n_values)):
        yield


# --- comparing -------------------------------------------------------------------------------


def same_scores(model: BaseNetClassifier, other: BaseNetClassifier) -> bool:
    """Return whether two fitted classifiers give the same scores, bit for bit, on random samples.

    True also where the first cannot score such samples, or scores them differently each time.
    """
    with torch_defaults():
        X = ArrayData(_random_samples(model.net_.module.example), device=model.net_.device)
        try:
            first, again = (run(model.net_, X, scores_of) for _ in range(2))
        except Exception:  # a user's network may take none but its own kind
            return True
        return not torch.equal(first, again) or torch.equal(first, run(other.net_, X, scores_of))


def _random_samples(example: torch.Tensor) -> Any:
    shape = (8, *example.shape[1:])
    rng = np.random.default_rng(0)
    dtype = str(example.dtype).removeprefix("torch.")
    if not example.dtype.is_floating_point:
        most = 256 if example.dtype == torch.uint8 else 2
        return torch.as_tensor(rng.integers(most, size=shape)).to(example.dtype)
    values = rng.normal(size=shape)
    if example.layout != torch.strided:
        kept = np.where(rng.random(shape) < 0.2, values, 0.0)
        return scipy.sparse.csr_array(kept.astype(dtype))
    return torch.as_tensor(values).to(example.dtype)
