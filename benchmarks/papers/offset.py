"""The tables of the offset paper (Kim, Hong & Kim 2021), on sets that a CPU can do.

- MNIST, long-tailed: 1,000 rows of the most frequent digit down to 10 (ratio 100), so that all of
  the paper's groups (many > 100, medium, few < 20 rows) occur; pixels as rows through the MLP, not
  images through a convolutional network; the 10,000 test images.
- Reuters-36, binary bag of the 1,000 most frequent words, its own test documents.
- Digits, long-tailed at ratio 20; two fifths of all rows, drawn before, are the test part.

Every method is the package's with its defaults: the MLP of two layers of 128, AdamW, and 60 epochs
(20 on Reuters). "ours" is `OffsetDebiasedClassifier` as it comes, "paper" its bare form
(lambda1 = lambda2 = 1 on unscaled terms, no prior in training, nothing centred), which collapses
the features on small sets; "paper, lambda1 = 0.003" is that form with a centre loss that does not,
"paper, normalised terms" that form with both terms on the package's scale, at the same lambdas.
"prior + centre loss" is ours without what is the paper's own: no offset is subtracted or
constrained. The groups are means of the classes' recalls, as is "all".

Beside them, for Figure 3: the spread of the empirical offsets over classes (standard deviation, and
as a share of their mean size), that of the estimated ones, and the correlation of the two. An
offset depends on where features are measured from: "origin" says it, the mean of the class centres
or the features' own zero, and only rows of one origin can be compared. What the method does to the
spread is the step from "empirical" (the plain net, centred) to "ours", and from "baseline" (the
plain net, as its features stand) to the paper's rows.

    python benchmarks/papers/offset.py [--data-home ../shared/data] [--seeds 3] [--budget 900]

Resumable: what stands in ``results/papers/offset.csv`` is not run again. A row goes by "settings",
a digest of all parameters of its classifier, so one that was made with other defaults is dropped
and made anew.
"""

from __future__ import annotations

import hashlib
import json
import sys
import warnings
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.command_line import command_line
from lib.data import digits, mnist, reuters36_words
from lib.records import machine
from lib.resumable import deadline_in, run_missing
from lib.summaries import mean, select, spread, values

from sklimb import DecoupledClassifier, OffsetDebiasedClassifier, RebalancedClassifier
from sklimb.backbones import MLP
from sklimb.datasets import class_counts, make_long_tailed
from sklimb.metrics import geometric_mean_score, shot_accuracies

FILE = "papers/offset.csv"
EPOCHS = {"digits": 60, "mnist": 60, "reuters": 20}
# The method as the paper states it, nothing of ours.
PAPER = {
    "lambda1": 1.0,
    "lambda2": 1.0,
    "keep_prior": False,
    "centered": False,
    "normalize_terms": False,
}
METHODS: dict[str, tuple[type, dict]] = {
    # RebalancedClassifier() bit for bit, and it knows its class means
    "baseline": (OffsetDebiasedClassifier, {"offset": "learned"}),
    "UC only": (OffsetDebiasedClassifier, {"offset": "uniform_only"}),
    "prior + centre loss": (
        OffsetDebiasedClassifier,
        {"offset": "uniform_only", "lambda2": 0.0},
    ),
    "ours w/o UC": (OffsetDebiasedClassifier, {"lambda2": 0.0}),
    "ours": (OffsetDebiasedClassifier, {}),
    "paper, UC only": (OffsetDebiasedClassifier, PAPER | {"offset": "uniform_only"}),
    "paper w/o UC": (OffsetDebiasedClassifier, PAPER | {"lambda2": 0.0}),
    "paper": (OffsetDebiasedClassifier, PAPER),
    "paper, lambda1 = 0.003": (OffsetDebiasedClassifier, PAPER | {"lambda1": 0.003}),
    "paper, normalised terms": (OffsetDebiasedClassifier, PAPER | {"normalize_terms": True}),
    "empirical": (OffsetDebiasedClassifier, {"offset": "empirical"}),
    "cRT": (DecoupledClassifier, {"method": "crt"}),
    "tau-norm": (DecoupledClassifier, {"method": "tau_norm"}),
    "LWS": (DecoupledClassifier, {"method": "lws"}),
    "balanced sampling": (RebalancedClassifier, {"sampling": "balanced"}),
    "logit adjustment": (RebalancedClassifier, {"loss": "logit_adjusted"}),
}
SCORES = ("many", "medium", "few", "all", "geometric_mean")
OFFSETS = ("empirical_std", "empirical_relative", "estimated_std", "correlation")


@cache
def load(name: str, data_home: Path) -> tuple[np.ndarray, ...]:
    """Return X_train, y_train, X_test, y_test."""
    if name == "reuters":
        return reuters36_words(data_home)
    X, y, *test = mnist(data_home) if name == "mnist" else digits()
    shape = {"ratio": 100, "n_max": 1000} if name == "mnist" else {"ratio": 20}
    return *make_long_tailed(X, y, **shape, random_state=0), *test


