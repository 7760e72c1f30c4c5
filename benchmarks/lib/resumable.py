"""Many fits, one row each in a results file, that a stop does not lose."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from joblib import Parallel, delayed

from lib.records import read_csv, write_csv


def deadline_in(seconds: float) -> float:
    """Return the moment at which a budget that starts now is spent."""
    return time.monotonic() + seconds


def run_missing(
    one: Callable[[dict], Mapping[str, object]],
    jobs: Iterable[dict],
    *,
    file: str,
    key: Sequence[str],
    columns: Sequence[str] | None = None,
    workers: int = 1,
    deadline: float = float("inf"),
    must_fit: bool = False,
    keep: Callable[[dict[str, str]], bool] = lambda row: True,
) -> list[dict[str, str]]:
    """Run the jobs whose row is not in the file, write each row as it comes, return all rows.

    Parameters
    ----------
    one : callable
        Takes a job and returns its row.
    jobs : iterable of dict
        In the order that they are started.
    file : str
        In ``results``. Without anything to run it is left as it is.
    key : sequence of str
        The columns that tell a job.
    columns : sequence of str, optional
        All columns; by default those of the new row.
    workers : int, default=1
        Processes.
    deadline : float, default=inf
        No job starts after it: see `deadline_in`.
    must_fit : bool, default=False
        Start no job that would end after the deadline if it took as long as the longest so far.
    keep : callable, optional
        Says of a row of the file whether it still stands. By default all do.

    Returns
    -------
    list of dict
        Values are strings, as in the file. Rows are missing where the deadline stopped the run.
    """
    rows = [row for row in read_csv(file) if keep(row)]
    done = {_values(row, key) for row in rows}
    wanted = {_values(job, key): job for job in jobs}
    todo = [job for told, job in wanted.items() if told not in done]
    if not todo:
        return rows
    print(f"{file}: {len(todo)} to do, {len(rows)} there", flush=True)
    started, longest = 0, 0.0

    def in_time() -> Iterator:
        nonlocal started
        for job in todo:
            if time.monotonic() + (longest if must_fit else 0.0) >= deadline:
                return
            started += 1
            yield delayed(_timed)(one, job)

    results = Parallel(workers, return_as="generator_unordered", pre_dispatch=workers)(in_time())
    for row, seconds in results:
        longest = max(longest, seconds)
        rows.append({name: str(value) for name, value in row.items()})
        write_csv(file, rows, columns or list(row))
        print(*row.values(), flush=True)
    if started < len(todo):
        print(f"The budget is spent, {len(todo) - started} left: run again to go on.", flush=True)
    return rows


def _values(row: Mapping[str, object], key: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in key)


def _timed(
    one: Callable[[dict], Mapping[str, object]], job: dict
) -> tuple[Mapping[str, object], float]:
    start = time.perf_counter()
    return one(job), time.perf_counter() - start
