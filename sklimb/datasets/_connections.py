"""Connections for downloads: HTTP alone, and none that outlives its deadline."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

__all__ = ["Deadline", "Refused", "check_scheme", "make_opener", "within"]

T = TypeVar("T")

_SCHEMES = ("http", "https")


class Refused(OSError):
    """A download that was ended here: another attempt would end in the same way."""


def check_scheme(url: str) -> None:
    """Raise `Refused` unless an address is one of HTTP."""
    scheme = urlsplit(url).scheme.lower()
    if scheme not in _SCHEMES:
        raise Refused(
            f"its address begins with {scheme + ':'!r}, and only http and https are loaded"
        )


class Deadline:
    """A time after which the connection that is open is ended.

    Limits of silence alone let a server hold a client for days, with a byte a minute.

    Parameters
    ----------
    seconds : float
        From now on.
    """

    def __init__(self, seconds: float):
        self._ends = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._socket: socket.socket | None = None

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def left(self) -> float:
        """Return the seconds until then."""
        return self._ends - time.monotonic()

    def watch(self, connection: socket.socket) -> None:
        """Take this as the connection that is open."""
        self._socket = connection
        if self.left() <= 0:
            self._end()

    def _end(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                # Not that of TLS, which would say goodbye first, from another thread.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Redirects(HTTPRedirectHandler):
    """Redirects to HTTP alone, and from HTTPS to HTTPS alone."""

    def http_error_302(self, req, fp, code, msg, headers):
        target = headers.get("Location") or ""
        before = urlsplit(req.full_url).scheme.lower()
        allowed = ("https",) if before == "https" else _SCHEMES
        try:
            after = urlsplit(urljoin(req.full_url, target)).scheme.lower()
        except ValueError:  # no address at all
            after = ""
        if after not in allowed:
            fp.close()
            raise Refused(
                f"it redirects to {target[:200]}, and only {' and '.join(allowed)} "
                f"{'is' if len(allowed) == 1 else 'are'} followed from {before}"
            )
        # Python 3.10 does not know 308, which for what we ask is 307.
        return super().http_error_302(req, fp, 307 if code == 308 else code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def make_opener(deadline: Deadline) -> OpenerDirector:
    """Return what opens addresses of HTTP, with none of urllib's readers of files, FTP and data.

    Parameters
    ----------
    deadline : Deadline
        It ends the connection that is open then.

    Returns
    -------
    opener : OpenerDirector
    """

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            deadline.watch(self.sock)

    class Encrypted(ssl.SSLSocket):
        def do_handshake(self, *args: Any, **options: Any) -> None:
            deadline.watch(self)
            super().do_handshake(*args, **options)

    context = ssl.create_default_context()
    context.sslsocket_class = Encrypted

    class PlainHandler(HTTPHandler):
        def http_open(self, request: Request) -> HTTPResponse:
            return self.do_open(Plain, request)

    class EncryptedHandler(HTTPSHandler):
        def https_open(self, request: Request) -> HTTPResponse:
            return self.do_open(HTTPSConnection, request, context=context)

    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        PlainHandler(),
        EncryptedHandler(),
        HTTPDefaultErrorHandler(),
        _Redirects(),
        HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what work that knows no limit of time returns, and wait no longer for it than that.

    Parameters
    ----------
    seconds : float
    work : callable
        It goes on in a thread that holds up nothing, if it is late.

    Returns
    -------
    result

    Raises
    ------
    Refused
        If it is late.
    """
    done: list[tuple[bool, Any]] = []

    def run() -> None:
        try:
            done.append((True, work()))
        except BaseException as error:
            done.append((False, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not done:
        raise Refused(f"there was no answer within {seconds:,.0f} seconds")
    right, result = done[0]
    if not right:
        raise result
    return result
