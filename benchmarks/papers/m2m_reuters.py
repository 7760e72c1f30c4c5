"""The baselines of the M2m paper's Reuters column, under its protocol.

Reuters-36, binary bag of the 1,000 most frequent words (English stop words removed), a 2-layer
network (256 hidden units), SGD with momentum 0.9, 15 epochs, batch 64, weight decay 5e-5 (Kim,
Jeong & Shin 2020, section 4.1). The learning rate's start is the paper's 0.1 among others; its
steps and the epoch from which methods are deferred are in a supplement that is not to hand, so they
are searched here, for each method, on 3 folds of the training documents. The test documents are
scored once, with 3 seeds.

Two things of the authors' code, which the paper does not say, are rows of their own: "mean" divides
a batch's weighted losses by the number of its documents (``weight_average="mean"``), "best epoch"
keeps the epoch that is best on a tenth of the training documents, and takes the settings that were
searched without it.

    python benchmarks/papers/m2m_reuters.py [--data-home ../shared/data] [--seeds 3] [--jobs 2]

Resumable: what stands in ``results/papers/m2m_reuters_search.csv`` and
``results/papers/m2m_reuters.csv`` is not run again.
"""

from __future__ import annotations

import json
import sys
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import torch
from imblearn.over_sampling import SMOTE
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.command_line import command_line
from lib.data import reuters36_words
from lib.records import machine
from lib.resumable import deadline_in, run_missing
from lib.summaries import chosen, mean, select, spread

from sklimb import RebalancedClassifier
from sklimb.metrics import geometric_mean_score

SEARCH, TEST = "papers/m2m_reuters_search.csv", "papers/m2m_reuters.csv"
# name -> (settings, deferred?, balanced accuracy and geometric mean in the paper's Table 2)
METHODS: dict[str, tuple[dict, bool, float]] = {
    "plain": ({}, False, 59.8),
    "RS": ({"sampling": "balanced"}, False, 63.3),
    "SMOTE": ({}, False, 62.5),
    "RW": ({"class_weight": "balanced"}, False, 65.0),
    "CB-RW": ({"class_weight": "effective"}, False, 64.8),
    "RW, mean": ({"class_weight": "balanced", "weight_average": "mean"}, False, 65.0),
    "CB-RW, mean": ({"class_weight": "effective", "weight_average": "mean"}, False, 64.8),
    "DRS": ({"sampling": "balanced"}, True, 62.4),
    "focal": ({"loss": "focal", "focal_gamma": 1.0}, False, 59.4),
    "LDAM": ({"loss": "ldam"}, False, 63.0),
    "LDAM-DRW": ({"loss": "ldam", "class_weight": "effective"}, True, 64.1),
}
# method -> the one whose settings it takes; the epoch is the best of a validation part
BEST_EPOCH = {f"{name}, best epoch": name for name in ("plain", "RW, mean", "CB-RW, mean")}
KEPT = {"early_stopping": True, "n_iter_no_change": 15}
RATES = (0.03, 0.1, 0.3)
MEAN_RATES = (0.01, 0.03, 0.1)  # a heavy batch makes a larger step where the mean is plain
SCHEDULES: tuple[dict, ...] = (
    {},
    {"lr_schedule": "step", "lr_milestones": (0.67, 0.87), "lr_decay": 0.1},
    {
        "lr_schedule": "step",
        "lr_milestones": (0.8, 0.93),
        "lr_decay": 0.1,
        "warmup_epochs": 5,
    },
)
STARTS = (0.67, 0.8)


def candidates(name: str) -> list[dict]:
    settings, deferred, _ = METHODS[name]
    return [
        {
            "lr": lr,
            "lr_schedule": None,
            **schedule,
            **({"rebalance_from": start} if deferred else {}),
        }
        for lr in (MEAN_RATES if "weight_average" in settings else RATES)
        for schedule in SCHEDULES
        for start in (STARTS if deferred else (None,))
    ]


