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
Resumable: runs that stand in ``results/papers/m2m_cifar.csv`` are not run again, one that was
broken off goes on from its last whole epoch, and g is kept (``runs/``). ``--budget`` (seconds)
starts no run that would not fit, going by the longest so far.
"""

from __future__ import annotations

import sys
import warnings
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import balanced_accuracy_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.cifar import cifar_command_line, device_name, kept_at, seconds_of, training
from lib.data import cifar10
from lib.records import machine
from lib.resumable import deadline_in, run_missing
from lib.summaries import mean, select, spread

from sklimb import M2mClassifier, RebalancedClassifier
from sklimb.datasets import make_long_tailed
from sklimb.metrics import geometric_mean_score
from sklimb.persistence import load, save

FILE = "papers/m2m_cifar.csv"
# name -> (settings, whether M2m, balanced accuracy in Table 1 at ratios 100 and 10)
METHODS: dict[str, tuple[dict, bool, dict[int, float]]] = {
    "ERM": ({}, False, {100: 68.7, 10: 86.0}),
    "RS": ({"sampling": "balanced"}, False, {100: 70.4, 10: 86.6}),
    "RW": ({"class_weight": "balanced"}, False, {100: 72.8, 10: 86.6}),
    "CB-RW": ({"class_weight": "effective"}, False, {100: 71.2, 10: 86.8}),
    "DRS": ({"sampling": "balanced", "rebalance_from": 0.8}, False, {100: 75.2, 10: 87.1}),
    "M2m": ({"loss": "cross_entropy"}, True, {100: 78.3, 10: 87.9}),
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


class Runs:
    """The data, and a plain network for each ratio and seed."""

    def __init__(self, args) -> None:
        self.args = args
        self.source = cache(self._source)

    def training(self, seed: int) -> dict:
        return training(self.args, seed, decay=0.01)

    def rows(self, ratio: int, seed: int):
        X, y = cifar10(self.args.data_home)[0]
        n_max = int(self.args.share * np.bincount(y).max())
        return scaled(
            make_long_tailed(X, y, ratio=ratio, order="label", n_max=n_max, random_state=seed)
        )

    def _source(self, ratio: int, seed: int) -> FrozenEstimator:
        told = {name: getattr(self.args, name) for name in ("depth", "width", "epochs", "share")}
        kept = kept_at("m2m_cifar_g", told | {"ratio": ratio, "seed": seed})
        whole = kept.with_suffix(".model")
        if not whole.exists():
            plain = RebalancedClassifier(checkpoint=kept, **self.training(1000 + seed))
            save(plain.fit(*self.rows(ratio, seed)), whole)
        return FrozenEstimator(load(whole))

    def run(self, row: dict) -> dict:
        args, ratio, seed = self.args, int(row["ratio"]), int(row["seed"])
        settings, translates, _ = METHODS[row["method"]]
        settings = self.training(seed) | settings
        settings["checkpoint"] = kept_at("m2m_cifar", row)
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
        X_test, y_test = scaled(cifar10(args.data_home)[1])
        predicted, last = model.predict(X_test), model.history_[-1]
        figures = ("acceptance_rate", "source_confidence", "translated_loss")
        return row | {
            "balanced_accuracy": f"{100 * balanced_accuracy_score(y_test, predicted):.2f}",
            "geometric_mean": f"{100 * geometric_mean_score(y_test, predicted):.2f}",
            **{key: f"{last[key]:.4f}" if key in last else "" for key in figures},
            "device": device_name(model),
            "seconds": seconds_of(model),
        }


def report(rows: list[dict]) -> None:
    print(machine())
    names = (*SETTING, "ratio")
    for setting in dict.fromkeys(tuple(row[name] for name in names) for row in rows):
        wanted = dict(zip(names, setting, strict=True))
        print(", ".join(f"{name} {value}" for name, value in wanted.items()))
        for method, (_, _, paper) in METHODS.items():
            own = select(rows, **wanted, method=method)
            if own:
                print(
                    f"  {method:10} paper {paper[int(wanted['ratio'])]:6.1f}"
                    f"  ours {mean(own, 'balanced_accuracy'):6.1f}"
                    f" +- {spread(own, 'balanced_accuracy'):.1f} ({len(own)} runs)"
                    f"  accepted {own[0]['acceptance_rate']}"
                    f"  loss {own[0]['translated_loss']}  {own[0]['seconds']} s"
                )


def main() -> None:
    parser = cifar_command_line(__doc__)
    parser.add_argument("--beta", type=float, default=0.999)
    parser.add_argument("--lam", type=float, default=0.5)
    parser.add_argument("--gamma", type=float, default=0.9)
    parser.add_argument("--step-size", type=float, default=0.1)
    parser.add_argument("--ratios", type=int, nargs="+", default=(100, 10), choices=(100, 10))
    parser.add_argument("--methods", nargs="+", default=tuple(METHODS), choices=tuple(METHODS))
    args = parser.parse_args()
    warnings.filterwarnings("ignore", "None of .* samples was translated", UserWarning)
    setting = {key: str(getattr(args, key)) for key in SETTING}
    rows = run_missing(
        Runs(args).run,
        [
            setting | {"ratio": str(ratio), "method": method, "seed": str(seed)}
            for seed in range(args.seeds)
            for ratio in args.ratios
            for method in args.methods
        ],
        file=FILE,
        key=KEY,
        columns=COLUMNS,
        deadline=deadline_in(args.budget),
        must_fit=True,
    )
    report(rows)


if __name__ == "__main__":
    main()
