"""Tries of model files whose contents are changed and sealed anew, as one with a text editor could.

Right is a file that is refused in one line, or a model that predicts as it should: labels that it
knows, finite probabilities that sum to 1. What no file can tell of (other weights, another label of
the same type) is no error.
"""

from __future__ import annotations

import copy
import json
import random
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from hypothesis import strategies as st
from imblearn.ensemble import BalancedRandomForestClassifier
from safetensors.torch import load as tensors_of
from safetensors.torch import save as bytes_of_tensors
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklimb import (
    AffinityClassifier,
    BlendedClassifier,
    DecoupledClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb._files.archive import pack, unpack
from sklimb._files.values import decode_plain, encode_plain
from sklimb._training.inference import NotFiniteError
from sklimb.backbones import MLP
from sklimb.classifiers import LabelEncodedClassifier
from sklimb.feature_extraction import CategoryChecker, DateEncoder, ShrinkImages, filled_texts
from sklimb.persistence import load, save
from tests.fuzzing.data import X, y
from tests.fuzzing.tries import Try

_DESCRIPTION, _TENSORS = "model.json", "tensors.safetensors"
_net = {"max_epochs": 1, "random_state": 0}
_texts = np.array(["the cat", "a dog", "no cat", "a cow", "the end"] * 6, dtype=object)
_table = pd.DataFrame({
    "when": pd.date_range("2024-01-01", periods=30, freq="37h").astype(str),
    "what": _texts,
    "kind": ["a", "b", None] * 10,
})  # fmt: skip
_images = np.random.default_rng(0).integers(0, 256, (30, 1, 12, 12), dtype=np.uint8)


def _of_columns() -> Any:
    words = make_pipeline(FunctionTransformer(filled_texts), TfidfVectorizer())
    kinds = make_pipeline(CategoryChecker(), FunctionTransformer(pd.DataFrame.isna))
    return make_column_transformer((DateEncoder(), ["when"]), (words, "what"), (kinds, ["kind"]))


# What makes a model, and what it learns from.
MODELS: dict[str, tuple[Callable[[], Any], Any]] = {
    "RebalancedClassifier": (lambda: RebalancedClassifier(cross_fit=True, n_members=2, **_net), X),
    "RebalancedClassifier of MLP": (
        lambda: RebalancedClassifier(
            module=MLP, class_weight={"few": 2.0}, early_stopping=True, **_net
        ),
        pd.DataFrame(X, columns=list("abc")),
    ),
    "AffinityClassifier": (lambda: AffinityClassifier(module=MLP, **_net), X),
    "OffsetDebiasedClassifier": (lambda: OffsetDebiasedClassifier(module=MLP, **_net), X),
    "RSGClassifier": (lambda: RSGClassifier(module=MLP, **_net), X),
    "M2mClassifier": (lambda: M2mClassifier(module=MLP, **_net), X),
    "DecoupledClassifier": (lambda: DecoupledClassifier(classifier_epochs=1, **_net), X),
    "an instance": (lambda: RebalancedClassifier(module=MLP(3, hidden=(4,)), **_net), X),
    "PriorCorrectedClassifier": (
        lambda: PriorCorrectedClassifier(
            RebalancedClassifier(module=MLP, **_net),
            target_prior=pd.Series({"few": 0.5, "many": 0.2, "some": 0.3}),
        ),
        X,
    ),
    "PriorCorrectedClassifier, cv=2": (
        lambda: PriorCorrectedClassifier(
            LogisticRegression(),
            cv=2,
            cost_matrix={
                (a, b): 1.0 + (b == "few")
                for a in ("few", "many", "some")
                for b in ("few", "many", "some")
                if a != b
            },
        ),
        X,
    ),
    "BlendedClassifier": (
        lambda: BlendedClassifier(
            estimators=[
                ("net", RebalancedClassifier(module=MLP, **_net)),
                ("forest", RandomForestClassifier(3, random_state=0)),
            ],
            cv=2,
            weights=[1, 2],
        ),
        X,
    ),
    "LabelEncodedClassifier": (
        lambda: LabelEncodedClassifier(LogisticRegression(), class_weight="balanced"), X,
    ),
    "a scaler and a net": (
        lambda: make_pipeline(StandardScaler(), RebalancedClassifier(module=MLP, **_net)), X,
    ),
    "a scaler and a forest": (
        lambda: make_pipeline(
            StandardScaler(),
            BalancedRandomForestClassifier(
                3, sampling_strategy="all", replacement=True, bootstrap=False, random_state=0
            ),
        ),
        X,
    ),
    "histogram boosting": (
        lambda: PriorCorrectedClassifier(
            HistGradientBoostingClassifier(
                max_iter=2, min_samples_leaf=2, categorical_features=[0]
            )
        ),
        np.round(np.abs(X)),
    ),
    "boosting": (
        lambda: make_pipeline(GradientBoostingClassifier(n_estimators=2, max_depth=2)), X,
    ),
    "a calibrated net": (
        lambda: CalibratedClassifierCV(RebalancedClassifier(module=MLP, **_net), cv=2), X,
    ),
    "votes": (
        lambda: VotingClassifier(
            [
                ("net", RebalancedClassifier(module=MLP, **_net)),
                ("tree", RandomForestClassifier(2, random_state=0)),
            ],
            voting="soft",
        ),
        X,
    ),
    "a frozen net": (
        lambda: PriorCorrectedClassifier(
            FrozenEstimator(RebalancedClassifier(module=MLP, **_net).fit(X, y))
        ),
        X,
    ),
    "words": (
        lambda: make_pipeline(TfidfVectorizer(), RebalancedClassifier(module=MLP, **_net)), _texts,
    ),
    "a table": (
        lambda: make_pipeline(_of_columns(), RebalancedClassifier(module=MLP, **_net)), _table,
    ),
    "images": (lambda: make_pipeline(ShrinkImages(6), RebalancedClassifier(**_net)), _images),
}  # fmt: skip


@cache
def _stored(subject: str) -> dict[str, bytes]:
    """Return the entries of the file of a fitted model."""
    make, given = MODELS[subject]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model")
        save(make().fit(given, y), path)
        return unpack(path.read_bytes())


# --- what is changed in the description ----------------------------------------------------------

_ODD = (
    None, True, False, -1, 0, 1, 2, 5, 10**6, 10**18, 0.5, -0.5, 1e308, "", "x", "os.system",
    "sklimb.backbones.MLP", "sklearn.pipeline.Pipeline", [], [1], [[1, 2]], ["few"], {},
    {"is": "float", "value": "nan"}, {"is": "float", "value": "inf"}, {"is": "none"},
    {"is": "tuple", "value": []}, {"is": "dict", "value": []}, {"is": "same", "id": 0},
    {"is": "objects", "shape": [0], "value": []}, {"is": "name", "name": "torch.nn.Linear"},
    {"is": "objects", "shape": [2], "value": [1, "a"]},
    encode_plain(np.array([])), encode_plain(np.array(5.0)), encode_plain(np.arange(3)),
    encode_plain(np.array(["few", "many", "some"])), encode_plain(np.full((3, 3), np.nan)),
)  # fmt: skip

_ARRAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "reversed": lambda a: a[::-1],
    "shorter": lambda a: a[:-1],
    "longer": lambda a: np.concatenate([a, a[:1]]),
    "flat": lambda a: a.reshape(-1, 1),
    "empty": lambda a: a[:0],
    "one more axis": lambda a: a[None],
    "a scalar": lambda a: a.ravel()[0],
    "numbers": lambda a: np.arange(a.size, dtype=float).reshape(a.shape),
    "texts": lambda a: a.astype(str),
    "all alike": lambda a: np.broadcast_to(a[:1], a.shape),
    "NaN": lambda a: np.full(a.shape, np.nan),
    "negative": lambda a: -np.abs(a.astype(float)),
    "large": lambda a: np.full(a.shape, 1e308),
    "zeros": lambda a: np.zeros_like(a),
    "whole": lambda a: a.astype(np.int64),
    "float32": lambda a: a.astype(np.float32),
    "the first is NaN": lambda a: np.r_[np.nan, a[1:]],
}


