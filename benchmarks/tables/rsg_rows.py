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

import sys
import time
import warnings
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import lib.data as data
from lib.command_line import command_line
from lib.records import machine
from lib.resumable import deadline_in, run_missing
from lib.summaries import mean, select, values

from sklimb import RebalancedClassifier, RSGClassifier
from sklimb.backbones import MLP
from sklimb.metrics import geometric_mean_score

FILE = "tables/rsg_rows.csv"
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
KEY = ("set", "loss", "variant", "seed")
COLUMNS = (
    *KEY,
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
    """Return X_train, y_train, X_test, y_test."""
    if name == "reuters36":
        return data.reuters36_words(data_home)
    X, y = data.load(name, data_home)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, stratify=y, random_state=seed)
    return X, y, X_test, y_test


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


@lru_cache(maxsize=1)
def without(name: str, loss: str, seed: int, data_home: Path) -> tuple:
    """Return the net without RSG, the seconds of its training and what it predicts."""
    X, y, X_test, _ = load(name, data_home, seed)
    start = time.perf_counter()
    model = RebalancedClassifier(**NET, **LOSSES[loss], random_state=seed).fit(X, y)
    return model, time.perf_counter() - start, model.predict(X_test)


def measure(job: dict[str, str], *, data_home: Path) -> dict[str, str]:
    name, loss, variant, seed = job["set"], job["loss"], job["variant"], int(job["seed"])
    X, y, X_test, y_test = load(name, data_home, seed)
    model, seconds, off = without(name, loss, seed, data_home)
    predicted, made = off, 0
    if variant != "off":
        start = time.perf_counter()
        model = RSGClassifier(**NET, **LOSSES[loss], **RSG[variant], random_state=seed).fit(X, y)
        seconds = time.perf_counter() - start
        predicted, made = model.predict(X_test), sum(model.history_[:, "n_generated"])
    return job | {
        "balanced_accuracy": f"{100 * balanced_accuracy_score(y_test, predicted):.2f}",
        "geometric_mean": f"{100 * geometric_mean_score(y_test, predicted):.2f}",
        "changed": f"{100 * np.mean(predicted != off):.2f}",
        "n_generated": str(int(made)),
        **dynamics(model),
        "seconds": f"{seconds:.1f}",
    }


def summary(rows: list[dict]) -> None:
    print(
        f"{'':32}{'variant':16}{'bal. acc.':>11}{'+-':>6}{'to off':>8}{'+-':>6}{'changed %':>11}"
        f"{'unchanged runs':>15}{'contrast':>9}{'cosine from':>12}{'to':>6}"
    )
    for name in SETS:
        for loss in LOSSES:
            own = select(rows, set=name, loss=loss)
            off = {r["seed"]: float(r["balanced_accuracy"]) for r in select(own, variant="off")}
            for variant in ("off", *RSG):
                mine = select(own, variant=variant)
                if not mine:
                    continue
                scores, changed = values(mine, "balanced_accuracy"), values(mine, "changed")
                gain = scores - [off[row["seed"]] for row in mine]
                print(
                    f"{name:16}{loss:16}{variant:16}{scores.mean():11.2f}{scores.std():6.2f}"
                    f"{gain.mean():8.2f}{gain.std():6.2f}{changed.mean():11.2f}"
                    f"{np.sum(changed == 0):10} of {len(mine)}" + learnt(mine)
                )


def learnt(rows: list[dict]) -> str:
    widths = {"contrast_accuracy": 9, "mv_cosine_first": 12, "mv_cosine_last": 6}
    means = {column: mean(rows, column) for column in widths}
    return "".join(
        " " * widths[column] if np.isnan(value) else f"{value:{widths[column]}.2f}"
        for column, value in means.items()
    )


def check_changed(rows: list[dict]) -> None:
    """Stop with an error where RSG changes nothing at all on a set."""
    for name in SETS:
        changed = values(select(rows, set=name, variant="RSG"), "changed")
        if len(changed) and not changed.any():
            raise SystemExit(f"{name}: generation changed no prediction in {len(changed)} runs.")


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--variants", nargs="+", choices=list(RSG), default=list(RSG))
    args = parser.parse_args()
    # glass and ecoli have classes that a test part does not hold
    warnings.filterwarnings("ignore", "y_pred contains classes not in y_true")
    rows = run_missing(
        partial(measure, data_home=args.data_home),
        [
            dict(zip(KEY, (name, loss, variant, str(seed)), strict=True))
            for name in args.sets
            for seed in range(args.seeds)
            for loss in LOSSES
            for variant in ("off", *args.variants)
        ],
        file=FILE,
        key=KEY,
        columns=COLUMNS,
        deadline=deadline_in(args.budget),
    )
    print(machine())
    summary(rows)
    check_changed(rows)


if __name__ == "__main__":
    main()
