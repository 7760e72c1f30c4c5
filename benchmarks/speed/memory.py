"""Memory of a fit and of a prediction on a memory-mapped X: the peak of the process above its rest.

Pages of the mapped file that are in memory count, too, so a fit that copied nothing at all would
show 1 times the array. Each runs in a process of its own.

    python benchmarks/speed/memory.py [--megabytes 400] [--columns 100]

What came of it is in `benchmarks/results/speed/memory.csv`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from sklimb import (
    AffinityClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb.backbones import MLP

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.records import write_csv

MODELS = {
    "RebalancedClassifier(cross_fit=True)": (RebalancedClassifier, {"cross_fit": True}),
    "RebalancedClassifier": (RebalancedClassifier, {}),
    "RebalancedClassifier(module=MLP)": (RebalancedClassifier, {"module": MLP}),
    "AffinityClassifier": (AffinityClassifier, {}),
    "AffinityClassifier(cross_fit=True)": (AffinityClassifier, {"cross_fit": True}),
    "OffsetDebiasedClassifier(cross_fit=True)": (OffsetDebiasedClassifier, {"cross_fit": True}),
    # g is as unsure of noise as can be, so translations are taken at less than the usual 0.9
    "M2mClassifier(translate_from=0, gamma=0.3)": (
        M2mClassifier,
        {"translate_from": 0, "gamma": 0.3},
    ),
    "RSGClassifier": (RSGClassifier, {}),
}


def resident() -> int:
    """Return how many bytes of this process are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


class Peak:
    """The most that the process holds within the block, above what it held before."""

    def __enter__(self) -> Peak:
        self.before = self.most = resident()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def _look(self) -> None:
        while not self._stop.is_set():
            self.most = max(self.most, resident())
            time.sleep(0.002)

    def __exit__(self, *args: object) -> None:
        self._stop.set()
        self._thread.join()
        self.bytes = self.most - self.before


def measure(name: str, path: str, queue: multiprocessing.Queue) -> None:
    cls, settings = MODELS[name]
    small = np.random.default_rng(0).normal(size=(200, 20)).astype(np.float32)
    own = {"max_epochs": 1, "random_state": 0} | settings
    cls(**own).fit(small, small[:, 0] > 0)  # what is imported at first
    X = np.load(path, mmap_mode="r")
    y = np.arange(len(X)) % 5 == 0
    with Peak() as of_fit:
        model = cls(batch_size=512, **own).fit(X, y)
    with Peak() as of_predict:
        model.predict(np.load(path, mmap_mode="r"))
    queue.put((of_fit.bytes / X.nbytes, of_predict.bytes / X.nbytes))


def main() -> None:
    """Measure, and fail where a fit or a prediction takes more than 1.3 times the array."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=400)
    parser.add_argument("--columns", type=int, default=100)
    options = parser.parse_args()
    n = options.megabytes * 2**20 // (4 * options.columns)
    context = multiprocessing.get_context("spawn")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "X.npy")
        X = np.lib.format.open_memmap(path, "w+", np.float32, (n, options.columns))
        rng = np.random.default_rng(0)
        for start in range(0, n, 10_000):
            X[start : start + 10_000] = rng.normal(size=X[start : start + 10_000].shape)
        X.flush()
        del X
        for name in MODELS:
            queue = context.Queue()
            process = context.Process(target=measure, args=(name, path, queue))
            process.start()
            fit, predict = queue.get()
            process.join()
            peaks = {"fit": round(fit, 2), "predict": round(predict, 2)}
            rows.append({"model": name, "megabytes": options.megabytes, **peaks})
            print(f"{name}: fit {fit:.2f}, predict {predict:.2f} times the array", flush=True)
    print(write_csv("speed/memory.csv", rows, list(rows[0])))
    sys.exit(any(max(row["fit"], row["predict"]) > 1.3 for row in rows))


if __name__ == "__main__":
    main()
