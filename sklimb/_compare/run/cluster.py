"""Fits on the workers of a Dask cluster, through joblib's own backend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import joblib

from sklimb._compare.errors import InputError

# Seconds until a scheduler answers, and until it has a worker.
_PATIENCE = 20


def on_backend(backend: str, scheduler: str | None) -> Any:
    """Return a context in which joblib's tasks run where they are asked to.

    Parameters
    ----------
    backend : {"local", "dask"}
        "local" is processes of this machine.
    scheduler : str or None
        Address of Dask's scheduler.

    Raises
    ------
    InputError
        If there is no cluster at that address that can be used.
    """
    if backend == "local":
        if scheduler is not None:
            raise InputError(f"--scheduler {scheduler} is for --backend dask")
        return nullcontext()
    if scheduler is None:
        raise InputError(
            "--backend dask needs the address of its scheduler: --scheduler tcp://HOST:8786"
        )
    return _on_dask(scheduler)


@contextmanager
def _on_dask(scheduler: str) -> Iterator[None]:
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--backend dask needs Dask: pip install sklimb[dask]") from None
    try:
        client = Client(scheduler, timeout=_PATIENCE, set_as_default=False)
    except Exception as error:  # of Dask's own too, as where its thread does not start in time
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"--scheduler {scheduler}: no scheduler answers ({said})") from None
    with client:
        _check_workers(client, scheduler)
        with joblib.parallel_config(
            "dask", client=client, wait_for_workers_timeout=_PATIENCE, pure=False
        ):
            yield


def _check_workers(client: Any, scheduler: str) -> None:
    """Raise an InputError unless all workers run one task at a time with this version."""
    import sklimb

    threads = client.nthreads()
    if not threads:
        raise InputError(f"--scheduler {scheduler} has no workers: start dask worker {scheduler}")
    if max(threads.values()) > 1:
        raise InputError(
            f"--scheduler {scheduler}: a worker has {max(threads.values())} threads, and fits take "
            "turns within a process: start workers with --nthreads 1 --nworkers auto"
        )
    try:
        versions = set(client.run(_version).values())
    except Exception as error:  # whatever a worker raises, of an import as a rule
        raise InputError(
            f"--scheduler {scheduler}: workers cannot import sklimb ({type(error).__name__}: "
            f"{' '.join(str(error).split())[:150]})"
        ) from None
    if versions != {sklimb.__version__}:
        raise InputError(
            f"--scheduler {scheduler}: workers have sklimb {', '.join(sorted(versions))}, and here "
            f"is {sklimb.__version__}"
        )


def _version() -> str:
    import sklimb

    return sklimb.__version__
