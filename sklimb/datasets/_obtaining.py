"""One file of a data set: from data_home, or from its addresses; its content checked always."""

from __future__ import annotations

import csv
import os
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from numbers import Integral, Real
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar
from zipfile import BadZipFile

from sklimb.datasets._connections import within
from sklimb.datasets._downloading import Limits, download
from sklimb.datasets._storage import (
    NotWritable,
    atomic_write,
    get_data_home,
    remove_abandoned,
)

T = TypeVar("T")

# What reading a file that is damaged, or another than it should be, fails with.
_UNREADABLE = (
    OSError, ValueError, KeyError, EOFError, BadZipFile, csv.Error, zlib.error, MemoryError,
    NotImplementedError,
)  # fmt: skip


@dataclass(frozen=True)
class Address(Generic[T]):
    """A place on the network.

    Parameters
    ----------
    url : str
    read : callable
        Takes the path of what was loaded and returns the decoded content.
    limits : Limits, default=None
        What loading it may take; None takes those of `Limits`.
    """

    url: str
    read: Callable[[Path], T]
    limits: Limits | None = None

    def load(self, path: Path, n_retries: int, delay: float, verbose: bool) -> T:
        """Return the decoded content; nothing but this is left behind."""
        download(
            self.url,
            path,
            n_retries=n_retries,
            delay=delay,
            verbose=verbose,
            limits=self.limits,
        )
        try:
            return self.read(path)
        finally:
            path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Service(Generic[T]):
    """A place that some other package fetches from.

    Parameters
    ----------
    url : str
        What it is called in messages.
    ask : callable
        Takes `n_retries` and `delay` and returns the decoded content.
    seconds : float, default=3600
        After which nobody waits for it any more.
    """

    url: str
    ask: Callable[[int, float], T]
    seconds: float = 3600.0

    def load(self, path: Path, n_retries: int, delay: float, verbose: bool) -> T:
        """Return the decoded content."""
        return within(self.seconds, lambda: self.ask(n_retries, delay))


@dataclass(frozen=True)
class Part(Generic[T]):
    """One file.

    Parameters
    ----------
    packings : mapping of str to callable
        Path below data_home to what reads it. The first is what is written.
    write : callable
        Writes decoded content to a binary file, as the first of `packings` reads it.
    check : callable
        Takes decoded content and returns None, or in words what is wrong with it.
    sources : tuple of Address and Service
        In the order in which they are tried.
    """

    packings: dict[str, Callable[[Path], T]]
    write: Callable[[T, BinaryIO], Any]
    check: Callable[[T], str | None]
    sources: tuple[Address[T] | Service[T], ...]

    @property
    def path(self) -> str:
        """The path below data_home under which it is kept."""
        return next(iter(self.packings))


def by_digest(digest: Callable[[T], str], expected: str) -> Callable[[T], str | None]:
    """Return a check that compares a SHA-256.

    Parameters
    ----------
    digest : callable
        From decoded content to hexadecimal digits.
    expected : str

    Returns
    -------
    check : callable
    """

    def check(content: T) -> str | None:
        found = digest(content)
        if found == expected:
            return None
        return f"the SHA-256 of its content is {found}, not {expected}"

    return check


def obtain(
    part: Part[T],
    *,
    data_home: str | os.PathLike | None,
    download_if_missing: bool,
    n_retries: int,
    delay: float,
    verbose: bool,
) -> T:
    """Return the content of one file, loading and keeping it where it is not there yet.

    Parameters
    ----------
    part : Part
    data_home, download_if_missing, n_retries, delay, verbose
        As the ``fetch_`` functions take them.

    Returns
    -------
    content
        Decoded and checked.

    Raises
    ------
    OSError
        If the file is not there and cannot be had, or is there and holds something else.
    ValueError
        If `n_retries` or `delay` cannot be used, whether or not they are needed.
    """
    _check_attempts(n_retries, delay)
    home = get_data_home(data_home)
    for name, read in part.packings.items():
        path = home / name
        if path.exists():
            return _read(part, path, read)
    path = home / part.path
    if not download_if_missing:
        raise OSError(
            f"Data not found and `download_if_missing` is False: there is no {path}. Let it be "
            "downloaded, or say with data_home or the environment variable SKLIMB_DATA where it is"
        )
    remove_abandoned(path)
    failures = []
    for source in part.sources:
        try:
            # A name of its own: another process may be at it, too.
            loaded = path.with_name(f"{path.name}.download-{uuid.uuid4().hex}")
            content = source.load(loaded, n_retries, delay, verbose)
            wrong = part.check(content)
        except NotWritable:
            raise
        except (*_UNREADABLE, ImportError) as error:
            wrong = f"{type(error).__name__}: {' '.join(str(error).split())}"
        if wrong is None:
            with atomic_write(path) as file:
                part.write(content, file)
            return content
        failures.append(f"{source.url} ({wrong})")
    others = "".join(f" or {name}" for name in list(part.packings)[1:])
    raise OSError(
        f"{part.path} could not be had from {'; nor from '.join(failures)}. Without a network, put "
        f"{part.path}{others} into {home} (data_home, or the environment variable SKLIMB_DATA); "
        "docs/datasets.md says what these files hold"
    )


def _check_attempts(n_retries: int, delay: float) -> None:
    if not isinstance(n_retries, Integral) or isinstance(n_retries, bool) or n_retries < 0:
        raise ValueError(f"n_retries must be an int of at least 0, got {n_retries!r}.")
    if not (isinstance(delay, Real) and isfinite(delay) and delay >= 0):
        raise ValueError(f"delay must be a finite number of seconds, at least 0, got {delay!r}.")


def _read(part: Part[T], path: Path, read: Callable[[Path], T]) -> T:
    try:
        content = read(path)
        wrong = part.check(content)
    except _UNREADABLE as error:
        wrong = f"it cannot be read, {type(error).__name__}: {' '.join(str(error).split())}"
    if wrong is None:
        return content
    raise OSError(
        f"{path} is not the file that it should be: {wrong}. Delete it, so that it is downloaded "
        "anew, or put the right one there"
    )
