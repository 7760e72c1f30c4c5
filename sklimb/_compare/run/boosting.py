"""Gradient boosting: what people use on tables, by class weights and by a correction afterwards.

scikit-learn's histogram boosting is always there; LightGBM, XGBoost and CatBoost come with the
extra ``sklimb[boosting]``. Each stands twice in the comparison, with the same grid. Histogram
boosting gets categories as codes, and of texts the most frequent words, for it takes dense columns
alone; the others take categories by arguments of `fit` or in frames of their own kinds, and get
them one-hot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier

from sklimb._compare.run.method import Method
from sklimb.classifiers import PriorCorrectedClassifier

# Methods that need a package of the extra, and the package.
OPTIONAL = {
    f"{package}{ending}": package
    for package in ("lightgbm", "xgboost", "catboost")
    for ending in ("", "_corrected")
}
_QUIET_LIGHTGBM = {"n_jobs": 1, "verbose": -1}
_QUIET_CATBOOST = {
    "iterations": 300,
    "thread_count": 1,
    "verbose": False,
    "allow_writing_files": False,
    "random_state": 0,  # only what is given can be set, so that the split's seed can
}
_HISTOGRAM = {"learning_rate": [0.1, 0.03], "max_leaf_nodes": [31, 7]}
_LIGHTGBM = {"learning_rate": [0.1, 0.03], "num_leaves": [31, 7]}
_XGBOOST = {"learning_rate": [0.3, 0.1], "max_depth": [6, 3]}
_CATBOOST = {"depth": [6, 4], "l2_leaf_reg": [3, 10]}


def boosting_methods() -> list[Method]:
    """Return the entries of those that are installed.

    Returns
    -------
    methods : list of Method
    """
    methods = _pair(
        "boosting",
        "histogram boosting",
        lambda: HistGradientBoostingClassifier(class_weight="balanced"),
        HistGradientBoostingClassifier,
        _grids(_HISTOGRAM, "learning_rate", [0.3, 0.1, 0.03], l2_regularization=[0.0, 10.0]),
        turn=1,
        text_turn=2,
        takes_sparse=False,
        category_parameter="categorical_features",
    )
    if find_spec("lightgbm"):
        methods += _pair(
            "lightgbm",
            "LightGBM",
            lambda: _made("lightgbm", "LGBMClassifier", class_weight="balanced", **_QUIET_LIGHTGBM),
            lambda: _made("lightgbm", "LGBMClassifier", **_QUIET_LIGHTGBM),
            _grids(_LIGHTGBM, "learning_rate", [0.3, 0.1, 0.03], min_child_samples=[20, 5]),
        )
    if find_spec("xgboost"):
        methods += _pair(
            "xgboost",
            "XGBoost",
            lambda: _xgboost(class_weight="balanced"),
            _xgboost,
            _of_wrapped(_grids(_XGBOOST, "learning_rate", [0.3, 0.1, 0.03], reg_lambda=[1, 10])),
        )
    if find_spec("catboost"):
        methods += _pair(
            "catboost",
            "CatBoost",
            lambda: _made(
                "catboost", "CatBoostClassifier", auto_class_weights="Balanced", **_QUIET_CATBOOST
            ),
            lambda: _made("catboost", "CatBoostClassifier", **_QUIET_CATBOOST),
            _grids(_CATBOOST, "learning_rate", [0.03, 0.1, 0.3]),
            cost=0.4,
        )
    return methods


def _made(module: str, name: str, **options: Any) -> BaseEstimator:
    return getattr(import_module(module), name)(**options)


def _xgboost(class_weight: str | None = None) -> BaseEstimator:
    from sklimb.classifiers.label_encoded import LabelEncodedClassifier

    # XGBoost takes labels from 0 on and no class weights.
    return LabelEncodedClassifier(
        _made("xgboost", "XGBClassifier", n_jobs=1), class_weight=class_weight
    )


def _grids(quick: Mapping, searched: str, values: Sequence, **more: Sequence) -> dict[str, dict]:
    """Return both grids: the full one has three values of one parameter and two of another."""
    return {"quick": dict(quick), "full": {**quick, searched: list(values), **more}}


def _of_wrapped(grids: Mapping[str, Mapping]) -> dict[str, dict]:
    """Return grids of what stands behind ``estimator``."""
    return {
        grid: {f"estimator__{name}": values for name, values in settings.items()}
        for grid, settings in grids.items()
    }


def _pair(
    name: str,
    label: str,
    balanced: Callable[[], BaseEstimator],
    plain: Callable[[], BaseEstimator],
    grids: Mapping[str, Mapping],
    *,
    turn: int = 2,
    text_turn: int | None = None,
    cost: float = 0.1,
    takes_sparse: bool = True,
    category_parameter: str = "",
) -> list[Method]:
    options = {
        "turn": turn,
        "text_turn": text_turn,
        "by_class": True,
        "takes_sparse": takes_sparse,
    }
    return [
        Method(
            name,
            f"{label}, balanced",
            balanced,
            grids,
            cost=2 * cost,
            category_parameter=category_parameter,
            **options,
        ),
        Method(
            f"{name}_corrected",
            f"{label}, corrected",
            lambda: PriorCorrectedClassifier(plain()),
            _of_wrapped(grids),
            cost=cost,
            category_parameter=category_parameter and f"estimator__{category_parameter}",
            **options,
        ),
    ]
