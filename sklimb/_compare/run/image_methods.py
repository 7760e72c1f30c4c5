"""The methods that are compared on images: a small convolutional net, and rows of pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from imblearn.ensemble import BalancedRandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklimb._compare.run.method import SLOW, Grid, Method
from sklimb.backbones import ConvNet
from sklimb.classifiers import (
    AffinityClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb.feature_extraction import ShrinkImages

# Of a first look at 1,000 images of 28 x 28 pixels a fit takes some five seconds of one core.
_NET = {
    "module": [ConvNet],
    "module__channels": [(16, 32, 64)],
    "module__n_features": [64],
    "max_epochs": [10],
}
# Pixels of a row: more of them tell little, and cost a linear model much.
_ROW_SIZE = 32
_TUNED: dict[str, dict] = {
    "quick": {"lr": [1e-3, 3e-3], "max_epochs": [10, 20]},
    "full": {
        "lr": [1e-3, 3e-3, 1e-2],
        "max_epochs": [10, 20],
        "module__channels": [(16, 32, 64), (32, 64, 128)],
    },
}


@cache
def image_methods() -> dict[str, Method]:
    """Return the entries by name; those that a table has as well do the same there.

    Returns
    -------
    methods : dict of str to Method
    """
    rows = FeatureUnion(
        [("pixels", make_pipeline(ShrinkImages(_ROW_SIZE, flat=True), StandardScaler()))]
    )
    drw = {"class_weight": "effective", "rebalance_from": 0.8}
    methods = [
        Method(
            "logistic",
            "logistic regression on pixels",
            lambda: LogisticRegression(class_weight="balanced", max_iter=1000),
            {
                "quick": {"C": [1e-4, 1e-3, 0.01, 0.1]},
                "full": {
                    "C": [1e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0]
                },
            },
            turn=1,
            cost=0.05,
            prepare=rows,
            untuned={"C": 0.01},
        ),
        Method(
            "forest",
            "balanced forest on pixels",
            lambda: BalancedRandomForestClassifier(
                sampling_strategy="all", replacement=True, bootstrap=False
            ),
            {
                "quick": {"max_features": ["sqrt", 0.1], "min_samples_leaf": [1, 3]},
                "full": {
                    "max_features": ["sqrt", 0.05, 0.1],
                    "min_samples_leaf": [1, 3],
                    "n_estimators": [100, 300],
                },
            },
            turn=1,
            cost=0.05,
            prepare=rows,
        ),
        _net("plain", "plain net", RebalancedClassifier),
        _net(
            "reweight",
            "re-weighting + net",
            lambda: RebalancedClassifier(class_weight="balanced"),
        ),
        _net(
            "logit_adjusted",
            "logit-adjusted net",
            lambda: RebalancedClassifier(loss="logit_adjusted"),
            turn=1,
        ),
        _net("offset", "OffsetDebiasedClassifier", OffsetDebiasedClassifier, turn=1),
        _net("affinity", "AffinityClassifier", AffinityClassifier),
        _net("ldam_drw", "LDAM-DRW net", lambda: RebalancedClassifier(loss="ldam", **drw), turn=3),
        _net("rsg", "LDAM-DRW-RSG net", lambda: RSGClassifier(loss="ldam", **drw), turn=3),
        # The paper's plain loss: of images whose classes are told apart well it is the better one.
        _net(
            "m2m",
            "M2mClassifier",
            lambda: M2mClassifier(loss="cross_entropy"),
            turn=SLOW,
            cost=4.0,
        ),
        _net(
            "prior_corrected",
            "prior-corrected net",
            lambda: PriorCorrectedClassifier(RebalancedClassifier()),
            prefix="estimator__",
        ),
    ]
    return {method.name: method for method in methods}


def _net(
    name: str,
    label: str,
    classify: Callable,
    *,
    turn: int = 2,
    cost: float = 1.0,
    prefix: str = "",
) -> Method:
    """Return a method with the net for images, tuned as all of them are."""

    def named(grid: Mapping) -> Grid:
        return {f"{prefix}{key}": values for key, values in grid.items()}

    grids = {name: named({**_NET, **grid}) for name, grid in _TUNED.items()}
    untuned = {f"{prefix}{key}": values[0] for key, values in _NET.items()}
    return Method(name, label, classify, grids, turn=turn, cost=cost, untuned=untuned)
