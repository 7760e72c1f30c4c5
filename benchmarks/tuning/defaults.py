"""How the defaults were chosen: a search on training folds of six data sets.

For each set a fifth of the rows (a stratified test part) is put aside and never looked at. On the
rest, 3-fold stratified cross-validation gives the balanced accuracy of a configuration. Softmax
networks (`RebalancedClassifier`) and `AffinityClassifier` get the same number of configurations:
the shared ones are drawn alike. Stage 1 draws configurations at random from a fixed seed; stage 2
changes the best of stage 1 in one setting at a time, and goes on from the best until nothing
improves or the round count is up. Stage 3 scores the best few again on three other
cross-validations, beside the candidates for the defaults: settings that stage 2 found equal within
its noise are put at the value that is simpler, safer or the paper's, and a stronger dropout.

    python benchmarks/tuning/defaults.py [--data-home ../shared/data] [--draws 30] [--rounds 1]
        [--jobs 2]

Resumable: configurations already in ``results/tuning/defaults_<model>.csv`` are not run again.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import warnings
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from sklearn.datasets import load_digits
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold, train_test_split

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.records import RESULTS, machine

from sklimb import AffinityClassifier, RebalancedClassifier
from sklimb.backbones import MLP
from sklimb.datasets import make_long_tailed

SHARED = {
    "correction": ["none", "weights", "draws"],
    "lr": [3e-4, 1e-3, 3e-3],
    "lr_schedule": [None, "cosine"],
    "max_epochs": [30, 60],
    "hidden": [(64, 64), (128, 128), (256,)],
    "dropout": [0.0, 0.1],
    "weight_decay": [1e-2, 1e-1],
}
AFFINITY = SHARED | {
    "sigma": [0.125, 0.25, 0.5, 1.0, 2.0],
    "lam": [0.25, 0.5, 0.75, 1.0],
    "n_prototypes": [1, 2, 4],
    "diversity": [0.0, 0.1, 1.0],
    "normalize": [True, True, False],
    "embedding_dim": [None, 32, 128],
}
SPACES = {"affinity": AFFINITY, "softmax": SHARED}
CLASSES = {"affinity": AffinityClassifier, "softmax": RebalancedClassifier}
STARTS = {
    "affinity": dict(correction="weights", lr=1e-3, lr_schedule=None, max_epochs=60,
                     hidden=(128, 128), dropout=0.0, weight_decay=1e-2, sigma=1.0, lam=0.5,
                     n_prototypes=1, diversity=1.0, normalize=True, embedding_dim=None),
    "softmax": dict(correction="weights", lr=1e-3, lr_schedule=None, max_epochs=60,
                    hidden=(128, 128), dropout=0.0, weight_decay=1e-2),
}  # fmt: skip

# What the defaults could be, for stage 3.
_NET = dict(correction="weights", lr=3e-3, lr_schedule="cosine", max_epochs=60, hidden=(64, 64),
            dropout=0.1, weight_decay=1e-2)  # fmt: skip
_AFFINITY = _NET | dict(sigma=1.0, lam=0.5, n_prototypes=1, diversity=1.0, normalize=True,
                        embedding_dim=128)  # fmt: skip
CANDIDATES = {
    "affinity": [
        _AFFINITY,
        _AFFINITY | {"sigma": 0.5},
        _AFFINITY | {"sigma": 0.25},
        _AFFINITY | {"hidden": (128, 128)},
        _AFFINITY | {"hidden": (128, 128), "dropout": 0.3},
        _AFFINITY | {"hidden": (256,), "dropout": 0.3},
        _AFFINITY | {"hidden": (128, 128), "dropout": 0.3, "sigma": 0.5},
        _AFFINITY | {"hidden": (128, 128), "dropout": 0.3, "embedding_dim": None},
        _AFFINITY | {"hidden": (128, 128), "dropout": 0.3, "correction": "draws"},
        _AFFINITY | {"embedding_dim": None},
        _AFFINITY | {"normalize": False},
    ],
    "softmax": [
        _NET,
        _NET | {"hidden": (128, 128)},
        _NET | {"hidden": (128, 128), "dropout": 0.3},
        _NET | {"hidden": (128, 128), "dropout": 0.3, "lr": 1e-3},
        _NET | {"hidden": (128, 128), "dropout": 0.3, "correction": "draws"},
        _NET | {"hidden": (256,), "dropout": 0.3, "lr": 1e-3},
        _NET | {"lr": 1e-3},
        _NET | {"dropout": 0.0},
        _NET | {"lr_schedule": None},
        _NET | {"correction": "draws"},
        _NET | {"correction": "none"},
    ],
}


def load(data_home: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The training part of each set: four fifths, the rest is never touched here."""
    sets = {}
    for name in ("mammography", "oil-spill", "phoneme", "glass", "ecoli"):
        table = np.loadtxt(data_home / "tabular" / f"{name}.csv", delimiter=",", dtype=str)
        X, y = table[:, :-1].astype(float), table[:, -1]
        if name == "oil-spill":
            X = X[:, 1:]  # the first column is a patch number
        if name == "ecoli":
            kept = np.isin(y, [c for c in np.unique(y) if np.sum(y == c) >= 5])
            X, y = X[kept], y[kept]
        sets[name] = X, y
    X, y = load_digits(return_X_y=True)
    sets["digits-lt"] = make_long_tailed(X, y, ratio=20, random_state=0)
    return {
        name: train_test_split(X, y, test_size=0.2, stratify=y, random_state=0)[::2]
        for name, (X, y) in sets.items()
    }