# Parameters that the classifiers got after the first rows, and the value that leaves them alone.
LATER = {
    "n_members": None,
    "cross_fit": "auto",  # never with a module
    "keep_training_state": False,
    "checkpoint": None,
    "checkpoint_every": 1,
    "weight_average": "batch",
}


def build(set_name: str, method: str, seed: int):
    cls, settings = METHODS[method]
    return cls(module=MLP, max_epochs=EPOCHS[set_name], random_state=seed, **settings)


def key(set_name: str, method: str, seed: int) -> dict[str, str]:
    """What tells a row of the results from the others, defaults of the package included."""
    model = build(set_name, method, seed)
    # the module had been the default, None, when the first rows were made
    settings = model.get_params(deep=False) | {"module": None}
    for name, unchanged in LATER.items():
        if name in settings and settings[name] == unchanged:
            del settings[name]
    parameters = json.dumps([type(model).__name__, settings], sort_keys=True, default=repr)
    digest = hashlib.sha256(parameters.encode()).hexdigest()[:12]
    return {"set": set_name, "method": method, "seed": str(seed), "settings": digest}


def origin_of(model) -> str:
    """Where the features of a fitted model's offsets are measured from."""
    if not hasattr(model, "class_means_"):
        return ""
    if model.offset in ("estimated", "empirical", "uniform_only") and model.centered:
        return "class centres"
    return "zero"


def measure(job: dict[str, str], *, data_home: Path) -> dict[str, str]:
    X, y, X_test, y_test = load(job["set"], data_home)
    model = build(job["set"], job["method"], int(job["seed"])).fit(X, y)
    predicted = model.predict(X_test)
    scores = shot_accuracies(y_test, predicted, class_counts(y))
    scores["geometric_mean"] = geometric_mean_score(y_test, predicted)
    row = job | {name: f"{100 * scores[name]:.2f}" for name in SCORES}
    row |= {"origin": origin_of(model), **dict.fromkeys(OFFSETS, "")}
    empirical = getattr(model, "empirical_offset_", None)
    estimated = getattr(model, "estimated_offset_", None)
    # features that have collapsed to one point have no offsets to compare
    if empirical is not None:
        row["empirical_std"] = f"{empirical.std():.3f}"
        if empirical.any():
            row["empirical_relative"] = f"{empirical.std() / np.abs(empirical).mean():.3f}"
    if estimated is not None:
        row["estimated_std"] = f"{estimated.std():.3f}"
        if empirical.std() > 0 and estimated.std() > 0:
            row["correlation"] = f"{np.corrcoef(empirical, estimated)[0, 1]:.3f}"
    return row


def cell(row: dict) -> tuple[str, str, str]:
    return row["set"], row["method"], row["seed"]


def show(rows: list[dict]) -> None:
    print(machine())
    for set_name in EPOCHS:
        print(f"\n{set_name:24}" + "".join(f"{name:>9.8}" for name in (*SCORES, "+-")), end="")
        print("  over baseline")
        of_set = select(rows, set=set_name)
        base = values(select(of_set, method="baseline"), "all")
        for method in METHODS:
            mine = select(of_set, method=method)
            if len(mine) < 2 or len(base) < 2:
                continue
            every = values(mine, "all")
            gain = every.mean() - base.mean()
            # seeds are the same, but the difference of two means is taken as of independent ones
            error = np.sqrt(every.var(ddof=1) / len(every) + base.var(ddof=1) / len(base))
            print(
                f"{method:24}"
                + "".join(f"{mean(mine, name):9.1f}" for name in SCORES)
                + f"{spread(mine, 'all'):9.1f}{gain:+8.1f} +-{error:4.1f}"
            )
        for origin in ("class centres", "zero"):
            print(f"offsets from {origin:13}" + "".join(f"{name:>20}" for name in OFFSETS))
            for method in METHODS:
                mine = select(of_set, method=method, origin=origin)
                if mine:
                    print(f"  {method:24}" + "".join(f"{mean(mine, c):20.3f}" for c in OFFSETS))


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    wanted = [
        key(set_name, method, seed)
        for set_name in EPOCHS
        for seed in range(args.seeds)
        for method in METHODS
    ]
    settings = {cell(row): row["settings"] for row in wanted}

    def of_today(row: dict[str, str]) -> bool:
        """Of a cell that is asked for, only rows of today's settings; more seeds stay too."""
        asked = settings.get(cell(row), row["settings"])
        return row["method"] in METHODS and asked == row["settings"]

    rows = run_missing(
        partial(measure, data_home=args.data_home),
        wanted,
        file=FILE,
        key=("set", "method", "seed"),
        deadline=deadline_in(args.budget),
        keep=of_today,
    )
    show(rows)


if __name__ == "__main__":
    main()
