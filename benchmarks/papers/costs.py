"""What the papers' tables cost on this machine: core hours, from a few timed steps of each network.

Each row of ``results/papers/costs.csv`` is a kind of training that a table or figure needs: how
many trainings, how many samples each sees in the protocol of its script, and the seconds that one
of them takes, all networks timed here on one core, with batches of random images or words.
Trainings that change on their way (RSG, M2m) have a row for each part. What other processes take of
the core is left out: seconds are those of the processor. What two tables share counts in both.

    python benchmarks/papers/costs.py

Resumable: a network that was timed is not timed again; ``--again`` times all anew.
"""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.frozen import FrozenEstimator
from skorch.callbacks import Callback

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib import affinity_mnist
from lib.cifar import training
from lib.command_line import command_line
from lib.data import reuters36
from lib.records import read_csv, write_csv
from lib.resumable import deadline_in
from papers import m2m_ablation, m2m_cifar, m2m_reuters, rsg_cifar

from sklimb import M2mClassifier, RebalancedClassifier, RSGClassifier
from sklimb.backbones import MLP, DenseNet, ResNet, ResNeXt
from sklimb.datasets import make_long_tailed, make_step_imbalanced

FILE = "papers/costs.csv"
COLUMNS = (
    "paper", "item", "network", "trainings", "samples_a_training", "seconds_a_sample", "core_hours",
)  # fmt: skip
SEEDS = 3
DEFERRED = 0.8  # of the epochs, in all CIFAR protocols
# What RSG's Tables 3 and 5 vary.
ABLATIONS = ("1st term", "2nd term", "3rd term", "to centres", "direct", "all of it")
STAGES = ("1st down-sampling", "2nd down-sampling", "3rd down-sampling")
IMAGES, DIGITS, WORDS = (3, 32, 32), (1, 28, 28), (1000,)


# --- the networks, timed ------------------------------------------------------------------------


class Network(NamedTuple):
    """What is timed: a classifier, its samples, and how many of them."""

    classifier: Any
    shape: tuple[int, ...]
    batch_size: int
    n_batches: int = 3


def cifar(cls: type, module: type, size: dict, **settings: Any) -> Any:
    """Return an unfitted classifier in the CIFAR protocol, with another backbone."""
    args = Namespace(epochs=200, depth=32, width=16, device="cpu")
    protocol = training(args, 0, decay=0.01)
    if module is not ResNet:
        del protocol["module__width"]
    if module is ResNeXt:
        del protocol["module__depth"]
    return cls(**protocol | {"module": module, **size} | settings)


def ldam(cls: type, module: type, size: dict, **settings: Any) -> Any:
    return cifar(cls, module, size, loss="ldam", **settings)


def networks() -> dict[str, Network]:
    """Return all that is timed."""
    rsg = {"generate_from": 0, "count_by_weight": False, **rsg_cifar.RSG["long-tailed"]}
    m2m = {"translate_from": 0, "lam": 0.5, "beta": 0.999, "gamma": 0.0, "step_size": 0.1}
    words = partial(
        dict, module=MLP, module__hidden=(256,), batch_size=64, optimizer=torch.optim.SGD, lr=0.1
    )
    # batches of the large ones are cut: a whole one takes a minute
    backbones = {
        "ResNet-32": (ResNet, {"module__depth": 32}, 128),
        "ResNet-56": (ResNet, {"module__depth": 56}, 32),
        "ResNet-110": (ResNet, {"module__depth": 110}, 32),
        "DenseNet-40": (DenseNet, {"module__depth": 40}, 32),
        "ResNeXt-29": (ResNeXt, {}, 8),
    }
    found = {}
    for name, (module, size, batch) in backbones.items():
        found[name] = Network(ldam(RebalancedClassifier, module, size), IMAGES, batch)
        found[f"{name}, RSG"] = Network(ldam(RSGClassifier, module, size, **rsg), IMAGES, batch)
    found["ResNet-32, M2m"] = Network(
        cifar(M2mClassifier, *backbones["ResNet-32"][:2], loss="cross_entropy", unit="raw", **m2m),
        IMAGES,
        128,
    )
    for name in ("softmax", "affinity"):
        made = affinity_mnist.classifier(
            name,
            affinity_mnist.CANDIDATES[name][0],
            epochs=20,
            batch_size=affinity_mnist.BATCH_SIZE,
            seed=0,
        )
        found[f"MNIST net, {name}"] = Network(made, DIGITS, affinity_mnist.BATCH_SIZE)
    found["MLP, words"] = Network(RebalancedClassifier(**words()), WORDS, 64, 20)
    found["MLP, words, M2m"] = Network(
        M2mClassifier(loss="cross_entropy", unit="raw", **m2m | {"step_size": 1.0}, **words()),
        WORDS,
        64,
        20,
    )
    return found


