"""Predictions by many threads with one model, beside `MLPClassifier`'s: how far each gains by them.

Networks of two layers of 256 on 20 columns, in calls of 2,000 samples and of one. The kernels have
one thread of their own, so that what is gained comes of the threads that call. A round takes every
model by every number of threads in turn; a gain is calls a second by some threads to those by one
within the round, and the ratio is ours to `MLPClassifier`'s there, both medians over rounds.

    python benchmarks/speed/threads.py [--threads 2 4 16] [--rounds 9]

What came of it is in `benchmarks/results/speed/threads.csv`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.records import write_csv

from sklimb import AffinityClassifier, RebalancedClassifier
from sklimb.backbones import MLP

WIDTH = (256, 256)
PEER = "MLPClassifier"
MODELS = {
    PEER: MLPClassifier(WIDTH, max_iter=5, random_state=0),
    "RebalancedClassifier(module=MLP)": RebalancedClassifier(
        module=MLP, module__hidden=WIDTH, max_epochs=2, random_state=0
    ),
    "AffinityClassifier(module=MLP)": AffinityClassifier(
        module=MLP, module__hidden=WIDTH, max_epochs=2, random_state=0
    ),
    "RebalancedClassifier": RebalancedClassifier(cross_fit=False, max_epochs=2, random_state=0),
}
CALLS = {2_000: 96, 1: 960}  # samples of a call -> calls that are timed
COLUMNS = ("samples", "threads", "model", "cpus", "rounds", "gain", "ratio_to_peer")


def rate(model: Any, X: np.ndarray, n_threads: int, n_calls: int) -> float:
    """Return calls a second by so many threads."""

    def some(n: int) -> None:
        for _ in range(n):
            model.predict_proba(X)

    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(some, [1] * n_threads))  # all threads are there
        start = time.perf_counter()
        list(pool.map(some, [n_calls // n_threads] * n_threads))
        return n_calls / (time.perf_counter() - start)


def measure(X: np.ndarray, threads: list[int], rounds: int) -> list[dict[str, object]]:
    """Return the rows of the file for calls of so many samples."""
    taken: dict[tuple[str, int], list[float]] = {(m, k): [] for m in MODELS for k in threads}
    for _ in range(rounds):
        for name, model in MODELS.items():
            alone = rate(model, X, 1, CALLS[len(X)])
            for k in threads:
                taken[name, k].append(rate(model, X, k, CALLS[len(X)]) / alone)
    found = []
    for (name, k), gains in taken.items():
        ratio = np.median(np.array(gains) / np.array(taken[PEER, k]))
        values = (len(X), k, name, len(os.sched_getaffinity(0)), rounds)
        values += (f"{np.median(gains):.2f}", f"{ratio:.2f}")
        found.append(dict(zip(COLUMNS, values, strict=True)))
        print(*values, sep=", ", flush=True)
    return found


def main() -> None:
    """Fit, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[2, 4, 16])
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # too few epochs
    X = np.random.default_rng(0).normal(size=(2_000, 20)).astype(np.float32)
    torch.set_num_threads(1)
    rows = []
    with threadpool_limits(1):
        for model in MODELS.values():
            model.fit(X, X[:, 0] > 1)
        for n in CALLS:
            rows += measure(X[:n], options.threads, options.rounds)
    print(write_csv("speed/threads.csv", rows, COLUMNS))


if __name__ == "__main__":
    main()
