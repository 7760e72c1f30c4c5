"""The speed goals that no other script of this folder measures, each beside its peer.

A row of the file is one goal: what ours took, what its peer took, and the ratio. Ours and the peer
take turns on one thread; the ratio is the median over rounds of that within a round, and seconds
are the processor's. Two rows differ: a search has two processes, so its seconds are the clock's,
and a sparse sampling stands beside limits of a minute and a gigabyte.

    python benchmarks/speed/goals.py [--rounds 3] [--only members sampler]
"""

from __future__ import annotations

import argparse
import copy
import math
import multiprocessing
import resource
import subprocess
import sys
import time
import warnings
from argparse import Namespace
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
import torch
from joblib import Parallel, delayed
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.records import machine, read_csv, write_csv
from speed.fit import WIDTH, bare
from speed.memory import Peak
from speed.wide_head import HEADS, steps

from sklimb import M2mSampler, RebalancedClassifier, RSGClassifier
from sklimb.backbones import MLP
from sklimb.transforms import translate

FILE = "speed/goals.csv"
COLUMNS = ("goal", "what", "seconds", "peer", "seconds_of_peer", "ratio", "at_most")


class Pair(NamedTuple):
    """What is timed beside what: each returns the seconds that count."""

    what: str
    ours: Callable[[], float]
    peer_name: str
    peer: Callable[[], float]
    at_most: float


def timed(call: Callable[[], object]) -> float:
    """Return the processor's seconds of a call."""
    start = time.process_time()
    call()
    return time.process_time() - start


def clocked(call: Callable[[], object]) -> float:
    """Return the clock's seconds of a call, for several processes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def samples(n: int, n_features: int = 20, n_classes: int = 2, share: float = 0.9) -> tuple:
    """Return X and y; the first class has that share, the others equal parts of the rest."""
    shares = [share] + [(1.0 - share) / (n_classes - 1)] * (n_classes - 1)
    X, y = make_classification(
        n, n_features, n_informative=min(n_features, 10), n_redundant=0, n_classes=n_classes,
        n_clusters_per_class=1, weights=shares, random_state=0,
    )  # fmt: skip
    return X.astype(np.float32), y


def plain(cls: type = RebalancedClassifier, **params: Any) -> Any:
    """Return the network of two layers that the goals name, for a fit of three epochs."""
    settings = {"module": MLP, "module__hidden": WIDTH, "module__dropout": 0.0, "lr": 1e-3}
    settings |= {"batch_size": 128, "max_epochs": 3, "lr_schedule": None, "random_state": 0}
    return cls(**{**settings, **params})


# --- the default network ----------------------------------------------------------------------


def written_bare(model: RebalancedClassifier, X: np.ndarray, y: np.ndarray) -> None:
    """Train a fitted model's own network by a bare loop: as many epochs, batches, the schedule."""
    net = copy.deepcopy(model.module_).train()
    groups, batch = model.net_.optimizer_.param_groups, model.net_.batch_size
    decayed = {p.shape for g in groups if g["weight_decay"] for p in g["params"]}
    parts: dict[bool, list] = {True: [], False: []}
    for parameter in net.parameters():
        parts[parameter.ndim > 1 and parameter.shape in decayed].append(parameter)
    optimizer = torch.optim.AdamW(
        [{"params": parts[True]}, {"params": parts[False], "weight_decay": 0.0}],
        lr=model.lr, fused=True,
    )  # fmt: skip
    x, t = torch.from_numpy(X), torch.from_numpy(y)
    log_prior = torch.bincount(t).float().log()
    epochs = len(model.history_)
    for epoch in range(epochs):
        for group in optimizer.param_groups:
            group["lr"] = model.lr * 0.5 * (1 + math.cos(math.pi * epoch / epochs))
        order = torch.randperm(len(x))
        for xb, tb in zip(x[order].split(batch), t[order].split(batch), strict=True):
            optimizer.zero_grad()
            F.cross_entropy(net(xb) + log_prior, tb).backward()
            optimizer.step()


def default_network() -> Iterator[Pair]:
    for n in (1_000, 5_000, 20_000, 100_000):
        X, y = samples(n)
        once = RebalancedClassifier(loss="logit_adjusted", cross_fit=False, random_state=0)
        once.fit(X, y)
        yield Pair(
            f"the default network, one fit of {n:,} samples",
            partial(timed, partial(once.fit, X, y)),
            "the same network written bare",
            partial(timed, partial(written_bare, copy.deepcopy(once), X, y)),
            1.15,
        )
    X, y = samples(5_000)
    as_it_comes = RebalancedClassifier(loss="logit_adjusted", random_state=0)
    yield Pair(
        "the default network as it comes, 5,000 samples",
        partial(timed, partial(as_it_comes.fit, X, y)),
        "a random forest of 100 trees",
        partial(timed, partial(RandomForestClassifier(random_state=0).fit, X, y)),
        3.0,
    )