def build(model: str, config: dict, seed: int):
    config = dict(config)
    correction = config.pop("correction")
    return CLASSES[model](
        class_weight="balanced" if correction == "weights" else None,
        sampling="balanced" if correction == "draws" else None,
        module=MLP,
        module__hidden=tuple(config.pop("hidden")),
        module__dropout=config.pop("dropout"),
        optimizer__weight_decay=config.pop("weight_decay"),
        random_state=seed,
        **config,
    )


def score(model: str, config: dict, X: np.ndarray, y: np.ndarray, seeds=(0,)) -> float:
    scores = []
    splits = [
        split
        for seed in seeds
        for split in StratifiedKFold(3, shuffle=True, random_state=seed).split(X, y)
    ]
    for fold, (train, valid) in enumerate(splits):
        try:
            fitted = build(model, config, fold).fit(X[train], y[train])
        except ValueError as error:  # a loss that is no longer finite
            print("failed:", config, error, flush=True)
            return float("nan")
        scores.append(balanced_accuracy_score(y[valid], fitted.predict(X[valid])))
    return float(np.mean(scores))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    here = Path(__file__).resolve().parents[2]
    parser.add_argument("--data-home", type=Path, default=here.parent / "shared" / "data")
    parser.add_argument("--models", nargs="+", default=list(SPACES), choices=list(SPACES))
    parser.add_argument("--draws", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    warnings.simplefilter("error")
    sets = load(args.data_home)
    for model in args.models:
        search = Search(model, sets, args.jobs)
        rng = np.random.default_rng(0)
        space = SPACES[model]
        drawn = [
            {key: values[rng.integers(len(values))] for key, values in space.items()}
            for _ in range(args.draws)
        ]
        search.run("draw", [STARTS[model], *drawn])
        for number in range(args.rounds):
            best = search.best()
            near = [
                best | {key: value}
                for key, values in space.items()
                for value in dict.fromkeys(values)
                if _plain(value) != best[key]
            ]
            search.run(f"round {number + 1}", near)
            if search.best() == best:
                break
        print(model, "best:", search.best(), flush=True)
        final = Search(model + "_final", sets, args.jobs, model=model, seeds=(1, 2, 3))
        final.run("final", [*search.best_few(4), *CANDIDATES[model]])


def _plain(value: object) -> object:
    """As it comes back from JSON."""
    return list(value) if isinstance(value, tuple) else value


class Search:
    """Runs configurations and keeps their scores in a CSV, a line as each is done."""

    def __init__(
        self, name: str, sets: dict, jobs: int, *, model: str | None = None, seeds=(0,)
    ) -> None:
        self.model, self.sets, self.jobs, self.seeds = model or name, sets, jobs, seeds
        self.path = RESULTS / "tuning" / f"defaults_{name}.csv"
        self.columns = ["stage", *sets, "mean", "config"]
        self.rows: list[dict] = []
        if self.path.exists():
            with self.path.open(newline="") as file:
                self.rows = list(csv.DictReader(r for r in file if not r.startswith("#")))
        else:
            self.path.parent.mkdir(exist_ok=True)
            with self.path.open("w", newline="") as file:
                file.write(f"# {machine()}\n")
                csv.DictWriter(file, self.columns, lineterminator="\n").writeheader()

    def run(self, stage: str, configs: list[dict]) -> None:
        done = {row["config"] for row in self.rows}
        keys = dict.fromkeys(json.dumps(config) for config in configs)
        todo = [key for key in keys if key not in done]
        results = Parallel(self.jobs, return_as="generator")(
            delayed(self._row)(stage, key) for key in todo
        )
        for number, row in enumerate(results, 1):
            self.rows.append(row)
            with self.path.open("a", newline="") as file:
                csv.DictWriter(file, self.columns, lineterminator="\n").writerow(row)
            print(
                self.model, stage, f"{number}/{len(todo)}", row["mean"], row["config"], flush=True
            )

    def _row(self, stage: str, key: str) -> dict:
        config = json.loads(key)
        scores = {
            name: score(self.model, config, X, y, self.seeds) for name, (X, y) in self.sets.items()
        }
        mean = np.mean(list(scores.values()))
        return {
            "stage": stage,
            **{name: f"{value:.4f}" for name, value in scores.items()},
            "mean": f"{mean:.4f}",
            "config": key,
        }

    def best(self) -> dict:
        return self.best_few(1)[0]

    def best_few(self, n: int) -> list[dict]:
        finite = [row for row in self.rows if row["mean"] != "nan"]
        finite.sort(key=lambda row: -float(row["mean"]))
        return [json.loads(row["config"]) for row in finite[:n]]


if __name__ == "__main__":
    main()
