"""`sklimb compare` on six files: seconds to the first answer, the answer after a minute, the best.

    python benchmarks/tables/compare_files.py [--files fraud.csv ...] [--seconds 60] [--jobs 2]
    python benchmarks/tables/compare_files.py --exhaustive [--folds 5] [--files fraud.csv ...]
    python benchmarks/tables/compare_files.py --summary

The first form runs the command on each file, made anew (`lib/made_files.py`), and takes the time
from the start of its process, with all imports and the reading. What else runs on the machine
counts too, so its load stands beside the seconds, and what the processors worked for this: on idle
cores the first answer comes after that much shared among them, as far as it can be. The second runs
every method (but those of ``--without``) with its search on every split of a stratified sample of
at most ``--rows`` rows, to hold the answer against the best of all; a stop loses nothing
(``--work``). The third does so from what was run, and runs nothing (``lib/winners.py``). They write
``compare_files.csv``, ``compare_files_all.csv`` and ``compare_files_best.csv`` in
``results/tables``.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import numpy as np
import pandas as pd
from lib.made_files import FILES, MadeFile
from lib.records import RESULTS, machine, read_csv, write_csv
from lib.winners import as_markdown, held, with_answers, with_gaps
from sklearn.model_selection import train_test_split

import sklimb
from sklimb._compare.reading import read_table
from sklimb._compare.run.methods import chosen_methods

NAME, ALL = "tables/compare_files.csv", "tables/compare_files_all.csv"
BEST = "tables/compare_files_best.csv"
COLUMNS = [
    "file", "rows", "columns", "classes", "ratio", "jobs", "first_s", "first_cpu_s", "first_method",
    "first_balanced_accuracy", "first_verdict", "end_s", "end_cpu_s", "answers", "end_method",
    "end_balanced_accuracy", "end_stage", "end_verdict", "load_before", "load_after",
]  # fmt: skip
RUN = ["file", "rows", "folds"]  # what tells an exhaustive run
SAMPLE = 5_000
_BEGIN = "from sklimb.cli import run; run()"


def available(file: MadeFile) -> bool:
    """Return whether pandas can write and read the file here."""
    needs = {".parquet": "pyarrow"}.get(Path(file.name).suffix)
    return needs is None or importlib.util.find_spec(needs) is not None


@dataclass(frozen=True)
class Answer:
    """What was said, after how many seconds, and seconds of work of all processors."""

    seconds: float
    worked: float
    verdict: str


def answers(lines: Iterable[str], stamp: Callable[[], tuple[float, float]]) -> list[Answer]:
    """Return each answer on the way as it comes, from the lines of progress."""
    found = []
    for line in lines:
        head, _, verdict = line.strip().rpartition("\r")[2].partition(" s: ")
        if head.startswith("After ") and verdict:
            found.append(Answer(*stamp(), verdict))
    return found


def worked(pid: int) -> float:
    """Return the seconds that processors have worked for a process and all it started (Linux)."""
    parents, own, tick = {}, {}, os.sysconf("SC_CLK_TCK")
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        parents[int(path.parent.name)] = int(fields[1])
        own[int(path.parent.name)] = sum(map(int, fields[11:15])) / tick
    tree = {pid}
    while more := {child for child, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return sum(own.get(one, 0.0) for one in tree)


def method_of(verdict: str, labels: dict[str, str]) -> str:
    """Return the name of the method that a verdict says to use, empty where it says none."""
    _, found, rest = verdict.partition("se ")
    named = [name for name, label in labels.items() if found and rest.startswith(f"{label}:")]
    return named[0] if named else ""


def run_command(path: Path, file: MadeFile, args: argparse.Namespace) -> dict[str, object]:
    """Run the command once, and return what it said and when."""
    report = args.work / f"report-{file.name}"
    options = ["--budget", str(args.seconds), "--jobs", str(args.jobs), "--seed", "0"]
    command = [sys.executable, "-c", _BEGIN, "compare", "--data", str(path), *file.options]
    before, started, already = os.getloadavg()[0], time.monotonic(), _children()
    with subprocess.Popen(
        [*command, *options, "--report", str(report)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        kept, stamps = [], []

        def stamp() -> tuple[float, float]:
            stamps.append((time.monotonic() - started, worked(process.pid)))
            return stamps[-1]

        found = answers((kept.append(line) or line for line in process.stderr), stamp)
        last_work = stamps[-1][1] if stamps else 0.0
        said = process.stdout.read()
    ended = time.monotonic() - started
    if process.returncode:
        raise RuntimeError(f"{file.name}: {''.join(kept)[-2000:]}")
    results = pd.read_csv(report / "results.csv")
    verdict = closing(said)
    found.append(Answer(ended, max(last_work, _children() - already), verdict))
    labels = dict(zip(results["method"], results["label"], strict=True))
    first = pd.read_csv(report / "folds.csv")
    first = first[(first["repeat"] == 0) & (first["fold"] == first["fold"].iloc[0])]
    first = first[first["setting"] == first["setting"].iloc[0]].set_index("method")
    of_first, of_last = (method_of(verdict, labels) for verdict in (found[0].verdict, verdict))
    last = results.set_index("method")
    return {
        "first_s": round(found[0].seconds, 1),
        "first_cpu_s": round(found[0].worked, 1),
        "first_method": of_first,
        "first_balanced_accuracy": _score(first, of_first),
        "first_verdict": found[0].verdict,
        "end_s": round(ended, 1),
        "end_cpu_s": round(found[-1].worked, 1),
        "answers": len(found),
        "end_method": of_last,
        "end_balanced_accuracy": _score(last, of_last),
        "end_stage": last["stage"].get(of_last, "") if "stage" in last else "",
        "end_verdict": verdict,
        "load_before": round(before, 1),
        "load_after": round(os.getloadavg()[0], 1),
    }


def _children() -> float:
    """Return the seconds that processors have worked for processes that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def closing(said: str) -> str:
    """Return the sentence of the answer on standard output in one line."""
    parts = said.split("\n\n")
    starts = ("Use ", "So far", "No method")
    return next((" ".join(p.split()) for p in reversed(parts) if p.startswith(starts)), "")


