"""Children forked during and after a fit, of one thread and of several: how many of them hang.

A child has the parent's memory, but none of its threads. Each predicts and fits once, within a
limit of time.

    python benchmarks/speed/forks.py [--forks 200] [--limit 60]

What came of it is in `benchmarks/results/speed/forks.csv`.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np

from sklimb import RebalancedClassifier
from sklimb._random import choose_threads

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.records import write_csv

# Below and above what one thread is enough for.
SHAPES = {"one thread": (300, 20, "auto"), "several threads": (1_500, 600, 1_024)}


def answers(work, limit: float) -> bool:
    """Return whether a forked child ends its work within a time; one that does not is killed."""
    reads, writes = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 and newer warn of a fork beside threads, which is what is tried here
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reads)
            work()
            os.write(writes, b"1")
            code = 0
        finally:
            os._exit(code)
    os.close(writes)
    ready, _, _ = select.select([reads], [], [], limit)
    right = bool(ready) and os.read(reads, 1) == b"1"
    os.close(reads)
    if not right:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return right


def case(shape: tuple, *, during: bool, forks: int, limit: float) -> int:
    """Return how many of some forks did not answer as their parent does."""
    n, d, batch_size = shape
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d)).astype(np.float32)
    y = (X[:, 0] > 1).astype(int)
    settings = {"module__hidden": (16,), "batch_size": batch_size, "random_state": 0}
    model = RebalancedClassifier(max_epochs=2, **settings).fit(X, y)
    rows = X[:5]
    expected = model.predict(rows)
    small = RebalancedClassifier(max_epochs=1, module__hidden=(4,), batch_size=64, random_state=0)

    def work() -> None:
        assert np.array_equal(model.predict(rows), expected)
        small.fit(X[:200, :5], y[:200])
        # one that would take several threads anywhere else
        RebalancedClassifier(max_epochs=1, **settings).fit(X, y)
        assert np.array_equal(model.predict(rows), expected)

    stop = threading.Event()

    def train() -> None:
        while not stop.is_set():
            RebalancedClassifier(max_epochs=5, **settings).fit(X, y)

    thread = threading.Thread(target=train, daemon=True)
    if during:
        thread.start()
    wrong = 0
    for _ in range(forks):
        if during:
            time.sleep(rng.uniform(0, 0.02))
        wrong += not answers(work, limit)
    stop.set()
    if during:
        thread.join()
    return wrong


def main() -> None:
    """Try all cases, print a line for each, and write what came of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--forks", type=int, default=200, help="of each case")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for a child")
    options = parser.parse_args()
    rows = []
    for name, shape in SHAPES.items():
        n, d, batch_size = shape
        size = 16 if batch_size == "auto" else batch_size
        for during in (False, True):
            wrong = case(shape, during=during, forks=options.forks, limit=options.limit)
            when = "during a fit in another thread" if during else "after a fit"
            threads = choose_threads(min(size, n), d)
            print(
                f"{name} ({threads}), {when}: {wrong} of {options.forks} hang or fail", flush=True
            )
            rows.append(
                {"threads": threads, "forked": when, "forks": options.forks, "wrong": wrong}
            )
    print(write_csv("speed/forks.csv", rows, list(rows[0])))
    sys.exit(any(row["wrong"] for row in rows))


if __name__ == "__main__":
    main()
