"""What a prediction costs: one row at a time, and many rows at once.

`predict_proba` of networks of two layers of 128 on 20 columns. One row: beside scikit-learn's
`MLPClassifier` of that size, in turn; default networks are larger. Many rows: beside the forward
pass of the very network in the batch size that is best for it. Seconds are the processor's, on one
thread; ratios the medians over rounds of those within a round. Memory is `memory.py`'s.

    python benchmarks/speed/predict.py [--rows 200000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import make_classification
from sklearn.neural_network import MLPClassifier

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.records import machine, write_csv

from sklimb import AffinityClassifier, RebalancedClassifier
from sklimb.backbones import MLP

WIDTH, N_FEATURES = (128, 128), 20
ONE_BY_ONE = 200  # rows that are predicted one by one in a round
BATCHES = tuple(2**k for k in range(7, 14))
GOALS = {"one row": 2.0, "many rows": 1.1}
COLUMNS = ("what", "rows", "model", "seconds", "ratio_to_peer", "peer", "goal")
PEER = "MLPClassifier"
MODELS = {
    "RebalancedClassifier(module=MLP)": RebalancedClassifier(module=MLP, module__hidden=WIDTH),
    "RebalancedClassifier": RebalancedClassifier(cross_fit=False),
    "RebalancedClassifier(cross_fit=True)": RebalancedClassifier(cross_fit=True),
    "AffinityClassifier(module=MLP)": AffinityClassifier(module=MLP, module__hidden=WIDTH),
}


def seconds(call: Callable[[], object], times: int = 1) -> float:
    """Return the processor's seconds of a call."""
    start = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - start) / times


def row(
    what: str, n: int, model: str, own: list[float], peer: list[float], of: str
) -> dict[str, object]:
    ratio = np.median(np.asarray(own) / np.asarray(peer))
    values = (what, n, model, f"{np.median(own):.3g}", f"{ratio:.3f}", of, GOALS[what])
    return dict(zip(COLUMNS, values, strict=True))


def one_row(models: dict, X: np.ndarray, rounds: int) -> list[dict[str, object]]:
    """Return the rows of the file for predictions of one row."""
    x = X[:1]
    taken = {name: [] for name in models}
    for model in models.values():
        seconds(partial(model.predict_proba, x), ONE_BY_ONE)  # warm up
    for _ in range(rounds):
        for name, model in models.items():
            taken[name].append(seconds(partial(model.predict_proba, x), ONE_BY_ONE))
    return [row("one row", 1, name, own, taken[PEER], PEER) for name, own in taken.items()]


def of_many(model: Any, X: np.ndarray, rounds: int) -> tuple[list[float], list[float], int]:
    """Return seconds of a model and of its network by itself, and the latter's batch size."""
    module, x = model.module_.eval(), torch.from_numpy(X)

    def forward(rows: torch.Tensor, size: int) -> torch.Tensor:
        with torch.no_grad():
            return torch.cat([module(part).softmax(1) for part in rows.split(size)])

    def quickest(size: int) -> float:
        return min(seconds(partial(forward, x[:20_000], size)) for _ in range(3))

    best = min(BATCHES, key=quickest)
    model.predict_proba(X)  # warm up
    own, bare = [], []
    for _ in range(rounds):
        own.append(seconds(partial(model.predict_proba, X)))
        bare.append(seconds(partial(forward, x, best)))
    return own, bare, best


def many_rows(models: dict, X: np.ndarray, rounds: int) -> list[dict[str, object]]:
    """Return the rows of the file for predictions of many rows."""
    found = []
    for name in MODELS:
        own, bare, best = of_many(models[name], X, rounds)
        peer = f"its forward pass, {best} rows at a time"
        found.append(row("many rows", len(X), name, own, bare, peer))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # too few epochs
    X, y = make_classification(
        args.rows, N_FEATURES, n_informative=8, weights=[0.9], random_state=0
    )
    X = X.astype(np.float32)
    models = {PEER: MLPClassifier(WIDTH, max_iter=3, random_state=0)} | MODELS
    for model in MODELS.values():
        model.set_params(random_state=0)
    for model in models.values():
        model.fit(X[:2_000], y[:2_000])
    rows = one_row(models, X, 5 * args.rounds) + many_rows(models, X, args.rounds)
    for found in rows:
        print(*found.values(), sep=", ")
    write_csv("speed/predict.csv", rows, COLUMNS)
    print(machine())


if __name__ == "__main__":
    main()
