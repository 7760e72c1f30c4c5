"""The M2m paper's ablations (Table 4) and its limited pools of seeds (Table 3), on MNIST-LT.

The paper has CIFAR-10-LT with a ResNet-32; here it is MNIST, the first class with 1,000 rows, the
last with 10 (imbalance ratio 100, as there), and a small network, so that a CPU can do it. Each
variant is one setting of ``M2mClassifier`` away from M2m. Length of the steps and beta are chosen
for M2m alone, on 3 folds of the training rows, and shared by all variants. "Major" are the largest
classes that hold half of the training rows (as in the paper), "minor" the others.

    python benchmarks/papers/m2m_ablation.py [--set mnist|digits] [--seeds 5] [--budget SECONDS]
        [--device cpu] [--data-home ../shared/data]

Resumable: what stands in ``results/papers/m2m_ablation_search.csv`` and
``results/papers/m2m_ablation.csv`` is not run again. With a budget no further training starts once
it is spent.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.model_selection import StratifiedKFold, train_test_split

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.data import DATA_HOME
from lib.records import machine, read_csv, write_csv

from sklimb import M2mClassifier, RebalancedClassifier
from sklimb.backbones import MLP
from sklimb.datasets import make_long_tailed
from sklimb.metrics import geometric_mean_score

SEARCH, TEST = "papers/m2m_ablation_search.csv", "papers/m2m_ablation.csv"
SHARED = {"module": MLP, "module__dropout": 0.0, "max_epochs": 40}
# name -> (settings on top of M2m, None for no translation at all; the paper's bACC)
VARIANTS: dict[str, tuple[dict, float]] = {
    "ERM": ({"translate_from": 1.0}, 68.7),
    "ERM-RS": ({"translate_from": 1.0, "sampling": "balanced"}, 70.4),
    "ERM-DRS": ({"translate_from": 1.0, "sampling": "balanced", "rebalance_from": 0.8}, 75.2),
    "M2m": ({}, 78.3),
    "M2m (lambda = 0)": ({"lam": 0.0}, 76.9),
    "M2m-Clean": ({"clean_seeds": True}, 73.5),
    "M2m-RS": ({"translate_from": 0.0}, 74.1),
    "M2m-RS-Rand": ({"translate_from": 0.0, "random_label": True}, 71.6),
}
POOLS = {10: 74.9, 50: 76.2, 100: 76.5, 200: 76.7, 500: 77.4}
VARIANTS |= {f"{n} seeds": ({"seed_pool": n}, paper) for n, paper in POOLS.items()}
CANDIDATES = [
    {"step_size": step, "beta": beta} for step in (0.1, 0.3, 0.5) for beta in (0.9, 0.999)
]
FIGURES = ("acceptance_rate", "source_confidence", "translated_loss")


def load(name: str, data_home: Path, seed: int) -> tuple[np.ndarray, ...]:
    if name == "mnist":
        with np.load(data_home / "images" / "mnist.npz") as file:
            X, y, X_test, y_test = (file[k] for k in ("X_train", "y_train", "X_test", "y_test"))
        X, X_test = (a.reshape(len(a), -1).astype(np.float32) / 255 for a in (X, X_test))
        n_max, ratio = 1000, 100
    else:
        X, y = load_digits(return_X_y=True)
        X, X_test, y, y_test = train_test_split(
            (X / 16).astype(np.float32), y, test_size=0.4, stratify=y, random_state=0
        )
        n_max, ratio = 100, 20
    X, y = make_long_tailed(X, y, ratio=ratio, n_max=n_max, order="label", random_state=seed)
    return X, y, X_test, y_test


def fit(settings: dict, X, y, seed: int, device: str) -> M2mClassifier:
    base = {"lam": 0.5, "gamma": 0.9, "unit": "raw"}
    source = RebalancedClassifier(device=device, **SHARED)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "None of .* rows was translated", UserWarning)
        return M2mClassifier(
            source_estimator=source, random_state=seed, device=device, **SHARED | base | settings
        ).fit(X, y)


def figures(model) -> dict[str, str]:
    last = model.history_[-1]
    return {key: "" if np.isnan(last[key]) else f"{last[key]:.4f}" for key in FIGURES}


def validate(name: str, key: str, data_home: Path, device: str) -> dict[str, str]:
    X, y, *_ = load(name, data_home, 0)
    scores, start = [], time.perf_counter()
    for a, b in StratifiedKFold(3, shuffle=True, random_state=0).split(X, y):
        model = fit(json.loads(key), X[a], y[a], 0, device)
        scores.append(balanced_accuracy_score(y[b], model.predict(X[b])))
    seconds = f"{time.perf_counter() - start:.1f}"
    row = {"set": name, "validation": f"{100 * np.mean(scores):.2f}", "config": key}
    return row | figures(model) | {"seconds": seconds}


def test(name, variant, key, seed, data_home, device) -> dict[str, str]:
    X, y, X_test, y_test = load(name, data_home, seed)
    model = fit(json.loads(key) | VARIANTS[variant][0], X, y, seed, device)
    predicted = model.predict(X_test)
    labels, counts = np.unique(y, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    n_major = 1 + int(np.argmax(np.cumsum(counts[order]) > counts.sum() / 2))
    recalls = recall_score(y_test, predicted, average=None, labels=labels)
    return {
        "set": name,
        "variant": variant,
        "seed": str(seed),
        "major": f"{100 * recalls[order[:n_major]].mean():.2f}",
        "minor": f"{100 * recalls[order[n_major:]].mean():.2f}",
        "balanced_accuracy": f"{100 * balanced_accuracy_score(y_test, predicted):.2f}",
        "geometric_mean": f"{100 * geometric_mean_score(y_test, predicted):.2f}",
        **figures(model),
        "config": key,
    }


def report(rows: list[dict[str, str]], name: str) -> None:
    print(machine())
    print(
        f"{name:18}{'major':>7}{'minor':>7}{'bACC':>7}{'+-':>6}{'GM':>7}{'accepted':>10}   paper's"
    )
    for variant in VARIANTS:
        own = [row for row in rows if (row["set"], row["variant"]) == (name, variant)]
        if not own:
            continue
        keys = ("major", "minor", "balanced_accuracy", "geometric_mean")
        major, minor, accuracy, geometric = (np.array([float(r[k]) for r in own]) for k in keys)
        spread = accuracy.std(ddof=1) if len(own) > 1 else 0.0
        print(
            f"{variant:18}{major.mean():7.1f}{minor.mean():7.1f}{accuracy.mean():7.1f}{spread:6.1f}"
            f"{geometric.mean():7.1f}{own[0]['acceptance_rate']:>10}   {VARIANTS[variant][1]}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", default="mnist", choices=("mnist", "digits"))
    parser.add_argument("--data-home", type=Path, default=DATA_HOME)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--budget", type=float, default=np.inf, help="seconds")
    args = parser.parse_args()
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    deadline = time.monotonic() + args.budget
    searched, tested = read_csv(SEARCH), read_csv(TEST)
    for key in (json.dumps(config) for config in CANDIDATES):
        if any((row["set"], row["config"]) == (args.set, key) for row in searched):
            continue
        if time.monotonic() > deadline:
            print("budget spent in the search")
            return
        row = validate(args.set, key, args.data_home, args.device)
        searched.append(row)
        write_csv(SEARCH, searched, list(row))
        print(row, flush=True)
    own = [row for row in searched if row["set"] == args.set]
    best = max(own, key=lambda row: float(row["validation"]))["config"]
    done = {(row["set"], row["variant"], row["seed"]) for row in tested}
    for seed in range(args.seeds):
        for variant in VARIANTS:
            if (args.set, variant, str(seed)) in done:
                continue
            if time.monotonic() > deadline:
                print("budget spent")
                report(tested, args.set)
                return
            row = test(args.set, variant, best, seed, args.data_home, args.device)
            tested.append(row)
            write_csv(TEST, tested, list(row))
            print(row, flush=True)
    report(tested, args.set)


if __name__ == "__main__":
    main()
