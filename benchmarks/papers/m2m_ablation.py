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

import json
import sys
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.model_selection import StratifiedKFold

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.command_line import command_line
from lib.data import digits, mnist
from lib.records import machine
from lib.resumable import deadline_in, run_missing
from lib.summaries import chosen, mean, select, spread

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
    X, y, X_test, y_test = mnist(data_home) if name == "mnist" else digits()
    white, n_max, ratio = (255, 1000, 100) if name == "mnist" else (16, 100, 20)
    X, X_test = ((pixels / white).astype(np.float32) for pixels in (X, X_test))
    X, y = make_long_tailed(X, y, ratio=ratio, n_max=n_max, order="label", random_state=seed)
    return X, y, X_test, y_test


def fit(settings: dict, X, y, seed: int, device: str) -> M2mClassifier:
    base = {"loss": "cross_entropy", "lam": 0.5, "gamma": 0.9, "unit": "raw"}
    source = RebalancedClassifier(device=device, **SHARED)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "None of .* samples was translated", UserWarning)
        return M2mClassifier(
            source_estimator=source, random_state=seed, device=device, **SHARED | base | settings
        ).fit(X, y)


def figures(model) -> dict[str, str]:
    last = model.history_[-1]
    return {key: "" if np.isnan(last[key]) else f"{last[key]:.4f}" for key in FIGURES}


def validate(job: dict[str, str], *, data_home: Path, device: str) -> dict[str, str]:
    X, y, *_ = load(job["set"], data_home, 0)
    scores, start = [], time.perf_counter()
    for a, b in StratifiedKFold(3, shuffle=True, random_state=0).split(X, y):
        model = fit(json.loads(job["config"]), X[a], y[a], 0, device)
        scores.append(balanced_accuracy_score(y[b], model.predict(X[b])))
    seconds = f"{time.perf_counter() - start:.1f}"
    return {
        "set": job["set"],
        "validation": f"{100 * np.mean(scores):.2f}",
        "config": job["config"],
        **figures(model),
        "seconds": seconds,
    }


def test(job: dict[str, str], *, config: str, data_home: Path, device: str) -> dict[str, str]:
    seed = int(job["seed"])
    X, y, X_test, y_test = load(job["set"], data_home, seed)
    model = fit(json.loads(config) | VARIANTS[job["variant"]][0], X, y, seed, device)
    predicted = model.predict(X_test)
    labels, counts = np.unique(y, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    n_major = 1 + int(np.argmax(np.cumsum(counts[order]) > counts.sum() / 2))
    recalls = recall_score(y_test, predicted, average=None, labels=labels)
    return job | {
        "major": f"{100 * recalls[order[:n_major]].mean():.2f}",
        "minor": f"{100 * recalls[order[n_major:]].mean():.2f}",
        "balanced_accuracy": f"{100 * balanced_accuracy_score(y_test, predicted):.2f}",
        "geometric_mean": f"{100 * geometric_mean_score(y_test, predicted):.2f}",
        **figures(model),
        "config": config,
    }


def report(rows: list[dict[str, str]], name: str) -> None:
    print(machine())
    print(
        f"{name:18}{'major':>7}{'minor':>7}{'bACC':>7}{'+-':>6}{'GM':>7}{'accepted':>10}   paper's"
    )
    for variant in VARIANTS:
        own = select(rows, set=name, variant=variant)
        if own:
            print(
                f"{variant:18}{mean(own, 'major'):7.1f}{mean(own, 'minor'):7.1f}"
                f"{mean(own, 'balanced_accuracy'):7.1f}{spread(own, 'balanced_accuracy'):6.1f}"
                f"{mean(own, 'geometric_mean'):7.1f}{own[0]['acceptance_rate']:>10}"
                f"   {VARIANTS[variant][1]}"
            )


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--set", default="mnist", choices=("mnist", "digits"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    running = {"data_home": args.data_home, "device": args.device}
    deadline = deadline_in(args.budget)
    candidates = [{"set": args.set, "config": json.dumps(config)} for config in CANDIDATES]
    searched = run_missing(
        partial(validate, **running),
        candidates,
        file=SEARCH,
        key=("set", "config"),
        deadline=deadline,
    )
    if any(not select(searched, **candidate) for candidate in candidates):
        return  # nothing is chosen before the search is over
    tested = run_missing(
        partial(test, config=chosen(searched, set=args.set)["config"], **running),
        [
            {"set": args.set, "variant": variant, "seed": str(seed)}
            for seed in range(args.seeds)
            for variant in VARIANTS
        ],
        file=TEST,
        key=("set", "variant", "seed"),
        deadline=deadline,
    )
    report(tested, args.set)


if __name__ == "__main__":
    main()
