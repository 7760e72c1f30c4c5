"""Sizes and steps of the cross-fitted network: how small may it be, and how soon may it end?

Widths of the layers, cosines of a column's embedding, learning rate and the bound of the steps, on
folds 0 and 1 of five of the 34 real tables (``lib/real.py``), several seeds, each with
``RebalancedClassifier(loss="logit_adjusted")`` as it comes. One seed is not enough: two seeds of
one setting differ by as much as two settings do.

    python benchmarks/tuning/cross_fit_sizes.py --seeds 1 2 3 --budget 3600
    python benchmarks/tuning/cross_fit_sizes.py --summary

``--summary`` prints means over the sources of the tables, and the paired difference to the first
setting with its standard error over the sources, seeds and folds averaged first. Only what all
settings have is compared. Seconds are of the processor, with one thread. Resumable: one row a fit
in ``results/tuning/cross_fit_sizes.csv``.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything starts threads

import pandas as pd
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.command_line import command_line
from lib.measuring import measured
from lib.methods import Method, made
from lib.real import CHOOSING_FOLDS, real_fold, real_sets, source_of
from lib.records import read_csv
from lib.resumable import deadline_in, run_missing

from sklimb import RebalancedClassifier
from sklimb._training import sizes
from sklimb.backbones.independent import IndependentPeriodicEmbedding

CSV = "tuning/cross_fit_sizes.csv"
KEY = ("set", "setting", "fold", "seed")
SCORES = ("balanced_accuracy", "geometric_mean", "average_precision", "log_loss",
          "balanced_log_loss", "calibration_error", "fit_cpu")  # fmt: skip
COLUMNS = [*KEY, *SCORES, "n_train"]


class Setting(NamedTuple):
    """What is tried: width of both layers, cosines a column, learning rate, most steps."""

    width: int
    n_frequencies: int
    lr: float
    steps: int

    def __str__(self) -> str:
        return f"{self.width}-{self.n_frequencies}-{self.lr:g}-{self.steps}"


SETTINGS = {
    str(setting): setting
    for setting in (
        Setting(128, 16, 3e-3, 1_000),
        Setting(64, 8, 3e-3, 1_000),
        Setting(64, 8, 3e-3, 800),
        Setting(64, 8, 3e-3, 600),
        Setting(64, 8, 3e-3, 400),
        Setting(64, 16, 3e-3, 600),
        Setting(64, 8, 2e-3, 600),
        Setting(128, 16, 1e-3, 1_000),
        Setting(64, 8, 1e-3, 1_000),
    )
}


@contextmanager
def tried(setting: Setting) -> Iterator[dict[str, Any]]:
    """Set what no parameter sets, and yield the parameters."""
    defaults = IndependentPeriodicEmbedding.__init__.__kwdefaults__
    before = defaults["n_frequencies"], sizes._MOST_STEPS
    defaults["n_frequencies"], sizes._MOST_STEPS = setting.n_frequencies, setting.steps
    try:
        yield {"module__hidden": (setting.width, setting.width), "lr": setting.lr}
    finally:
        defaults["n_frequencies"], sizes._MOST_STEPS = before


def one(job: dict[str, object], *, data_home: Path) -> dict[str, object]:
    torch.set_num_threads(1)
    parts = real_fold(job["set"], job["fold"], data_home)
    with tried(SETTINGS[job["setting"]]) as parameters, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what came of it is in the scores
        seeded = {"random_state": job["seed"], **parameters}
        make = made(RebalancedClassifier, loss="logit_adjusted", **seeded)
        method = Method(job["setting"], job["setting"], make, ({},), "sklimb", shares="equal")
        found = measured(method, "none", parts)
    return job | {name: found[name] for name in SCORES} | {"n_train": len(parts[1])}


def summarise(args: argparse.Namespace) -> None:
    frame = pd.DataFrame(read_csv(CSV))
    sets = real_sets(args.data_home)
    low, high = args.samples
    n = frame["set"].map(lambda name: int(sets[name]["rows"]))
    frame = frame[(low < n) & (n <= high) & frame["setting"].isin(args.settings)].copy()
    frame[list(SCORES)] = frame[list(SCORES)].astype(float)
    by = ["set", "fold", "seed"]
    for score in SCORES:
        wide = frame.pivot_table(index=by, columns="setting", values=score)
        wide = wide[[name for name in SETTINGS if name in wide]].dropna()
        of_sources = wide.groupby("set").mean()
        of_sources = of_sources.groupby(lambda name: source_of(name, args.data_home)).mean()
        change = of_sources.sub(of_sources.iloc[:, 0], axis=0)
        table = pd.DataFrame(
            {"mean": of_sources.mean(), "change": change.mean(), "error": change.sem()}
        )
        print(f"\n{score}: {len(wide)} fits each, of {len(of_sources)} sources")
        print(table.round(4).to_string())


def arguments() -> argparse.Namespace:
    parser = command_line(__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--samples", nargs=2, type=int, default=[0, 5_000], metavar=("MIN", "MAX"))
    parser.add_argument("--summary", action="store_true", help="of what was run; run nothing")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    if args.summary:
        summarise(args)
        return
    sets = real_sets(args.data_home)
    low, high = args.samples
    tables = [name for name in sets if low < int(sets[name]["rows"]) <= high]
    tables.sort(key=lambda name: int(sets[name]["rows"]) * int(sets[name]["columns"]))
    run_missing(
        partial(one, data_home=args.data_home),
        [
            {"set": name, "setting": setting, "fold": fold, "seed": seed}
            for seed in args.seeds
            for fold in CHOOSING_FOLDS
            for name in tables
            for setting in args.settings
        ],
        file=CSV,
        key=KEY,
        columns=COLUMNS,
        deadline=deadline_in(args.budget),
    )


if __name__ == "__main__":
    main()