def fit_predict(name, config, X, y, X_test, seed) -> np.ndarray:
    settings = METHODS[BEST_EPOCH.get(name, name)][0] | config
    settings |= KEPT if name in BEST_EPOCH else {}
    if name == "SMOTE":
        fewest = np.unique(y, return_counts=True)[1].min()
        X, y = SMOTE(k_neighbors=max(1, min(5, fewest - 1)), random_state=seed).fit_resample(X, y)
    return (
        RebalancedClassifier(
            module__hidden=(256,),
            optimizer=torch.optim.SGD,
            optimizer__momentum=0.9,
            optimizer__weight_decay=5e-5,
            max_epochs=15,
            batch_size=64,
            module__standardize=False,
            module__dropout=0.0,
            random_state=seed,
            **settings,
        )
        .fit(X, y)
        .predict(X_test)
    )


def validate(job: dict[str, str], *, X: np.ndarray, y: np.ndarray) -> dict[str, str]:
    name, config, scores = job["method"], json.loads(job["config"]), []
    try:
        for fold, (train, valid) in enumerate(
            StratifiedKFold(3, shuffle=True, random_state=0).split(X, y)
        ):
            predicted = fit_predict(name, config, X[train], y[train], X[valid], fold)
            scores.append(balanced_accuracy_score(y[valid], predicted))
    except ValueError as error:  # the loss is no longer finite
        print(name, job["config"], error, flush=True)
        scores = [0.0]
    return {
        "method": name,
        "validation": f"{100 * np.mean(scores):.2f}",
        "config": job["config"],
    }


def test(job: dict[str, str], *, X, y, X_test, y_test) -> dict[str, str]:
    name, config, seed = job["method"], json.loads(job["config"]), int(job["seed"])
    predicted = fit_predict(name, config, X, y, X_test, seed)
    return {
        "method": name,
        "seed": job["seed"],
        "balanced_accuracy": f"{100 * balanced_accuracy_score(y_test, predicted):.2f}",
        "geometric_mean": f"{100 * geometric_mean_score(y_test, predicted):.2f}",
        "paper": str(METHODS[BEST_EPOCH.get(name, name)][2]),
        "config": job["config"],
    }


def report(tested: list[dict[str, str]]) -> None:
    print(machine())
    print(f"{'':10}{'paper':>8}{'ours':>8}{'+-':>6}{'difference':>12}{'g-mean':>8}   chosen")
    for name in (*METHODS, *BEST_EPOCH):
        rows = select(tested, method=name)
        if rows:
            paper = float(rows[0]["paper"])
            ours = mean(rows, "balanced_accuracy")
            print(
                f"{name:10}{paper:8.1f}{ours:8.1f}{spread(rows, 'balanced_accuracy'):6.1f}"
                f"{ours - paper:12.1f}{mean(rows, 'geometric_mean'):8.1f}   {rows[0]['config']}"
            )


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    warnings.simplefilter("error")
    X, y, X_test, y_test = reuters36_words(args.data_home)
    running = {"workers": args.jobs, "deadline": deadline_in(args.budget)}
    todo = [
        {"method": name, "config": json.dumps(config)}
        for name in METHODS
        for config in candidates(name)
    ]
    searched = run_missing(
        partial(validate, X=X, y=y), todo, file=SEARCH, key=("method", "config"), **running
    )
    if any(not select(searched, **job) for job in todo):
        return  # nothing is chosen before the search is over
    tested = run_missing(
        partial(test, X=X, y=y, X_test=X_test, y_test=y_test),
        [
            {
                "method": name,
                "seed": str(seed),
                "config": chosen(searched, method=BEST_EPOCH.get(name, name))["config"],
            }
            for name in (*METHODS, *BEST_EPOCH)
            for seed in range(args.seeds)
        ],
        file=TEST,
        key=("method", "seed"),
        **running,
    )
    report(tested)


if __name__ == "__main__":
    main()
