"""Downloads within limits of time and size, resumed where they were cut, over HTTP alone."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, IncompleteRead
from pathlib import Path
from typing import Any, BinaryIO
from urllib.error import HTTPError
from urllib.request import Request

from sklimb.datasets._connections import Deadline, Refused, check_scheme, make_opener
from sklimb.datasets._storage import NotWritable, atomic_write

__all__ = ["Limits", "download"]

_CHUNK = 1 << 18
_WORTH_RETRYING = (408, 425, 429)  # of the 4xx; the others say the same next time
_PARTIAL, _NO_SUCH_RANGE = 206, 416
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


@dataclass(frozen=True)
class Limits:
    """What a download may take.

    Parameters
    ----------
    n_bytes : int, default=64 MiB
    seconds : float, default=3600
        All attempts together.
    silence : float, default=60
        Seconds to connect, and without a byte.
    """

    n_bytes: int = 1 << 26
    seconds: float = 3600.0
    silence: float = 60.0


def download(
    url: str,
    path: Path,
    *,
    n_retries: int,
    delay: float,
    verbose: bool,
    limits: Limits | None = None,
) -> None:
    """Load an address into a file, whole or not at all.

    A further attempt asks for what is missing, and starts anew where the server does not go on with
    the same file.

    Parameters
    ----------
    url : str
    path : Path
    n_retries : int
        Further attempts after a failure that may pass: anything but a refusal (4xx).
    delay : float
        Seconds between attempts.
    verbose : bool
        Whether to show a progress bar on standard error.
    limits : Limits, default=None
        None takes those of `Limits`.

    Raises
    ------
    OSError
        What the last attempt failed with; `NotWritable` where it is the disk that failed, `Refused`
        where a limit was reached or an address is none of HTTP.
    """
    from tqdm import tqdm

    limits = limits or Limits()
    check_scheme(url)
    name = path.name.split(".download")[0]
    with (
        Deadline(limits.seconds) as deadline,
        atomic_write(path) as file,
        tqdm(desc=name, unit="B", unit_scale=True, disable=not verbose) as bar,
    ):
        transfer = _Transfer(url, file, limits, deadline, bar)
        for left in range(n_retries, -1, -1):
            try:
                transfer.attempt()
                return
            except (NotWritable, Refused):
                raise
            except (OSError, HTTPException) as error:
                if deadline.left() <= 0:
                    raise Refused(
                        f"it was not whole after {limits.seconds:,.0f} seconds: {transfer.so_far()}"
                    ) from None
                if _is_final(error) or left == 0:
                    told = _told(error, transfer)
                    raise told from (None if told is error else error)
            time.sleep(max(0.0, min(delay, deadline.left())))


def _is_final(error: Exception) -> bool:
    """Return whether a server would say the same next time; its answer is let go."""
    if not isinstance(error, HTTPError):
        return False
    error.close()
    return 400 <= error.code < 500 and error.code not in _WORTH_RETRYING


def _told(error: Exception, transfer: _Transfer) -> OSError:
    if isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", 0), TimeoutError):
        return OSError(
            f"nothing came for {transfer.limits.silence:g} seconds ({transfer.so_far()} are here)"
        )
    if isinstance(error, IncompleteRead):
        return OSError(f"the connection was cut after {transfer.so_far()}")
    return error if isinstance(error, OSError) else OSError(repr(error))


class _Transfer:
    """One file on its way, over one connection or several."""

    def __init__(self, url: str, file: BinaryIO, limits: Limits, deadline: Deadline, bar: Any):
        self.url, self.file, self.limits, self.deadline, self.bar = url, file, limits, deadline, bar
        self.opener = make_opener(deadline)
        self.got, self.total = 0, None
        self.version: str | None = None  # of the file, as the server calls it

    def attempt(self) -> None:
        """Load what is missing.

        Raises
        ------
        OSError, HTTPException
            Where it is not whole afterwards.
        """
        with self._rest_or_whole() as answer:
            if answer.status != _PARTIAL or not self.got:
                self._start_anew()
                self.version, self.total = _version(answer), _length(answer)
            self._check_size(self.total or 0)
            self._take(answer)

    def so_far(self) -> str:
        """Return how much is there, in words."""
        return (
            f"{self.got:,} bytes" if self.total is None else f"{self.got:,} of {self.total:,} bytes"
        )

    def _rest_or_whole(self) -> HTTPResponse:
        """Return an answer with what is missing, or with all, where there is no rest to be had."""
        if self.got:
            try:
                answer = self._ask()
            except HTTPError as error:
                if error.code != _NO_SUCH_RANGE:
                    raise
                error.close()
            else:
                if answer.status != _PARTIAL or self._goes_on(answer):
                    return answer
                answer.close()
            self._start_anew()
        return self._ask()

    def _ask(self) -> HTTPResponse:
        # Some servers turn away Python's own name.
        request = Request(self.url, headers={"User-Agent": "sklimb"})
        if self.got:
            request.add_header("Range", f"bytes={self.got}-")
            if self.version:
                request.add_header("If-Range", self.version)
        # 0 would mean not to wait at all.
        timeout = max(0.001, min(self.limits.silence, self.deadline.left()))
        return self.opener.open(request, timeout=timeout)

    def _goes_on(self, answer: HTTPResponse) -> bool:
        """Return whether a part of a file begins where ours ends, and is of the same file."""
        found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if not found or int(found[1]) != self.got:
            return False
        total = None if found[2] == "*" else int(found[2])
        same = self.total is None or total is None or self.total == total
        self.total = self.total or total
        version = _version(answer)
        return same and (self.version is None or version is None or self.version == version)

    def _start_anew(self) -> None:
        self.file.seek(0)
        self.file.truncate()
        self.got, self.total, self.version = 0, None, None

    def _take(self, answer: HTTPResponse) -> None:
        self.bar.total, self.bar.n = self.total, self.got
        # read1() comes back with what there is, so that a slow sender meets the deadline.
        while chunk := answer.read1(_CHUNK):
            self._check_size(self.got + len(chunk))
            self.file.write(chunk)
            self.got += len(chunk)
            self.bar.update(len(chunk))
            if self.deadline.left() <= 0:
                raise TimeoutError
        if self.total is not None and self.got != self.total:  # read1() does not say so
            raise OSError(f"the connection was cut after {self.so_far()}")
        if self.total is None and self.deadline.left() <= 0:  # an end that we made may look so
            raise TimeoutError

    def _check_size(self, n_bytes: int) -> None:
        if n_bytes > self.limits.n_bytes:
            raise Refused(
                f"it is larger than the {self.limits.n_bytes:,} bytes that it may have: "
                f"{'at least ' if self.total is None else ''}{self.total or n_bytes:,}"
            )


def _version(answer: HTTPResponse) -> str | None:
    """Return what a server calls this state of a file, None where it has no name for it."""
    tag = answer.headers.get("ETag")
    # A weak one may stand for files that differ.
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified")


def _length(answer: HTTPResponse) -> int | None:
    length = answer.headers.get("Content-Length")
    return int(length) if length and length.isdigit() else None
