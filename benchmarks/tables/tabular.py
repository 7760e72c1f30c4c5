"""Rows of tables: every method with TabularMLP, the default, and with MLP, beside what people use.

Six real sets (ecoli also without its two classes of 2 rows) and five made ones (``lib/data.py``),
5 x 2 stratified cross-validation, three seeds. Every method is run with its defaults, and with
``--tuning quick`` also with the best of four candidates by 3-fold cross-validation on the training
rows (C, depth, learning rate and the like: the grids of ``sklimb compare``, and those below), the
same number for all. Two-class baselines that are tuned get their threshold tuned too.
``--backbones "8 members"`` is TabularMLP with eight members; only who names it gets it.

    python benchmarks/tables/tabular.py --budget 3600  # a first pass, see FIRST_PASS
    python benchmarks/tables/tabular.py --repeats 5 --seeds 3 --max-rows 0 --jobs 16 \\
        --tuning none quick
    python benchmarks/tables/tabular.py --summary

Resumable: one row a fit in ``results/tables/tabular.csv``; those that are there are not run again,
and a budget of seconds stops new ones from being started. ``--sets`` and ``--methods`` choose.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
from imblearn.ensemble import EasyEnsembleClassifier
from imblearn.over_sampling import RandomOverSampler
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import (
    GridSearchCV,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    TunedThresholdClassifierCV,
)
from sklearn.neural_network import MLPClassifier

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.command_line import command_line
from lib.data import SETS, load, preparation, subsample
from lib.records import read_csv
from lib.resumable import deadline_in, run_missing

from sklimb._compare.run.methods import METHODS, Method
from sklimb.backbones import MLP, TabularMLP
from sklimb.metrics import geometric_mean_score

CSV = "tables/tabular.csv"
KEY = ("set", "method", "backbone", "tuning", "repeat", "fold", "seed", "max_rows")
COLUMNS = [*KEY, "balanced_accuracy", "geometric_mean", "seconds", "n_train"]
BACKBONES = {"plain": MLP, "tabular": TabularMLP, "8 members": TabularMLP}
# What --repeats, --seeds and --max-rows are unless they are given.
FIRST_PASS = {"repeats": 2, "seeds": 1, "max_rows": 10_000}
# The forest and the methods that the goal is about come first: a budget may end early.
FIRST = ("forest", "logit_adjusted", "hist_gradient_boosting", "reweight", "ldam_drw")

_OTHERS = [
    Method(
        "hist_gradient_boosting",
        "histogram gradient boosting, balanced",
        lambda: HistGradientBoostingClassifier(class_weight="balanced"),
        {"quick": {"learning_rate": [0.03, 0.1], "max_leaf_nodes": [15, 31]}},
    ),
    Method(
        "easy_ensemble",
        "easy ensemble",
        EasyEnsembleClassifier,
        {"quick": {"n_estimators": [10, 30], "replacement": [False, True]}},
    ),
    Method(
        "mlp_classifier",
        "random over-sampling + MLPClassifier",
        lambda: MLPClassifier(max_iter=200),
        {"quick": {"alpha": [1e-4, 1e-2], "hidden_layer_sizes": [(100,), (128, 128)]}},
        resample=RandomOverSampler,
    ),
]
ALL: dict[str, Method] = {m.name: m for m in (*METHODS.values(), *_OTHERS)}
ORDER = [*FIRST, *(name for name in ALL if name not in FIRST)]
# Baselines whose probabilities or scores have a threshold to tune on two classes.
THRESHOLDS = ("logistic", "linear_svc", "forest", "hist_gradient_boosting", "easy_ensemble",
              "mlp_classifier")  # fmt: skip


def module_parameter(pipeline: BaseEstimator) -> str | None:
    """Return the name by which the backbone of a pipeline's classifier is set, if it has one."""
    known = pipeline.get_params()
    names = [f"classify__{'estimator__' * depth}module" for depth in range(3)]
    return next((name for name in names if name in known), None)


def candidates(method: Method, backbone: str) -> list[dict[str, list]]:
    """Return four candidates; a grid that chooses a backbone gets two values of something else."""
    found = {}
    for candidate in method.candidates("quick"):
        key = next((key for key in candidate if key.endswith("__module")), None)
        if key is None:
            return method.candidates("quick")
        dropout, lr = f"{key}__dropout", key.removesuffix("module") + "lr"
        for name, value in (
            ((lr, 1e-3), (lr, 3e-3)) if dropout in candidate else ((dropout, 0.1), (dropout, 0.3))
        ):
            settings = candidate | {key: [BACKBONES[backbone]], name: [value]}
            found[str(settings)] = settings
    return list(found.values())


