"""Where each variant of the offset method puts the boundary between two Gaussians, one rare.

Two round Gaussians of variance 1 in the plane, 3 or 6 apart, 600 rows of one and 60 or 12 of the
other, 10 seeds. The boundary is looked for on the line through the two means: 0 is the frequent
class's mean, 1 the rare one's, 0.5 the middle, which is best for balanced accuracy; the Bayes
classifier of the training shares has it at 0.5 + log(n / n_rare) / distance^2. A boundary beyond
[-1, 2], where on the line one class alone is predicted, counts as -1 or 2, and as 1.5 off the
middle; "one_class_only" counts the seeds where that is so, and the mean place says little where it
is not 0: half the seeds at -1 and half at 2 are in the middle on average.

"linear" scores the columns themselves, so that it matters where their origin lies: at the frequent
mean, half-way between, or 5 off in both columns. "MLP" has 16 hidden units and standardises the
columns, so that the origin of the features is its own.

What "far" shows of plain training is that it is not done: 30 epochs are too few for a bias with
that far to go. There it says how soon a variant gets somewhere, not where it would end.

"default, no prior, w/o UC" against "default, no prior" is what the offset does without the prior:
class weights are then free to take the class shares up. With the constraint they are not: on fixed
features ("linear") the centred method then does without the prior; on learnt ones ("MLP") it leans,
with weights centred too.

    python benchmarks/papers/offset_toy.py [--seeds 10] [--budget 240]

Resumable: cells that stand in ``results/papers/offset_toy.csv`` are not run again. The picture,
``results/papers/offset_toy.png``, has each cell's mean distance from the middle over the seeds.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.records import RESULTS, machine
from lib.resumable import deadline_in, run_missing
from lib.summaries import mean, select, values
from offset import PAPER

from sklimb import OffsetDebiasedClassifier, RebalancedClassifier
from sklimb.backbones import MLP
from sklimb.heads import OffsetHead

FILE = "papers/offset_toy.csv"
KEY = ("variant", "net", "origin", "n_rare", "distance", "seeds")
N = 600
RARE = (60, 12)
DISTANCES = (3.0, 6.0)
ORIGINS = {"frequent mean": (0.0, 0.0), "middle": None, "far": (5.0, 5.0)}
NETS: dict[str, dict] = {
    "linear": {"module": nn.Identity},
    "MLP": {"module": MLP, "module__hidden": (16,), "module__dropout": 0.0},
}
DIRECTION = np.array([0.8, 0.6])
TRAINING = {"max_epochs": 30, "batch_size": 128, "lr": 2e-2}


class BothCentredHead(OffsetHead):
    """Class weights from their mean too, not only features and centres from theirs.

    Weights that a softmax has found can be those of Eq. 2 in no other way; and the one way round
    the offset that weights have, a vector added to all of them, is closed.
    """

    @property
    def weight(self) -> Tensor:
        weight = super().weight
        return weight - weight.mean(dim=0)


class BothCentredClassifier(OffsetDebiasedClassifier):
    def _recipe(self, plan, data):
        head = partial(BothCentredHead, n_classes=len(self.classes_))
        return replace(super()._recipe(plan, data), head=head)


VARIANTS: dict[str, tuple[type, dict]] = {
    "plain": (RebalancedClassifier, {}),
    "logit adjustment": (RebalancedClassifier, {"loss": "logit_adjusted"}),
    "empirical": (OffsetDebiasedClassifier, {"offset": "empirical"}),
    "paper": (OffsetDebiasedClassifier, PAPER),
    "paper, lambda1 = 0.003": (OffsetDebiasedClassifier, PAPER | {"lambda1": 0.003}),
    "paper, lambda2 = 100": (OffsetDebiasedClassifier, PAPER | {"lambda1": 0.003, "lambda2": 100}),
    "paper, c at rate 0.05": (
        OffsetDebiasedClassifier,
        PAPER | {"lambda1": 0.003, "center_rate": 0.05},
    ),
    "paper w/o UC": (OffsetDebiasedClassifier, PAPER | {"lambda1": 0.003, "lambda2": 0}),
    "paper, UC only": (
        OffsetDebiasedClassifier,
        PAPER | {"lambda1": 0.003, "offset": "uniform_only"},
    ),
    "default, no prior": (OffsetDebiasedClassifier, {"keep_prior": False}),
    "default, no prior, w/o UC": (OffsetDebiasedClassifier, {"keep_prior": False, "lambda2": 0}),
    "both centred, no prior": (BothCentredClassifier, {"keep_prior": False}),
    "default, not centred": (OffsetDebiasedClassifier, {"centered": False}),
    "default, w/o UC": (OffsetDebiasedClassifier, {"lambda2": 0}),
    "default, lambda2 = 30": (OffsetDebiasedClassifier, {"lambda2": 30}),
    "default": (OffsetDebiasedClassifier, {}),
}


def draw(n_rare: int, distance: float, first: np.ndarray, seed: int):
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], [N, n_rare])
    return rng.normal(size=(len(y), 2)) + first + np.outer(y, distance * DIRECTION), y


def boundary(model, first: np.ndarray, distance: float) -> float:
    """Where the scores cross on the line through the means; the first place, if several."""
    at = np.linspace(-1, 2, 3001)
    scores = model.decision_function(first + np.outer(at, distance * DIRECTION))
    crossing = np.flatnonzero((scores[:-1] < 0) & (scores[1:] >= 0))
    if len(crossing):
        return float(at[crossing[0]])
    return 2.0 if scores[len(at) // 2] < 0 else -1.0


def cells(seeds: int) -> list[dict]:
    """Return all that is measured, cell by cell."""
    return [
        dict(zip(KEY, (variant, net, origin, n_rare, distance, seeds), strict=True))
        for net in NETS
        for origin in (ORIGINS if net == "linear" else ("frequent mean",))
        for n_rare in RARE
        for distance in DISTANCES
        for variant in VARIANTS
    ]


def measure(cell: dict) -> dict:
    variant, net, origin, n_rare, distance, seeds = (cell[name] for name in KEY)
    shift = ORIGINS[origin]
    first = -0.5 * distance * DIRECTION if shift is None else np.array(shift)
    cls, settings = VARIANTS[variant]
    places = []
    for seed in range(seeds):
        X, y = draw(n_rare, distance, first, seed)
        model = cls(random_state=seed, **NETS[net], **TRAINING, **settings).fit(X, y)
        places.append(boundary(model, first, distance))
    places = np.array(places)
    return cell | {
        "boundary": f"{places.mean():.3f}",
        "std": f"{places.std(ddof=1):.3f}",
        "off_middle": f"{np.abs(places - 0.5).mean():.3f}",
        "one_class_only": int(np.isin(places, (-1.0, 2.0)).sum()),
        "bayes_of_shares": f"{0.5 + np.log(N / n_rare) / distance**2:.3f}",
    }


def draw_picture(rows: list[dict]) -> None:
    figure = Figure(figsize=(8, 6.5), layout="constrained")
    axes = figure.subplots()
    markers = {"linear": "o", "MLP": "s"}
    colours = {(60, 3.0): "C0", (12, 3.0): "C1", (60, 6.0): "C2", (12, 6.0): "C3"}
    for height, variant in enumerate(reversed(VARIANTS)):
        for row in select(rows, variant=variant):
            key = int(row["n_rare"]), float(row["distance"])
            place = float(row["off_middle"]), height + 0.15 * (list(colours).index(key) - 1.5)
            one_class = int(row["one_class_only"]) > 0
            axes.plot(
                *place, markers[row["net"]], color=colours[key], ms=5, alpha=0.8,
                fillstyle="none" if one_class else "full",
            )  # fmt: skip
    for net, marker in markers.items():
        axes.plot([], [], marker, color="grey", label=net)
    axes.plot([], [], "o", color="grey", fillstyle="none", label="one class in some seeds")
    for (n_rare, distance), colour in colours.items():
        axes.plot([], [], "o", color=colour, label=f"{N}:{n_rare}, {distance:g} apart")
    axes.set_yticks(range(len(VARIANTS)), list(reversed(VARIANTS)))
    axes.set_xlim(-0.03, 1.53)  # all there can be: a boundary counts as at most 1.5 off
    axes.set_xlabel("mean distance of the boundary from the middle (1: the means' distance)")
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=4, fontsize=8)
    figure.savefig(RESULTS / "papers" / "offset_toy.png", dpi=110)


def show(rows: list[dict]) -> None:
    print(machine())
    print("distance from the middle, mean over cells and seeds; place: over cells of two classes")
    columns = [("linear", origin) for origin in ORIGINS] + [("MLP", "frequent mean")]
    names = [*(f"linear, {origin}" for origin in ORIGINS), "MLP", "all", "place", "one class only"]
    print(f"{'':26}" + "".join(f"{name:>22}" for name in names))
    for variant in VARIANTS:
        mine = select(rows, variant=variant)
        cells = [mean(select(mine, net=net, origin=at), "off_middle") for net, at in columns]
        cells += [mean(mine, "off_middle"), mean(select(mine, one_class_only=0), "boundary")]
        print(
            f"{variant:26}"
            + "".join(f"{value:22.3f}" for value in cells)
            + f"{values(mine, 'one_class_only').sum():15.0f} of {values(mine, 'seeds').sum():3.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--budget", type=float, default=float("inf"), help="seconds")
    args = parser.parse_args()
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    rows = run_missing(
        measure, cells(args.seeds), file=FILE, key=KEY, deadline=deadline_in(args.budget)
    )
    draw_picture(rows)
    show(rows)


if __name__ == "__main__":
    main()
