"""Connections: what may be redirected where, and work that is not waited for too long."""

from __future__ import annotations

import io
import socket
import threading
from email.message import Message
from urllib.request import HTTPRedirectHandler, Request

import pytest

from sklimb.datasets._connections import (
    Deadline,
    Refused,
    _Redirects,
    check_scheme,
    make_opener,
    within,
)


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ("https://a/b", "https://c/d", True),
        ("https://a/b", "/d", True),
        ("https://a/b", "//c/d", True),
        ("https://a/b", "http://c/d", False),
        ("https://a/b", "ftp://c/d", False),
        ("http://a/b", "https://c/d", True),
        ("http://a/b", "HTTP://c/d", True),
        ("http://a/b", "FTP://c/d", False),
    ],
)
def test_https_never_falls_back(before, after, allowed, monkeypatch):
    followed = []
    monkeypatch.setattr(
        HTTPRedirectHandler, "http_error_302", lambda *args: followed.append(args[3])
    )
    headers, answer = Message(), io.BytesIO()
    headers["Location"] = after
    if allowed:
        _Redirects().http_error_308(Request(before), answer, 308, "", headers)
        assert followed == [307] and not answer.closed
    else:
        with pytest.raises(Refused, match=f"it redirects to {after}, and only http"):
            _Redirects().http_error_301(Request(before), answer, 301, "", headers)
        assert followed == [] and answer.closed


def test_addresses():
    for url in ("http://a", "HTTPS://a"):
        check_scheme(url)
    for url in ("ftp://a", "file:///a", "", "a"):
        with pytest.raises(Refused, match="only http and https"):
            check_scheme(url)


def test_there_is_nothing_that_opens_files_or_ftp():
    with Deadline(60) as deadline:
        opener = make_opener(deadline)
        assert not {"file", "ftp", "data"} & set(opener.handle_open)
        assert {"http", "https"} <= set(opener.handle_open)


def test_tls_is_verified():
    with Deadline(60) as deadline:
        (handler,) = make_opener(deadline).handle_open["https"]
    cells = dict(zip(handler.https_open.__func__.__code__.co_freevars,
                     handler.https_open.__func__.__closure__))  # fmt: skip
    context = cells["context"].cell_contents
    assert context.check_hostname and context.verify_mode.name == "CERT_REQUIRED"


def test_a_deadline_ends_the_connection_that_is_open():
    here, there = socket.socketpair()
    with here, there, Deadline(0.05) as deadline:
        deadline.watch(here)
        assert there.recv(1) == b""  # it waits until the other side is shut
        assert deadline.left() <= 0
    here, there = socket.socketpair()
    with here, there:
        deadline.watch(here)  # too late
        assert there.recv(1) == b""


class TestWithin:
    def test_what_is_in_time_is_returned_or_raised(self):
        assert within(60, lambda: 3) == 3
        with pytest.raises(KeyError, match="what"):
            within(60, lambda: {}["what"])

    def test_what_is_late_is_not_waited_for(self):
        release = threading.Event()
        try:
            with pytest.raises(Refused, match="no answer within 0 seconds"):
                within(0.01, lambda: release.wait(60))
        finally:
            release.set()
