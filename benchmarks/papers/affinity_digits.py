"""Table 4 and Figures 5 to 8 of the affinity paper on small digits, in some minutes of one core.

The paper has MNIST (`affinity_mnist.py`; `costs.csv` has the hours); here it is scikit-learn's
1,797 digits of 8 x 8 pixels, two fifths of them to test on, and an MLP of two layers of 128, with
the settings that the paper varies: 40 epochs of SGD with momentum in batches of 32, a rate that
falls as a cosine, weight decay 5e-4. Rate and sigma are chosen on 3 folds of the training part,
with a tenth of the digits 0 to 4, for Table 4 those of each pair by itself. Accuracies compare by
their order, not by their size.

    python benchmarks/papers/affinity_digits.py [--seeds 3] [--budget SECONDS]

Resumable: what is in ``results/papers/affinity_digits.csv`` is not run again.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.metrics import accuracy_score, recall_score
from sklearn.model_selection import StratifiedKFold

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.affinity_mnist import (
    BOTH,
    TUNED_ON,
    classifier,
    experiments,
    paper_figure,
    reduced,
    reduced_digits,
    variant,
)
from lib.command_line import command_line
from lib.data import digits
from lib.records import machine
from lib.resumable import deadline_in, run_missing
from lib.summaries import chosen, mean, select, spread

from sklimb.backbones import MLP
from sklimb.datasets import flip_labels

SEARCH, FILE = "papers/affinity_digits_search.csv", "papers/affinity_digits.csv"
EXPERIMENTS = ("table4", "fig5", "fig6", "fig7", "fig8")
EPOCHS, BATCH_SIZE = 40, 32
KEY = ("experiment", "setting", "method", "seed")
COLUMNS = (*KEY, "epochs", "n_train", "accuracy", "reduced", "paper", "config")
PAIR = "affinity, {}, {}"  # of a distance and a similarity
NETWORK = {"module__hidden": (128, 128), "module__dropout": 0.0}
CANDIDATES = {
    "affinity": [
        {"lr": lr, "sigma": sigma, "lam": 0.75}
        for lr in (0.03, 0.1)
        for sigma in (5.0, 10.0, 20.0)
    ],
    "softmax": [{"lr": lr} for lr in (0.03, 0.1, 0.3)],
    # Differences below 1 are larger than their squares: a larger sigma is tried, too.
    PAIR.format("manhattan", "gaussian"): [
        {"lr": lr, "sigma": sigma, "lam": 0.75, "distance": "manhattan"}
        for lr in (0.03, 0.1)
        for sigma in (10.0, 50.0)
    ],
} | {
    PAIR.format(distance, "inverse"): [
        {"lr": lr, "sigma": 1.0, "lam": 0.75, "distance": distance, "similarity": "inverse"}
        for lr in (0.003, 0.01, 0.03)
    ]
    for distance in ("manhattan", "sqeuclidean")
}  # fmt: skip


def images() -> tuple[np.ndarray, ...]:
    """Return X_train, y_train, X_test, y_test; pixels from 0 to 1."""
    X, y, X_test, y_test = digits()
    return (X / 16).astype(np.float32), y, (X_test / 16).astype(np.float32), y_test


def low(setting: str) -> str:
    """Return the part of a setting that says which digits are fewer."""
    return setting.partition(",")[0]


def network(method: str, config: dict, seed: int):
    """Return an unfitted classifier in the protocol of all."""
    settings = NETWORK | config
    return classifier(
        method, settings, epochs=EPOCHS, batch_size=BATCH_SIZE, seed=seed, module=MLP
    )  # fmt: skip


def validate(job: dict[str, str]) -> dict[str, str]:
    """Try a method's settings on folds of the training part."""
    X, y, *_ = images()
    scores = []
    for a, b in StratifiedKFold(3, shuffle=True, random_state=0).split(X, y):
        rows = a[reduced(y[a], *reduced_digits(TUNED_ON["setting"]), 0)]
        method = job["method"].partition(",")[0]
        model = network(method, json.loads(job["config"]), 0).fit(X[rows], y[rows])
        scores.append(accuracy_score(y[b], model.predict(X[b])))
    return job | {"validation": f"{100 * np.mean(scores):.2f}"}


def searched_as(job: dict[str, str]) -> str:
    """Return under which name a job's settings were chosen."""
    if job["experiment"] == "table4":
        pair = PAIR.format(*job["setting"].split(", ")[1:])
        return pair if pair in CANDIDATES else job["method"]
    return job["method"]


def training_part(job: dict[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and labels to train on."""
    X, y, *_ = images()
    seed = int(job["seed"])
    if job["experiment"] == "fig5":
        rate = float(job["setting"].partition(" %")[0]) / 100
        return X, flip_labels(y, rate=rate, random_state=seed)
    rows = reduced(y, *reduced_digits(low(job["setting"])), seed)
    return X[rows], y[rows]


def test(job: dict[str, str], *, configs: dict[str, str]) -> dict[str, str]:
    """Train once and score the test part once."""
    X, y = training_part(job)
    config = configs[searched_as(job)]
    model = network(job["method"], json.loads(config) | variant(job), int(job["seed"])).fit(X, y)
    *_, X_test, y_test = images()
    predicted = model.predict(X_test)
    fewer = () if job["experiment"] == "fig5" else reduced_digits(low(job["setting"]))[0]
    recalls = 100 * recall_score(y_test, predicted, average=None)
    paper = paper_figure(job)
    return job | {
        "epochs": str(EPOCHS),
        "n_train": str(len(y)),
        "accuracy": f"{100 * accuracy_score(y_test, predicted):.2f}",
        "reduced": f"{recalls[list(fewer)].mean():.2f}" if fewer else "",
        "paper": "" if paper is None else str(paper),
        "config": config,
    }


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    deadline = deadline_in(args.budget)
    candidates = [
        {"method": method, "config": json.dumps(config)}
        for method, own in CANDIDATES.items()
        for config in own
    ]
    searched = run_missing(
        validate, candidates, file=SEARCH, key=("method", "config"), deadline=deadline,
        columns=("method", "validation", "config"),
    )  # fmt: skip
    if any(not select(searched, **candidate) for candidate in candidates):
        return  # nothing is chosen before the search is over
    rows = run_missing(
        partial(
            test, configs={name: chosen(searched, method=name)["config"] for name in CANDIDATES}
        ),
        [
            job | {"seed": str(seed)}
            for seed in range(args.seeds)
            for job in experiments(list(EXPERIMENTS), list(BOTH))
        ],
        file=FILE,
        key=KEY,
        columns=COLUMNS,
        deadline=deadline,
    )
    print(machine())
    for own in dict.fromkeys((r["experiment"], r["setting"], r["method"]) for r in rows):
        mine = select(rows, **dict(zip(KEY, own, strict=False)))
        told = f"{mean(mine, 'accuracy'):7.2f} +- {spread(mine, 'accuracy'):.2f} ({len(mine)})"
        print(f"{own[0]:8}{own[1]:40}{own[2]:10}{told}")


if __name__ == "__main__":
    main()