def build(
    name: str, backbone: str, tuning: str, X: object, n_classes: int, seed: int
) -> BaseEstimator:
    method = ALL[name]
    pipeline = method.pipeline(preparation(X), device="cpu", seed=seed)
    module = module_parameter(pipeline)
    if module is not None:
        pipeline.set_params(**{module: BACKBONES[backbone]})
        if backbone == "8 members":
            pipeline.set_params(**{module.replace("module", "n_members"): 8})
    if tuning == "none":
        return pipeline
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    model = GridSearchCV(
        pipeline, candidates(method, backbone), scoring="balanced_accuracy", cv=folds
    )
    if n_classes == 2 and name in THRESHOLDS:
        return TunedThresholdClassifierCV(model, scoring="balanced_accuracy", cv=folds)
    return model


def one(job: dict[str, object], *, data_home: Path) -> dict[str, object]:
    name, backbone, tuning = job["method"], job["backbone"], job["tuning"]
    X, y = load(job["set"], data_home)
    if job["max_rows"]:
        X, y = subsample(X, y, job["max_rows"])
    folds = RepeatedStratifiedKFold(n_splits=2, n_repeats=job["repeat"] + 1, random_state=0)
    train, test = list(folds.split(np.zeros(len(y)), y))[2 * job["repeat"] + job["fold"]]
    rows = X.iloc if hasattr(X, "iloc") else X
    with warnings.catch_warnings():
        # classes too rare for the folds, rows that no translation reaches: said once for each fit
        warnings.simplefilter("ignore")
        model = build(
            name, backbone, tuning, X, len(np.unique(y)), 1000 * job["seed"] + job["repeat"]
        )
        start = time.perf_counter()
        model.fit(rows[train], y[train])
        seconds = time.perf_counter() - start
        predicted = model.predict(rows[test])
        score = balanced_accuracy_score(y[test], predicted)
    return job | {
        "balanced_accuracy": f"{score:.4f}",
        "geometric_mean": f"{geometric_mean_score(y[test], predicted):.4f}",
        "seconds": f"{seconds:.2f}",
        "n_train": len(train),
    }


def jobs(args: argparse.Namespace) -> list[dict[str, object]]:
    """Return all fits in the order that they are done: a whole table first, then the next split."""
    found = []
    for seed in range(args.seeds):
        for repeat in range(args.repeats):
            for fold in range(2):
                for tuning in args.tuning:
                    for name in sorted(args.methods, key=ORDER.index):
                        net = module_parameter(
                            ALL[name].pipeline(preparation(None), device="cpu", seed=0)
                        )
                        for backbone in args.backbones if net else [""]:
                            for data in args.sets:
                                values = (data, name, backbone, tuning, repeat, fold, seed)
                                found.append(dict(zip(KEY, (*values, args.max_rows), strict=True)))
    return found


def summary(rows: list[dict[str, str]]) -> None:
    sets = [name for name in SETS if any(row["set"] == name for row in rows)]
    cells: dict[tuple[str, ...], dict[str, list[tuple[float, float]]]] = {}
    for row in rows:
        key = (row["tuning"], row["method"], row["backbone"], row["max_rows"])
        value = 100 * float(row["balanced_accuracy"]), float(row["seconds"])
        cells.setdefault(key, {}).setdefault(row["set"], []).append(value)

    def mean(key: tuple[str, ...], name: str, which: int) -> float:
        found = cells.get(key, {}).get(name)
        return float(np.mean([value[which] for value in found])) if found else np.nan

    print(
        f"{'balanced accuracy by max_rows, fits':52s}"
        + "".join(f"{name[:12]:>13s}" for name in sets)
    )
    order = sorted(cells, key=lambda k: (k[0], ORDER.index(k[1]), *k[2:]))
    for key in order:
        shown = "".join(f"{mean(key, name, 0):13.1f}" for name in sets)
        n = sum(len(found) for found in cells[key].values())
        print(f"{' '.join(key):46s}{n:6d}" + shown)
    print("seconds a fit, in those of the forest:")
    for key in order:
        forest = ("none", "forest", "", key[-1])  # on as many rows
        shown = (mean(key, name, 1) / mean(forest, name, 1) for name in sets)
        print(f"{' '.join(key):52s}" + "".join(f"{ratio:13.1f}" for ratio in shown))


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--methods", nargs="+", default=list(ALL), choices=list(ALL))
    parser.add_argument(
        "--backbones", nargs="+", default=["plain", "tabular"], choices=list(BACKBONES)
    )
    parser.add_argument("--tuning", nargs="+", default=["none"], choices=["none", "quick"])
    parser.add_argument("--repeats", type=int, default=FIRST_PASS["repeats"], help="5 is all")
    parser.add_argument("--seeds", type=int, default=FIRST_PASS["seeds"], help="3 is all")
    parser.add_argument("--max-rows", type=int, default=FIRST_PASS["max_rows"], help="0: all")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--summary", action="store_true")
    args = parser.parse_args()
    if args.summary:
        summary(read_csv(CSV))
        return
    run_missing(
        partial(one, data_home=args.data_home),
        jobs(args),
        file=CSV,
        key=KEY,
        columns=COLUMNS,
        workers=args.jobs,
        deadline=deadline_in(args.budget),
    )


if __name__ == "__main__":
    main()
