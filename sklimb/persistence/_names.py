"""Classes and functions by name: those that a file may name by itself, and the user's own.

A name in a file stands for something out of this list or for something that the caller of `load`
hands over. No name is imported for being in a file.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable
from typing import Any

import torch
from sklearn.base import BaseEstimator
from torch import nn

_ACTIVATIONS = frozenset((
    "celu", "elu", "gelu", "glu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu",
    "log_softmax", "logsigmoid", "mish", "normalize", "relu", "relu6", "selu", "sigmoid", "silu",
    "softmax", "softplus", "softsign", "tanh",
))  # fmt: skip
_LOSSES = frozenset((
    "binary_cross_entropy_with_logits", "cross_entropy", "multi_margin_loss", "nll_loss",
))  # fmt: skip
# These affect the training alone; callbacks that write or read files are not among them.
_CALLBACKS = frozenset((
    "EarlyStopping", "EpochScoring", "EpochTimer", "GradientNormClipping", "LRScheduler",
    "PassthroughScoring", "PrintLog",
))  # fmt: skip
# Modules of scikit-learn whose public estimators a file may name.
_ESTIMATORS = tuple(f"sklearn.{name}" for name in (
    "calibration", "cluster", "compose", "decomposition", "discriminant_analysis", "ensemble",
    "feature_extraction", "feature_extraction.text", "feature_selection", "frozen", "impute",
    "isotonic", "kernel_approximation", "linear_model", "model_selection", "multiclass",
    "naive_bayes", "neighbors", "pipeline", "preprocessing", "random_projection", "tree",
))  # fmt: skip
# Other classes that they are made of.
_PARTS = {
    "sklearn.calibration": {"_CalibratedClassifier", "_SigmoidCalibration"},
    "sklearn.metrics._scorer": {"_CurveScorer", "_Scorer"},
    "sklearn.model_selection": {
        "GroupKFold", "KFold", "RepeatedKFold", "RepeatedStratifiedKFold", "ShuffleSplit",
        "StratifiedGroupKFold", "StratifiedKFold", "StratifiedShuffleSplit", "TimeSeriesSplit",
    },
}  # fmt: skip
_MODULES = ("sklimb.backbones.", "sklimb.heads.", "sklimb.transforms.")


def _public(room: str) -> Callable[[str, Any], bool]:
    return lambda name, thing: name in importlib.import_module(room).__all__


def _subclass(base: type) -> Callable[[str, Any], bool]:
    return lambda name, thing: isinstance(thing, type) and issubclass(thing, base)


def _estimator(room: str) -> Callable[[str, Any], bool]:
    def allowed(name: str, thing: Any) -> bool:
        # modules of scikit-learn without __all__: what is defined in them
        named = getattr(importlib.import_module(room), "__all__", None)
        own = getattr(thing, "__module__", None) == room if named is None else name in named
        public = own and _is_estimator(thing) and not name.startswith("_")
        return public or name in _PARTS.get(room, ())

    return allowed


def _is_estimator(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, BaseEstimator)


def _one_of(names: Iterable[str]) -> Callable[[str, Any], bool]:
    return lambda name, thing: name in names


def _sampler(name: str, thing: Any) -> bool:
    return isinstance(thing, type) and hasattr(thing, "fit_resample")


# room -> (name, thing) -> whether a file may name it
_ROOMS: dict[str, Callable[[str, Any], bool]] = {
    **{
        room: _public(room)
        for room in (
            "sklimb",
            "sklimb.backbones",
            "sklimb.feature_extraction",
            "sklimb.heads",
            "sklimb.losses",
            "sklimb.metrics",
            "sklimb.over_sampling",
            "sklimb.transforms",
        )
    },
    "torch": _one_of(_ACTIVATIONS),
    "torch.nn": _subclass(nn.Module),
    "torch.nn.functional": _one_of(_ACTIVATIONS | _LOSSES),
    "torch.optim": _subclass(torch.optim.Optimizer),
    "torch.optim.lr_scheduler": _subclass(torch.optim.lr_scheduler.LRScheduler),
    "skorch.callbacks": _one_of(_CALLBACKS),
    "imblearn.combine": _sampler,
    "imblearn.over_sampling": _sampler,
    "imblearn.under_sampling": _sampler,
    "imblearn.pipeline": _one_of(("Pipeline",)),
    "imblearn.ensemble": _one_of(("BalancedRandomForestClassifier",)),
    "sklimb.classifiers.label_encoded": _one_of(("LabelEncodedClassifier",)),
    "sklimb.classifiers.out_of_fold_fits": _one_of(("FoldMean",)),
    "sklearn.metrics": _public("sklearn.metrics"),
    "sklearn.metrics._scorer": _one_of(_PARTS["sklearn.metrics._scorer"]),
    **{room: _estimator(room) for room in _ESTIMATORS},
    "builtins": _one_of(("print",)),  # what callbacks of skorch write with
}


def known_name(thing: Any) -> str | None:
    """Return the name by which a file may name a class or function; None for all others."""
    own = getattr(thing, "__name__", None)
    if own is not None:
        root = (getattr(thing, "__module__", None) or "torch").partition(".")[0]
        rooms = (room for room in (*_ROOMS, *_inner_rooms()) if room.partition(".")[0] == root)
        return next((f"{room}.{own}" for room in rooms if _found(room, own) is thing), None)
    # ready-made objects, as scorers are
    for room in ("sklimb.metrics",):
        module = importlib.import_module(room)
        for name in module.__all__:
            if getattr(module, name) is thing:
                return f"{room}.{name}"
    return None


def own_name(thing: Any) -> str | None:
    """Return the import path of a user's class or function; None where it has none."""
    name = getattr(thing, "__qualname__", None)
    if name is None or "<lambda>" in name or not isinstance(name, str):
        return None
    return f"{thing.__module__}.{name}"


