"""The RSG paper's Tables 3 and 5, and what its T learns, epoch by epoch, on MNIST-LT.

A reduced protocol, for the paper's (CIFAR-10-LT, ResNet-32, 200 epochs) takes 214 core hours for
Table 3 alone (`costs.csv`): MNIST with a ratio of 50, 1,000 images of the largest digit, a
convolutional network of 16, 32 and 32 filters with three poolings, LDAM-DRW, batches of 128, SGD
with momentum 0.9, a rate of 0.1 that falls to a tenth where generation starts (half the epochs in;
the paper's 0.01 would leave T next to no steps) and again in the middle of the rest; 64 channels in
the contrastive module. K, alpha, beta, lambda1 and lambda2 are the paper's. Nothing is chosen; the
10,000 test images are scored once a run; where the loss is no longer finite, errors are nan.

``results/papers/rsg_ablation.csv`` has errors, ``rsg_learning.csv`` each epoch's contrastive
accuracy (chance is 0.5) and mean cosine of T(f) with displacements of rare samples, and
``rsg_learning.png`` draws them.

    python benchmarks/papers/rsg_ablation.py [--seeds 3] [--epochs 20] [--budget SECONDS]

Resumable: what stands in the file is not run again, and a run that was broken off goes on from its
last whole epoch (``runs/``). ``--variants`` runs some rows only.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.cifar import kept_at
from lib.command_line import command_line
from lib.records import RESULTS, machine, read_csv, write_csv
from lib.resumable import deadline_in, run_missing
from lib.rsg_ablation import VARIANTS, classifier, images
from lib.summaries import mean, select, values

FILE, LEARNING = "papers/rsg_ablation.csv", "papers/rsg_learning.csv"
PICTURE = "papers/rsg_learning.png"
PROTOCOL = ("epochs", "n_max", "generate_from")
KEY = ("variant", "seed", *PROTOCOL)
COLUMNS = (*KEY, "n_train", "error", "balanced_error", "rare_error", "paper", "seconds")
FIGURES = {
    "contrast_accuracy": "accuracy of the contrastive module",
    "mv_cosine": "cosine of T(f) with rare displacements",
}


def run(job: dict[str, str], *, data_home: Path) -> dict[str, str]:
    """Train one variant, keep what its T learnt, score the test images once."""
    seed = int(job["seed"])
    X, y, X_test, y_test = images(data_home, int(job["n_max"]), seed)
    model = classifier(
        job["variant"],
        epochs=int(job["epochs"]),
        generate_from=float(job["generate_from"]),
        seed=seed,
    )
    made = {"n_train": str(len(y)), "paper": str(VARIANTS[job["variant"]].figure)}
    try:
        model.set_params(checkpoint=kept_at("rsg_ablation", job)).fit(X, y)
    except ValueError as error:  # the loss is no longer finite
        print(job["variant"], error, flush=True)
        return job | made | dict.fromkeys(("error", "balanced_error", "rare_error"), "nan")
    keep_learning(job, model.history_)
    wrong = model.predict(X_test) != y_test
    of_class = 100 * np.array([wrong[y_test == digit].mean() for digit in range(10)])
    return (
        job
        | made
        | {
            "error": f"{100 * wrong.mean():.2f}",
            "balanced_error": f"{of_class.mean():.2f}",
            "rare_error": f"{of_class[2:].mean():.2f}",  # alpha = 0.2: the two largest are frequent
            "seconds": f"{sum(model.history_[:, 'dur']):.0f}",
        }
    )


def keep_learning(job: dict[str, str], history) -> None:
    """Write the epochs of a run behind those of the others."""
    known = [row for row in read_csv(LEARNING) if any(row[key] != job[key] for key in KEY)]
    own = [
        {key: job[key] for key in KEY}
        | {"epoch": str(row["epoch"])}
        | {name: f"{row[name]:.4f}" for name in (*FIGURES, "n_generated")}
        for row in history
        if "n_generated" in row
    ]
    if own:
        write_csv(LEARNING, known + own, tuple(own[0]))


def draw(epochs: list[dict[str, str]]) -> None:
    """Draw the mean over seeds by epoch, where the generator is the paper's."""
    figure, axes = plt.subplots(1, 2, figsize=(10.5, 3.8), layout="constrained")
    for (column, title), ax in zip(FIGURES.items(), axes, strict=True):
        for variant in dict.fromkeys(row["variant"] for row in epochs):
            own = select(epochs, variant=variant)
            at = sorted({int(row["epoch"]) for row in own})
            means = [mean(select(own, epoch=epoch), column) for epoch in at]
            known = ~np.isnan(means)
            ax.plot(np.array(at)[known], np.array(means)[known], label=variant)
        ax.set(xlabel="epoch", title=title)
    axes[0].axhline(0.5, color="0.5", linewidth=0.8, linestyle=":")
    axes[1].axhline(0.0, color="0.5", linewidth=0.8, linestyle=":")
    axes[1].legend(fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.savefig(RESULTS / PICTURE, dpi=90)
    plt.close(figure)


def summary(rows: list[dict[str, str]], protocol: dict[str, str]) -> None:
    """Print errors, and gains on LDAM-DRW of the same seeds with two standard errors."""
    print(machine())
    plain = {row["seed"]: float(row["error"]) for row in select(rows, variant="LDAM-DRW")}
    print(protocol, f"{'':4}{'paper':>8}{'ours':>8}{'rare':>8}{'gain':>8}{'2 s.e.':>8}")
    for variant in VARIANTS:
        own = select(rows, variant=variant)
        if own:
            gains = [
                plain[row["seed"]] - float(row["error"]) for row in own if row["seed"] in plain
            ]
            error = 2 * np.std(gains, ddof=1) / len(gains) ** 0.5 if len(gains) > 1 else np.nan
            print(
                f"{variant:20}{float(own[0]['paper']):8.2f}{mean(own, 'error'):8.2f}"
                f"{mean(own, 'rare_error'):8.2f}{np.mean(gains) if gains else np.nan:8.2f}"
                f"{error:8.2f}  ({len(values(own, 'error'))})"
            )


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--variants", nargs="+", default=tuple(VARIANTS), choices=tuple(VARIANTS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--n-max", type=int, default=1000, help="images of the largest digit")
    parser.add_argument("--generate-from", type=float, default=0.5, help="share of the epochs")
    args = parser.parse_args()
    protocol = {name: str(getattr(args, name)) for name in PROTOCOL}
    rows = run_missing(
        partial(run, data_home=args.data_home),
        [
            {"variant": variant, "seed": str(seed), **protocol}
            for seed in range(args.seeds)
            for variant in args.variants
        ],
        file=FILE,
        key=KEY,
        columns=COLUMNS,
        deadline=deadline_in(args.budget),
        must_fit=True,
    )
    summary(select(rows, **protocol), protocol)
    epochs = select(read_csv(LEARNING), **protocol)
    if epochs:
        draw(epochs)


if __name__ == "__main__":
    main()
