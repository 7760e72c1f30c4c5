"""The RSG paper's CIFAR-10 rows: error rates of a CIFAR ResNet with and without RSG.

Tables 1 and 6 of Wang et al. 2021, imbalance ratios 50 and 100, long-tailed and step, with the
paper's protocol: ResNet-32, 200 epochs, batch 128, SGD with momentum 0.9, rate 0.1, times 0.01 at
epochs 160 and 180, crops and flips; weight decay 2e-4 and 5 epochs of warm-up as in the authors'
code, as is the focal loss's gamma of 1. RSG has alpha 0.2 and beta 1 for long tails, 0.5 and 0.01
for steps, and generates from epoch 160 on. Beside the paper's methods stand mixup-DRW and logit
adjustment. The images are JPEG copies of CIFAR-10 (``images/cifar10_jpeg.npz``), so figures differ
a little from those on the originals.

The full protocol, for a GPU:

    python benchmarks/papers/rsg_cifar.py --device cuda

A first pass on a CPU (two hours of one free core):

    python benchmarks/papers/rsg_cifar.py --depth 20 --share 0.25 --epochs 30 --ratios 50 \\
        --imbalance long-tailed --methods plain LDAM-DRW

In a short pass the paper's decay leaves generation, which starts with it, some dozen steps at a
rate of 0.001; ``--decay 0.1`` gives it ten times that.

Epochs of all steps are shares of ``--epochs``. ``--share`` keeps that part of each class's rows.
Resumable: runs that stand in ``results/papers/rsg_cifar.csv`` are not run again, and one that was
broken off goes on from its last whole epoch (``runs/``). ``--budget`` (seconds) starts no run that
would not fit, going by the longest so far. ``--dry`` prints what
there is.
"""

from __future__ import annotations

import itertools
import sys
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.cifar import cifar_command_line, device_name, kept_at, seconds_of, training
from lib.data import cifar10
from lib.records import machine
from lib.resumable import deadline_in, run_missing
from lib.summaries import mean, select, values

from sklimb import RebalancedClassifier, RSGClassifier
from sklimb.datasets import make_long_tailed, make_step_imbalanced

FILE = "papers/rsg_cifar.csv"
DRW = {"class_weight": "effective", "rebalance_from": 0.8}
# name -> (settings, whether RSG goes with it)
METHODS: dict[str, tuple[dict, bool]] = {
    "plain": ({"loss": "cross_entropy"}, True),
    "focal": ({"loss": "focal", "focal_gamma": 1.0}, True),
    "M-DRW": ({"loss": "am_softmax", **DRW}, True),
    "LDAM-DRW": ({"loss": "ldam", **DRW}, True),
    "mixup-DRW": ({"mixup": 1.0, **DRW}, False),
    "logit-adjusted": ({"loss": "logit_adjusted"}, True),
}
# (imbalance, ratio, method, RSG) -> error rate in Tables 1 and 6
PAPER = {
    ("long-tailed", 50, "plain", 0): 25.19,
    ("long-tailed", 50, "plain", 1): 20.25,
    ("long-tailed", 50, "focal", 0): 23.28,
    ("long-tailed", 50, "focal", 1): 21.58,
    ("long-tailed", 50, "M-DRW", 0): 20.44,
    ("long-tailed", 50, "M-DRW", 1): 17.72,
    ("long-tailed", 50, "LDAM-DRW", 0): 18.97,
    ("long-tailed", 50, "LDAM-DRW", 1): 17.20,
    ("step", 50, "plain", 0): 28.88,
    ("step", 50, "plain", 1): 26.07,
    ("step", 50, "focal", 0): 28.70,
    ("step", 50, "focal", 1): 26.01,
    ("step", 50, "M-DRW", 0): 21.05,
    ("step", 50, "M-DRW", 1): 20.09,
    ("step", 50, "LDAM-DRW", 0): 18.67,
    ("step", 50, "LDAM-DRW", 1): 17.90,
    ("long-tailed", 100, "plain", 0): 29.64,
    ("long-tailed", 100, "focal", 0): 29.62,
    ("long-tailed", 100, "M-DRW", 0): 24.94,
    ("long-tailed", 100, "LDAM-DRW", 0): 22.97,
    ("long-tailed", 100, "LDAM-DRW", 1): 20.45,
    ("step", 100, "plain", 0): 36.70,
    ("step", 100, "focal", 0): 36.09,
    ("step", 100, "M-DRW", 0): 27.67,
    ("step", 100, "LDAM-DRW", 0): 23.08,
    ("step", 100, "LDAM-DRW", 1): 21.65,
}
RSG = {
    "long-tailed": {"alpha": 0.2, "beta": 1.0},
    "step": {"alpha": 0.5, "beta": 0.01},
}
SETTING = ("depth", "width", "epochs", "share", "decay")
KEY = (*SETTING, "imbalance", "ratio", "method", "rsg", "seed")
COLUMNS = (*KEY, "error", "changed", "contrast_accuracy", "mv_cosine", "device", "seconds")


