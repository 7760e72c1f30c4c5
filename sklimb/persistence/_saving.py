"""`save` and `load`: a model as one file, without pickle."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as tensors_of
from safetensors.torch import save as bytes_of_tensors

from sklimb._files.archive import pack, unpack, write_atomically
from sklimb.persistence._estimators import (
    decode_callback,
    decode_container,
    decode_sampler,
    decode_skops,
    encode_estimator,
)
from sklimb.persistence._modules import decode_module, encode_module
from sklimb.persistence._names import Names
from sklimb.persistence._networks import decode_network, encode_network, same_scores
from sklimb.persistence._objects import Reader, Writer
from sklimb.persistence._trees import decode_predictor, decode_tree
from sklimb.persistence._trial import check_predicts, samples_taken

_MODEL, _TENSORS = "model.json", "tensors.safetensors"
_LIBRARIES = ("sklimb", "torch", "numpy", "scikit-learn", "skorch", "imbalanced-learn")
_DECODERS = {
    "network": decode_network,
    "module": decode_module,
    "container": decode_container,
    "sampler": decode_sampler,
    "callback": decode_callback,
    "skops": decode_skops,
    "tree": decode_tree,
    "predictor": decode_predictor,
}


def save(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a classifier, or a pipeline with one, to a file that holds no code.

    The file is there whole or not at all: an old one of the same name stays until then. It holds
    what predicting needs, and the parameters; no training sample, and neither the optimiser's
    state nor a generator, whatever `keep_training_state` says.

    Parameters
    ----------
    model : estimator
        A classifier of sklimb, fitted or not, or a scikit-learn or imbalanced-learn pipeline,
        `PriorCorrectedClassifier`, ``CalibratedClassifierCV`` or ``FrozenEstimator`` with one. A
        sampler in a pipeline is saved by its parameters. What else is in a pipeline, but
        `ShrinkImages`, `DateEncoder` and `CategoryChecker`, is written by skops.
    path : str or path-like
        Name of the file; any ending will do.

    Raises
    ------
    TypeError
        If a part of the model cannot be in a file, such as a lambda.
    ValueError
        If weights share memory, or the network that is built from the parameters of the model and
        gets its weights scores otherwise than the model.
    ImportError
        If skops is needed and not there.

    See Also
    --------
    load : Read the file again.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn.datasets import make_classification
    >>> from sklimb import RebalancedClassifier
    >>> from sklimb.persistence import load, save
    >>> X, y = make_classification(n_samples=100, random_state=0)
    >>> model = RebalancedClassifier(max_epochs=2, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, os.path.join(folder, "model.sklimb"))
    ...     again = load(os.path.join(folder, "model.sklimb"))
    >>> bool((again.predict_proba(X) == model.predict_proba(X)).all())
    True
    """
    path = _as_path(path)
    writer = Writer(encode_network, encode_module, encode_estimator)
    record = writer.encode(model, "")
    if not isinstance(record, dict) or record.get("is") not in ("network", "container", "skops"):
        raise TypeError(f"A file holds a classifier or a pipeline, got {type(model).__name__}.")
    trial = samples_taken(model, writer.networks)
    document = {"versions": _versions(), "trial": trial, "model": record}
    entries = {
        _MODEL: json.dumps(document, indent=1, allow_nan=False).encode(),
        _TENSORS: bytes_of_tensors(writer.tensors),
        **writer.parts,
    }
    data = pack(entries)
    reader = _read(data, Names(writer.own.values()), None)
    for own, again in zip(writer.networks, reader.networks, strict=True):
        if "net_" in vars(own) and not same_scores(own, again):
            raise ValueError(
                f"The network of {type(own).__name__} gives other scores when it is built again "
                "and gets its weights: it keeps something that predicting needs outside of its "
                "parameters and buffers. Register that with register_buffer."
            )
    write_atomically(path, data)


def load(
    path: str | os.PathLike[str],
    *,
    modules: Any = (),
    device: str | None = None,
) -> Any:
    """Read a model that `save` wrote; nothing in the file is run.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    modules : class, function or sequence of them, default=()
        The user's own that the file names by import path: a network, a loss, a callback, a
        classifier derived from one of sklimb. None is imported for being named.
    device : str or None, default=None
        Where networks go, and `device` of the classifiers: "cpu", "cuda", "mps" or "auto". None is
        the device that they were on, or the CPU with a warning where it is not there.

    Returns
    -------
    estimator
        As it was saved. A training that goes on starts the optimiser's state anew, with a warning.

    Raises
    ------
    ValueError
        If the file is cut, changed, of another version or no such file, or names what is neither
        sklimb's nor in `modules`.
    ImportError
        If skops is needed and not there.

    See Also
    --------
    save : Write the file.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklimb import AffinityClassifier
    >>> from sklimb.persistence import load, save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.sklimb")
    ...     save(AffinityClassifier(sigma=2.0), path)
    ...     load(path, device="cpu").sigma
    2.0
    """
    path = _as_path(path)
    given = modules if isinstance(modules, (list, tuple, set, frozenset)) else [modules]
    names = Names(given)
    data = path.read_bytes()
    try:
        return _read(data, names, device).model
    except ImportError:
        raise
    except MemoryError:
        raise ValueError(f"{path} cannot be loaded: it asks for too much memory.") from None
    except (
        ValueError, TypeError, KeyError, IndexError, AttributeError, RuntimeError, OverflowError,
        RecursionError, ArithmeticError, SafetensorError,
    ) as error:  # fmt: skip
        raise ValueError(f"{path} cannot be loaded: {_one_line(error)}") from error


class _Read(Reader):
    model: Any = None


def _read(data: bytes, names: Names, device: str | None) -> _Read:
    """Return a reader that has put together the model in the bytes of a file."""
    entries = unpack(data)
    document = json.loads(entries.pop(_MODEL))
    tensors = tensors_of(entries.pop(_TENSORS))
    reader = _Read(tensors, entries, names, _DECODERS, device)
    reader.model = reader.decode(document["model"])
    reader.check_all_used()
    check_predicts(reader.model, reader.networks, document.get("trial"))
    return reader


def _one_line(error: Exception) -> str:
    lines = str(error).splitlines() or [""]
    if isinstance(error, (KeyError, IndexError, AttributeError)):
        return f"its description is not as save writes it ({type(error).__name__}: {lines[0]})."
    return lines[0]


def _as_path(path: Any) -> Path:
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be the name of a file, got {path!r}.")
    return Path(path)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "torch": str(torch.__version__)}
    for name in _LIBRARIES:
        try:
            found.setdefault(name, version(name))
        except PackageNotFoundError:
            continue
    return found
