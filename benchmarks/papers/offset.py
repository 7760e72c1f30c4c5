"""The tables of the offset paper (Kim, Hong & Kim 2021), on sets that a CPU can do.

- MNIST, long-tailed: 1,000 rows of the most frequent digit down to 10 (ratio 100), so that all of
  the paper's groups (many > 100, medium, few < 20 rows) occur; pixels as rows through the MLP, not
  images through a convolutional network; the 10,000 test images.
- Reuters-36, binary bag of the 1,000 most frequent words, its own test documents.
- Digits, long-tailed at ratio 20; two fifths of all rows, drawn before, are the test part.

Every method is the package's with its defaults: the MLP of two layers of 128, AdamW, and 60 epochs
(20 on Reuters). "ours" is `OffsetDebiasedClassifier` as it comes, "paper" its bare form
(lambda1 = lambda2 = 1 on unscaled terms, no prior in training, nothing centred), which collapses
the features on small sets; "paper, lambda1 = 0.003" is that form with a centre loss that does not.
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

import argparse
import hashlib
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import train_test_split

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.data import DATA_HOME, reuters36
from lib.records import machine, read_csv, write_csv

from sklimb import DecoupledClassifier, OffsetDebiasedClassifier, RebalancedClassifier
from sklimb.backbones import MLP
from sklimb.datasets import class_counts, make_long_tailed
from sklimb.metrics import geometric_mean_score, shot_accuracies

FILE = "papers/offset.csv"
EPOCHS = {"digits": 60, "mnist": 60, "reuters": 20}
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
    "empirical": (OffsetDebiasedClassifier, {"offset": "empirical"}),
    "cRT": (DecoupledClassifier, {"method": "crt"}),
    "tau-norm": (DecoupledClassifier, {"method": "tau_norm"}),
    "LWS": (DecoupledClassifier, {"method": "lws"}),
    "balanced sampling": (RebalancedClassifier, {"sampling": "balanced"}),
    "logit adjustment": (RebalancedClassifier, {"loss": "logit_adjusted"}),
}
SCORES = ("many", "medium", "few", "all", "geometric_mean")
OFFSETS = ("empirical_std", "empirical_relative", "estimated_std", "correlation")


def load(name: str, data_home: Path) -> tuple[np.ndarray, ...]:
    """Return X_train, y_train, X_test, y_test."""
    if name == "reuters":
        texts, y, texts_test, y_test = reuters36(data_home)
        bag = CountVectorizer(
            max_features=1000, stop_words="english", binary=True, dtype=np.float32
        )
        return bag.fit_transform(texts).toarray(), y, bag.transform(texts_test).toarray(), y_test
    if name == "mnist":
        with np.load(data_home / "images" / "mnist.npz") as file:
            parts = [file[key] for key in ("X_train", "y_train", "X_test", "y_test")]
        X, X_test = (part.reshape(len(part), -1).astype(np.float32) for part in parts[::2])
        y, y_test = parts[1::2]
        return *make_long_tailed(X, y, ratio=100, n_max=1000, random_state=0), X_test, y_test
    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.4, stratify=y, random_state=0)
    return *make_long_tailed(X, y, ratio=20, random_state=0), X_test, y_test


def build(set_name: str, method: str, seed: int):
    cls, settings = METHODS[method]
    return cls(module=MLP, max_epochs=EPOCHS[set_name], random_state=seed, **settings)


def key(set_name: str, method: str, seed: int) -> dict[str, str]:
    """What tells a row of the results from the others, defaults of the package included."""
    model = build(set_name, method, seed)
    parameters = json.dumps(
        # the module had been the default, None, when the first rows were made
        [type(model).__name__, model.get_params(deep=False) | {"module": None}],
        sort_keys=True,
        default=repr,
    )
    digest = hashlib.sha256(parameters.encode()).hexdigest()[:12]
    return {"set": set_name, "method": method, "seed": str(seed), "settings": digest}


def origin_of(model) -> str:
    """Where the features of a fitted model's offsets are measured from."""
    if not hasattr(model, "class_means_"):
        return ""
    if model.offset in ("estimated", "empirical", "uniform_only") and model.centered:
        return "class centres"
    return "zero"


def measure(set_name: str, method: str, seed: int, X, y, X_test, y_test) -> dict:
    model = build(set_name, method, seed).fit(X, y)
    predicted = model.predict(X_test)
    scores = shot_accuracies(y_test, predicted, class_counts(y))
    scores["geometric_mean"] = geometric_mean_score(y_test, predicted)
    row = key(set_name, method, seed)
    row |= {name: f"{100 * scores[name]:.2f}" for name in SCORES}
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


def mean(rows: list[dict], column: str) -> float:
    values = [float(row[column]) for row in rows if row[column] not in ("", "nan")]
    return float(np.mean(values)) if values else float("nan")


def show(rows: list[dict]) -> None:
    print(machine())
    for set_name in EPOCHS:
        print(f"\n{set_name:24}" + "".join(f"{name:>9.8}" for name in (*SCORES, "+-")), end="")
        print("  over baseline")
        of_set = [row for row in rows if row["set"] == set_name]
        base = [float(row["all"]) for row in of_set if row["method"] == "baseline"]
        for method in METHODS:
            mine = [row for row in of_set if row["method"] == method]
            if len(mine) < 2 or len(base) < 2:
                continue
            every = [float(row["all"]) for row in mine]
            gain = np.mean(every) - np.mean(base)
            # seeds are the same, but the difference of two means is taken as of independent ones
            error = np.sqrt(np.var(every, ddof=1) / len(every) + np.var(base, ddof=1) / len(base))
            print(
                f"{method:24}"
                + "".join(f"{mean(mine, name):9.1f}" for name in SCORES)
                + f"{np.std(every, ddof=1):9.1f}{gain:+8.1f} +-{error:4.1f}"
            )
        for origin in ("class centres", "zero"):
            print(f"offsets from {origin:13}" + "".join(f"{name:>20}" for name in OFFSETS))
            for method in METHODS:
                mine = [r for r in of_set if r["method"] == method and r["origin"] == origin]
                if mine:
                    print(f"  {method:24}" + "".join(f"{mean(mine, c):20.3f}" for c in OFFSETS))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-home", type=Path, default=DATA_HOME)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--budget", type=float, default=float("inf"), help="seconds")
    args = parser.parse_args()
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    wanted = [
        key(set_name, method, seed)
        for set_name in EPOCHS
        for seed in range(args.seeds)
        for method in METHODS
    ]
    # of a cell that is asked for, only rows of today's settings stay; more seeds than that stay too
    settings = {cell(row): row["settings"] for row in wanted}
    rows = [
        row
        for row in read_csv(FILE)
        if row["method"] in METHODS and settings.get(cell(row), row["settings"]) == row["settings"]
    ]
    done = {cell(row) for row in rows}
    end = time.monotonic() + args.budget
    for set_name in EPOCHS:
        data = load(set_name, args.data_home)
        for seed in range(args.seeds):
            for method in METHODS:
                if (set_name, method, str(seed)) in done:
                    continue
                if time.monotonic() > end:
                    show(rows)
                    raise SystemExit("The budget is used up; run again to go on.")
                rows.append(measure(set_name, method, seed, *data))
                write_csv(FILE, rows, list(rows[-1]))
    show(rows)


if __name__ == "__main__":
    main()
