"""How the default backbone for rows was chosen: each ingredient on and off, on training folds only.

Of each set a fifth of the rows (a stratified test part, as in ``defaults.py``) is put aside and
never looked at. On the rest, repeated 3-fold stratified cross-validation gives the balanced
accuracy of a base setting, and of it with one ingredient changed. All are trained with the
logit-adjusted loss, which needs no tuning of its own, so that what differs is the backbone.

    python benchmarks/tuning/tabular_ablation.py [--sets glass oil-spill] [--only embedding]
        [--budget 600]

The rows "faster" and "one net" chose one net instead of eight members; they were made before the
number of columns counted for the epochs (adult, oil-spill and made-redundant trained longer), when
a batch size of one's own left the epochs as they were (now they keep the number of steps) and when
adapters behind embeddings started at signs. They
and "least steps" were also made when steps went by the bits of the classes to the power of 1, and
by the columns only above 16: what "rule" found to be improved on, over more sets (``--sets`` with
those of ``MORE_TUNING_SETS`` too, ``--repeats 2``).

One row a set, setting and split in ``results/tuning/tabular_ablation.csv``; those that are there
are not run again. ``--summary`` prints means over splits.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.metrics import balanced_accuracy_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.command_line import command_line
from lib.data import MORE_TUNING_SETS, TUNING_SETS, tuning_fold
from lib.records import read_csv
from lib.resumable import deadline_in, run_missing

from sklimb import RebalancedClassifier
from sklimb._compare.run.methods import METHODS
from sklimb.backbones import MLP, TabularMLP, _tabular_sizes
from sklimb.backbones._tabular_sizes import effective_rows

CSV = "tuning/tabular_ablation.csv"
# by ingredient too: a config that says "auto" was another network when "faster" was run
KEY = ("set", "ingredient", "config", "split")
COLUMNS = [
    "set",
    "ingredient",
    "value",
    "split",
    "balanced_accuracy",
    "seconds",
    "n_train",
    "config",
]
SEARCH_BASE = {
    "n_members": 8,
    "module__hidden": [128, 128],
    "module__dropout": 0.1,
    "module__scaling": "robust",
    "module__clip": 3.0,
    "module__embedding": "piecewise_linear",
    "module__feature_scale": True,
    "module__adapters": "signs",
    "max_epochs": 60,
    "lr": 3e-3,
    "lr_schedule": "cosine",
    "batch_size": 64,
    "optimizer__weight_decay": 1e-2,
}
# The defaults, all sizes by the backbone's own rule, and each ingredient that they are changed in.
BASE = {"max_epochs": "auto"}
_EIGHT = {"n_members": 8}
CHANGES = {
    "scaling": [
        {"module__scaling": "standard"},
        {"module__scaling": "quantile"},
        {"module__scaling": None, "module__clip": None},
    ],
    "clip": [{"module__clip": None}],
    "embedding": [
        {"module__embedding": None},
        {"module__embedding": "piecewise_linear"},
        {"module__embedding": "piecewise_linear", "module__n_bins": 32},
    ],
    "feature_scale": [{"module__feature_scale": False}],
    "dropout": [{"module__dropout": 0.0}, {"module__dropout": 0.3}],
    "schedule": [{"lr_schedule": None}],
    "weight_decay": [
        {"optimizer__weight_decay": 0.0},
        {"optimizer__weight_decay": 1e-1},
        {"decay_biases": True},
    ],
    "members": [{"n_members": 4}, _EIGHT],
    # one net has none: beside eight members
    "adapters": [_EIGHT | {"module__adapters": "signs"}],
    "width": [{"module__hidden": [64, 64]}, {"module__hidden": [256, 256]}],
    "depth": [{"module__hidden": [128]}, {"module__hidden": [128, 128, 128]}],
    "epochs": [{"epochs_times": 0.5}, {"epochs_times": 2}],
    "lr": [{"lr": 1e-3}, {"lr": 1e-2}],
}
# What a step costs against what it brings, several at once: for a training within ten forests.
_FOUR, _DRY = {"n_members": 4}, {"module__dropout": 0.0}
FASTER = [
    _FOUR,
    _FOUR | _DRY,
    _FOUR | _DRY | {"epochs_times": 0.5},
    _FOUR | _DRY | {"epochs_times": 0.5, "lr": 6e-3},
    _FOUR | _DRY | {"module__hidden": [256, 256]},
    _EIGHT,
    _EIGHT | _DRY | {"epochs_times": 0.5},
    _EIGHT | _DRY | {"batch_size": 128},
    _EIGHT | _DRY | {"batch_size": 128, "lr": 6e-3},
]
# One net: what its epochs and dropout should be.
ONE_NET = [
    {"n_members": 1, "module__dropout": dropout, "epochs_times": times}
    for dropout in (0.1, 0.2, 0.3)
    for times in (1, 0.5)
]
# How many steps there should be at least, for losses that need more of them than the logit-adjusted
# one: it matters on oil-spill alone, whose rule would be 70.
LOSSES = {
    "logit_adjusted": {},
    "cross_entropy": {},
    "weighted": {"class_weight": "balanced"},
    "ldam": {"class_weight": "effective", "rebalance_from": 0.8},
}
LEAST_STEPS = [
    {"loss": loss, "least_steps": least}
    for loss in LOSSES
    for least in (1, 100, 130, 160, 200, 400)
]
# The rule of steps: what classes and columns count in it; all that is not said is as it is.
RULES = [
    {"rule": rule}
    for rule in (
        {"_BITS": 1.0, "_FOR_COLUMNS": [1.0, 1.0]},
        {"_BITS": 0.5, "_FOR_COLUMNS": [1.0, 1.0]},
        {"_BITS": 1.0, "_FOR_COLUMNS": [0.5, 1.25]},
        {"_BITS": 0.5, "_FOR_COLUMNS": [0.5, 1.25]},
        {"_BITS": 0.5, "_FOR_COLUMNS": [0.5, 1.25], "_STEPS": 2.2},
        {"_BITS": 0.5, "_FOR_COLUMNS": [0.5, 1.25], "_STEPS": 4.2},
    )
]
# The networks of today, and the sizes that the backbone chooses by itself.
WHOLE = {
    "plain MLP": {"plain": True},
    "balanced random forest": {"forest": True},
}
_NONE, _PERIODIC = {"module__embedding": None}, {"module__embedding": "periodic"}
_SHORT, _SLOW, _LARGE = {"max_epochs": 30}, {"lr": 1e-3}, {"batch_size": 128}
# What the defaults were found by: several ingredients at once, from SEARCH_BASE.
TOGETHER = [
    _SHORT | _LARGE,
    _SHORT | _LARGE | _NONE,
    _SHORT | _LARGE | _PERIODIC,
    _SHORT | _LARGE | {"module__hidden": [256, 256]},
    _SHORT,
    _SHORT | _NONE,
    _SHORT | _PERIODIC,
    {"batch_size": 256},
    {"max_epochs": 15},
    {"max_epochs": 15} | _PERIODIC,
    _SHORT | _LARGE | {"module__dropout": 0.3},
    _SHORT | _LARGE | {"module__dropout": 0.3} | _PERIODIC,
    _SHORT | _LARGE | {"optimizer__weight_decay": 0.3} | _PERIODIC,
]
# As many steps as this times the effective number of rows to the power of 0.7 (see `effective_rows`
# of the backbone's sizes), with each kind of embedding.
STEPS = [
    {"steps": factor} | kind
    for factor in (5, 10, 20)
    for kind in ({"module__embedding": "piecewise_linear"}, _PERIODIC, _NONE)
]
FEWER_BINS = [
    {"steps": 5, "module__n_bins": 8},
    {"steps": 5, "module__n_bins": 16},
    {"steps": 5, "module__n_bins": 8, "module__embedding_dim": 4},
    {"steps": 5, "n_members": 16} | _PERIODIC,
    {"steps": 5, "module__embedding_dim": 8} | _PERIODIC,
]


class DecayAll(TabularMLP):
    """Weight decay on biases, adapters and embeddings too: the ingredient switched off."""

    def parameters_without_decay(self):
        return iter(())


def build(config: dict) -> BaseEstimator:
    config = dict(config)
    if config.pop("forest", False):
        return METHODS["forest"].classify()
    if config.pop("plain", False):
        return RebalancedClassifier(loss="logit_adjusted", module=MLP)
    module = DecayAll if config.pop("decay_biases", False) else TabularMLP
    loss = config.pop("loss", "logit_adjusted")
    settings = LOSSES[loss] | config
    loss = "cross_entropy" if loss == "weighted" else loss
    return RebalancedClassifier(loss=loss, module=module, **settings)


def settings(only: list[str] | None) -> list[tuple[str, str, dict]]:
    named = [("base", "", BASE)]
    named += [(name, "", config) for name, config in WHOLE.items()]
    named += [("faster", json.dumps(change), BASE | change) for change in FASTER]
    named += [("one net", json.dumps(change), BASE | change) for change in ONE_NET]
    named += [("rule", json.dumps(change), BASE | change) for change in RULES]
    named += [("least steps", json.dumps(change), BASE | change) for change in LEAST_STEPS]
    searched = {"together": TOGETHER, "steps": STEPS, "bins": FEWER_BINS}
    for start, kinds in ((BASE, CHANGES), (SEARCH_BASE, searched)):
        for ingredient, changes in kinds.items():
            named += [(ingredient, json.dumps(change), start | change) for change in changes]
    return [s for s in named if only is None or s[0] in only]


def one(job: dict[str, str], *, data_home: Path) -> dict[str, object]:
    learnt, labels, held, truth = tuning_fold(job["set"], int(job["split"]), data_home)
    counts = np.unique(labels, return_counts=True)[1]
    config = json.loads(job["config"])
    if "steps" in config:
        steps = config.pop("steps") * effective_rows(counts) ** 0.7
        config["max_epochs"] = max(1, round(steps / -(-len(labels) // config["batch_size"])))
    if "epochs_times" in config:
        advised = TabularMLP.advised_sizes(*learnt.shape, counts).max_epochs
        config["max_epochs"] = max(1, round(config.pop("epochs_times") * advised))
    rule = config.pop("rule", {})
    if "least_steps" in config:
        rule = {"_LEAST_STEPS": config.pop("least_steps")}
    if rule:
        with patch.multiple(_tabular_sizes, **rule):
            config["max_epochs"] = TabularMLP.advised_sizes(*learnt.shape, counts).max_epochs
    model = build(config).set_params(random_state=int(job["split"]))
    start = time.perf_counter()
    model.fit(learnt, labels)
    seconds = time.perf_counter() - start
    return job | {
        "balanced_accuracy": f"{balanced_accuracy_score(truth, model.predict(held)):.4f}",
        "seconds": f"{seconds:.2f}",
        "n_train": len(labels),
    }


def summary(rows: list[dict]) -> None:
    sets = [
        name
        for name in (*TUNING_SETS, *MORE_TUNING_SETS)
        if any(row["set"] == name for row in rows)
    ]
    by_key: dict[tuple[str, str], dict[str, dict[int, float]]] = {}
    for row in rows:
        scores = by_key.setdefault((row["ingredient"], row["value"]), {})
        score = 100 * float(row["balanced_accuracy"])
        scores.setdefault(row["set"], {})[int(row["split"])] = score
    print(f"{'':58s}" + "".join(f"{name:>15s}" for name in sets))
    base = by_key.get(("base", ""), {})
    # beside what an ingredient is looked at, where that is not the base
    other = {
        "rule": by_key.get(("rule", json.dumps(RULES[0])), {}),
        "adapters": by_key.get(("members", json.dumps(_EIGHT)), {}),
    }
    for (ingredient, value), scores in by_key.items():
        cells = []
        for name in sets:
            own = scores.get(name, {})
            # on the same splits, for a row may not have all of them yet
            beside = other.get(ingredient, base).get(name, {})
            shared = sorted(set(own) & set(beside))
            gain = np.mean([own[s] - beside[s] for s in shared]) if shared else np.nan
            cells.append(f"{np.mean(list(own.values())):8.1f} {gain:+6.1f}" if own else " " * 15)
        print(f"{ingredient + ' ' + value:58s}" + "".join(cells))


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--sets", nargs="+", default=list(TUNING_SETS))
    parser.add_argument("--only", nargs="+", default=None, help="ingredients to run")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--summary", action="store_true")
    args = parser.parse_args()
    if args.summary:
        summary(read_csv(CSV))
        return
    warnings.simplefilter("ignore", UserWarning)
    torch.set_num_threads(1)
    jobs = [
        {
            "set": name,
            "ingredient": ingredient,
            "value": value,
            "split": str(split),
            "config": json.dumps(config),
        }
        for split in range(3 * args.repeats)
        for ingredient, value, config in settings(args.only)
        for name in args.sets
    ]
    run_missing(
        partial(one, data_home=args.data_home),
        jobs,
        file=CSV,
        key=KEY,
        columns=COLUMNS,
        deadline=deadline_in(args.budget),
    )


if __name__ == "__main__":
    main()
