"""`sklimb.compare` on the digits, tabular sets and texts: the tables and the README's picture.

    python benchmarks/tables/compare_sets.py [--sets digits mammography glass ecoli]
        [--folds 5] [--jobs 2] [--repeats N] [--methods NAME ...]

``reuters36`` is what ``sklimb compare --dataset reuters36`` runs: the 36 largest topics on TF-IDF
with the data set's own test documents, once; ``--repeats`` gives it other seeds and inner folds.
Writes ``results/tables/compare_<set>.csv``, and ``results/tables/compare_digits.png`` for the
README.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.data import DATA_HOME, load
from lib.records import RESULTS, machine

import sklimb
from sklimb._compare.run.sets import load_set

SETS = ("digits", "mammography", "oil-spill", "phoneme", "glass", "ecoli", "reuters36")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--data-home", type=Path, default=DATA_HOME)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--grid", default="quick", choices=("quick", "full"))
    parser.add_argument("--repeats", type=int, help="default: as the command has it")
    parser.add_argument("--methods", nargs="+", help="default: all")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    print(machine())
    for name in args.sets:
        given: dict = {"repeats": args.repeats}
        methods = args.methods
        if name == "reuters36":
            found = load_set(name, data_home=str(args.data_home), seed=0)
            given = {"X": found.X, "y": found.y, "X_test": found.X_test, "y_test": found.y_test}
            given |= {"prepare": found.prepare, "repeats": args.repeats or found.repeats}
            methods = args.methods or found.methods()
        elif name != "digits":
            given["X"], given["y"] = load(name, args.data_home)
        comparison = sklimb.compare(
            **given,
            methods=methods,
            folds=args.folds,
            grid=args.grid,
            n_jobs=args.jobs,
            random_state=0,
            refit=False,
        )
        print(f"\n{name}\n{comparison}", flush=True)
        path = RESULTS / "tables" / f"compare_{name}.csv"
        path.write_text(
            f"# {machine()}\n# {comparison.how}\n{comparison.results.to_csv(index=False)}"
        )
        if name == "digits":
            comparison.plot()[0].figure.savefig(RESULTS / "tables" / "compare_digits.png", dpi=110)


if __name__ == "__main__":
    main()
