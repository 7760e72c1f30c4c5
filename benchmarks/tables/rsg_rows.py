"""RSG on rows: on and off under three losses, and what its generated samples change.

Until generation starts RSG leaves the network alone, so "off" is the same training to the bit, and
all that differs comes from the generated samples of the last fifth of the epochs. Beside the
defaults three settings show what they are worth: beta 0.01 (one new row for each rare one, as the
paper has for step imbalance), generation from the middle on, and the classification loss of new
rows let through to the layers below the stage.

Tabular sets: a stratified fifth is tested on, split and network drawn anew for each seed.
Reuters-36 has its own test documents: binary bag of the 1,000 most frequent words. All settings
are the classifiers' defaults.

    python benchmarks/tables/rsg_rows.py [--data-home ../shared/data] [--seeds 5]
        [--sets glass ecoli]

Beside the scores stand the share of test predictions that generation changes, how well the
contrastive module tells pairs apart when it is frozen (chance is 0.5), and the mean cosine of
transformed displacements with rare ones in the first and in the last epoch of generation. A set on
which generation changes no prediction in any run ends the script with an error.

Resumable: what stands in ``results/tables/rsg_rows.csv`` is not run again.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.data import DATA_HOME, reuters36
from lib.records import machine, read_csv, write_csv

from sklimb import RebalancedClassifier, RSGClassifier
from sklimb.backbones import MLP
from sklimb.datasets import fetch_tabular
from sklimb.metrics import geometric_mean_score

SETS = ("glass", "ecoli", "mammography", "reuters36")
# The network that these figures are of.
NET: dict = {"module": MLP, "max_epochs": 60}
LOSSES = {
    "plain": {},
    "LDAM-DRW": {"loss": "ldam", "class_weight": "effective", "rebalance_from": 0.8},
    "logit-adjusted": {"loss": "logit_adjusted"},
}
RSG = {
    "RSG": {},
    "one each": {"beta": 0.01},
    "from the middle": {"generate_from": 0.5},
    "end to end": {"end_to_end": True},
}
COLUMNS = (
    "set",
    "loss",
    "variant",
    "seed",
    "balanced_accuracy",
    "geometric_mean",
    "changed",
    "n_generated",
    "contrast_accuracy",
    "mv_cosine_first",
    "mv_cosine_last",
    "seconds",
)


def load(name: str, data_home: Path, seed: int) -> tuple[np.ndarray, ...]:
    if name == "reuters36":
        texts, y, texts_test, y_test = reuters36(data_home)
        bag = CountVectorizer(
            max_features=1000, stop_words="english", binary=True, dtype=np.float32
        )
        X = bag.fit_transform(texts).toarray()
        return X, bag.transform(texts_test).toarray(), y, y_test
    X, y = fetch_tabular(name, data_home=data_home, return_X_y=True)
    X = np.asarray(X, dtype=np.float64)
    return tuple(train_test_split(X, y, test_size=0.2, stratify=y, random_state=seed))


def dynamics(model) -> dict[str, str]:
    """What the modules of RSG had learnt; empty without them."""
    found = dict.fromkeys(("contrast_accuracy", "mv_cosine_first", "mv_cosine_last"), "")
    for name, place in zip(found, (-1, 0, -1), strict=True):
        column = name.removesuffix("_first").removesuffix("_last")
        values = [row.get(column, np.nan) for row in model.history_]
        values = [value for value in values if not np.isnan(value)]
        if values:
            found[name] = f"{values[place]:.3f}"
    return found


def measure(name: str, loss: str, seed: int, data_home: Path, variants: list[str]) -> list[dict]:
    X, X_test, y, y_test = load(name, data_home, seed)
    rows, off = [], None
    for variant in ["off", *variants]:
        start = time.perf_counter()
        settings = {**NET, **LOSSES[loss], "random_state": seed}
        if variant == "off":
            model = RebalancedClassifier(**settings).fit(X, y)
        else:
            model = RSGClassifier(**RSG[variant], **settings).fit(X, y)
        seconds = time.perf_counter() - start
        predicted = model.predict(X_test)
        off = predicted if variant == "off" else off
        made = 0 if variant == "off" else sum(model.history_[:, "n_generated"])
        rows.append(
            {
                "set": name,
                "loss": loss,
                "variant": variant,
                "seed": str(seed),
                "balanced_accuracy": f"{100 * balanced_accuracy_score(y_test, predicted):.2f}",
                "geometric_mean": f"{100 * geometric_mean_score(y_test, predicted):.2f}",
                "changed": f"{100 * np.mean(predicted != off):.2f}",
                "n_generated": str(int(made)),
                **dynamics(model),
                "seconds": f"{seconds:.1f}",
            }
        )
    return rows


def summary(rows: list[dict]) -> None:
    print(
        f"{'':32}{'variant':16}{'bal. acc.':>11}{'+-':>6}{'to off':>8}{'+-':>6}{'changed %':>11}"
        f"{'unchanged runs':>15}{'contrast':>9}{'cosine from':>12}{'to':>6}"
    )
    for name in SETS:
        for loss in LOSSES:
            own = [row for row in rows if (row["set"], row["loss"]) == (name, loss)]
            scores = {
                variant: {
                    row["seed"]: float(row["balanced_accuracy"])
                    for row in own
                    if row["variant"] == variant
                }
                for variant in ("off", *RSG)
            }
            for variant, by_seed in scores.items():
                if not by_seed:
                    continue
                values = list(by_seed.values())
                gain = [value - scores["off"][seed] for seed, value in by_seed.items()]
                changed = [float(row["changed"]) for row in own if row["variant"] == variant]
                print(
                    f"{name:16}{loss:16}{variant:16}{np.mean(values):11.2f}{np.std(values):6.2f}"
                    f"{np.mean(gain):8.2f}{np.std(gain):6.2f}{np.mean(changed):11.2f}"
                    f"{changed.count(0.0):10} of {len(values)}" + learnt(own, variant)
                )


def learnt(rows: list[dict], variant: str) -> str:
    cells = []
    for column, width in (("contrast_accuracy", 9), ("mv_cosine_first", 12), ("mv_cosine_last", 6)):
        values = [float(r[column]) for r in rows if r["variant"] == variant and r.get(column)]
        cells.append(f"{np.mean(values):{width}.2f}" if values else " " * width)
    return "".join(cells)


def check_changed(rows: list[dict]) -> None:
    """Stop with an error where RSG changes nothing at all on a set."""
    for name in SETS:
        own = [float(r["changed"]) for r in rows if (r["set"], r["variant"]) == (name, "RSG")]
        if own and not any(own):
            raise SystemExit(f"{name}: generation changed no prediction in {len(own)} runs.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-home", type=Path, default=DATA_HOME)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--variants", nargs="+", choices=list(RSG), default=list(RSG))
    args = parser.parse_args()
    # glass and ecoli have classes that a test part does not hold
    warnings.filterwarnings("ignore", "y_pred contains classes not in y_true")
    rows = read_csv("tables/rsg_rows.csv")
    for name in args.sets:
        for seed in range(args.seeds):
            for loss in LOSSES:
                done = {
                    row["variant"]
                    for row in rows
                    if (row["set"], row["loss"], row["seed"]) == (name, loss, str(seed))
                    # rows of before these columns were there
                    and (row["variant"] != "RSG" or row.get("mv_cosine_last"))
                }
                todo = [variant for variant in args.variants if variant not in done]
                if not todo:
                    continue
                new = measure(name, loss, seed, args.data_home, todo)
                new = [row for row in new if row["variant"] not in done]
                keys = {(name, loss, row["variant"], str(seed)) for row in new}
                rows = [
                    row
                    for row in rows
                    if (row["set"], row["loss"], row["variant"], row["seed"]) not in keys
                ]
                rows += new
                write_csv("tables/rsg_rows.csv", rows, COLUMNS)
                print(name, loss, seed, [r["balanced_accuracy"] for r in new], flush=True)
    print(machine())
    summary(rows)
    check_changed(rows)


if __name__ == "__main__":
    main()