def members() -> Iterator[Pair]:
    X, y = samples(5_000)

    def fit(n_members: int, times: int) -> None:
        for seed in range(times):
            RebalancedClassifier(cross_fit=False, n_members=n_members, random_state=seed).fit(X, y)

    yield Pair(
        "eight members, 5,000 samples", partial(timed, partial(fit, 8, 1)),
        "eight fits", partial(timed, partial(fit, 1, 8)), 0.35,
    )  # fmt: skip


# --- heads and transforms ---------------------------------------------------------------------


def wide_heads() -> Iterator[Pair]:
    # a linear head of as many outputs as there are prototypes does the same products
    shared = {"features": 128, "batch_size": 256, "steps": 8}
    ours = Namespace(classes=10_000, **shared)
    as_many = Namespace(classes=50_000, **shared)
    linear = next(iter(HEADS))
    for name in ("affinity, 5 prototypes", "affinity, 5 prototypes, no diversity"):
        yield Pair(
            f"a step of the head, 10,000 classes x 5 x 128 ({name})",
            lambda name=name: steps(name, ours)[0],
            "linear softmax of 50,000 outputs",
            lambda: steps(linear, as_many)[0],
            1.5,
        )


def generator() -> Iterator[Pair]:
    X, y = samples(20_000, 30, 10, share=0.6)

    def per_sample(model: Any) -> float:
        """Return the seconds of a fit for each sample that passes the upper layers."""
        seconds = timed(partial(model.fit, X, y))
        made = sum(row.get("n_generated", 0) for row in model.history_)
        return seconds / (len(X) * len(model.history_) + made)

    for when, share in (("before T_th", 1.0), ("after T_th", 0.0)):
        yield Pair(
            f"RSG on features, a sample {when}",
            partial(per_sample, plain(RSGClassifier, generate_from=share, cross_fit=False)),
            "a sample of the plain step",
            partial(per_sample, plain(loss="logit_adjusted", cross_fit=False)),
            1.3,
        )


def passes(x: torch.Tensor, target: torch.Tensor, g: Any, f: Any, n_steps: int) -> None:
    """Take the forward and backward passes of g and f that a translation cannot do without."""
    for _ in range(n_steps):
        x = x.detach().requires_grad_()
        goal = F.cross_entropy(g(x), target, reduction="sum") + f(x)[:, 0].sum()
        torch.autograd.grad(goal, x)


def frozen_mlp(n_features: int, dtype: torch.dtype) -> torch.nn.Module:
    layers = [torch.nn.Linear(n_features, WIDTH[0]), torch.nn.ReLU(), torch.nn.Linear(*WIDTH)]
    net = torch.nn.Sequential(*layers, torch.nn.ReLU(), torch.nn.Linear(WIDTH[1], 2))
    return net.to(dtype).eval().requires_grad_(False)


def translation() -> Iterator[Pair]:
    n, n_steps, repeats = 256, 10, 20
    x, target = torch.randn(n, 30), torch.ones(n, dtype=torch.int64)
    g, f = (frozen_mlp(30, torch.float32) for _ in range(2))

    def ours() -> None:
        for _ in range(repeats):
            translate(x, 0, target, g, f, 0.1, 0.1, n_steps)

    def peer() -> None:
        for _ in range(repeats):
            passes(x, target, g, f, n_steps)

    yield Pair(
        "M2m's translation of 256 samples, T = 10", partial(timed, ours),
        "ten passes of g and f", partial(timed, peer), 1.1,
    )  # fmt: skip


# --- the sampler, a search, the import --------------------------------------------------------


def sampler() -> Iterator[Pair]:
    X, y = samples(50_000, 30)

    def ours() -> M2mSampler:
        own = M2mSampler(random_state=0)
        own.fit_resample(X, y)
        return own

    tried = int(np.isfinite(ours().confidence_).sum())

    def floor() -> None:
        """Fit g and f as the sampler does, and take the passes of the samples that it tried."""
        fitted = [
            RebalancedClassifier(
                module=MLP, module__dropout=0.0, dtype="float64", random_state=seed
            ).fit(X, y)
            for seed in range(2)
        ]
        g, f = (model.module_.eval().requires_grad_(False) for model in fitted)
        seeds = torch.from_numpy(X[np.resize(np.flatnonzero(y == 0), tried)]).double()
        for part in seeds.split(4096):
            passes(part, torch.ones(len(part), dtype=torch.int64), g, f, 10)

    yield Pair(
        f"M2mSampler, 50,000 x 30, {tried:,} tried", partial(timed, ours),
        "fits of g and f and ten passes for each tried", partial(timed, floor), 1.2,
    )  # fmt: skip