def _places(value: Any, path: tuple = ()) -> list[tuple]:
    """Return the ways to all values of a description."""
    found = [path] if path else []
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for key, inner in pairs:
        found += _places(inner, (*path, key))
    return found


def _at(value: Any, path: tuple) -> Any:
    for key in path:
        value = value[key]
    return value


def _change_description(rng: random.Random, model: Any) -> str:
    """Change one place of a description, and return in words what was done."""
    places = _places(model)
    arrays = [p for p in places if isinstance(v := _at(model, p), dict) and v.get("is") == "array"]
    kinds = ["odd", "odd", "gone", "twice", "swapped", "deeper", "another"]
    kind = rng.choice([*kinds, "array", "array", "array"] if arrays else kinds)
    chosen = arrays if kind == "array" else places
    *way, last = rng.choice(chosen)
    holder, old = _at(model, tuple(way)), _at(model, (*way, last))
    done = ""
    if kind == "odd":
        holder[last] = done = copy.deepcopy(rng.choice(_ODD))
    elif kind == "gone":
        del holder[last]
    elif kind == "twice" and isinstance(holder, list):
        holder.insert(last, copy.deepcopy(old))
    elif kind == "swapped" and isinstance(holder, list):
        holder.reverse()
    elif kind == "array":
        done = rng.choice(sorted(_ARRAYS))
        try:
            holder[last] = encode_plain(_ARRAYS[done](decode_plain(old)))
        except (ValueError, TypeError, IndexError, KeyError):
            holder[last] = None
    elif kind == "another":
        done = rng.choice(places)
        holder[last] = copy.deepcopy(_at(model, done))
    else:
        holder[last] = [old]
    return f"{kind} {_words(model, tuple(way), last)} {done}"