def is_container(cls: Any) -> bool:
    """Return whether this is a class of scikit-learn or imbalanced-learn that may hold networks."""
    name = known_name(cls) if isinstance(cls, type) else None
    room = (name or "").rpartition(".")[0]
    return room in (*_ESTIMATORS, *_PARTS, "imblearn.pipeline", "imblearn.ensemble")


def _found(room: str, name: str) -> Any:
    """Return what a room has under a name, if a file may name it."""
    allowed = _ROOMS.get(room)
    if name.startswith("__"):
        return None
    if allowed is None:
        # modules inside a backbone
        thing = vars(sys.modules[room]).get(name) if room in _inner_rooms() else None
        return thing if isinstance(thing, type) and issubclass(thing, nn.Module) else None
    thing = vars(importlib.import_module(room)).get(name)
    if thing is None and room.startswith("sklimb"):
        thing = getattr(importlib.import_module(room), name, None)  # some come when asked for
    return thing if thing is not None and allowed(name, thing) else None


def _inner_rooms() -> list[str]:
    return [name for name in sys.modules if name.startswith(_MODULES)]


class Names:
    """What the names of a file stand for.

    Parameters
    ----------
    own : iterable of classes and functions
        The user's.
    """

    def __init__(self, own: Iterable[Any] = ()) -> None:
        self.own: dict[str, Any] = {}
        for thing in own:
            name = own_name(thing) if callable(thing) else None
            if name is None:
                raise TypeError(
                    "modules must be the classes and functions that the file names, each with an "
                    f"import path, got {thing!r}."
                )
            self.own[name] = thing

    def get(self, name: str) -> Any:
        """Return what a name stands for.

        Raises
        ------
        ValueError
            If it is none of sklimb's and the like, and was not handed over.
        """
        room, _, last = name.rpartition(".")
        known = _found(room, last)
        if known is not None:
            return known
        for own, thing in self.own.items():
            # a script's own classes are in __main__ where it runs, and elsewhere where it is read
            moved = "__main__" in (name.partition(".")[0], own.partition(".")[0])
            if own == name or (moved and own.rpartition(".")[2] == last):
                return thing
        raise ValueError(
            f"it names {name!r}, which is not sklimb's. If it is yours, import it and pass it: "
            f"load(path, modules=[{last}])."
        )