def train_rows(images, imbalance: str, ratio: int, share: float, seed: int):
    X, y = images
    n_max = int(share * np.bincount(y).max())
    make = make_long_tailed if imbalance == "long-tailed" else make_step_imbalanced
    return make(X, y, ratio=ratio, order="label", n_max=n_max, random_state=seed)


def classifier(method: str, rsg: int, imbalance: str, seed: int, args):
    settings = training(args, seed, decay=args.decay) | METHODS[method][0]
    if not rsg:
        return RebalancedClassifier(**settings)
    return RSGClassifier(count_by_weight=False, **RSG[imbalance], **settings)


def last(history, name: str) -> float:
    """The last value of a figure that only some epochs have."""
    values = [row[name] for row in history if not np.isnan(row.get(name, np.nan))]
    return values[-1] if values else np.nan


def predictions_file(row: dict) -> Path:
    """Where predictions are kept, to say how many RSG changes; a cache, not committed."""
    name = "_".join(str(row[key]) for key in KEY)
    return Path(__file__).resolve().parents[2] / "runs" / f"rsg_cifar_{name}.npy"


def run(row: dict, args) -> dict:
    train, test = cifar10(args.data_home)
    X, y = train_rows(train, row["imbalance"], int(row["ratio"]), args.share, int(row["seed"]))
    model = classifier(row["method"], int(row["rsg"]), row["imbalance"], int(row["seed"]), args)
    model.set_params(checkpoint=kept_at("rsg_cifar", row)).fit(X, y)
    predicted = model.predict(test[0])
    file = predictions_file(row)
    file.parent.mkdir(exist_ok=True)
    np.save(file, predicted)
    plain = predictions_file({**row, "rsg": "0"})
    changed = np.nan
    if row["rsg"] == "1":
        if plain.exists():
            changed = 100 * np.mean(predicted != np.load(plain))
        else:
            print(f"no {plain.name} here: what RSG changed stays unknown", flush=True)
    return row | {
        "error": f"{100 * np.mean(predicted != test[1]):.2f}",
        "changed": f"{changed:.2f}",
        "contrast_accuracy": f"{last(model.history_, 'contrast_accuracy'):.3f}",
        "mv_cosine": f"{last(model.history_, 'mv_cosine'):.3f}",
        "device": device_name(model),
        "seconds": seconds_of(model),
    }


def summary(rows: list[dict]) -> None:
    print(f"{'':44}{'paper':>18}{'ours':>20}")
    print(f"{'':44}{'without':>9}{'with':>9}{'without':>10}{'with':>10}  changed   runs")
    for setting in sorted({tuple(row[key] for key in SETTING) for row in rows}):
        print("ResNet-{}, width {}, {} epochs, {} of the rows, decay {}".format(*setting))
        for imbalance, ratio in itertools.product(("long-tailed", "step"), (50, 100)):
            for method in METHODS:
                wanted = dict(zip(SETTING, setting, strict=True))
                wanted |= {"imbalance": imbalance, "ratio": ratio, "method": method}
                both = [select(rows, **wanted, rsg=rsg) for rsg in (0, 1)]
                cells, n = [mean(own, "error") for own in both], [len(own) for own in both]
                changed = mean(both[1], "changed")
                paper = [PAPER.get((imbalance, ratio, method, rsg), np.nan) for rsg in (0, 1)]
                if any(n):
                    print(
                        f"  {imbalance:12}{ratio:5}  {method:23}{paper[0]:9.2f}{paper[1]:9.2f}"
                        f"{cells[0]:10.2f}{cells[1]:10.2f}{changed:9.2f}   {n}"
                    )


def main() -> None:
    parser = cifar_command_line(__doc__)
    parser.add_argument("--decay", type=float, default=0.01, help="of the rate, at 0.8 and 0.9")
    parser.add_argument("--ratios", type=int, nargs="+", default=(50, 100), choices=(50, 100))
    parser.add_argument("--imbalance", nargs="+", default=tuple(RSG), choices=tuple(RSG))
    parser.add_argument("--methods", nargs="+", default=tuple(METHODS), choices=tuple(METHODS))
    parser.add_argument("--rsg", type=int, nargs="+", default=(0, 1), choices=(0, 1))
    parser.add_argument("--dry", action="store_true")
    args = parser.parse_args()
    setting = {key: str(getattr(args, key)) for key in SETTING}
    todo = [
        setting
        | {
            "imbalance": imbalance,
            "ratio": str(ratio),
            "method": method,
            "rsg": str(rsg),
            "seed": str(seed),
        }
        for seed in range(args.seeds)
        for ratio in args.ratios
        for imbalance in args.imbalance
        for method in args.methods
        for rsg in args.rsg
        if METHODS[method][1] or not rsg
    ]
    rows = run_missing(
        partial(run, args=args),
        todo,
        file=FILE,
        key=KEY,
        columns=COLUMNS,
        deadline=deadline_in(0.0 if args.dry else args.budget),
        must_fit=True,
    )
    print(machine())
    summary(rows)
    changed = values(rows, "changed")
    if len(changed) and not changed.any():
        raise SystemExit(f"RSG changed no prediction in {len(changed)} runs.")


if __name__ == "__main__":
    main()
