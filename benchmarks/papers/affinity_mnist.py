"""The affinity paper's tables and figures on MNIST, and today's losses in the same run.

Hayat et al. 2019, sections 4.2 to 4.6: three 5x5 convolutions of 32, 64 and 128 filters and a layer
of 128 (`lib.affinity_mnist.PaperNet`: torch's own start values, convolutions in bfloat16 while
training), SGD with momentum and a falling rate. The paper gives no epochs, rate, batch, margin or
decay; here they are 20 epochs, batches of 64, weight decay 5e-4 and a rate that falls as a cosine,
and each method's settings are the best of a few (`CANDIDATES`) on training images that are held
back, with a tenth of the digits 0 to 4. The 10,000 test images are scored once, by the network of
the last epoch.

- table1: all digits; 10 and 25 % of the odd, of the even ones;
- fig6: fewer and fewer of the digits 0 to 4; fig5: 10 to 50 % wrong labels, the epoch chosen on a
  tenth that is held back (wrong labels and all); fig7: sigma; fig8: prototypes a class; table4:
  distances and similarities. The last three have a tenth of the digits 0 to 4.

"affinity" is the paper's form: prototypes among the features as they are, no class weights.
"affinity, sphere" compares directions of features (``normalize=True``), as the package does unless
told otherwise. "centre loss" is a softmax without bias and the centre loss of Wen et al. 2016.

    python benchmarks/papers/affinity_mnist.py --epochs 6 --seeds 1 --budget 3600

A protocol that is cut (``--epochs``, ``--share`` of each digit's rows) stands in each row.
Resumable: what is in ``results/papers/affinity_mnist.csv`` is not run again, and a run that was
broken off goes on from its last whole epoch (``runs/``). Settings of two experiments that come to
the same training (sigma 10 is the method's own; all of the digits 0 to 4 are the standard split)
are trained once, and both have its row. ``--budget`` starts no run that would not fit.
"""

from __future__ import annotations

import hashlib
import json
import sys
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.metrics import accuracy_score, recall_score
from sklearn.model_selection import train_test_split

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.affinity_mnist import (
    BATCH_SIZE,
    CANDIDATES,
    EPOCHS,
    METHODS,
    TUNED_ON,
    classifier,
    experiments,
    images,
    paper_figure,
    reduced,
    reduced_digits,
    trained_before,
    training_part,
    variant,
)
from lib.command_line import command_line
from lib.records import machine, read_csv
from lib.resumable import deadline_in, run_missing
from lib.summaries import chosen, mean, select, spread

SEARCH, TEST = "papers/affinity_mnist_search.csv", "papers/affinity_mnist.csv"
RUNS = Path(__file__).resolve().parents[2] / "runs"
PROTOCOL = ("epochs", "share", "batch_size")
KEY = ("experiment", "setting", "method", "seed", *PROTOCOL)
COLUMNS = (
    *KEY,
    "n_train",
    "accuracy",
    "balanced_accuracy",
    "reduced",
    "paper",
    "config",
    "seconds",
)


def validate(job: dict[str, str], *, data_home: Path) -> dict[str, str]:
    """Try a method's settings on training images; a loss that is not finite scores 0."""
    X, y, *_ = images(data_home)
    rows, held, y, y_held = train_test_split(
        np.arange(len(y)), y, train_size=TUNED_ON["rows"], test_size=TUNED_ON["held_back"],
        stratify=y, random_state=0,
    )  # fmt: skip
    kept = reduced(y, *reduced_digits(TUNED_ON["setting"]), 0)
    size = {"epochs": TUNED_ON["epochs"], "batch_size": BATCH_SIZE, "seed": 0}
    model = classifier(job["method"], json.loads(job["config"]), **size)
    try:
        predicted = model.fit(X[rows[kept]], y[kept]).predict(X[held])
        score = accuracy_score(y_held, predicted)
    except ValueError as error:
        print(job, error, flush=True)
        score = 0.0
    return {"method": job["method"], "validation": f"{100 * score:.2f}", "config": job["config"]}