class ProcessorTime(Callback):
    """The processor's seconds of each step."""

    def on_train_begin(self, net, **kwargs) -> None:
        self.seconds: list[float] = []

    def on_batch_begin(self, net, training=True, **kwargs) -> None:
        self.start = time.process_time()

    def on_batch_end(self, net, training=True, **kwargs) -> None:
        self.seconds.append(time.process_time() - self.start)


def samples_like(shape: tuple[int, ...], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return random samples of ten classes, long-tailed at a ratio of 100."""
    rng = np.random.default_rng(0)
    share = 100.0 ** -(np.arange(10) / 9)
    y = rng.choice(10, n, p=share / share.sum())
    y[:10] = np.arange(10)
    if len(shape) == 1:
        return (rng.random((n, *shape)) < 0.04).astype(np.float32), y
    if shape == IMAGES:
        return rng.random((n, *shape), dtype=np.float32), y
    return rng.integers(256, size=(n, *shape)).astype(np.uint8), y


def seconds_a_sample(network: Network) -> float:
    """Return the processor's seconds a sample, of the quickest step but the first."""
    X, y = samples_like(network.shape, network.batch_size * network.n_batches)
    clock = ProcessorTime()
    model = network.classifier
    if isinstance(model, M2mClassifier):
        plain = {k: v for k, v in model.get_params(deep=False).items() if k.startswith("module")}
        source = RebalancedClassifier(max_epochs=1, random_state=1, **plain).fit(X, y)
        model.set_params(source_estimator=FrozenEstimator(source))
    model.set_params(
        max_epochs=2, warmup_epochs=0, lr=1e-3, batch_size=network.batch_size, random_state=0,
        callbacks=[("clock", clock)],
    )  # fmt: skip
    model.fit(X, y)
    return min(clock.seconds[1:]) / network.batch_size


# --- how many trainings, of how many samples ----------------------------------------------------


class Trainings(NamedTuple):
    """Trainings that a table or figure needs."""

    paper: str
    item: str
    network: str
    n: int
    samples: float


def long_tailed(n_classes: int, ratio: float, kind: str = "long-tailed") -> int:
    """Return how many CIFAR images are left."""
    y = np.repeat(np.arange(n_classes), 50_000 // n_classes)
    make = make_long_tailed if kind == "long-tailed" else make_step_imbalanced
    return len(make(y, y, ratio=ratio, random_state=0)[1])


def of_affinity(data_home: Path) -> Iterator[Trainings]:
    """Yield what `affinity_mnist.py` and `affinity_picture.py` train."""
    names = {"table1": "Table 1", "table4": "Table 4"}
    names |= {f"fig{n}": f"Figure {n}" for n in (5, 6, 7, 8)}
    seen: dict[tuple[str, str], list[int]] = {}
    jobs = affinity_mnist.experiments(list(names), list(affinity_mnist.METHODS))
    for job in jobs:
        n = len(affinity_mnist.training_part(job | {"seed": "0", "share": "1"}, data_home)[1])
        network = "affinity" if job["method"].startswith("affinity") else "softmax"
        seen.setdefault((names[job["experiment"]], network), []).append(n)
    for (item, network), sizes in seen.items():
        epochs = affinity_mnist.EPOCHS
        n = SEEDS * len(sizes)
        yield Trainings("affinity", item, f"MNIST net, {network}", n, epochs * np.mean(sizes))
    low = {"experiment": "fig2", "setting": affinity_mnist.TUNED_ON["setting"]}
    n = len(affinity_mnist.training_part(low | {"seed": "0", "share": "1"}, data_home)[1])
    for network, times in (("affinity", 1), ("softmax", 2)):
        yield Trainings(
            "affinity", "Figure 2", f"MNIST net, {network}", times, n * affinity_mnist.EPOCHS
        )


def plain_and(item: str, network: str, n: int, samples: float, what: str) -> Iterator[Trainings]:
    """Yield the two parts of trainings that change after a share of the epochs."""
    paper = "rsg" if what == "RSG" else "m2m"
    yield Trainings(paper, item, network, n, DEFERRED * samples)
    yield Trainings(paper, item, f"{network}, {what}", n, (1 - DEFERRED) * samples)


def of_m2m(data_home: Path) -> Iterator[Trainings]:
    """Yield what the M2m paper's protocols train; CIFAR-100 and faces, scenes are not to be had."""
    for ratio in (100, 10):
        seen = 200 * long_tailed(10, ratio)
        plain = [name for name, (_, translates, _) in m2m_cifar.METHODS.items() if not translates]
        # g is trained once for all that translate
        yield Trainings("m2m", "Table 1", "ResNet-32", SEEDS * (len(plain) + 1), seen)
        n = SEEDS * (len(m2m_cifar.METHODS) - len(plain))
        yield from plain_and("Table 1", "ResNet-32", n, seen, "M2m")
    seen, ablation = 200 * long_tailed(10, 100), m2m_ablation.VARIANTS
    yield from plain_and("Table 3", "ResNet-32", SEEDS * len(m2m_ablation.POOLS), seen, "M2m")
    at_once = [name for name, (own, _) in ablation.items() if own.get("translate_from") == 0.0]
    rest = [name for name in ("M2m (lambda = 0)", "M2m-Clean", "M2m") if name in ablation]
    yield Trainings("m2m", "Table 4", "ResNet-32, M2m", SEEDS * len(at_once), seen)
    yield from plain_and("Table 4", "ResNet-32", SEEDS * len(rest), seen, "M2m")
    for figure in ("Figure 4", "Figure 5", "Figure 6"):
        yield from plain_and(figure, "ResNet-32", 1, seen, "M2m")
    documents, folds = len(reuters36(data_home)[1]), 3
    candidates = sum(len(m2m_reuters.candidates(name)) for name in m2m_reuters.METHODS)
    seen = 15 * documents
    n = len(m2m_reuters.METHODS) * SEEDS
    yield Trainings("m2m", "Table 2", "MLP, words", n, seen)
    translating = sum(translates for _, translates, _ in m2m_cifar.METHODS.values())
    yield Trainings("m2m", "Table 2", "MLP, words, M2m", translating * SEEDS, seen)
    yield Trainings("m2m", "Table 2", "MLP, words", folds * candidates, seen * (1 - 1 / folds))


def of_rsg() -> Iterator[Trainings]:
    """Yield what the RSG paper's CIFAR-10 rows train, each kind of imbalance."""
    for kind in rsg_cifar.RSG:
        seen = 200 * long_tailed(10, 50, kind)
        rows = [key for key in rsg_cifar.PAPER if key[:2] == (kind, 50)]
        n = SEEDS * sum(not rsg for *_, rsg in rows)
        yield Trainings("rsg", "Table 1", "ResNet-32", n, seen)
        yield from plain_and("Table 1", "ResNet-32", SEEDS * len(rows) - n, seen, "RSG")
        for name in ("ResNet-32", "ResNet-56", "ResNet-110", "DenseNet-40", "ResNeXt-29"):
            yield Trainings("rsg", "Table 2", name, SEEDS, seen)
            yield from plain_and("Table 2", name, SEEDS, seen, "RSG")
        for item, variants in (("Table 3", ABLATIONS), ("Table 4", ["RSG"]), ("Table 5", STAGES)):
            yield from plain_and(item, "ResNet-32", SEEDS * len(variants), seen, "RSG")
        seen = 200 * long_tailed(10, 100, kind)
        rows = [key for key in rsg_cifar.PAPER if key[:2] == (kind, 100)]
        n = SEEDS * sum(not rsg for *_, rsg in rows)
        yield Trainings("rsg", "Table 6", "ResNet-32", n, seen)
        yield from plain_and("Table 6", "ResNet-32", SEEDS * len(rows) - n, seen, "RSG")


def rows_of(wanted: list[Trainings], seconds: dict[str, float]) -> list[dict[str, object]]:
    """Return a row for each kind of training whose network is timed."""
    return [
        {
            "paper": own.paper,
            "item": own.item,
            "network": own.network,
            "trainings": own.n,
            "samples_a_training": round(own.samples),
            "seconds_a_sample": f"{seconds[own.network]:.3g}",
            "core_hours": f"{own.n * own.samples * seconds[own.network] / 3600:.3g}",
        }
        for own in wanted
        if own.network in seconds
    ]


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--again", action="store_true", help="time what was timed before, too")
    args = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # a fit takes as many threads as it has cores
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    deadline = deadline_in(args.budget)
    wanted = [*of_affinity(args.data_home), *of_m2m(args.data_home), *of_rsg()]
    known = [] if args.again else read_csv(FILE)
    seconds = {row["network"]: float(row["seconds_a_sample"]) for row in known}
    timed = networks()
    for name in dict.fromkeys(trainings.network for trainings in wanted):
        if name not in seconds and time.monotonic() < deadline:
            seconds[name] = seconds_a_sample(timed[name])
            print(f"{name}: {1000 * seconds[name]:.3f} ms a sample", flush=True)
            write_csv(FILE, rows_of(wanted, seconds), COLUMNS)  # so that a stop loses nothing
    rows = rows_of(wanted, seconds)
    write_csv(FILE, rows, COLUMNS)
    total: dict[tuple[str, str], float] = {}
    for row in rows:
        key = row["paper"], row["item"]
        total[key] = total.get(key, 0.0) + float(row["core_hours"])
    for (paper, item), hours in total.items():
        print(f"{paper:10}{item:10}{hours:10.1f} core hours")


if __name__ == "__main__":
    main()
