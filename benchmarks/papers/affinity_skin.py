"""The affinity paper's Table 2 and Figure 4: skin lesions, by 3-fold cross-validation.

Hayat et al. 2019, sections 4.1 to 4.3: Dermofit (Edinburgh), 1,300 photographs of 10 kinds of
lesion, 24 to 331 each, which a licence has to be bought for; ResNet-18 with the affinity loss, SGD
with momentum and a falling rate; experiment 1 has five kinds, experiment 2 all ten. The paper gives
no size of the images, epochs, rate, batch, sigma, margin, prototypes or start values. Here they are
224 pixels, 60 epochs, 0.03 with a cosine, batches of 32, crops and flips, 5 prototypes a class and
a margin of 0.75 on the unit sphere with sigma 1, where no gradient underflows; ``--raw-sigma`` is
the paper's form, among the features as they are. Start values are He's, or those of ``--weights``.

    python benchmarks/papers/affinity_skin.py --data DERMOFIT [--five AK BCC ML SCC SK]
        [--weights FILE] [--device cuda]

``--data`` is a folder with a folder for each kind. Accuracies and the confusions of each fold go to
``results/papers/affinity_skin.csv``. Resumable: folds that stand there are not run again, and one
that was broken off goes on from its last whole epoch (``runs/``).
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix
from sklearn.model_selection import StratifiedKFold

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.cifar import device_name, kept_at, seconds_of
from lib.command_line import command_line
from lib.image_folders import ImageFolders
from lib.large_resnets import ResNet18
from lib.records import machine
from lib.resumable import deadline_in, run_missing
from lib.summaries import mean, select, spread

from sklimb import AffinityClassifier, RebalancedClassifier
from sklimb.transforms import CropFlip

FILE = "papers/affinity_skin.csv"
# experiment -> mean accuracy over folds of the affinity loss, of CoSen
PAPER = {"5 classes": (91.1, 80.2), "10 classes": (80.3, 72.6)}
METHODS = ("affinity", "softmax")
KEY = ("experiment", "method", "fold", "epochs", "size", "raw_sigma", "weights")
COLUMNS = (*KEY, "accuracy", "balanced_accuracy", "paper", "confusion", "device", "seconds")
SCHEDULE = {
    "optimizer": torch.optim.SGD,
    "optimizer__momentum": 0.9,
    "optimizer__weight_decay": 5e-4,
    "lr_schedule": "cosine",
}


def affinity(raw_sigma: float | None) -> dict:
    """Return the settings of the affinity loss; None is on the unit sphere."""
    sphere = raw_sigma is None
    return {
        "class_weight": None, "rebalance_from": 0.0, "embedding_dim": None, "n_prototypes": 5,
        "lam": 0.75, "normalize": sphere, "sigma": 1.0 if sphere else raw_sigma,
    }  # fmt: skip


def classifier(job: dict[str, str], args: argparse.Namespace):
    """Return an unfitted classifier."""
    training = SCHEDULE | {
        "module": ResNet18,
        "module__width": args.width,
        "module__augment": CropFlip(args.size // 8),
        "module__weights": args.weights,
        "lr": 0.03,
        "max_epochs": args.epochs,
        "batch_size": 32,
        "device": args.device,
        "random_state": int(job["fold"]),
    }
    if job["method"] == "softmax":
        return RebalancedClassifier(**training)
    return AffinityClassifier(**training | affinity(args.raw_sigma))


def run(job: dict[str, str], *, args: argparse.Namespace) -> dict[str, str]:
    """Train on two thirds and score the third."""
    five = job["experiment"] == "5 classes"
    X, y = ImageFolders(args.data, args.size, args.five if five else None).arrays()
    folds = StratifiedKFold(3, shuffle=True, random_state=0).split(X, y)
    train, test = list(folds)[int(job["fold"])]
    model = classifier(job, args)
    model.set_params(checkpoint=kept_at("affinity_skin", job)).fit(X[train], y[train])
    predicted = model.predict(X[test])
    paper = PAPER[job["experiment"]][0] if job["method"] == "affinity" else ""
    confusion = confusion_matrix(y[test], predicted, labels=np.unique(y)).tolist()
    return job | {
        "accuracy": f"{100 * accuracy_score(y[test], predicted):.2f}",
        "balanced_accuracy": f"{100 * balanced_accuracy_score(y[test], predicted):.2f}",
        "paper": str(paper),
        "confusion": json.dumps(confusion, separators=(",", ":")),
        "device": device_name(model),
        "seconds": seconds_of(model),
    }


def jobs(args: argparse.Namespace) -> list[dict[str, str]]:
    """Return a job for each experiment, method and fold."""
    protocol = {
        "epochs": str(args.epochs),
        "size": str(args.size),
        "raw_sigma": "" if args.raw_sigma is None else str(args.raw_sigma),
        "weights": "" if args.weights is None else args.weights.name,
    }
    return [
        {"experiment": experiment, "method": method, "fold": str(fold)} | protocol
        for experiment in PAPER
        for method in METHODS
        for fold in range(3)
    ]


def parser() -> argparse.ArgumentParser:
    made = command_line(__doc__)
    made.add_argument("--data", type=Path, required=True, help="a folder for each kind of lesion")
    made.add_argument("--five", nargs=5, default=("AK", "BCC", "ML", "SCC", "SK"))
    made.add_argument("--epochs", type=int, default=60)
    made.add_argument("--size", type=int, default=224)
    made.add_argument("--width", type=int, default=64)
    made.add_argument("--raw-sigma", type=float, help="the paper's form, with this sigma")
    made.add_argument("--weights", type=Path, help="a state_dict of lib.large_resnets.ResNet18")
    made.add_argument("--device", default="cpu")
    return made


def main() -> None:
    args = parser().parse_args()
    rows = run_missing(
        partial(run, args=args),
        jobs(args),
        file=FILE,
        key=KEY,
        columns=COLUMNS,
        deadline=deadline_in(args.budget),
        must_fit=True,
    )
    print(machine())
    for experiment, (paper, cosen) in PAPER.items():
        for method in METHODS:
            own = select(rows, experiment=experiment, method=method)
            print(
                f"{experiment:12}{method:10}{mean(own, 'accuracy'):7.1f} +- "
                f"{spread(own, 'accuracy'):.1f} ({len(own)} folds)   paper {paper}, CoSen {cosen}"
            )


if __name__ == "__main__":
    main()
