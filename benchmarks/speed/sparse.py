"""What sparse input costs: memory and time beside the dense path and beside MLPClassifier.

Reuters-36 TF-IDF (6,436 x 11,643, ``min_df=2``, float32), plain net, layers (128, 128), batches of
200, some epochs, one thread. Every run is a process of its own. Memory is the peak of the process
during ``fit`` above its level just before; "dense" has the array made before (its own size stands
beside), "dense, made for fit" makes it inside, as one must who has a sparse matrix and a network
that takes none. Times are of ``fit``; the ways take turns, ratios are of the medians.

    python benchmarks/speed/sparse.py [--epochs 10] [--rounds 5] [--data-home ../shared/data]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neural_network import MLPClassifier
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.data import DATA_HOME, reuters36
from lib.records import machine, write_csv

from sklimb import RebalancedClassifier
from sklimb.backbones import MLP

WIDTH, BATCH = (128, 128), 200
WAYS = (
    "sparse (embedding bag)",
    "sparse, batch densified",
    "sparse, torch's CSR product",
    "dense",
    "dense, made for fit",
    "MLPClassifier, sparse",
)


class Densified(MLP):
    """The same network without a first layer for sparse rows: each batch comes densified."""

    def __init__(self, in_features: int, **settings) -> None:
        super().__init__(in_features, **settings)
        self.accepts_sparse = False


class Product(nn.Linear):
    """The first layer as torch multiplies compressed sparse rows."""

    def forward(self, x: Tensor) -> Tensor:
        if x.layout != torch.sparse_csr:
            return super().forward(x)
        return torch.sparse.mm(x, self.weight.t()) + self.bias


class Multiplied(nn.Sequential):
    accepts_sparse = True

    def __init__(self, in_features: int, *, hidden=WIDTH, dropout=0.0, standardize=False) -> None:
        first, second = hidden
        super().__init__(
            Product(in_features, first), nn.ReLU(), nn.Linear(first, second), nn.ReLU()
        )


def level(key: str) -> int:
    """A line of this process's memory in bytes (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {key}")


def ours(epochs: int, **settings) -> RebalancedClassifier:
    settings.setdefault("module", MLP)
    return RebalancedClassifier(
        module__hidden=WIDTH,
        module__dropout=0.0,
        module__standardize=False,
        batch_size=BATCH,
        max_epochs=epochs,
        lr=1e-3,
        lr_schedule=None,
        random_state=0,
        **settings,
    )


def one(way: str, epochs: int, data_home: Path) -> dict[str, float]:
    texts, y, _, _ = reuters36(data_home)
    X = TfidfVectorizer(min_df=2, stop_words="english", dtype=np.float32).fit_transform(texts)
    torch.set_num_threads(1)
    if way == "MLPClassifier, sparse":
        y = np.unique(y, return_inverse=True)[1]
        model = MLPClassifier(
            WIDTH, batch_size=BATCH, max_iter=epochs, tol=0, n_iter_no_change=epochs + 1,
            random_state=0,
        )  # fmt: skip
    else:
        module = {WAYS[1]: Densified, WAYS[2]: Multiplied}.get(way)
        model = ours(epochs, module=module)
    model_small = ours(1)  # what is loaded and allocated once is no cost of a fit
    model_small.fit(X[:400], y[:400])
    given = X.toarray() if way == "dense" else X
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before, start = level("VmRSS"), time.perf_counter()
    if way == "MLPClassifier, sparse":
        import warnings

        warnings.simplefilter("ignore")  # it says that the epochs asked for were all used
    model.fit(X.toarray() if way == "dense, made for fit" else given, y)
    return {
        "seconds": time.perf_counter() - start,
        "megabytes": (level("VmHWM") - before) / 2**20,
        "input": (given.nbytes if way == "dense" else X.data.nbytes + X.indices.nbytes) / 2**20,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data-home", type=Path, default=DATA_HOME)
    parser.add_argument("--way", choices=WAYS, help="one run, printed as JSON")
    args = parser.parse_args()
    if args.way:
        print(json.dumps(one(args.way, args.epochs, args.data_home)))
        return
    runs: dict[str, list[dict]] = {way: [] for way in WAYS}
    for _ in range(args.rounds):
        for way in WAYS:
            command = [sys.executable, __file__, "--way", way, "--epochs", str(args.epochs)]
            command += ["--data-home", str(args.data_home)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            runs[way].append(json.loads(done.stdout))
    medians = {
        way: {key: float(np.median([run[key] for run in found])) for key in found[0]}
        for way, found in runs.items()
    }
    base = medians[WAYS[0]]
    rows = []
    print(machine())
    print(f"{'':30}{'s':>8}{'x sparse':>10}{'MB':>9}{'x sparse':>10}{'input MB':>10}")
    for way, found in medians.items():
        times, memory = (found[key] / base[key] for key in ("seconds", "megabytes"))
        print(
            f"{way:30}{found['seconds']:8.2f}{times:10.2f}{found['megabytes']:9.1f}{memory:10.2f}"
            f"{found['input']:10.1f}"
        )
        rows.append(
            {
                "way": way,
                "seconds": f"{found['seconds']:.3f}",
                "times_as_long": f"{times:.3f}",
                "megabytes_above_before": f"{found['megabytes']:.1f}",
                "times_the_memory": f"{memory:.3f}",
                "megabytes_of_input": f"{found['input']:.1f}",
            }
        )
    write_csv("speed/sparse.csv", rows, list(rows[0]))


if __name__ == "__main__":
    main()
