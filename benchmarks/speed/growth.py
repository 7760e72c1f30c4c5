"""How the time and memory of a fit grow: with samples, with classes, with sparse columns.

One epoch of a network of two layers of 128 (cross entropy), and of the affinity with it, on one
thread, each fit in a process of its own; seconds are the processor's, memory the peak above what
the process held before, X among it. Sparse samples have 10 entries. What is learnt plays no part.
The picture has all of it, with a line that grows as the number does.

    python benchmarks/speed/growth.py [--only samples classes columns]

Writes ``results/speed/growth.csv`` and ``growth.png``.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.records import RESULTS, machine, read_csv, write_csv
from speed.memory import Peak

from sklimb import AffinityClassifier, RebalancedClassifier
from sklimb.backbones import MLP

FILE = "speed/growth.csv"
COLUMNS = ("by", "number", "method", "seconds", "megabytes")
NUMBERS = {
    "samples": (10_000, 30_000, 100_000, 300_000, 1_000_000),
    "classes": (10, 100, 1_000, 10_000),
    "columns": (10, 100, 1_000, 10_000, 100_000),
}
HELD = {
    "samples": "30 dense columns, 10 classes",
    "classes": "20,000 samples of 30 dense columns",
    "columns": "20,000 sparse samples, 10 classes",
}
METHODS = {"cross entropy": RebalancedClassifier, "affinity": AffinityClassifier}


def samples(by: str, number: int) -> tuple[Any, np.ndarray]:
    """Return X and y."""
    rng = np.random.default_rng(0)
    n = number if by == "samples" else 20_000
    y = np.arange(n) % (number if by == "classes" else 10)
    if by == "columns":
        entries = rng.integers(number, size=(n, 10))
        entries[:, 0] = y
        X = sp.csr_matrix(
            (np.ones(n * 10, np.float32), (np.repeat(np.arange(n), 10), entries.ravel())),
            shape=(n, number),
        )
        X.sum_duplicates()
        return X, y
    X = rng.standard_normal((n, 30), dtype=np.float32)
    X[:, 0] += y
    return X, y


def fit(by: str, number: int, method: str, queue: multiprocessing.Queue) -> None:
    """Put the processor's seconds and the megabytes of a fit."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # one epoch is too few
    settings = {"module": MLP, "module__hidden": (128, 128), "batch_size": 128, "max_epochs": 1}
    model = METHODS[method](cross_fit=False, random_state=0, **settings)
    model.fit(*samples("samples", 1_000))  # imports, and what torch sets up
    X, y = samples(by, number)
    with Peak() as peak:
        start = time.process_time()
        model.fit(X, y)
        seconds = time.process_time() - start
    queue.put((seconds, peak.bytes / 2**20))


def measured(by: str) -> list[dict[str, object]]:
    context = multiprocessing.get_context("spawn")
    rows = []
    for number in NUMBERS[by]:
        for method in METHODS:
            queue = context.Queue()
            process = context.Process(target=fit, args=(by, number, method, queue))
            process.start()
            seconds, megabytes = queue.get()
            process.join()
            cells = (by, number, method, f"{seconds:.3g}", f"{megabytes:.0f}")
            rows.append(dict(zip(COLUMNS, cells, strict=True)))
            print(*cells, sep=", ", flush=True)
    return rows


def draw(rows: list[dict[str, Any]]) -> None:
    """Draw seconds above, megabytes below, one column of panels for what grows."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(10, 6), layout="constrained")
    for by, (above, below) in zip(NUMBERS, axes.T, strict=True):
        own = [row for row in rows if row["by"] == by]
        for ax, what in ((above, "seconds"), (below, "megabytes")):
            for method, marker in zip(METHODS, "os", strict=True):
                points = [
                    (float(row["number"]), max(float(row[what]), 1e-3))
                    for row in own if row["method"] == method
                ]  # fmt: skip
                ax.plot(*zip(*points, strict=True), marker=marker, label=method)
            numbers = np.array(NUMBERS[by], float)
            last = max(float(row[what]) for row in own if float(row["number"]) == numbers[-1])
            ax.plot(numbers, last * numbers / numbers[-1], "k:", lw=1, label="in proportion")
            ax.set(xscale="log", yscale="log", xlabel=by, ylabel=f"{what} of an epoch")
            lowest = min(float(row[what]) for row in own)
            ax.set_ylim(bottom=max(lowest, 1e-3) / 2)
        below.set_ylabel("megabytes")
        above.set_title(HELD[by], fontsize="small")
    axes[0, 0].legend()
    figure.savefig(RESULTS / "speed" / "growth.png", dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(NUMBERS), default=list(NUMBERS))
    args = parser.parse_args()
    print(machine())
    kept = {by: [row for row in read_csv(FILE) if row["by"] == by] for by in NUMBERS}
    for by in args.only:
        kept[by] = measured(by)
        write_csv(FILE, [row for rows in kept.values() for row in rows], COLUMNS)
    if all(kept.values()):
        draw([row for rows in kept.values() for row in rows])


if __name__ == "__main__":
    main()