def _sparse_sampling(queue: multiprocessing.Queue) -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(0)
    y = (np.arange(2_000) < 200).astype(int)
    X = sp.random(2_000, 30_000, 0.002, "csr", rng=rng).tolil()
    X[y == 1, :50] = rng.random((200, 50)) * (rng.random((200, 50)) < 0.3)
    X = X.tocsr()
    with Peak() as peak:
        seconds = timed(partial(M2mSampler(random_state=0).fit_resample, X, y))
    queue.put((seconds, peak.bytes / 2**20))


def sparse_sampler() -> Iterator[Pair]:
    found: dict[str, float] = {}

    def ours(what: str) -> float:
        if not found:
            context = multiprocessing.get_context("spawn")
            queue = context.Queue()
            process = context.Process(target=_sparse_sampling, args=(queue,))
            process.start()
            found["seconds"], found["megabytes"] = queue.get()
            process.join()
        return found.pop(what) if what == "megabytes" else found[what]

    name = "M2mSampler, 2,000 x 30,000 sparse"
    yield Pair(f"{name}, seconds", partial(ours, "seconds"), "a minute", lambda: 60.0, 1.0)
    yield Pair(f"{name}, megabytes", partial(ours, "megabytes"), "a gigabyte", lambda: 1024.0, 1.0)


def _bare_fold(X: np.ndarray, y: np.ndarray, fold: int) -> None:
    torch.set_num_threads(1)
    kept = np.arange(len(X)) % 3 != fold
    bare(X[kept], y[kept].astype(np.int64), 128, 20)


def search() -> Iterator[Pair]:
    X, y = samples(6_000, 30)
    grid = {"lr": [3e-4, 1e-3, 3e-3, 1e-2], "optimizer__weight_decay": [0.01, 0.1]}

    def ours() -> None:
        model = plain(max_epochs=20, cross_fit=False)
        GridSearchCV(model, grid, cv=3, n_jobs=2, refit=False).fit(X, y)

    def peer() -> None:
        Parallel(n_jobs=2)(delayed(_bare_fold)(X, y, fold) for _ in range(8) for fold in range(3))

    ours()  # starts the processes
    yield Pair(
        "a grid search of 24 fits on two processes", partial(clocked, ours),
        "24 bare loops on two processes", partial(clocked, peer), 1.2,
    )  # fmt: skip


def importing() -> Iterator[Pair]:
    def seconds(line: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", line], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # what a classifier needs is imported when it is asked for
    for line in ("import sklimb", "from sklimb import AffinityClassifier, RSGClassifier"):
        yield Pair(
            line, partial(seconds, line), "import torch, sklearn, skorch",
            partial(seconds, "import torch, sklearn, skorch"), 1.05,
        )  # fmt: skip


GOALS: dict[str, Callable[[], Iterator[Pair]]] = {
    "default network": default_network,
    "members": members,
    "wide head": wide_heads,
    "generator": generator,
    "translation": translation,
    "sampler": sampler,
    "sparse sampler": sparse_sampler,
    "search": search,
    "import": importing,
}
ONCE = {"sparse sampler"}  # beside a limit, so that rounds would add nothing


def rows_of(name: str, rounds: int) -> Iterator[dict[str, object]]:
    """Yield the rows of the file for one goal."""
    for pair in GOALS[name]():
        if name not in ONCE:
            pair.ours(), pair.peer()  # warm up
        taken = [(pair.ours(), pair.peer()) for _ in range(1 if name in ONCE else rounds)]
        own, of_peer = np.asarray(taken).T
        ratio = f"{np.median(own / of_peer):.3f}"
        cells = (
            name, pair.what, f"{np.median(own):.3g}", pair.peer_name,
            f"{np.median(of_peer):.3g}", ratio, pair.at_most,
        )  # fmt: skip
        yield dict(zip(COLUMNS, cells, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=list(GOALS), default=list(GOALS))
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # too few epochs
    print(machine())
    kept = {name: [row for row in read_csv(FILE) if row["goal"] == name] for name in GOALS}
    for name in args.only:
        kept[name] = []
        for row in rows_of(name, args.rounds):
            kept[name].append(row)
            print(*row.values(), sep=", ", flush=True)
        write_csv(FILE, [row for rows in kept.values() for row in rows], COLUMNS)


if __name__ == "__main__":
    main()
