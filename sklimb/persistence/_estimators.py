"""Estimators around networks: pipelines and the like by their parts, all others by skops."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from skorch import NeuralNet
from skorch.callbacks import Callback

from sklimb._files.archive import check_stored
from sklimb.classifiers import (
    BlendedClassifier,
    LabelEncodedClassifier,
    PriorCorrectedClassifier,
)
from sklimb.classifiers.out_of_fold_fits import FoldMean
from sklimb.feature_extraction import CategoryChecker, DateEncoder, ShrinkImages
from sklimb.persistence._fitted import check_fitted
from sklimb.persistence._names import is_container
from sklimb.persistence._objects import Reader, Writer, encode_attributes, set_attributes
from sklimb.persistence._trees import (
    check_holder,
    encode_tree,
    holds_trees,
    left_out,
    more_attributes,
)

# Attributes of a fitted sampler that a pipeline asks for; the others hold samples.
_SAMPLER_ATTRIBUTES = ("n_features_in_", "feature_names_in_", "sampling_strategy_")
# sklimb's own meta-estimators, and its transformers that hold no object of scikit-learn and so need
# no skops.
_OURS = (
    PriorCorrectedClassifier,
    BlendedClassifier,
    LabelEncodedClassifier,
    FoldMean,
    ShrinkImages,
    DateEncoder,
    CategoryChecker,
)
# Classes of other modules are the user's, to be passed to `load`.
_LIBRARIES = ("sklearn", "imblearn", "sklimb", "skorch")
# sklimb's own transformers, as skops writes them inside of scikit-learn's or in older files, and
# the selector of columns by type: objects of plain attributes.
_TRUSTED = frozenset(
    (
        "sklimb.feature_extraction.words.WordWindowVectorizer",
        "sklimb.feature_extraction.words._Analyzer",
        "sklimb.feature_extraction.categories.CategoryChecker",
        "sklimb.feature_extraction.dates.DateEncoder",
        "sklimb.feature_extraction.images.ShrinkImages",
        "sklimb.feature_extraction.texts.filled_texts",
        "sklearn.compose._column_transformer.make_column_selector",
    )
)


def encode_estimator(writer: Writer, value: Any, where: str) -> Any:
    """Return an estimator as JSON; NotImplemented for what is none."""
    if isinstance(value, type):
        return NotImplemented
    if hasattr(value, "best_estimator_"):
        raise TypeError(
            f"{where or 'The model'} is a {type(value).__name__}, a search: save best_estimator_."
        )
    if isinstance(value, Callback):
        return _by_parameters(writer, value, where, "callback")
    if hasattr(value, "fit_resample"):
        record = _by_parameters(writer, value, where, "sampler")
        known = [(n, vars(value)[n]) for n in _SAMPLER_ATTRIBUTES if n in vars(value)]
        record["attributes"] = [[n, writer.encode(v, f"{where}.{n}")] for n, v in known]
        return record
    tree = encode_tree(writer, value, where)
    if tree is not NotImplemented:
        return tree
    if isinstance(value, (*_OURS, Pipeline, FrozenEstimator)) or holds_trees(value):
        return _by_attributes(writer, value, where)
    if isinstance(value, BaseEstimator) or type(value).__module__.startswith("sklearn."):
        return _by_skops(writer, value, where)
    return NotImplemented


def decode_container(reader: Reader, record: Mapping[str, Any]) -> Any:
    """Return the pipeline or the like that JSON stands for."""
    cls = reader.names.get(record["class"])
    ours = isinstance(cls, type) and issubclass(cls, _OURS)
    own = isinstance(cls, type) and cls in reader.names.own.values()
    if not (ours or own or is_container(cls)):
        raise ValueError(f"it takes {record['class']!r} for an estimator that it may hold so.")
    value = object.__new__(cls)
    set_attributes(reader, value, record["attributes"])
    check_fitted(value)
    check_holder(value)
    return value


def decode_sampler(reader: Reader, record: Mapping[str, Any]) -> Any:
    """Return the sampler that JSON stands for: its parameters, and what a pipeline asks it for."""
    cls = reader.names.get(record["class"])
    if not (isinstance(cls, type) and hasattr(cls, "fit_resample")):
        raise ValueError(f"it takes {record['class']!r} for a sampler.")
    sampler = cls(**_parameters(reader, record))
    set_attributes(reader, sampler, record["attributes"])
    return sampler


def decode_callback(reader: Reader, record: Mapping[str, Any]) -> Callback:
    """Return the callback that JSON stands for, as it is before training."""
    return reader.subclass(record["class"], Callback)(**_parameters(reader, record))


def decode_skops(reader: Reader, record: Mapping[str, Any]) -> Any:
    """Return what skops wrote, if it is of types that skops trusts."""
    skops = _skops("load")
    content = reader.part(record["part"])
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as inner:
            check_stored(inner, len(content))
        own, others = _untrusted(skops, content)
        if others:
            raise ValueError(f"it has types that skops does not trust: {others}.")
        return skops.loads(content, trusted=own)
    except Exception as error:  # of whatever is not as skops wrote it
        raise ValueError(_first_line(error)) from error


def _by_attributes(writer: Writer, value: Any, where: str) -> dict[str, Any]:
    inside = f"{where}." if where else ""
    attributes = encode_attributes(writer, value, left_out(value), inside)
    more = more_attributes(value, where).items()
    return {
        "is": "container",
        "class": writer.name(type(value), where or "the model"),
        "attributes": attributes + [[n, writer.encode(v, f"{inside}{n}")] for n, v in more],
    }


def _by_parameters(writer: Writer, value: Any, where: str, kind: str) -> dict[str, Any]:
    parameters = value.get_params(deep=False)
    return {
        "is": kind,
        "class": writer.name(type(value), where),
        "parameters": [[n, writer.encode(v, f"{where}.{n}")] for n, v in parameters.items()],
    }


def _parameters(reader: Reader, record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: reader.decode(value) for name, value in record["parameters"]}


def _by_skops(writer: Writer, value: Any, where: str) -> dict[str, Any]:
    where = where or "the model"
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, NeuralNet):
        raise TypeError(
            f"{where} is a net of skorch, which a file cannot hold. Give a classifier of sklimb, "
            "or save its weights by save_params."
        )
    skops = _skops("save")
    try:
        content = skops.dumps(value)
        _, others = _untrusted(skops, content)
        why = f"it holds {others}, which skops does not trust."
    except Exception as error:  # of any of the objects in it
        others, why = [name], _first_line(error)
    if not others:
        return {"is": "skops", "part": writer.part(content, "skops")}
    own = type(value).__module__.partition(".")[0] not in _LIBRARIES
    if is_container(type(value)) or (own and isinstance(value, BaseEstimator)):
        return _by_attributes(writer, value, where)
    raise TypeError(f"{where}, a {name}, cannot be in a file: {why}")


def _untrusted(skops: ModuleType, content: bytes) -> tuple[list[str], list[str]]:
    """Return the types that skops does not trust by itself: sklimb's own, and others."""
    found = skops.get_untrusted_types(data=content)
    own = [name for name in found if name in _TRUSTED]
    return own, [name for name in found if name not in _TRUSTED]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _skops(what: str) -> ModuleType:
    try:
        import skops.io
    except ImportError:
        raise ImportError(
            f"To {what} parts of scikit-learn, as of a pipeline, skops is needed: pip install skops"
        ) from None
    return skops.io
