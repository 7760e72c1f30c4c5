"""SIGKILL at random moments of fits that keep a checkpoint: each rerun ends in the same bits.

Every kind of training is begun in a child, killed after a random time and begun again until it
ends; its probabilities are compared with those of a fit that nobody killed. After each kill the
file, where there is one, must be whole.

    python benchmarks/kills.py [--kills 50] [--seed 0]          benchmarks/results/kills.csv
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lib.records import write_csv
from scipy import sparse
from sklearn.base import clone
from torch.utils.data import TensorDataset

from sklimb import (
    AffinityClassifier,
    DecoupledClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb._files.archive import unpack
from sklimb._training.checkpoint import KIND
from sklimb.backbones import MLP

EPOCHS = {"max_epochs": 60, "batch_size": 32, "module__hidden": (16,), "random_state": 0}
SOURCE = RebalancedClassifier(class_weight="balanced", **EPOCHS)
COLUMNS = ("fits", "kills", "broken_files", "other_bits", "files_left")
MODELS = {
    "plain": RebalancedClassifier(**EPOCHS),
    "LDAM-DRW": RebalancedClassifier(
        loss="ldam", class_weight="effective", rebalance_from=0.5, **EPOCHS
    ),
    "mixup": RebalancedClassifier(mixup=1.0, remix=True, **EPOCHS),
    "early stopping": RebalancedClassifier(early_stopping=True, n_iter_no_change=60, **EPOCHS),
    "cross-fitted": RebalancedClassifier(cross_fit=True, **EPOCHS),
    "affinity": AffinityClassifier(**EPOCHS),
    "offset": OffsetDebiasedClassifier(**EPOCHS),
    "RSG": RSGClassifier(n_centers=3, contrast_channels=16, **EPOCHS),
    "M2m": M2mClassifier(translate_from=20, gamma=0.3, source_estimator=SOURCE, **EPOCHS),
    "cRT": DecoupledClassifier(classifier_epochs=2, **EPOCHS),
    "sparse": RebalancedClassifier(**EPOCHS),
    "Dataset": RebalancedClassifier(module=MLP, **EPOCHS),
}


def data_of(name: str) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 8)).astype(np.float32)
    y = (X[:, 0] + 0.5 * rng.normal(size=400) > 1).astype(int)
    if name == "sparse":
        return sparse.csr_array(np.where(X > 0, X, 0)), y
    if name == "Dataset":
        return TensorDataset(torch.from_numpy(X), torch.from_numpy(y)), None
    return X, y


def fit(name: str, path: str | None, queue: Any) -> None:
    X, y = data_of(name)
    queue.put("begins")
    start = time.perf_counter()
    model = clone(MODELS[name]).set_params(checkpoint=path).fit(X, y)
    queue.put((model.predict_proba(X), time.perf_counter() - start))


def begin(name: str, path: str | None) -> tuple[Any, Any]:
    """Begin a fit in a process of its own, and return when it has imported all."""
    context = multiprocessing.get_context("forkserver")
    queue = context.Queue()
    process = context.Process(target=fit, args=(name, path, queue))
    process.start()
    queue.get()
    return process, queue


def main() -> None:
    """Kill, rerun, compare; fail where a file is broken or bits differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    multiprocessing.set_forkserver_preload(["sklimb.classifiers", "torch._dynamo"])
    rng = np.random.default_rng(options.seed)
    expected: dict[str, np.ndarray] = {}
    seconds: dict[str, float] = {}
    counts = {name: dict.fromkeys(COLUMNS, 0) for name in MODELS}
    names = cycle(MODELS)
    while (kills := sum(row["kills"] for row in counts.values())) < options.kills:
        name = next(names)
        row = counts[name]
        row["fits"] += 1
        if name not in expected:
            process, queue = begin(name, None)
            expected[name], seconds[name] = queue.get()
            process.join()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "fit.checkpoint"
            of_this = 0
            while True:
                process, queue = begin(name, str(path))
                if of_this < 3 and kills + of_this < options.kills:
                    process.join(rng.uniform(0, seconds[name]))
                    if process.is_alive():
                        process.kill()
                        process.join()
                        of_this += 1
                        row["broken_files"] += path.exists() and not whole(path)
                        continue
                found, _ = queue.get()
                process.join()
                break
            same = np.array_equal(found, expected[name])
            row["kills"] += of_this
            row["other_bits"] += not same
            row["files_left"] += bool(os.listdir(folder))
            print(f"{name}: killed {of_this} times, same bits: {same}", flush=True)
    total = {key: sum(row[key] for row in counts.values()) for key in COLUMNS}
    print(", ".join(f"{key} {value}" for key, value in total.items()))
    rows = [{"training": name, **row} for name, row in (counts | {"all": total}).items()]
    print(write_csv("kills.csv", rows, ["training", *COLUMNS]))
    sys.exit(any(total[key] for key in COLUMNS[2:]))


def whole(path: Path) -> bool:
    """Return whether a file is as it was written."""
    try:
        unpack(path.read_bytes(), KIND)
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    main()