def test(job: dict[str, str], *, configs: dict[str, str], data_home: Path) -> dict[str, str]:
    """Train once and score the test images once."""
    config = configs[job["method"]]
    digits, share = (), 1.0
    if job["experiment"] != "fig5":
        digits, share = reduced_digits(job["setting"].partition(",")[0])
    paper = paper_figure(job)
    told = {"paper": "" if paper is None else str(paper), "config": config}
    twin = trained_before(job, config, read_csv(TEST), data_home)
    if twin is not None:
        return twin | job | told
    X, y = training_part(job, data_home)
    model = classifier(
        job["method"],
        json.loads(config) | variant(job),
        epochs=int(job["epochs"]),
        batch_size=int(job["batch_size"]),
        seed=int(job["seed"]),
    )
    RUNS.mkdir(exist_ok=True)
    name = hashlib.sha256(json.dumps([job, config], sort_keys=True).encode()).hexdigest()[:12]
    model.set_params(checkpoint=RUNS / f"affinity_mnist_{name}.checkpoint").fit(X, y)
    *_, X_test, y_test = images(data_home)
    predicted = model.predict(X_test)
    recalls = 100 * recall_score(y_test, predicted, average=None)
    return (
        job
        | told
        | {
            "n_train": str(len(y)),
            "accuracy": f"{100 * accuracy_score(y_test, predicted):.2f}",
            "balanced_accuracy": f"{recalls.mean():.2f}",
            "reduced": f"{recalls[list(digits)].mean():.2f}" if share < 1 else "",
            # of all epochs, also of those before a break
            "seconds": f"{sum(model.history_[:, 'dur']):.0f}",
        }
    )


def report(rows: list[dict[str, str]]) -> None:
    """Print the accuracies by experiment."""
    print(machine())
    told = ("experiment", *PROTOCOL, "setting", "method")
    for own in dict.fromkeys(tuple(row[name] for name in told) for row in rows):
        mine = select(rows, **dict(zip(told, own, strict=True)))
        print(
            f"{own[0]:8} {own[1]:>3} epochs, share {own[2]:4} {own[4]:32} {own[5]:18}"
            f"{mean(mine, 'accuracy'):7.2f} +- {spread(mine, 'accuracy'):.2f} ({len(mine)})"
            f"   reduced {mean(mine, 'reduced'):6.2f}   paper {mine[0]['paper']}"
        )


def main() -> None:
    parser = command_line(__doc__)
    everything = ("table1", "table4", "fig5", "fig6", "fig7", "fig8")
    parser.add_argument("--experiments", nargs="+", default=everything, choices=everything)
    parser.add_argument("--methods", nargs="+", default=tuple(METHODS), choices=tuple(METHODS))
    parser.add_argument("--settings", nargs="+", help="of Table 1 only these")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--share", type=float, default=1.0, help="of each digit's rows")
    parser.add_argument("--batch-size", type=int, default=BATCH_SIZE)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    deadline = deadline_in(args.budget)
    candidates = [
        {"method": method, "config": json.dumps(config)}
        for method in args.methods
        for config in CANDIDATES[method]
    ]
    searched = run_missing(
        partial(validate, data_home=args.data_home),
        candidates,
        file=SEARCH,
        key=("method", "config"),
        deadline=deadline,
    )
    if any(not select(searched, **candidate) for candidate in candidates):
        return  # nothing is chosen before the search is over
    protocol = {name: str(getattr(args, name)) for name in PROTOCOL}
    rows = run_missing(
        partial(
            test,
            configs={name: chosen(searched, method=name)["config"] for name in args.methods},
            data_home=args.data_home,
        ),
        [
            job | {"seed": str(seed), **protocol}
            for seed in range(args.seeds)
            for job in experiments(args.experiments, args.methods)
            if job["experiment"] != "table1" or not args.settings or job["setting"] in args.settings
        ],
        file=TEST,
        key=KEY,
        columns=COLUMNS,
        deadline=deadline,
        must_fit=True,
    )
    report(rows)


if __name__ == "__main__":
    main()