def _score(frame: pd.DataFrame, method: str) -> object:
    if method not in frame.index:
        return ""
    return round(float(frame["balanced_accuracy"].get(method)), 4)


def shape(file: MadeFile) -> dict[str, object]:
    """Return what the file has."""
    frame = file.frame(0)
    counts = frame.iloc[:, -1].value_counts()
    return {
        "file": file.name,
        "rows": len(frame),
        "columns": frame.shape[1] - 1,
        "classes": len(counts),
        "ratio": round(counts.max() / counts.min(), 1),
    }


def measure(args: argparse.Namespace) -> None:
    """Run the command on each file and write a row each, in place of an older one."""
    rows = {row["file"]: row for row in read_csv(NAME)}
    for file in chosen(args):
        path = file.save(args.work, 0)
        row = {**shape(file), "jobs": args.jobs, **run_command(path, file, args)}
        print(row, flush=True)
        rows[file.name] = row
        ordered = [rows[f.name] for f in FILES if f.name in rows]
        write_csv(NAME, ordered, COLUMNS)


def exhaust(args: argparse.Namespace) -> None:
    """Run all methods with their searches on all splits of each file, and write their rows."""
    for file in chosen(args):
        path = file.save(args.work, 0)
        fits = f"all-{file.name}" + ("" if args.rows == SAMPLE else f"-{args.rows}")
        options = dict(zip(file.options[::2], file.options[1::2], strict=True))
        table = read_table(path, target=options["--target"], groups=options.get("--groups"))
        X, y, groups = table.X, table.y, table.groups
        if len(y) > args.rows:
            kept, _ = train_test_split(
                range(len(y)), train_size=args.rows, stratify=y, random_state=0
            )
            X, y = X.iloc[sorted(kept)], y[sorted(kept)]
            groups = None if groups is None else groups[sorted(kept)]
        comparison = sklimb.compare(
            X,
            y,
            groups=groups,
            methods=asked(args),
            folds=args.folds,
            n_jobs=args.jobs,
            random_state=0,
            refit=False,
            progress=True,
            checkpoint=args.work / fits,
            **table.roles.asked,
        )
        print(f"\n{file.name}\n{comparison}", flush=True)
        run = {"file": file.name, "rows": len(y), "rarest": np.unique_counts(y).counts.min()}
        keep(with_gaps(comparison, groups), run | {"folds": args.folds})


def asked(args: argparse.Namespace) -> list[str] | None:
    """Return the methods of the exhaustive run; None means all."""
    if not args.without:
        return args.methods
    known = [method.name for method in chosen_methods(args.methods)]
    if unknown := sorted(set(args.without) - set(known)):
        raise SystemExit(f"--without {' '.join(unknown)}: not among {', '.join(known)}")
    return [name for name in known if name not in args.without]


def keep(results: pd.DataFrame, run: dict[str, object]) -> None:
    """Write the rows of a run in place of older ones of the same file, rows and folds."""
    new = pd.DataFrame([run] * len(results)).join(results.reset_index(drop=True))
    path = RESULTS / ALL
    if path.exists():
        old = pd.read_csv(path, comment="#")
        same = (old[RUN] == [run[name] for name in RUN]).all(axis=1)
        new = pd.concat([old[~same], new], ignore_index=True)
    path.write_text(f"# {machine()}\n{new.to_csv(index=False)}")


def summarise() -> None:
    """Write and print what the answer after a minute is worth beside the best of all."""
    summary = held(read_csv(NAME), pd.read_csv(RESULTS / ALL, comment="#"))
    write_csv(BEST, summary.to_dict("records"), list(summary.columns))
    print(as_markdown(with_answers(summary)))


def chosen(args: argparse.Namespace) -> list[MadeFile]:
    """Return the files that are asked for, and name those that cannot be had here."""
    files = [file for file in FILES if file.name in args.files]
    for file in files:
        if not available(file):
            print(f"{file.name} is left out: there is no reader of such files here")
    return [file for file in files if available(file)]


def main() -> None:
    names = [file.name for file in FILES]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", nargs="+", default=names, choices=names)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--exhaustive", action="store_true")
    parser.add_argument("--folds", type=int, default=5, help="of the exhaustive run")
    parser.add_argument("--methods", nargs="+", help="of the exhaustive run (default: all)")
    parser.add_argument("--without", nargs="+", default=(), help="methods left out of those")
    parser.add_argument("--rows", type=int, default=SAMPLE, help="of the exhaustive run, at most")
    parser.add_argument("--summary", action="store_true", help="of what was run; run nothing")
    parser.add_argument("--work", type=Path, default=Path("compare_files"), help="folder to use")
    args = parser.parse_args()
    if args.summary:
        summarise()
        return
    args.work.mkdir(parents=True, exist_ok=True)
    print(machine())
    (exhaust if args.exhaustive else measure)(args)


if __name__ == "__main__":
    main()
