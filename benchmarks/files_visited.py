"""Which files of sklimb a reader visits who follows a call line by line.

    python benchmarks/files_visited.py
    python benchmarks/files_visited.py --files      what each file has of the way, too

Lines count when they run for the first time, so loops count once. A return is a step from one file
to another that was visited before. A small table is fitted with the defaults, on the CPU. Counts go
to benchmarks/results/files_visited.csv.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from lib.records import write_csv
from sklearn.datasets import make_classification

import sklimb
from sklimb import AffinityClassifier, RSGClassifier

ROOT = f"{Path(sklimb.__file__).parent}/"
COLUMNS = ("call", "files", "folders", "functions", "lines", "returns")


def walk(call: Callable[[], Any]) -> list[tuple[str, str]]:
    """Return (file, function) of each line of sklimb that a call runs, in order of first runs."""
    seen: set[tuple[str, int]] = set()
    way: list[tuple[str, str]] = []

    def on_line(frame: FrameType, event: str, _: Any) -> Any:
        line = frame.f_code.co_filename, frame.f_lineno
        if event == "line" and line not in seen:
            seen.add(line)
            function = f"{frame.f_code.co_name}:{frame.f_code.co_firstlineno}"
            way.append((line[0].removeprefix(ROOT), function))
        return on_line

    def on_call(frame: FrameType, event: str, _: Any) -> Any:
        ours = frame.f_code.co_filename.startswith(ROOT)
        return on_line if ours and frame.f_code.co_name != "<module>" else None

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        call()
    finally:
        sys.settrace(before)
    return way


def arrivals(way: list[tuple[str, str]]) -> Counter[str]:
    """Return how often each file is come to from another one."""
    files = [file for file, _ in way]
    return Counter(
        file for before, file in zip([None, *files], files, strict=False) if file != before
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--files", action="store_true", help="print a line for each file")
    show_files = parser.parse_args().files
    warnings.simplefilter("ignore")
    X, y = make_classification(
        400, n_features=8, n_informative=6, weights=[0.9, 0.1], random_state=0
    )
    model = AffinityClassifier(random_state=0).fit(X, y)  # all is imported then
    calls = {
        "AffinityClassifier().fit": lambda: AffinityClassifier(random_state=0).fit(X, y),
        "RSGClassifier().fit": lambda: RSGClassifier(random_state=0).fit(X, y),
        "AffinityClassifier().predict_proba": lambda: model.predict_proba(X),
    }
    rows = []
    for name, call in calls.items():
        way = walk(call)
        lines, come_to = Counter(file for file, _ in way), arrivals(way)
        rows.append(
            {
                "call": name,
                "files": len(lines),
                "folders": len({file.rpartition("/")[0] for file in lines}),
                "functions": len(set(way)),
                "lines": len(way),
                "returns": come_to.total() - len(lines),
            }
        )
        print(", ".join(f"{column} {value}" for column, value in rows[-1].items()))
        if show_files:
            for file in sorted(lines):
                print(f"    {file:36} {lines[file]:4} lines {come_to[file] - 1:3} returns")
    write_csv("files_visited.csv", rows, COLUMNS)


if __name__ == "__main__":
    main()
