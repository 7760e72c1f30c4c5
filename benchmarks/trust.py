"""What an attack on an early version found, and what the same gives now, figure by figure.

The figures that take long come from the results of scripts of their own, as the table says; the
rest is measured here in a few minutes.

    python benchmarks/trust.py                                  benchmarks/results/trust.csv
    python benchmarks/trust.py --gather         take in what the scripts of their own have anew
"""

from __future__ import annotations

import argparse
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from lib.records import read_csv, write_csv
from sklearn.base import clone
from skorch.callbacks import Callback
from versions import named_pythons

from sklimb import (
    AffinityClassifier,
    DecoupledClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    RebalancedClassifier,
    RSGClassifier,
    persistence,
)
from sklimb.backbones import MLP

HERE = "benchmarks/trust.py"
QUICK = {"module": MLP, "max_epochs": 20, "lr_schedule": "cosine", "random_state": 0}
# Seven configurations with the cosine schedule.
RESUMED = {
    "plain": RebalancedClassifier(**QUICK),
    "LDAM-DRW": RebalancedClassifier(loss="ldam", class_weight="effective", **QUICK),
    "early stopping": RebalancedClassifier(early_stopping=True, n_iter_no_change=20, **QUICK),
    "affinity": AffinityClassifier(**QUICK),
    "offset": OffsetDebiasedClassifier(**QUICK),
    "RSG": RSGClassifier(**QUICK),
    "decoupled": DecoupledClassifier(**QUICK),
}
# A fit in a new process that gets Ctrl-C from outside, and then another fit there.
INTERRUPTED = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np
from sklimb import RebalancedClassifier
X = np.random.default_rng(0).normal(size=(2000, 20)); y = np.arange(2000) % 2
model = RebalancedClassifier(max_epochs=500, random_state=0)
print("begins", flush=True)
try:
    model.fit(X, y)
except KeyboardInterrupt:
    pass
