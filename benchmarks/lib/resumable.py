"""Many fits, one row each in a results file, that a stop does not lose."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from joblib import Parallel, delayed

from lib.records import read_csv, write_csv


def run_missing(
    one: Callable[[dict], dict],
    jobs: Iterable[dict],
    *,
    file: str,
    key: Sequence[str],
    columns: Sequence[str],
    workers: int,
    budget: float,
) -> None:
    """Run the jobs whose row is not in the file, and write each row as it comes.

    Parameters
    ----------
    one : callable
        Takes a job and returns its row.
    jobs : iterable of dict
        In the order that they are started.
    file : str
        In ``results``.
    key : sequence of str
        The columns that tell a job.
    columns : sequence of str
        All columns.
    workers : int
        Processes.
    budget : float
        Seconds after which none is started any more.
    """
    rows = read_csv(file)
    done = {tuple(row[name] for name in key) for row in rows}
    todo = [job for job in jobs if tuple(str(job[name]) for name in key) not in done]
    print(f"{len(todo)} fits to do, {len(done)} done", flush=True)
    end = time.monotonic() + budget

    def in_time() -> Iterator:
        for job in todo:
            if time.monotonic() > end:
                return
            yield delayed(one)(job)

    for row in Parallel(workers, return_as="generator_unordered", pre_dispatch=workers)(in_time()):
        rows.append(row)
        write_csv(file, rows, columns)
        print(*row.values(), flush=True)
