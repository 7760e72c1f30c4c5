"""Figure 2 of the affinity paper: two features of MNIST under three losses.

A tenth of the digits 0 to 4, as in the paper, and its network with a layer of two features behind
it; each loss with the settings that `affinity_mnist.py` has chosen, one prototype a class. Figures
of the test images stand in ``results/papers/affinity_picture.csv``, the picture beside it.

    python benchmarks/papers/affinity_picture.py --epochs 6

What is trained is kept in ``runs/``, so that a run that was broken off goes on.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import accuracy_score, balanced_accuracy_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.affinity_mnist import (
    BATCH_SIZE,
    EPOCHS,
    LOSSES_OF_FIG_2,
    TUNED_ON,
    PlaneNet,
    classifier,
    images,
    training_part,
)
from lib.command_line import command_line
from lib.records import RESULTS, read_csv
from lib.resumable import deadline_in, run_missing
from lib.summaries import chosen, select

from sklimb.inspection import FeatureSpaceDisplay

FILE, PICTURE = "papers/affinity_picture.csv", "papers/affinity_picture.png"
SEARCH = "papers/affinity_mnist_search.csv"
RUNS = Path(__file__).resolve().parents[2] / "runs"
KEY = ("method", "epochs", "share", "seed")
COLUMNS = (*KEY, "accuracy", "balanced_accuracy", "seconds")


def feature_file(job: dict[str, str]) -> Path:
    """Return where the features of the test images and what the head decides are kept."""
    name = "_".join(job[key] for key in KEY).replace(" ", "_")
    return RUNS / f"affinity_picture_{name}.npz"


def settings_of(method: str) -> dict:
    """Return the settings that were chosen for a method, one prototype a class."""
    row = chosen(read_csv(SEARCH), method=method)
    if row is None:
        raise SystemExit(
            f"No settings of {method!r} in results/{SEARCH}. Choose them first: python "
            f'benchmarks/papers/affinity_mnist.py --methods "{method}" --budget 300'
        )
    config = json.loads(row["config"])
    return config | {"n_prototypes": 1} if method == "affinity" else config


def train(job: dict[str, str], *, data_home: Path) -> dict[str, str]:
    """Train one loss and keep its display's data; return its row."""
    method = job["method"]
    model = classifier(
        method,
        settings_of(method),
        epochs=int(job["epochs"]),
        batch_size=BATCH_SIZE,
        seed=int(job["seed"]),
        module=PlaneNet,
    )
    RUNS.mkdir(exist_ok=True)
    model.set_params(checkpoint=feature_file(job).with_suffix(".checkpoint"))
    setting = {"experiment": "fig2", "setting": TUNED_ON["setting"], **job}
    model.fit(*training_part(setting, data_home))
    *_, X, y = images(data_home)
    display = FeatureSpaceDisplay.from_estimator(model, X, y)
    plt.close(display.figure_)
    marks = np.empty((0, 2)) if display.prototypes is None else display.prototypes
    np.savez(feature_file(job), points=display.points, y=display.y, marks=marks)
    predicted = model.predict(X)
    return job | {
        "accuracy": f"{100 * accuracy_score(y, predicted):.2f}",
        "balanced_accuracy": f"{100 * balanced_accuracy_score(y, predicted):.2f}",
        "seconds": f"{sum(model.history_[:, 'dur']):.0f}",
    }


def draw(rows: list[dict[str, str]]) -> None:
    """Draw the losses beside each other, as far as their features are here."""
    kept = [(row, feature_file(row)) for row in rows if feature_file(row).exists()]
    if len(kept) < len(rows):
        print(f"{len(rows) - len(kept)} of {len(rows)} are not in {RUNS}: the picture stays.")
        return
    figure, axes = plt.subplots(1, len(kept), figsize=(5.2 * len(kept), 4.6), layout="constrained")
    for (row, file), ax in zip(kept, np.atleast_1d(axes), strict=True):
        with np.load(file) as data:
            points, y, marks = data["points"], data["y"], data["marks"]
        FeatureSpaceDisplay.from_features(
            points, y, prototypes=marks if len(marks) else None,
            prototype_classes=np.arange(len(marks)) if len(marks) else None, ax=ax, s=8,
        )  # fmt: skip
        ax.set_title(f"{row['method']}, {row['epochs']} epochs: {row['accuracy']} %")
    figure.savefig(RESULTS / PICTURE, dpi=90)


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--share", type=float, default=1.0, help="of each digit's rows")
    args = parser.parse_args()
    jobs = [
        {"method": method, "epochs": str(args.epochs), "share": str(args.share), "seed": "0"}
        for method in LOSSES_OF_FIG_2
    ]
    rows = run_missing(
        partial(train, data_home=args.data_home),
        jobs,
        file=FILE,
        key=KEY,
        columns=COLUMNS,
        deadline=deadline_in(args.budget),
    )
    mine = [row for job in jobs for row in select(rows, **job)]
    if len(mine) == len(jobs):
        draw(mine)


if __name__ == "__main__":
    main()
