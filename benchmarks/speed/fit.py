"""What the training step costs: sklimb, stock skorch and a bare PyTorch loop, side by side.

Same network (standardising layer included), optimiser (fused AdamW), batch size, seed, dtype and
one thread; 50,000 x 30 rows, 10 classes, 128-128 MLP, batch 128. The three take turns epoch by
epoch's worth of fits, so that a busy machine slows all of them; ratios are of the medians.

    python benchmarks/speed/fit.py [--epochs 3] [--rounds 7]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import make_classification
from skorch import NeuralNetClassifier
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.records import machine, write_csv

from sklimb import AffinityClassifier, RebalancedClassifier
from sklimb.backbones import MLP

BATCH, WIDTH, LR = 128, (128, 128), 1e-3


def network(n_features: int, n_classes: int) -> nn.Module:
    return nn.Sequential(
        MLP(n_features, hidden=WIDTH, dropout=0.0), nn.Linear(WIDTH[-1], n_classes)
    )


def bare(X: np.ndarray, y: np.ndarray, epochs: int) -> None:
    torch.manual_seed(0)
    net = network(X.shape[1], y.max() + 1)
    optimiser = torch.optim.AdamW(net.parameters(), lr=LR, fused=True)
    x, t = torch.from_numpy(X), torch.from_numpy(y)
    net.train()
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for xb, tb in zip(x[order].split(BATCH), t[order].split(BATCH), strict=True):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(xb), tb).backward()
            optimiser.step()


def stock(X: np.ndarray, y: np.ndarray, epochs: int) -> None:
    torch.manual_seed(0)
    NeuralNetClassifier(
        network(X.shape[1], y.max() + 1),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        optimizer__fused=True,
        lr=LR,
        max_epochs=epochs,
        batch_size=BATCH,
        train_split=None,
        iterator_train__shuffle=True,
        verbose=0,
    ).fit(X, y)


def ours(X: np.ndarray, y: np.ndarray, epochs: int, cls=RebalancedClassifier, **params) -> None:
    cls(
        max_epochs=epochs,
        batch_size=BATCH,
        lr=LR,
        random_state=0,
        module=MLP,
        module__hidden=WIDTH,
        module__dropout=0.0,
        lr_schedule=None,
        **params,
    ).fit(X, y)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    torch.set_num_threads(1)
    X, y = make_classification(
        50_000, 30, n_informative=20, n_classes=10, random_state=0, n_clusters_per_class=1
    )
    X = X.astype(np.float32)
    runs = {
        "bare PyTorch loop": bare,
        "sklimb, cross entropy": ours,
        "sklimb, class weights": lambda *a: ours(*a, class_weight={0: 2.0}),
        "sklimb, affinity": lambda *a: ours(*a, cls=AffinityClassifier),
        "stock skorch": stock,
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run(X[:5_000], y[:5_000], 1)  # warm up
    for _ in range(args.rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run(X, y, args.epochs)
            seconds[name].append(time.perf_counter() - start)
    base = np.median(seconds["bare PyTorch loop"])
    skorch = np.median(seconds["stock skorch"])
    rows = []
    print(machine())
    print(f"{'':24}{'s / epoch':>10}{'x bare':>9}{'skorch x':>10}")
    for name, times in seconds.items():
        median = np.median(times)
        rows.append(
            {
                "what": name,
                "seconds_an_epoch": f"{median / args.epochs:.4f}",
                "ratio_to_bare_loop": f"{median / base:.3f}",
                "stock_skorch_takes_times_as_long": f"{skorch / median:.3f}",
            }
        )
        print(f"{name:24}{median / args.epochs:10.3f}{median / base:9.3f}{skorch / median:10.3f}")
    write_csv("speed/fit.csv", rows, list(rows[0]))


if __name__ == "__main__":
    main()
