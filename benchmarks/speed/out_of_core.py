"""Training on chunks of a file beside a fit in memory: peak memory and score.

Two classes of 49 to 1 in 20 columns, 20,000 rows to test on, as in ``rows.py``. Each way runs in a
process of its own; its memory is the most that the process held above what it held after it had
imported everything and fitted a few rows. With `partial_fit` the file is read once to scan it and
once an epoch.

    python benchmarks/speed/out_of_core.py [--rows 1000000] [--chunk 50000]

Writes ``results/speed/out_of_core.csv``. Parquet needs pyarrow, and is left out without it.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import make_classification
from sklearn.metrics import average_precision_score, balanced_accuracy_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.records import machine, write_csv
from speed.memory import Peak

from sklimb import RebalancedClassifier
from sklimb.datasets import iter_csv, iter_parquet, scan_chunks

N_TEST = 20_000
COLUMNS = (
    "way",
    "rows",
    "epochs",
    "peak_mb_above_interpreter",
    "balanced_accuracy",
    "average_precision",
)
MODEL = {"loss": "logit_adjusted", "cross_fit": False, "random_state": 0}
READERS = {".csv": iter_csv, ".parquet": iter_parquet}


def write_table(folder: Path, n: int, endings: list[str]) -> None:
    X, y = make_classification(
        n + N_TEST, 20, n_informative=8, weights=[0.98], class_sep=0.7, random_state=0
    )
    table = pd.DataFrame(X.astype(np.float32)).add_prefix("x").assign(y=y)
    table[n:].to_pickle(folder / "test.pkl")
    if ".csv" in endings:
        table[:n].to_csv(folder / "train.csv", index=False)
    if ".parquet" in endings:
        table[:n].to_parquet(folder / "train.parquet", index=False)


def in_memory(path: Path, chunk: int) -> tuple[RebalancedClassifier, int]:
    table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    X, y = table.drop(columns="y"), table["y"].to_numpy()
    del table
    model = RebalancedClassifier(**MODEL).fit(X, y)
    return model, model.n_iter_


def in_chunks(path: Path, chunk: int) -> tuple[RebalancedClassifier, int]:
    chunks = partial(READERS[path.suffix], path, target="y", chunk_size=chunk)
    scan = scan_chunks(chunks())
    model, epochs = RebalancedClassifier(**MODEL), 1
    done = 0
    while done < epochs:
        for X, y in chunks():
            model.partial_fit(X, y, scan=scan)
        epochs = model.net_.max_epochs // scan.n_chunks  # what "auto" stands for
        done += 1
    return model, done


WAYS = {"in memory": in_memory, "in chunks": in_chunks}


def measure(way: str, path: Path, chunk: int, queue: multiprocessing.Queue) -> None:
    few = np.random.default_rng(0).normal(size=(200, 20)).astype(np.float32)
    RebalancedClassifier(**MODEL | {"max_epochs": 1}).fit(few, few[:, 0] > 0)
    with Peak() as peak:
        model, epochs = WAYS[way](path, chunk)
    test = pd.read_pickle(path.with_name("test.pkl"))
    X, y = test.drop(columns="y"), test["y"].to_numpy()
    queue.put(
        {
            "epochs": epochs,
            "peak_mb_above_interpreter": peak.bytes // 2**20,
            "balanced_accuracy": f"{100 * balanced_accuracy_score(y, model.predict(X)):.2f}",
            "average_precision": (
                f"{100 * average_precision_score(y, model.predict_proba(X)[:, 1]):.2f}"
            ),
        }
    )


def in_its_own_process(target: object, *args: object) -> object:
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=target, args=(*args, queue))
    process.start()
    found = queue.get()
    process.join()
    return found


def main() -> None:
    """Measure, and fail where chunks take more than 1 GB or lose more than half a point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--chunk", type=int, default=50_000)
    args = parser.parse_args()
    print(machine())
    endings = [".csv"] + [".parquet"] * (importlib.util.find_spec("pyarrow") is not None)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        writer = multiprocessing.get_context("spawn").Process(
            target=write_table, args=(Path(folder), args.rows, endings)
        )
        writer.start()
        writer.join()
        for ending in endings:
            for way in WAYS:
                path = Path(folder) / f"train{ending}"
                found = in_its_own_process(measure, way, path, args.chunk)
                rows.append({"way": f"{ending[1:]}, {way}", "rows": args.rows} | found)
                print(*rows[-1].values(), flush=True)
                write_csv("speed/out_of_core.csv", rows, COLUMNS)
    by_way = {row["way"]: row for row in rows}
    score = {name: float(row["balanced_accuracy"]) for name, row in by_way.items()}
    lost = score["csv, in memory"] - score["csv, in chunks"]
    most = max(r["peak_mb_above_interpreter"] for n, r in by_way.items() if "chunks" in n)
    sys.exit(lost > 0.5 or most > 1024)


if __name__ == "__main__":
    main()
