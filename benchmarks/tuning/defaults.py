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

import json
import sys
import warnings
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.command_line import command_line
from lib.data import tuning_parts
from lib.resumable import deadline_in, run_missing
from lib.summaries import select

from sklimb import AffinityClassifier, RebalancedClassifier
from sklimb.backbones import MLP

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


def evaluate(job: dict, *, model: str, sets: dict, seeds: tuple[int, ...]) -> dict[str, str]:
    """Return the row of a configuration: its score on each set and their mean."""
    config = json.loads(job["config"])
    scores = {name: score(model, config, X, y, seeds) for name, (X, y) in sets.items()}
    return {
        "stage": job["stage"],
        **{name: f"{value:.4f}" for name, value in scores.items()},
        "mean": f"{np.mean(list(scores.values())):.4f}",
        "config": job["config"],
    }


def best_of(rows: list[dict[str, str]], n: int) -> list[dict]:
    """Return the n configurations with the highest means."""
    finite = sorted((r for r in rows if r["mean"] != "nan"), key=lambda row: -float(row["mean"]))
    return [json.loads(row["config"]) for row in finite[:n]]


def _plain(value: object) -> object:
    """As it comes back from JSON."""
    return list(value) if isinstance(value, tuple) else value


def search(model: str, sets: dict, *, draws: int, rounds: int, **running) -> None:
    """Run the three stages of a model's search; with the budget spent it ends before the next."""

    def run(stage: str, configs: list[dict], file: str, seeds: tuple[int, ...]) -> list[dict]:
        jobs = [{"stage": stage, "config": json.dumps(config)} for config in configs]
        rows = run_missing(
            partial(evaluate, model=model, sets=sets, seeds=seeds),
            jobs,
            file=f"tuning/defaults_{file}.csv",
            key=("config",),
            **running,
        )
        if {job["config"] for job in jobs} - {row["config"] for row in rows}:
            raise SystemExit(1)
        return rows

    rng = np.random.default_rng(0)
    space = SPACES[model]
    drawn = [
        {key: values[rng.integers(len(values))] for key, values in space.items()}
        for _ in range(draws)
    ]
    # stage by stage, so that a search that goes on from a file takes the way that it took before
    so_far = select(run("draw", [STARTS[model], *drawn], model, (0,)), stage="draw")
    for number in range(rounds):
        (best,) = best_of(so_far, 1)
        near = [
            best | {key: value}
            for key, values in space.items()
            for value in dict.fromkeys(values)
            if _plain(value) != best[key]
        ]
        stage = f"round {number + 1}"
        so_far += select(run(stage, near, model, (0,)), stage=stage)
        if best_of(so_far, 1) == [best]:
            break
    print(model, "best:", *best_of(so_far, 1), flush=True)
    final = [*best_of(so_far, 4), *CANDIDATES[model]]
    run("final", final, f"{model}_final", (1, 2, 3))


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--models", nargs="+", default=list(SPACES), choices=list(SPACES))
    parser.add_argument("--draws", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    warnings.simplefilter("error")
    sets = tuning_parts(args.data_home)
    deadline = deadline_in(args.budget)
    for model in args.models:
        search(
            model,
            sets,
            draws=args.draws,
            rounds=args.rounds,
            workers=args.jobs,
            deadline=deadline,
        )


if __name__ == "__main__":
    main()
