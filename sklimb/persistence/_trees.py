"""Trees of scikit-learn and what holds them: forests, gradient boosting.

Nodes hold numbers of other nodes and of columns, which scikit-learn follows unchecked, so skops
trusts no file with trees. Here a tree is built anew from two arrays after every number in them has
been checked, so that a manipulated file raises an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
)
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.tree import BaseDecisionTree
from sklearn.tree._tree import NODE_DTYPE, Tree

from sklimb.persistence._objects import Reader, Writer

_HISTOGRAM = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
_HOLDERS = (BaseDecisionTree, BaseForest, BaseGradientBoosting, *_HISTOGRAM)
# Attributes that only a training needs: random generators, weights and draws of samples.
_TRAINING_ONLY = (
    "_sample_weight", "samplers_", "pipelines_", "base_sampler_", "_rng", "_feature_subsample_rng",
    "_scorer",
)  # fmt: skip
_LEAF = -1
_CATEGORIES = "_categories_of_columns"
_NODES, _RECORDS = np.dtype(NODE_DTYPE), np.dtype(PREDICTOR_RECORD_DTYPE)


def holds_trees(value: Any) -> bool:
    """Return whether an estimator is a tree or is made of trees that a file can hold."""
    return isinstance(value, _HOLDERS)


def left_out(value: Any) -> tuple[str, ...]:
    """Return the attributes of an estimator with trees that are not written to a file."""
    if isinstance(value, _HISTOGRAM):
        return (*_TRAINING_ONLY, "_preprocessor", "_is_categorical_remapped")
    return _TRAINING_ONLY if holds_trees(value) else ()


def more_attributes(value: Any, where: str) -> dict[str, Any]:
    """Return what a file has in place of the attributes that are left out: categories as numbers.

    Raises
    ------
    TypeError
        If it is boosting whose categories are no numbers of an array.
    """
    encoder = getattr(vars(value).get("_preprocessor"), "named_transformers_", {}).get("encoder")
    if not isinstance(value, _HISTOGRAM) or encoder is None:
        return {}
    if hasattr(value, "feature_names_in_") or any(c.dtype.kind != "f" for c in encoder.categories_):
        raise TypeError(
            f"{where or 'the model'} has categories of a frame as they are (categorical_features), "
            "which a file cannot hold: make codes of them first, as with OrdinalEncoder."
        )
    return {_CATEGORIES: [c.astype(np.float64) for c in encoder.categories_]}


def encode_tree(writer: Writer, value: Any, where: str) -> Any:
    """Return a tree as JSON; NotImplemented for what is none."""
    if isinstance(value, Tree):
        state = value.__getstate__()
        n_features, n_classes, n_outputs = value.__reduce__()[1]
        return {
            "is": "tree",
            "n_features": int(n_features),
            "n_classes": [int(n) for n in n_classes[:n_outputs]],
            "max_depth": int(state["max_depth"]),
            "layout": _layout(_NODES),
            "nodes": _bytes(writer, state["nodes"], f"{where}.nodes"),
            "values": writer.tensor(torch.from_numpy(state["values"]), f"{where}.values"),
        }
    if isinstance(value, TreePredictor):
        return {
            "is": "predictor",
            "layout": _layout(_RECORDS),
            "binned": writer.encode(value.binned_left_cat_bitsets, where),
            "raw": writer.encode(value.raw_left_cat_bitsets, where),
            "nodes": _bytes(writer, value.nodes, f"{where}.nodes"),
        }
    return NotImplemented


def decode_tree(reader: Reader, record: Mapping[str, Any]) -> Tree:
    """Return the tree that JSON stands for, with all its nodes in range."""
    n_features, n_classes = int(record["n_features"]), np.array(record["n_classes"], dtype=np.intp)
    nodes = _nodes(reader, record, _NODES)
    values = reader.decode(record["values"]).numpy()
    if n_classes.ndim != 1 or not len(n_classes) or n_classes.min() < 1 or n_features < 1:
        raise ValueError("it has a tree without classes or columns.")
    if values.dtype != np.float64 or values.shape != (len(nodes), len(n_classes), n_classes.max()):
        raise ValueError(f"it has a tree of {len(nodes)} nodes with values {values.shape}.")
    if not np.isfinite(values).all():
        raise ValueError("it has a tree with values that are not finite.")
    inner = nodes["left_child"] != _LEAF
    _check_nodes(
        nodes["left_child"], nodes["right_child"], nodes["feature"], inner, n_features=n_features
    )
    if np.any(nodes["right_child"][~inner] != _LEAF):
        raise ValueError("it has a tree with half a leaf.")
    tree = Tree(n_features, n_classes, len(n_classes))
    state = {"max_depth": int(record["max_depth"]), "node_count": len(nodes)}
    tree.__setstate__({**state, "nodes": nodes, "values": np.ascontiguousarray(values)})
    return tree


def decode_predictor(reader: Reader, record: Mapping[str, Any]) -> TreePredictor:
    """Return the tree of histogram boosting that JSON stands for."""
    nodes = _nodes(reader, record, _RECORDS)
    inner = nodes["is_leaf"] == 0
    _check_nodes(nodes["left"], nodes["right"], nodes["feature_idx"], inner)
    sets = [reader.decode(record[name]) for name in ("binned", "raw")]
    for bits in sets:
        if not isinstance(bits, np.ndarray) or bits.dtype != np.uint32 or bits.shape[1:] != (8,):
            raise ValueError("it has a tree whose sets of categories are of another shape.")
        if np.any(nodes["bitset_idx"][nodes["is_categorical"] != 0] >= len(bits)):
            raise ValueError("it has a tree that asks for sets of categories that are not there.")
    return TreePredictor(nodes, *sets)


def check_holder(value: Any) -> None:
    """Raise a ValueError if the trees of an estimator in a file do not fit its columns.

    Parameters
    ----------
    value : estimator
        With the attributes that the file has for it.
    """
    own = vars(value)
    if isinstance(value, _HISTOGRAM):
        _rebuild_preprocessor(value)
    strange = isinstance(value, IsolationForest) or any(isinstance(v, Tree) for v in own.values())
    if strange and not isinstance(value, BaseDecisionTree):
        raise ValueError(f"it has trees in a {type(value).__name__}, which no file can hold.")
    if not holds_trees(value):
        return
    n_columns = own.get("n_features_in_")
    if isinstance(value, BaseDecisionTree):
        trees = [own["tree_"]] if "tree_" in own else []
        fits = all(isinstance(tree, Tree) and tree.n_features == n_columns for tree in trees)
    elif isinstance(value, _HISTOGRAM):
        fits = "_predictors" not in own or _histogram_fits(own, n_columns)
    else:
        # These estimators pass their columns on unchecked.
        trees = [vars(tree) for tree in np.ravel(own.get("estimators_", []))]
        fits = all(
            isinstance(tree.get("tree_"), Tree)
            and tree["tree_"].n_features == n_columns == tree.get("n_features_in_")
            for tree in trees
        )
    if not fits:
        raise ValueError(f"it has a {type(value).__name__} whose trees are of other columns.")


def _histogram_fits(own: Mapping[str, Any], n_columns: Any) -> bool:
    predictors = [tree for trees in own["_predictors"] for tree in trees]
    known = own["_bin_mapper"].is_categorical_
    ours = own["_is_categorical_remapped"]
    ours = np.zeros(n_columns, dtype=bool) if ours is None else ours
    if not np.array_equal(np.asarray(known, dtype=bool), ours):
        return False
    for tree in predictors:
        if not isinstance(tree, TreePredictor):
            return False
        inner = tree.nodes["is_leaf"] == 0
        features, by_set = tree.nodes["feature_idx"][inner], tree.nodes["is_categorical"][inner]
        if np.any(features >= n_columns) or np.any(by_set[~ours[features]]):
            return False
    return True


def _rebuild_preprocessor(value: Any) -> None:
    """Rebuild, by scikit-learn itself, the preprocessor that encodes categories, from their values.

    Raises
    ------
    ValueError
        If these are not what histogram boosting learns from.
    """
    own = vars(value)
    categories = own.pop(_CATEGORIES, None)
    if "_preprocessor" in own or "_is_categorical_remapped" in own:
        raise ValueError(f"it has a {type(value).__name__} that prepares columns by itself.")
    if "_bin_mapper" not in own:
        return
    n_columns = own.get("n_features_in_")
    if not isinstance(n_columns, int) or n_columns != len(own["_bin_mapper"].bin_thresholds_):
        raise ValueError(f"it has a {type(value).__name__} of {n_columns!r} columns.")
    own["_preprocessor"] = own["_is_categorical_remapped"] = None
    if categories is None:
        return
    places = np.flatnonzero(own["is_categorical_"])
    whole = all(isinstance(c, np.ndarray) and c.dtype.kind == "f" and c.size for c in categories)
    if not whole or len(places) != len(categories) or len(own["is_categorical_"]) != n_columns:
        raise ValueError(f"it has a {type(value).__name__} with other categories than columns.")
    X = np.zeros((max(map(len, categories)), n_columns))
    for place, values in zip(places, categories, strict=True):
        X[:, place] = np.resize(values, len(X))
    new = type(value)(categorical_features=own["is_categorical_"])
    new._preprocess_X(X, reset=True)
    own["_preprocessor"] = new._preprocessor
    own["_is_categorical_remapped"] = new._is_categorical_remapped


def _check_nodes(
    left: np.ndarray,
    right: np.ndarray,
    feature: np.ndarray,
    inner: np.ndarray,
    *,
    n_features: float = np.inf,
) -> None:
    """Raise a ValueError if a child is outside of the tree or before its parent, or no column."""
    number = np.arange(len(left))[inner]
    for child in (left[inner].astype(np.int64), right[inner].astype(np.int64)):
        # Children come after their parents, so that there is no cycle.
        if np.any(child <= number) or np.any(child >= len(left)):
            raise ValueError("it has a tree whose nodes lead out of it.")
    if np.any(feature[inner] < 0) or np.any(feature[inner] >= n_features):
        raise ValueError("it has a tree that asks for columns that are not there.")


def _nodes(reader: Reader, record: Mapping[str, Any], dtype: np.dtype) -> np.ndarray:
    if record["layout"] != _layout(dtype):
        raise ValueError(
            "it has trees of another version of scikit-learn, whose nodes have other fields."
        )
    content = reader.decode(record["nodes"]).numpy()
    if content.dtype != np.uint8 or content.ndim != 2 or content.shape[1] != dtype.itemsize:
        raise ValueError(f"it has a tree of nodes of the shape {content.shape}.")
    if not len(content):
        raise ValueError("it has a tree without a node.")
    return np.ascontiguousarray(content).reshape(-1).view(dtype)


def _bytes(writer: Writer, nodes: np.ndarray, name: str) -> dict[str, Any]:
    """Add nodes to the file as rows of bytes."""
    rows = np.ascontiguousarray(nodes).view(np.uint8).reshape(len(nodes), nodes.dtype.itemsize)
    return writer.tensor(torch.from_numpy(rows.copy()), name)


def _layout(dtype: np.dtype) -> list[list[Any]]:
    """Return the fields of a node: names, types and offsets."""
    return [[name, found[0].str, found[1]] for name, found in dtype.fields.items()]
