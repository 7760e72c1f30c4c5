"""What the training step costs: sklimb, stock skorch, scikit-learn and a bare PyTorch loop.

Same network (standardising layer included), optimiser (fused AdamW), batch size, seed, dtype and
one thread; two sets of rows, 128-128 MLP. `MLPClassifier` has its own Adam, and no such layer. All
take turns round by round, so that a busy machine slows all of them; seconds are the processor's,
ratios the medians over rounds of those within a round. Affinity has a layer more than the others by
default, so it stands beside the loop with that layer, too.

    python benchmarks/speed/fit.py [--rounds 3]
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import make_classification
from sklearn.neural_network import MLPClassifier
from skorch import NeuralNetClassifier
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.records import machine, write_csv

from sklimb import AffinityClassifier, OffsetDebiasedClassifier, RebalancedClassifier
from sklimb.backbones import MLP

WIDTH, LR = (128, 128), 1e-3
# name -> (rows, columns, classes, batch size, epochs)
SETS = {"large": (50_000, 30, 10, 128, 3), "small": (2_000, 10, 2, 64, 50)}
BARE, SKORCH, LAYER = "bare PyTorch loop", "stock skorch", "bare PyTorch loop, a layer more"
# how many times as long as the bare loop each may take
GOALS = {
    "sklimb, cross entropy": {"large": 1.05, "small": 1.2},
    "sklimb, logit-adjusted": {"large": 1.25},
    "sklimb, LDAM": {"large": 1.25},
    "sklimb, offset": {"large": 1.25},
    "sklimb, affinity": {"large": 1.25},
}
COLUMNS = (
    "set", "what", "seconds_an_epoch", "ratio_to_bare_loop", "goal",
    "ratio_to_bare_loop_of_a_layer_more", "stock_skorch_takes_times_as_long",
)  # fmt: skip


def network(n_features: int, n_classes: int, *, layer: bool = False) -> nn.Module:
    more = [nn.Linear(WIDTH[-1], WIDTH[-1])] if layer else []
    return nn.Sequential(
        MLP(n_features, hidden=WIDTH, dropout=0.0), *more, nn.Linear(WIDTH[-1], n_classes)
    )


def bare(X: np.ndarray, y: np.ndarray, batch: int, epochs: int, *, layer: bool = False) -> None:
    torch.manual_seed(0)
    net = network(X.shape[1], y.max() + 1, layer=layer)
    optimiser = torch.optim.AdamW(net.parameters(), lr=LR, fused=True)
    x, t = torch.from_numpy(X), torch.from_numpy(y)
    net.train()
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for xb, tb in zip(x[order].split(batch), t[order].split(batch), strict=True):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(xb), tb).backward()
            optimiser.step()


def stock(X: np.ndarray, y: np.ndarray, batch: int, epochs: int) -> None:
    torch.manual_seed(0)
    NeuralNetClassifier(
        network(X.shape[1], y.max() + 1),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        optimizer__fused=True,
        lr=LR,
        max_epochs=epochs,
        batch_size=batch,
        train_split=None,
        iterator_train__shuffle=True,
        verbose=0,
    ).fit(X, y)


def sklearn(X: np.ndarray, y: np.ndarray, batch: int, epochs: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged
        MLPClassifier(
            WIDTH, batch_size=batch, max_iter=epochs, n_iter_no_change=epochs, random_state=0
        ).fit(X, y)


def ours(
    X: np.ndarray, y: np.ndarray, batch: int, epochs: int, cls=RebalancedClassifier, **params
) -> None:
    cls(
        max_epochs=epochs,
        batch_size=batch,
        lr=LR,
        random_state=0,
        module=MLP,
        module__hidden=WIDTH,
        module__dropout=0.0,
        lr_schedule=None,
        **params,
    ).fit(X, y)


RUNS = {
    BARE: bare,
    LAYER: partial(bare, layer=True),
    "sklimb, cross entropy": ours,
    "sklimb, class weights": partial(ours, class_weight={0: 2.0}),
    "sklimb, logit-adjusted": partial(ours, loss="logit_adjusted"),
    "sklimb, LDAM": partial(ours, loss="ldam"),
    "sklimb, offset": partial(ours, cls=OffsetDebiasedClassifier),
    "sklimb, affinity": partial(ours, cls=AffinityClassifier),
    SKORCH: stock,
    "MLPClassifier": sklearn,
}


def measured(name: str, rounds: int) -> list[dict[str, object]]:
    """Return the rows of the file for a set."""
    n, d, n_classes, batch, epochs = SETS[name]
    X, y = make_classification(
        n, d, n_informative=min(d, 20), n_redundant=0, n_classes=n_classes, random_state=0,
        n_clusters_per_class=1,
    )  # fmt: skip
    X = X.astype(np.float32)
    taken: dict[str, list[float]] = {what: [] for what in RUNS}
    for run in RUNS.values():
        run(X[:1_000], y[:1_000], batch, 1)  # warm up
    for _ in range(rounds):
        for what, run in RUNS.items():
            start = time.process_time()
            run(X, y, batch, epochs)
            taken[what].append(time.process_time() - start)
    seconds = {what: np.asarray(own) for what, own in taken.items()}

    def ratio(above: str, below: str) -> str:
        return f"{np.median(seconds[above] / seconds[below]):.3f}"

    return [
        dict(
            zip(
                COLUMNS,
                (
                    name,
                    what,
                    f"{np.median(own) / epochs:.4f}",
                    ratio(what, BARE),
                    GOALS.get(what, {}).get(name, ""),
                    ratio(what, LAYER),
                    ratio(SKORCH, what),
                ),
                strict=True,
            )
        )
        for what, own in seconds.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(machine())
    rows: list[dict[str, object]] = []
    for name in SETS:
        rows += measured(name, args.rounds)
        for row in rows:
            if row["set"] == name:
                print(*row.values(), sep=", ", flush=True)
        write_csv("speed/fit.csv", rows, COLUMNS)


if __name__ == "__main__":
    main()
