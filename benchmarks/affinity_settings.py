"""Why the affinity loss trails re-weighting on mammography: one setting changed at a time.

5-fold cross-validation of whole fits, nothing searched: balanced accuracy, and the average
precision of the rare class, which shows how well the scores rank.

    python benchmarks/affinity_settings.py [--jobs 2]

Writes ``results/affinity_settings.csv``.
"""

from __future__ import annotations

import argparse

from _data import DATA_HOME
from _record import write_csv
from compare_sets import load
from joblib import Parallel, delayed
from sklearn.model_selection import StratifiedKFold, cross_validate

from sklimb import AffinityClassifier, RebalancedClassifier
from sklimb.backbones import MLP

# The network that these figures are of.
NET: dict = {"module": MLP, "max_epochs": 60}
SETTINGS = {
    "re-weighting": RebalancedClassifier(**NET, class_weight="balanced"),
    "re-weighting, lr 1e-3": RebalancedClassifier(**NET, class_weight="balanced", lr=1e-3),
    "affinity": AffinityClassifier(**NET),
    "lr 1e-3": AffinityClassifier(**NET, lr=1e-3),
    "30 epochs": AffinityClassifier(**NET | {"max_epochs": 30}),
    "lr 1e-3, 30 epochs": AffinityClassifier(**NET | {"max_epochs": 30}, lr=1e-3),
    "sigma 0.25": AffinityClassifier(**NET, sigma=0.25),
    "lam 0.25": AffinityClassifier(**NET, lam=0.25),
    "lam 1": AffinityClassifier(**NET, lam=1.0),
    "inverse similarity": AffinityClassifier(**NET, similarity="inverse"),
    "4 prototypes": AffinityClassifier(**NET, n_prototypes=4),
    "balanced draws": AffinityClassifier(**NET, class_weight=None, sampling="balanced"),
    "not normalised": AffinityClassifier(**NET, normalize=False),
}


def evaluate(name: str, X, y) -> dict[str, str]:
    found = cross_validate(
        SETTINGS[name].set_params(random_state=0),
        X,
        y,
        cv=StratifiedKFold(5, shuffle=True, random_state=1),
        scoring=["balanced_accuracy", "average_precision"],
        error_score="raise",
    )
    row = {"setting": name}
    for metric in ("balanced_accuracy", "average_precision"):
        values = 100 * found[f"test_{metric}"]
        row[metric], row[f"{metric}_std"] = f"{values.mean():.2f}", f"{values.std(ddof=1):.2f}"
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    X, labels = load("mammography", DATA_HOME)
    y = (labels == labels.value_counts().index[-1]).astype(int)
    rows = Parallel(args.jobs)(delayed(evaluate)(name, X, y) for name in SETTINGS)
    write_csv("affinity_settings.csv", rows, list(rows[0]))
    for row in rows:
        print("  ".join(f"{value:>24}" for value in row.values()))


if __name__ == "__main__":
    main()
