"""The long run: `python -m tests.fuzzing` tries 20,000 calls and writes what came of them.

    python -m tests.fuzzing                       20,000 tries, benchmarks/results/fuzzing.csv
    python -m tests.fuzzing --tries 500 --area losses --seed 7

Each area runs in a process of its own, two at once; wrong ones are printed as they were tried.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from lib.records import write_csv

from tests.fuzzing.areas import AREAS
from tests.fuzzing.long_run import Tally, run_area

_COLUMNS = ("area", "tried", "right", "answered", "refused", "wrong", "slowest_seconds")


def main() -> int:
    """Run, print, write; the status is 1 where something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=20_000)
    parser.add_argument("--area", choices=sorted(AREAS), action="append")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    names = arguments.area or list(AREAS)
    whole = sum(AREAS[name].share for name in names)
    wanted = {n: max(round(arguments.tries * AREAS[n].share / whole), 1) for n in names}

    def of(name: str) -> Tally:
        tally = run_area(name, wanted[name], arguments.seed)
        print(f"{name}: {tally.tried} tried, {len(tally.wrong)} wrong", flush=True)
        for doing, wrong in tally.wrong:
            print(f"    {doing}\n        {wrong[:300]}", flush=True)
        return tally

    with ThreadPoolExecutor(arguments.processes) as pool:
        tallies = dict(zip(names, pool.map(of, names), strict=True))
    rows = [_row(name, tally) for name, tally in tallies.items()]
    total = {key: sum(row[key] for row in rows) for key in _COLUMNS[1:-1]}
    slowest = max(row["slowest_seconds"] for row in rows)
    rows.append({"area": "all", **total, "slowest_seconds": slowest})
    for row in rows:
        print(", ".join(f"{key} {value}" for key, value in row.items()))
    if not arguments.area:
        print(write_csv("fuzzing.csv", rows, _COLUMNS))
    return int(total["wrong"] > 0)


def _row(name: str, tally: Tally) -> dict[str, object]:
    return {
        "area": name,
        "tried": tally.tried,
        "right": tally.answered + tally.refused,
        "answered": tally.answered,
        "refused": tally.refused,
        "wrong": len(tally.wrong),
        "slowest_seconds": round(tally.slowest, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
