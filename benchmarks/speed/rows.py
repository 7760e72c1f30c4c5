"""What a default fit costs by the number of rows, beside a balanced random forest.

Two classes of 49 to 1 in 20 columns (``sklearn.datasets.make_classification``), 20,000 rows to test
on. The logit-adjusted network and the forest with their defaults, in turn, on the same rows.

    python benchmarks/speed/rows.py [--rows 100 1000 10000 100000 1000000]

Writes ``results/speed/rows.csv``; ratios are of one run, side by side.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.records import machine, write_csv

from sklimb._compare.run.methods import METHODS

N_TEST = 20_000
COLUMNS = (
    "rows",
    "method",
    "seconds",
    "times_the_forest",
    "balanced_accuracy",
    "epochs",
    "peak_mb_so_far",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", type=int, default=[100, 1000, 10**4, 10**5, 10**6])
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # classes of two rows
    print(machine())
    rows = []
    X, y = make_classification(100, 20, random_state=0)
    for name in ("forest", "logit_adjusted"):  # imports, above a second with torch, count for none
        METHODS[name].classify().fit(X, y)
    for n in args.rows:
        X, y = make_classification(
            n + N_TEST, 20, n_informative=8, weights=[0.98], class_sep=0.7, random_state=0
        )
        X = X.astype(np.float32)
        forest = None
        for name in ("forest", "logit_adjusted"):
            model = METHODS[name].classify().set_params(random_state=0)
            start = time.perf_counter()
            model.fit(X[:n], y[:n])
            seconds = time.perf_counter() - start
            forest = forest or seconds
            score = balanced_accuracy_score(y[n:], model.predict(X[n:]))
            values = (
                n,
                METHODS[name].label,
                f"{seconds:.2f}",
                f"{seconds / forest:.2f}",
                f"{100 * score:.1f}",
                getattr(model, "n_iter_", ""),
                resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            )
            rows.append(dict(zip(COLUMNS, values, strict=True)))
            print(*values, flush=True)
            write_csv("speed/rows.csv", rows, COLUMNS)


if __name__ == "__main__":
    main()