def _words(model: Any, way: tuple, last: Any) -> str:
    """Return a way in words: pairs (name, value) by their name."""
    words, value = [], model
    for key in (*way, last):
        pair = isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)
        words.append(value[0] if pair and key == 1 else str(key))
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            break
    return ".".join(words)


# --- what is changed in the tensors --------------------------------------------------------------

_CHANGES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "NaN": lambda t: torch.full_like(t, torch.nan),
    "the first is NaN": lambda t: torch.where(torch.arange(t.numel()).reshape(t.shape) == 0,
                                              torch.nan, t),
    "infinite": lambda t: torch.full_like(t, torch.inf),
    "large": lambda t: torch.full_like(t, 1e38),
    "zeros": torch.zeros_like,
    "negative": lambda t: -t.abs() - 1,
    "shorter": lambda t: t[:-1],
    "longer": lambda t: torch.cat([t, t[:1]]),
    "transposed": lambda t: t.T,
    "flat": lambda t: t.reshape(-1),
    "empty": lambda t: t[:0],
    "one more axis": lambda t: t[None],
    "float64": lambda t: t.double(),
    "float16": lambda t: t.half(),
    "int64": lambda t: t.long(),
    "bool": lambda t: t.bool(),
    "uint8": lambda t: t.to(torch.uint8),
    "reversed": lambda t: t.flip(0),
}  # fmt: skip


def _change_tensors(rng: random.Random, model: Any, tensors: dict[str, torch.Tensor]) -> str:
    """Change a tensor, and its shape in the description so that the two agree."""
    name, kind = rng.choice(sorted(tensors)), rng.choice(sorted(_CHANGES))
    try:
        tensors[name] = _CHANGES[kind](tensors[name]).contiguous().clone()
    except (RuntimeError, IndexError):
        tensors[name] = torch.zeros(1)
    for value in [_at(model, path) for path in _places(model)]:
        if isinstance(value, dict) and value.get("is") == "tensor" and value.get("name") == name:
            value["shape"] = list(tensors[name].shape)
    return f"{kind} {name}"


@st.composite
def model_files(draw: st.DrawFn) -> Try:
    """A model's file that was changed at one place, or at two."""
    subject = draw(st.sampled_from(sorted(MODELS)))
    entries = dict(_stored(subject))
    model, tensors = json.loads(entries[_DESCRIPTION]), tensors_of(entries[_TENSORS])
    # by a number alone: hypothesis repeats what it has drawn, and there are many places
    rng = random.Random(draw(st.integers(0, 2**32)))
    done = []
    for _ in range(rng.choice([1, 1, 1, 2])):
        if tensors and rng.random() < 0.25:
            done.append(_change_tensors(rng, model, tensors))
        else:
            done.append(_change_description(rng, model["model"]))
    entries[_DESCRIPTION], entries[_TENSORS] = json.dumps(model).encode(), bytes_of_tensors(tensors)
    data = pack(entries)

    def call() -> list:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.sklimb")
            path.write_bytes(data)
            return _answers(load(path), MODELS[subject][1])

    return Try(f"file of {subject}", {"changed": "; ".join(done)}, call, also=("cannot be loaded",))


def _answers(model: Any, given: Any) -> list:
    """Return what a model says of the samples it was trained on, and see that it can be."""
    try:
        proba, labels = model.predict_proba(given), model.predict(given)
        classes = model.classes_
    except NotFiniteError:  # of weights as large as no training makes them, it says so
        return []
    except Exception as error:
        raise RuntimeError(f"loaded, then {type(error).__name__}: {error}") from error
    if proba.shape != (len(y), len(classes)) or not set(labels) <= set(classes):
        raise AssertionError(f"{proba.shape} of {classes}: {set(labels)}")
    if not np.allclose(proba.sum(axis=1), 1, atol=1e-5) or proba.min() < 0:
        raise AssertionError(f"no probabilities: {proba[0]}")
    return [proba]
