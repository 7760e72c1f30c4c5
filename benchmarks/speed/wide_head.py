"""A head of as many classes as VGGFace2 has identities, on 512 features: step time and memory.

Hayat et al. 2019 say that their loss "does not require additional compute and memory" on 8,631
classes. Each head takes steps of SGD with momentum on random features, in a process of its own and
on one thread: the head alone, forward, loss, backward, step. Memory is the peak of the process
above what it held before the head was made; seconds are the processor's, of the median step;
"times" are those of the linear head.

    python benchmarks/speed/wide_head.py [--classes 8631] [--features 512] [--batch-size 128]
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.records import machine, write_csv
from speed.memory import Peak

from sklimb.heads import AffinityHead, LinearHead
from sklimb.losses import affinity_margin_loss, diversity

FILE = "speed/wide_head.csv"
COLUMNS = (
    "head", "classes", "features", "batch_size", "seconds_a_step", "times_as_long",
    "megabytes_above_before", "times_the_memory",
)  # fmt: skip
# name -> (settings of the affinity head, or None for the linear one; weight of the diversity)
HEADS: dict[str, tuple[dict | None, float]] = {
    "linear, cross entropy": (None, 0.0),
    "affinity": ({"normalize": False, "sigma": 10.0}, 1.0),
    "affinity, no diversity": ({"normalize": False, "sigma": 10.0}, 0.0),
    "affinity, sphere": ({}, 1.0),
    "affinity, 5 prototypes": ({"normalize": False, "sigma": 10.0, "n_prototypes": 5}, 1.0),
    "affinity, 5 prototypes, no diversity": (
        {"normalize": False, "sigma": 10.0, "n_prototypes": 5},
        0.0,
    ),
}


def loss_of(head: torch.nn.Module, features: Tensor, y: Tensor, spread: float) -> Tensor:
    """Return the loss of a batch as the classifiers have it."""
    if isinstance(head, LinearHead):
        return F.cross_entropy(head(features), y)
    loss = affinity_margin_loss(head(head.embed(features)).exp(), y, 0.5)
    return loss + spread * diversity(head.prototypes) if spread else loss


def steps(name: str, options: argparse.Namespace) -> tuple[float, float]:
    """Return the processor's seconds of the median step, and megabytes at the peak."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    settings, spread = HEADS[name]
    seconds = []
    with Peak() as peak:
        if settings is None:
            head = LinearHead(options.features, options.classes)
        else:
            head = AffinityHead(options.features, options.classes, **settings)
        optimizer = torch.optim.SGD(head.parameters(), lr=0.01, momentum=0.9)
        for _ in range(options.steps):
            features = torch.randn(options.batch_size, options.features, requires_grad=True)
            y = torch.randint(options.classes, (options.batch_size,))
            start = time.process_time()
            optimizer.zero_grad()
            loss_of(head, features, y, spread).backward()
            optimizer.step()
            seconds.append(time.process_time() - start)
    return float(torch.tensor(seconds[1:]).median()), peak.bytes / 2**20


def measure(name: str, options: argparse.Namespace, queue: multiprocessing.Queue) -> None:
    queue.put(steps(name, options))


def rows_of(
    found: dict[str, tuple[float, float]], options: argparse.Namespace
) -> list[dict[str, object]]:
    """Return the rows of the file; the first head is what the others are measured by."""
    seconds, megabytes = next(iter(found.values()))
    return [
        {
            "head": name,
            "classes": options.classes,
            "features": options.features,
            "batch_size": options.batch_size,
            "seconds_a_step": f"{own[0]:.4f}",
            "times_as_long": f"{own[0] / seconds:.2f}",
            "megabytes_above_before": f"{own[1]:.0f}",
            "times_the_memory": f"{own[1] / megabytes:.2f}",
        }
        for name, own in found.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--classes", type=int, default=8631)
    parser.add_argument("--features", type=int, default=512)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=12)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    found: dict[str, tuple[float, float]] = {}
    for name in HEADS:
        queue = context.Queue()
        process = context.Process(target=measure, args=(name, options, queue))
        process.start()
        found[name] = queue.get()
        process.join()
        print(f"{name}: {found[name][0]:.4f} s a step, {found[name][1]:.0f} MB", flush=True)
        write_csv(FILE, rows_of(found, options), COLUMNS)  # so that a stop loses nothing
    print(machine())


if __name__ == "__main__":
    main()
