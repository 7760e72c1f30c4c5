"""The methods' own settings on `TabularMLP`, the default backbone for rows, one changed at a time.

The sets, the training parts and the folds are those of ``tabular_ablation.py``: a fifth of each set
is never looked at, and 3-fold stratified cross-validation on the rest gives the balanced accuracy
of a method's defaults, and of them with one thing changed. Besides Affinity, Offset, M2m and RSG
the baselines stand there that have a start or a rate to choose. "times" multiplies the epochs that
the backbone advises.

    python benchmarks/tuning/defaults_rows.py --splits 1 [--methods m2m rsg] [--jobs 2]
        [--budget 600]
    python benchmarks/tuning/defaults_rows.py --summary

Resumable: one row a set, method, setting and split in ``results/tuning/defaults_rows.csv``.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.metrics import balanced_accuracy_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.command_line import command_line
from lib.data import MORE_TUNING_SETS, TUNING_SETS, tuning_fold
from lib.records import read_csv
from lib.resumable import deadline_in, run_missing

from sklimb import (
    AffinityClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb.backbones import TabularMLP

CSV = "tuning/defaults_rows.csv"
KEY = ("set", "method", "setting", "split")
COLUMNS = [*KEY, "balanced_accuracy", "seconds", "n_train"]
ALL_SETS = (*TUNING_SETS, *MORE_TUNING_SETS)
DRW = {"class_weight": "effective", "rebalance_from": 0.8}
LDAM_DRW = DRW | {"loss": "ldam"}
METHODS: dict[str, tuple[type, dict]] = {
    "plain": (RebalancedClassifier, {}),
    "re-weighting": (RebalancedClassifier, {"class_weight": "balanced"}),
    "logit-adjusted": (RebalancedClassifier, {"loss": "logit_adjusted"}),
    "LDAM-DRW": (RebalancedClassifier, LDAM_DRW),
    "DRW": (RebalancedClassifier, DRW),
    "DRS": (RebalancedClassifier, {"sampling": "balanced", "rebalance_from": 0.8}),
    "mixup-DRW": (RebalancedClassifier, DRW | {"mixup": 1.0}),
    "mixup": (RebalancedClassifier, {"mixup": 1.0, "loss": "logit_adjusted"}),
    "affinity": (AffinityClassifier, {}),
    "offset": (OffsetDebiasedClassifier, {}),
    "m2m": (M2mClassifier, {}),
    "rsg": (RSGClassifier, LDAM_DRW),
}
_RATES = [{"lr": 1e-3}, {"lr": 1e-2}, {"times": 0.5}, {"times": 2}]
_STARTS = [{"rebalance_from": start} for start in (0.25, 0.5)]
CHANGES: dict[str, list[dict]] = {
    "plain": _RATES,
    "re-weighting": _RATES,
    "logit-adjusted": _RATES,
    "LDAM-DRW": [*_STARTS, *_RATES],
    "DRW": _STARTS,
    "DRS": _STARTS,
    "mixup-DRW": [*_STARTS, {"rebalance_from": 0.5, "times": 2}, {"times": 2}, {"mixup": 0.2}],
    "mixup": [{"times": 2}, {"mixup": 0.2}],
    "affinity": [
        *({"sigma": sigma} for sigma in (0.25, 0.5, 2.0)),
        *({"lam": lam} for lam in (0.25, 0.75, 1.0)),
        *({"n_prototypes": m} for m in (2, 4)),
        *({"diversity": weight} for weight in (0.0, 0.1)),
        *({"embedding_dim": width} for width in (None, 32)),
        {"class_weight": None, "sampling": "balanced"},
        *_RATES,
    ],
    "offset": [
        *({"lambda1": weight} for weight in (0.0, 0.01, 0.03, 0.3, 1.0)),
        *({"lambda2": weight} for weight in (0.0, 0.3, 3.0, 10.0)),
        {"keep_prior": False},
        {"loss": "logit_adjusted"},
        *_RATES,
    ],
    "m2m": [
        *({"translate_from": start} for start in (0.25, 0.5, 0.65)),
        *({"step_size": size} for size in (0.1, 1.0)),
        *({"lam": lam} for lam in (0.01, 0.5)),
        {"beta": 0.99},
        {"loss": "logit_adjusted"},
        *_RATES,
    ],
    "rsg": [
        {"generate_from": 0.5},
        {"rebalance_from": 0.5},
        {"generate_from": 0.5, "rebalance_from": 0.5},
        {"generate_from": 0.25, "rebalance_from": 0.25},
        {"loss": "cross_entropy", "class_weight": "balanced", "rebalance_from": 0.0},
        {"loss": "logit_adjusted", "class_weight": None, "rebalance_from": 0.0},
        *_RATES,
    ],
}


def one(job: dict[str, str], *, data_home: Path) -> dict[str, object]:
    torch.set_num_threads(1)
    split = int(job["split"])
    X, y, held, truth = tuning_fold(job["set"], split, data_home)
    make, settings = METHODS[job["method"]]
    settings = settings | json.loads(job["setting"])
    times = settings.pop("times", 1)
    if times != 1:
        advised = TabularMLP.advised_sizes(*X.shape, np.unique(y, return_counts=True)[1])
        settings["max_epochs"] = max(1, round(times * advised.max_epochs))
    model: BaseEstimator = make(**settings, module=TabularMLP, random_state=split)
    with warnings.catch_warnings():
        # classes too rare to fold, rows that no translation reaches, corrections twice
        warnings.simplefilter("ignore", UserWarning)
        start = time.perf_counter()
        model.fit(X, y)
        seconds = time.perf_counter() - start
    return job | {
        "balanced_accuracy": f"{balanced_accuracy_score(truth, model.predict(held)):.4f}",
        "seconds": f"{seconds:.2f}",
        "n_train": len(y),
    }


def summary(rows: list[dict[str, str]]) -> None:
    """Print means over splits, and for a changed setting its gain over the same splits."""
    scores: dict[tuple[str, str], dict[tuple[str, str], float]] = {}
    for row in rows:
        cell = scores.setdefault((row["method"], row["setting"]), {})
        cell[row["set"], row["split"]] = 100 * float(row["balanced_accuracy"])
    print(" " * 78 + "  mean" + "".join(f"{name[-11:]:>13s}" for name in ALL_SETS))
    for (method, setting), own in sorted(
        scores.items(), key=lambda item: (list(METHODS).index(item[0][0]), item[0][1] != "{}")
    ):
        base = {} if setting == "{}" else scores[method, "{}"]
        cells = []
        for name in ALL_SETS:
            shared = [key for key in own if key[0] == name and (key in base or not base)]
            values = [own[key] - base.get(key, 0.0) for key in shared]
            cells.append(np.mean(values) if values else np.nan)
        shown = "".join(f"{cell:13.1f}" if not base else f"{cell:+13.1f}" for cell in cells)
        mean = f"{np.mean(cells):6.2f}" if not base else f"{np.mean(cells):+6.2f}"
        print(f"{method + ' ' + setting:78s}{mean}{shown}")


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--sets", nargs="+", default=list(ALL_SETS), choices=ALL_SETS)
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--summary", action="store_true")
    args = parser.parse_args()
    if args.summary:
        summary(read_csv(CSV))
        return
    jobs = (
        dict(zip(KEY, (name, method, json.dumps(setting), str(split)), strict=True))
        for split in range(args.splits)
        for method in args.methods
        for setting in ({}, *CHANGES[method])
        for name in args.sets
    )
    run_missing(
        partial(one, data_home=args.data_home),
        jobs,
        file=CSV,
        key=KEY,
        columns=COLUMNS,
        workers=args.jobs,
        deadline=deadline_in(args.budget),
    )


if __name__ == "__main__":
    main()
