"""The M2m paper's Table 1 on CIFAR-10-LT: balanced accuracy of a CIFAR ResNet.

Kim, Jeong & Shin 2020, section 3.1 and 3.2: ResNet-32, 200 epochs, batch 128, SGD with momentum
0.9, weight decay 2e-4, rate 0.1 with 5 epochs of warm-up; times 0.01 at epochs 160 and 180, crops
and flips as in the code of Cao et al. 2019, whose protocol it is. M2m starts at epoch 160, with 10
steps of 0.1 on pixels in [0, 1], and beta 0.999, lambda 0.5, gamma 0.9 out of the paper's
candidates (``--beta``, ``--lam`` and ``--gamma`` take others). g is a plain network from another
seed, trained once for a ratio and a seed. SMOTE's row is left out. The images are JPEG copies of
CIFAR-10 (``images/cifar10_jpeg.npz``), so figures differ a little from those on the originals.

The full protocol, for a GPU:

    python benchmarks/papers/m2m_cifar.py --device cuda

A small step of it on a CPU:

    python benchmarks/papers/m2m_cifar.py --depth 8 --width 8 --share 0.2 --epochs 10 \\
        --ratios 100 --methods ERM DRS M2m --seeds 1

Epochs of all steps are shares of ``--epochs``. ``--share`` keeps that part of each class's rows.
Resumable: runs that stand in ``results/papers/m2m_cifar.csv`` are not run again. ``--budget``
(seconds) starts no run that would not fit, going by the longest so far.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import torch
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import balanced_accuracy_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.data import DATA_HOME
from lib.records import machine, read_csv, write_csv

from sklimb import M2mClassifier, RebalancedClassifier
from sklimb.backbones import ResNet
from sklimb.datasets import fetch_cifar10, make_long_tailed
from sklimb.metrics import geometric_mean_score
from sklimb.transforms import CropFlip

RESULTS = "papers/m2m_cifar.csv"
# name -> (settings, whether M2m, balanced accuracy in Table 1 at ratios 100 and 10)
METHODS: dict[str, tuple[dict, bool, dict[int, float]]] = {
    "ERM": ({}, False, {100: 68.7, 10: 86.0}),
    "RS": ({"sampling": "balanced"}, False, {100: 70.4, 10: 86.6}),
    "RW": ({"class_weight": "balanced"}, False, {100: 72.8, 10: 86.6}),
    "CB-RW": ({"class_weight": "effective"}, False, {100: 71.2, 10: 86.8}),
    "DRS": ({"sampling": "balanced", "rebalance_from": 0.8}, False, {100: 75.2, 10: 87.1}),
    "M2m": ({}, True, {100: 78.3, 10: 87.9}),
    "focal": ({"loss": "focal", "focal_gamma": 1.0}, False, {100: 68.3, 10: 85.3}),
    "LDAM": ({"loss": "ldam"}, False, {100: 72.8, 10: 86.2}),
    "LDAM-DRW": (
        {"loss": "ldam", "class_weight": "effective", "rebalance_from": 0.8},
        False,
        {100: 77.1, 10: 87.1},
    ),
    "LDAM-M2m": ({"loss": "ldam"}, True, {100: 79.1, 10: 87.5}),
}
SETTING = ("depth", "width", "epochs", "share", "beta", "lam", "gamma", "step_size")
KEY = (*SETTING, "ratio", "method", "seed")
COLUMNS = (
    *KEY,
    "balanced_accuracy",
    "geometric_mean",
    "acceptance_rate",
    "source_confidence",
    "translated_loss",
    "device",
    "seconds",
)


def scaled(images) -> tuple[np.ndarray, np.ndarray]:
    X, y = images
    return X.astype(np.float32) / 255, y


def shared(args, seed: int) -> dict:
    return {
        "module": ResNet,
        "module__depth": args.depth,
        "module__width": args.width,
        "module__augment": CropFlip(4),
        "optimizer": torch.optim.SGD,
        "optimizer__momentum": 0.9,
        "optimizer__weight_decay": 2e-4,
        "lr": 0.1,
        "lr_schedule": "step",
        "lr_milestones": (0.8, 0.9),
        "lr_decay": 0.01,
        "warmup_epochs": max(1, round(5 * args.epochs / 200)),
        "max_epochs": args.epochs,
        "batch_size": 128,
        "device": args.device,
        "random_state": seed,
    }


class Runs:
    """The data, and a plain network for each ratio and seed."""

    def __init__(self, args) -> None:
        self.args = args
        self.train, self.test = (
            fetch_cifar10(subset=subset, data_home=args.data_home, return_X_y=True)
            for subset in ("train", "test")
        )
        self.source = cache(self._source)

    def rows(self, ratio: int, seed: int):
        X, y = self.train
        n_max = int(self.args.share * np.bincount(y).max())
        return scaled(
            make_long_tailed(X, y, ratio=ratio, order="label", n_max=n_max, random_state=seed)
        )

    def _source(self, ratio: int, seed: int) -> FrozenEstimator:
        plain = RebalancedClassifier(**shared(self.args, 1000 + seed))
        return FrozenEstimator(plain.fit(*self.rows(ratio, seed)))

    def run(self, row: dict) -> dict:
        args, ratio, seed = self.args, int(row["ratio"]), int(row["seed"])
        settings, translates, _ = METHODS[row["method"]]
        settings = shared(args, seed) | settings
        start = time.perf_counter()
        if translates:
            model = M2mClassifier(
                source_estimator=self.source(ratio, seed),
                beta=args.beta,
                lam=args.lam,
                gamma=args.gamma,
                step_size=args.step_size,
                translate_from=0.8,
                unit="raw",
                **settings,
            )
        else:
            model = RebalancedClassifier(**settings)
        model.fit(*self.rows(ratio, seed))
        seconds = time.perf_counter() - start
        X_test, y_test = scaled(self.test)
        predicted, last = model.predict(X_test), model.history_[-1]
        figures = ("acceptance_rate", "source_confidence", "translated_loss")
        return row | {
            "balanced_accuracy": f"{100 * balanced_accuracy_score(y_test, predicted):.2f}",
            "geometric_mean": f"{100 * geometric_mean_score(y_test, predicted):.2f}",
            **{key: f"{last[key]:.4f}" if key in last else "" for key in figures},
            "device": torch.cuda.get_device_name() if "cuda" in model.device_ else model.device_,
            "seconds": f"{seconds:.0f}",
        }


def report(rows: list[dict]) -> None:
    print(machine())
    for setting in dict.fromkeys(tuple(row[key] for key in (*SETTING, "ratio")) for row in rows):
        print(", ".join(f"{k} {v}" for k, v in zip((*SETTING, "ratio"), setting, strict=True)))
        for method, (_, _, paper) in METHODS.items():
            own = [r for r in rows if tuple(r[k] for k in KEY[:-1]) == (*setting, method)]
            if own:
                scores = [float(row["balanced_accuracy"]) for row in own]
                spread = np.std(scores, ddof=1) if len(own) > 1 else 0.0
                print(
                    f"  {method:10} paper {paper[int(setting[-1])]:6.1f}"
                    f"  ours {np.mean(scores):6.1f} +- {spread:.1f} ({len(own)} runs)"
                    f"  accepted {own[0]['acceptance_rate']}"
                    f"  loss {own[0]['translated_loss']}  {own[0]['seconds']} s"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-home", type=Path, default=DATA_HOME)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--depth", type=int, default=32)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--beta", type=float, default=0.999)
    parser.add_argument("--lam", type=float, default=0.5)
    parser.add_argument("--gamma", type=float, default=0.9)
    parser.add_argument("--step-size", type=float, default=0.1)
    parser.add_argument("--ratios", type=int, nargs="+", default=(100, 10), choices=(100, 10))
    parser.add_argument("--methods", nargs="+", default=tuple(METHODS), choices=tuple(METHODS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--budget", type=float, default=np.inf, help="seconds")
    args = parser.parse_args()
    warnings.filterwarnings("ignore", "None of .* rows was translated", UserWarning)
    rows = read_csv(RESULTS)
    done = {tuple(row[key] for key in KEY) for row in rows}
    setting = {key: str(getattr(args, key)) for key in SETTING}
    todo = [
        setting | {"ratio": str(ratio), "method": method, "seed": str(seed)}
        for seed in range(args.seeds)
        for ratio in args.ratios
        for method in args.methods
    ]
    todo = [row for row in todo if tuple(row[key] for key in KEY) not in done]
    print(f"{len(rows)} runs are there, {len(todo)} to do", flush=True)
    start, longest = time.perf_counter(), 0.0
    runs = Runs(args) if todo else None
    for row in todo:
        before = time.perf_counter()
        if before - start + longest > args.budget:
            print("the budget is spent", flush=True)
            break
        rows.append(runs.run(row))
        write_csv(RESULTS, rows, COLUMNS)
        longest = max(longest, time.perf_counter() - before)
        print(rows[-1], flush=True)
    report(rows)


if __name__ == "__main__":
    main()