print(model.set_params(max_epochs=1).fit(X, y).predict(X).shape)
"""


class Figure(NamedTuple):
    """What was found then, what is now, and which command says so."""

    what: str
    before: str
    now: str
    command: str


def data(n: int = 400, d: int = 20) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(0).normal(size=(n, d)).astype(np.float32)
    return X, (X[:, 0] > 1).astype(int)


# --- measured here -------------------------------------------------------------------------------


def predictions_beside_a_fit() -> str:
    """Return how long one sample takes alone, and at most while another thread trains."""
    X, y = data(4_000)
    model = RebalancedClassifier(max_epochs=2, random_state=0).fit(X, y)
    other = RebalancedClassifier(module=MLP, max_epochs=200, random_state=0)

    def seconds(n: int) -> np.ndarray:
        taken = []
        for _ in range(n):
            start = time.perf_counter()
            model.predict(X[:1])
            taken.append(time.perf_counter() - start)
        return np.array(taken)

    alone = seconds(300)
    fit = threading.Thread(target=other.fit, args=(X, y))
    fit.start()
    beside = seconds(300)
    still = fit.is_alive()
    fit.join()
    if not still:
        raise RuntimeError("the fit was over before the predictions: give it more epochs")
    return (
        f"{1e3 * np.median(beside):.1f} ms, at most {1e3 * beside.max():.0f} ms; "
        f"{1e3 * np.median(alone):.1f} ms alone"
    )


def a_large_batch_of_few_samples() -> str:
    X, y = data(40, 6)
    y[:6] = 1
    seconds = []
    for batch_size in (40, 10**6):
        model = M2mClassifier(
            translate_from=0, batch_size=batch_size, max_epochs=20, random_state=0
        )
        start = time.perf_counter()
        model.fit(X, y)
        seconds.append(time.perf_counter() - start)
    return f"{seconds[1]:.1f} s; {seconds[0]:.1f} s with batch_size=40"


def pickles_and_files() -> str:
    """Return the sizes of a pickle, a file and the weights, and what of the samples is in them."""
    X, y = data()
    model = RebalancedClassifier(module=MLP, max_epochs=2, random_state=0).fit(X, y)
    weights = sum(p.numel() * p.element_size() for p in model.module_.state_dict().values())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.sklimb"
        persistence.save(model, path)
        written = [pickle.dumps(model), path.read_bytes()]
    pairs = np.lib.stride_tricks.sliding_window_view(X, 2, axis=1).reshape(-1, 2)
    found = sum(pair.tobytes() in text for pair in pairs for text in written)
    sizes = [f"{len(text) / 1e3:.0f}" for text in written]
    return (
        f"{sizes[0]} kB, a file {sizes[1]} kB, for {weights / 1e3:.0f} kB of weights; {found} "
        "pairs of neighbouring values of a sample in either"
    )


class CtrlC(Callback):
    """Ctrl-C in the eleventh epoch."""

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if len(net.history) == 11:
            raise KeyboardInterrupt


def resumed_fits() -> str:
    """Return how many of seven fits that were cut at half go on to the bits of whole ones."""
    X, y = data()
    same = 0
    for model in RESUMED.values():
        whole = clone(model).fit(X, y)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "fit"
            cut = clone(model).set_params(checkpoint=path, checkpoint_every=1, callbacks=[CtrlC()])
            try:
                cut.fit(X, y)
            except KeyboardInterrupt:
                again = clone(model).set_params(checkpoint=path, checkpoint_every=1).fit(X, y)
                same += np.array_equal(again.predict_proba(X), whole.predict_proba(X))
    return f"{same} of {len(RESUMED)}"


def interrupted_fits(n: int = 23) -> str:
    """Return in how many processes a fit after a Ctrl-C in the first one did not succeed."""
    rng = np.random.default_rng(0)
    failed = 0
    for _ in range(n):
        process = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTED],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        process.stdout.readline()
        time.sleep(rng.uniform(0, 2))
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate()
        failed += out != "(2000,)\n"
    return f"{failed} of {n}"


def a_refit_that_fails() -> str:
    X, y = data()
    model = RebalancedClassifier(max_epochs=1, random_state=0).fit(X, y)
    before = model.predict_proba(X)
    try:
        model.fit(X[:, :3] * np.nan, y)
    except ValueError:
        return "predicts as before" if np.array_equal(model.predict_proba(X), before) else "changed"
    return "does not fail"


# --- of scripts that take longer -----------------------------------------------------------------


def fuzzing() -> Iterator[Figure]:
    whole = read_csv("fuzzing.csv")[-1]
    found = "386 + 98 messages, 21 + 111 + 29 + 188 raw errors, 4 hangs, 6 NaN, 4 tracebacks"
    now = (
        f"{whole['wrong']} wrong of {whole['tried']}; the slowest took {whole['slowest_seconds']} s"
    )
    yield Figure("hostile input", found, now, "python -m tests.fuzzing")


def threads() -> Iterator[Figure]:
    rows = read_csv("speed/threads.csv")
    most = max(int(row["threads"]) for row in rows)
    for n in ("1", "2000"):
        of_n = [row for row in rows if row["samples"] == n and row["threads"] == str(most)]
        gains = {row["model"]: row["gain"] for row in of_n}
        peer = gains.pop("MLPClassifier")
        what = f"gain of {most} threads over one, one model, calls of {n} sample(s)"
        low, high = (choose(gains.values(), key=float) for choose in (min, max))
        now = f"{low} to {high} of {len(gains)} models; MLPClassifier {peer}"
        yield Figure(what, "2 threads slower than one", now, "benchmarks/speed/threads.py")


def versions() -> Iterator[Figure]:
    rows = [row for row in read_csv("versions.csv") if row["passed"]]
    for row in rows:
        what = f"Python {row['python']}, {row['bounds']} versions: {row['part']}"
        now = f"{row['failed']} of {int(row['passed']) + int(row['failed'])} tests failed"
        yield Figure(what, "", now, "benchmarks/versions.py")
    left = [name for name in named_pythons() if name not in {row["python"] for row in rows}]
    if left:
        yield Figure(f"Python {', '.join(left)}", "", "not run", "benchmarks/versions.py")


def forks() -> Iterator[Figure]:
    for row in read_csv("speed/forks.csv"):
        what = f"a forked child hangs, {row['forked']}, {row['threads']} thread(s)"
        before = "3 of 60" if row["forked"].startswith("during") else ""
        yield Figure(what, before, f"{row['wrong']} of {row['forks']}", "benchmarks/speed/forks.py")


def memory() -> Iterator[Figure]:
    rows = read_csv("speed/memory.csv")
    for key, before in (("fit", "4.7"), ("predict", "1")):
        worst = max(float(row[key]) for row in rows)
        what = f"peak of a {key} above the memory before, in sizes of a memory-mapped X"
        now = f"{worst:.2f} at most of {len(rows)} models"
        yield Figure(what, before, now, "benchmarks/speed/memory.py")


def kills() -> Iterator[Figure]:
    whole = read_csv("kills.csv")[-1]
    now = (
        f"{whole['broken_files']} files broken, {whole['other_bits']} reruns of other bits, of "
        f"{whole['kills']} kills"
    )
    yield Figure("SIGKILL in a fit with a checkpoint", "no resume", now, "benchmarks/kills.py")


def concurrency() -> Iterator[Figure]:
    rows = read_csv("concurrency.csv")
    ways = f"fits and predictions that meet in {len(rows) - 1} ways give other bits, or an error"
    now = f"{rows[-1]['wrong']} of {rows[-1]['tries']}"
    before = "a predict waits for a fit, a forked child hangs"
    yield Figure(ways, before, now, "benchmarks/concurrency.py")


# What is measured here: (what, before, how).
MEASURED = [
    ("predict of a sample while another thread trains", "4.55 s; 1.3 ms alone",
     predictions_beside_a_fit),
    ("M2m with batch_size=10**6 on 40 samples", "37 s; 1 s with batch_size=40",
     a_large_batch_of_few_samples),
    ("a pickle", "262 kB for 84 kB of weights, with two samples", pickles_and_files),
    ("a fit cut in two that ends as the whole one, cosine schedule", "0 of 7", resumed_fits),
    ("no fit succeeds after a Ctrl-C in the first one", "4 of 23", interrupted_fits),
    ("a model whose refit fails", "is destroyed", a_refit_that_fails),
]  # fmt: skip

GATHERED = {
    "fuzzing.csv": fuzzing,
    "speed/threads.csv": threads,
    "speed/forks.csv": forks,
    "speed/memory.csv": memory,
    "kills.csv": kills,
    "concurrency.csv": concurrency,
    "versions.csv": versions,
}


def main() -> None:
    """Measure, unless that is to be kept; gather; write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gather", action="store_true", help="measure nothing here")
    if parser.parse_args().gather:
        known = {what for what, _, _ in MEASURED}
        rows = [Figure(**row) for row in read_csv("trust.csv") if row["what"] in known]
    else:
        rows = []
        for what, before, measure in MEASURED:
            rows.append(Figure(what, before, measure(), HERE))
            print(*rows[-1][:3], sep=" | ", flush=True)
    for name, gather in GATHERED.items():
        if read_csv(name):
            rows += gather()
        else:
            print(f"there is no benchmarks/results/{name} yet")
    print(write_csv("trust.csv", [row._asdict() for row in rows], Figure._fields))


if __name__ == "__main__":
    main()
