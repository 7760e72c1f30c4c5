"""Tries of the pure functions: losses, metrics and the recipes that make data imbalanced."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import torch
from hypothesis import strategies as st

from sklimb import datasets, losses, metrics
from tests.fuzzing.data import X, labels, matrices, weights, y
from tests.fuzzing.tries import Try
from tests.fuzzing.values import inf, nan, odd_for

_scores = torch.linspace(-1, 1, 12).reshape(4, 3)
_codes = torch.tensor([0, 1, 2, 1])
_counts = torch.tensor([100.0, 20.0, 5.0])
_centers = torch.linspace(0, 1, 6).reshape(3, 2)
_features = torch.linspace(-1, 1, 8).reshape(4, 2)
_maps = torch.linspace(-1, 1, 16).reshape(4, 4, 1, 1)
_classified = {"scores": _scores, "y": _codes}

# What each takes, as it should be; further parameters get their odd values beside.
LOSSES: dict[str, dict[str, Any]] = {
    "affinity_margin_loss": {"affinity": _scores.sigmoid(), "y": _codes, "lam": 0.5},
    "am_softmax_loss": {**_classified, "margin": 0.5, "scale": 30.0},
    "balanced_softmax_loss": {**_classified, "class_counts": _counts},
    "center_estimation_loss": {
        "maps": _maps, "centers": torch.ones(4, 3, 4), "assignment": torch.full((4, 3), 1 / 3),
    },
    "center_loss": {"features": _features, "y": _codes, "centers": _centers},
    "diversity": {"prototypes": _centers.reshape(3, 1, 2)},
    "estimated_offset": {"weight": _centers, "centers": _centers},
    "focal_loss": {**_classified, "gamma": 2.0},
    "gaussian_affinity": {
        "features": _features, "prototypes": _centers.reshape(3, 1, 2), "sigma": 1.0,
    },
    "ldam_loss": {**_classified, "class_counts": _counts},
    "ldam_margins": {"class_counts": _counts},
    "log_affinity": {
        "features": _features, "prototypes": _centers.reshape(3, 1, 2), "sigma": 1.0,
    },
    "log_class_shares": {"class_counts": _counts},
    "logit_adjusted_loss": {**_classified, "class_counts": _counts},
    "maximized_vector_loss": {
        "transformed": _maps, "displacement": _maps + 1, "rare_displacement": _maps - 1,
        "log_different": torch.full((4,), -0.5),
    },
    "move_centers": {"centers": _centers, "features": _features, "y": _codes},
    "position_cosine": {"a": _maps, "b": _maps + 1},
    "uniform_offset_loss": {"offset": torch.tensor([0.1, -0.2, 0.3])},
}  # fmt: skip

_tensors = (
    torch.tensor([]), torch.tensor(1.0), torch.ones(4), torch.ones(3), torch.ones(3, 4),
    torch.ones(4, 3), torch.ones(4, 3, 2), torch.ones(4, 0), torch.ones(0, 3), torch.ones(4, 1),
    torch.zeros(3), torch.zeros(4, 3), -torch.ones(3), torch.full((3,), nan), torch.full((3,), inf),
    torch.full((4, 3), nan), torch.full((4, 3), 1e30), torch.full((4, 3), inf), torch.ones(3, 2),
    torch.ones(4, 3, dtype=torch.int64), torch.ones(4, 3, dtype=torch.float64), torch.ones(1, 3),
    torch.ones(4, 3, dtype=torch.float16), torch.ones(4, 3, dtype=torch.complex64),
    torch.ones(4, 3, dtype=torch.bool), torch.tensor([0, 1, 2, 3]), torch.tensor([0, -1, 2, 1]),
    torch.tensor([0.0, 1, 2, 1]), torch.tensor([0, 1, 2, 1], dtype=torch.int32),
    torch.tensor([0, 1, 2, 1], dtype=torch.uint8), torch.tensor([0, 1, 2]), torch.tensor([[0], [1],
    [2], [1]]),
    torch.tensor([0, 10**9, 2, 1]), torch.tensor([True, False, True, True]), torch.tensor([nan, 1,
    2]),
    torch.tensor([0, 0, 0, 0]), torch.tensor([1e30, 1e-30, 1]), torch.tensor([0.0, 0.0, 1.0]),
    torch.eye(3).to_sparse(), [0, 1, 2, 1], np.array([0, 1, 2, 1]),
    np.ones((4, 3)), None, "x", 1.0, {}, torch.ones(4, 4, 1, 1), torch.ones(4, 4, 2, 2),
    torch.ones(2, 4, 1, 1),
    torch.ones(4, 4, 0, 1), torch.ones(3, 1, 2), torch.ones(3, 0, 2), torch.ones(3, 1, 3),
    torch.ones(0, 1, 2),
)  # fmt: skip
tensors = st.builds(
    lambda k: t.clone() if isinstance(t := _tensors[k], torch.Tensor) else t,
    st.integers(0, len(_tensors) - 1),
)


@st.composite
def loss_tries(draw: st.DrawFn) -> Try:
    """Odd tensors and settings of the losses."""
    name = draw(st.sampled_from(sorted(LOSSES)))
    return draw(_calls(getattr(losses, name), LOSSES[name], lambda n, v: (
        st.one_of(tensors, tensors, odd_for(n)) if isinstance(v, torch.Tensor) or n == "weight"
        else odd_for(n)
    )))  # fmt: skip


_truth = {"y_true": y, "y_pred": y[::-1].copy()}
_counted = {"many": 150, "some": 50, "few": 10}
METRICS: dict[str, dict[str, Any]] = {
    "geometric_mean_score": _truth,
    "shot_accuracies": {**_truth, "class_counts": _counted},
    "cumulative_false_positives": {**_truth, "class_counts": _counted},
}


@st.composite
def metric_tries(draw: st.DrawFn) -> Try:
    """Odd labels, weights and settings of the metrics."""
    name = draw(st.sampled_from(sorted(METRICS)))
    kinds = {"y_true": labels, "y_pred": labels, "labels": labels, "sample_weight": weights}
    return draw(_calls(getattr(metrics, name), METRICS[name], lambda n, v: kinds.get(n, odd_for(n)),
                       also=("y", "label", "class", "target")))  # fmt: skip


RECIPES: dict[str, dict[str, Any]] = {
    "class_counts": {"y": y},
    "imbalance_ratio": {"y": y},
    "make_long_tailed": {"X": X, "y": y, "ratio": 3.0, "random_state": 0},
    "make_step_imbalanced": {"X": X, "y": y, "ratio": 3.0, "random_state": 0},
    "flip_labels": {"y": y, "rate": 0.2, "random_state": 0},
}
_containers = st.sampled_from([
    list(range(30)), ["text"] * 30, tuple(range(30)), range(30), pd.DataFrame(X), torch.tensor(X),
    {"a": 1}, "text" * 10, {1, 2}, iter(range(30)), None, 5, [], list(range(5)), np.zeros((0, 3)),
])  # fmt: skip


@st.composite
def recipe_tries(draw: st.DrawFn) -> Try:
    """Odd data and settings of the recipes."""
    name = draw(st.sampled_from(sorted(RECIPES)))
    kinds = {"X": st.one_of(matrices, _containers), "y": labels}
    attempt = draw(_calls(getattr(datasets, name), RECIPES[name],
                          lambda n, v: kinds.get(n, odd_for(n))))  # fmt: skip
    if "X" in attempt.odd:  # a recipe takes any rows; what they hold is no matter of its
        whole = attempt.call
        attempt.call = lambda: whole() and None
    return attempt


@st.composite
def _calls(
    draw: st.DrawFn,
    function: Callable,
    valid: dict[str, Any],
    strategy: Callable[[str, Any], st.SearchStrategy],
    also: tuple[str, ...] = (),
) -> Try:
    """Calls of a function with one argument odd, now and then two."""
    names = list(inspect.signature(function).parameters)
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    odd = {name: draw(strategy(name, valid.get(name))) for name in chosen}
    arguments = valid | odd

    def call() -> Any:
        result = function(**arguments)
        # a group without a class is NaN
        return result["all"] if function is metrics.shot_accuracies else result

    data = any(hasattr(v, "__len__") and not isinstance(v, str) for v in odd.values())
    return Try(function.__name__, odd, call, given=list(odd.values()),
               also=also + tuple(odd) if data else also)  # fmt: skip
