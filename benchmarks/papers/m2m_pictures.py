"""Figures 4 and 5 of the M2m paper, on MNIST-LT: features by t-SNE, cumulative false positives.

Plain training (ERM), deferred resampling (ERM-DRS) and M2m with the data, the network and the
settings of `m2m_ablation.py`, one seed. Figure 4 shows 50 test images of each digit (the paper: of
the training part, of which the rarest digit has 10 here), Figure 5 counts errors of all 10,000.

    python benchmarks/papers/m2m_pictures.py

``results/papers/m2m_pictures.csv`` has for each method the silhouette of the features that are
drawn (1: classes lie apart, 0: they overlap), all false positives and how many of them were called
one of the frequent classes, which hold half of the training rows; ``m2m_pictures.png`` the picture.
The picture needs all networks, so all are trained anew: a minute or two on an idle core.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.metrics import balanced_accuracy_score, silhouette_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.command_line import command_line
from lib.records import RESULTS, read_csv, write_csv
from lib.summaries import chosen
from papers import m2m_ablation
from papers.m2m_ablation import VARIANTS, fit

from sklimb.datasets import class_counts
from sklimb.inspection import CumulativeFalsePositiveDisplay, FeatureSpaceDisplay

FILE, PICTURE = "papers/m2m_pictures.csv", "papers/m2m_pictures.png"
METHODS = ("ERM", "ERM-DRS", "M2m")
DRAWN = 50  # test images of each digit
SEED = 0
COLUMNS = (
    "method", "seed", "balanced_accuracy", "silhouette", "false_positives", "called_frequent",
)  # fmt: skip


def drawn(y: np.ndarray) -> np.ndarray:
    """Return the rows of the first few test images of each digit."""
    return np.sort(np.concatenate([np.flatnonzero(y == label)[:DRAWN] for label in np.unique(y)]))


def frequent(y: np.ndarray) -> np.ndarray:
    """Return the largest classes, which hold half of the rows."""
    labels, counts = np.unique(y, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return labels[order[: 1 + int(np.argmax(np.cumsum(counts[order]) > counts.sum() / 2))]]


def main() -> None:
    args = command_line(__doc__).parse_args()
    row = chosen(read_csv(m2m_ablation.SEARCH), set="mnist")
    if row is None:
        raise SystemExit(
            f"No settings of M2m in results/{m2m_ablation.SEARCH}. Choose them first: python "
            "benchmarks/papers/m2m_ablation.py --set mnist"
        )
    torch.set_num_threads(1)
    X, y, X_test, y_test = m2m_ablation.load("mnist", args.data_home, SEED)
    figure, axes = plt.subplots(1, len(METHODS) + 1, figsize=(18, 4.4), layout="constrained")
    rows, predictions, some = [], {}, drawn(y_test)
    for method, ax in zip(METHODS, axes, strict=False):
        model = fit(json.loads(row["config"]) | VARIANTS[method][0], X, y, SEED, "cpu")
        features = np.asarray(model.transform(X_test[some]))
        FeatureSpaceDisplay.from_features(features, y_test[some], method="tsne", ax=ax, s=8)
        ax.set_title(f"Figure 4: {method}")
        predictions[method] = predicted = model.predict(X_test)
        wrong = predicted != y_test
        rows.append(
            {
                "method": method,
                "seed": SEED,
                "balanced_accuracy": f"{100 * balanced_accuracy_score(y_test, predicted):.2f}",
                "silhouette": f"{silhouette_score(features, y_test[some]):.3f}",
                "false_positives": int(wrong.sum()),
                "called_frequent": int(np.isin(predicted[wrong], frequent(y)).sum()),
            }
        )
        print(*rows[-1].values(), flush=True)
    CumulativeFalsePositiveDisplay.from_predictions(
        y_test, predictions, class_counts=class_counts(y), ax=axes[-1]
    )
    axes[-1].set_title("Figure 5: cumulative false positives")
    write_csv(FILE, rows, COLUMNS)
    figure.savefig(RESULTS / PICTURE, dpi=80)
    plt.close(figure)


if __name__ == "__main__":
    main()
