"""Downloads from a server on this machine that cuts, refuses, redirects, drips, sends too much."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest

from sklimb.datasets._connections import Deadline, Refused
from sklimb.datasets._downloading import Limits, _Transfer, download
from sklimb.datasets._storage import NotWritable
from tests.datasets.shared import cut, in_parts, redirect, without_length
from tests.datasets.shared import server as server
from tests.datasets.test_storage import fill

BODY = bytes(range(256)) * 3000  # more than one piece
ONCE = {"n_retries": 0, "delay": 0, "verbose": False}
TWICE = ONCE | {"n_retries": 1}


@pytest.mark.parametrize("answer", [BODY, without_length(BODY)])
def test_whole(server, tmp_path, answer):
    download(server.serve("/a", answer), tmp_path / "a", **ONCE)
    assert (tmp_path / "a").read_bytes() == BODY
    assert os.listdir(tmp_path) == ["a"]


def test_progress_on_request(server, tmp_path, capsys):
    url = server.serve("/a", BODY)
    download(url, tmp_path / "a", **ONCE)
    assert capsys.readouterr() == ("", "")
    download(url, tmp_path / "a", **ONCE | {"verbose": True})
    out, err = capsys.readouterr()
    assert out == ""
    assert "100%" in err and "768k" in err


def test_a_cut_connection_is_no_file(server, tmp_path):
    url = server.serve("/a", cut(BODY, 1000))
    with pytest.raises(OSError, match="cut after 1,000 of 768,000 bytes"):
        download(url, tmp_path / "a", **ONCE)
    assert os.listdir(tmp_path) == []
    assert server.asked == ["/a"]


def test_retries_until_it_is_there(server, tmp_path, monkeypatch):
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    url = server.serve("/a", cut(BODY, 10), 503, BODY)
    download(url, tmp_path / "a", n_retries=3, delay=0.25, verbose=False)
    assert (tmp_path / "a").read_bytes() == BODY
    assert len(server.asked) == 3
    assert [s for s in slept if s == 0.25] == [0.25, 0.25]


def test_gives_up_after_the_retries(server, tmp_path):
    url = server.serve("/a", 503)
    with pytest.raises(HTTPError, match="503"):
        download(url, tmp_path / "a", n_retries=2, delay=0, verbose=False)
    assert len(server.asked) == 3


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (403, 1), (429, 3), (500, 3)])
def test_a_refusal_is_not_asked_again(server, tmp_path, status, asked):
    url = server.serve("/a", status)
    with pytest.raises(HTTPError, match=str(status)):
        download(url, tmp_path / "a", n_retries=2, delay=0, verbose=False)
    assert len(server.asked) == asked


def test_a_full_disk_is_not_tried_again(server, tmp_path, monkeypatch):
    fill(monkeypatch)
    with pytest.raises(NotWritable, match="No space left"):
        download(server.serve("/a", BODY), tmp_path / "a", n_retries=2, delay=0, verbose=False)
    assert len(server.asked) == 1
    assert os.listdir(tmp_path) == []


def test_nobody_there(server, tmp_path):
    with pytest.raises(URLError):
        download("http://127.0.0.1:1/a", tmp_path / "a", **ONCE)


def test_what_is_no_http_is_an_oserror(tmp_path, monkeypatch):
    def answer(self):
        raise HTTPException("what")

    monkeypatch.setattr(_Transfer, "_ask", answer)
    with pytest.raises(OSError, match="what"):
        download("http://127.0.0.1:1/a", tmp_path / "a", **ONCE)


@pytest.mark.parametrize("tag", [None, '"1"', 'W/"1"'])
def test_what_was_cut_is_gone_on_with(server, tmp_path, tag):
    pieces = [in_parts(BODY, until, tag) for until in (300_000, 500_000, None)]
    url = server.serve("/a", *pieces)
    download(url, tmp_path / "a", **ONCE | {"n_retries": 2})
    assert (tmp_path / "a").read_bytes() == BODY
    assert [h.get("Range") for h in server.headers] == [None, "bytes=300000-", "bytes=500000-"]
    named = tag if tag == '"1"' else None  # a weak one names no bytes
    assert [h.get("If-Range") for h in server.headers] == [None, named, named]


@pytest.mark.parametrize(
    "second",
    [BODY, 416, in_parts(BODY, tag='"2"', heeds=False), in_parts(BODY, tag='"1"', shift=1),
     in_parts(BODY + b"x", tag='"1"')],
    ids=["no ranges", "refused", "another version", "another part", "another length"],
)  # fmt: skip
def test_a_rest_that_cannot_be_had_starts_anew(server, tmp_path, second):
    url = server.serve("/a", in_parts(BODY, 1000, '"1"'), second, BODY)
    download(url, tmp_path / "a", **TWICE)
    assert (tmp_path / "a").read_bytes() == BODY
    assert server.headers[1]["Range"] == "bytes=1000-"
    assert all(h.get("Range") is None for h in server.headers[2:])


def test_a_refusal_of_the_rest_ends_it(server, tmp_path):
    url = server.serve("/a", in_parts(BODY, 1000), 404)
    with pytest.raises(HTTPError, match="404"):
        download(url, tmp_path / "a", **TWICE)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (BODY, "larger than the 1,000 bytes that it may have: 768,000"),
        (without_length(BODY), "larger than the 1,000 bytes that it may have: at least"),
    ],
)
def test_more_than_there_may_be_is_not_loaded(server, tmp_path, answer, said):
    url = server.serve("/a", answer)
    with pytest.raises(Refused, match=said):
        download(url, tmp_path / "a", **TWICE, limits=Limits(n_bytes=1000))
    assert server.asked == ["/a"]
    assert os.listdir(tmp_path) == []
    download(url, tmp_path / "a", **ONCE, limits=Limits(n_bytes=len(BODY)))
    assert (tmp_path / "a").read_bytes() == BODY


def test_silence_ends_an_attempt(server, tmp_path):
    def silent(handler):
        handler.server.released.wait(60)

    url = server.serve("/a", silent)
    with pytest.raises(OSError, match=r"nothing came for 0\.05 seconds \(0 bytes are here\)"):
        download(url, tmp_path / "a", **TWICE, limits=Limits(silence=0.05))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("where", ["headers", "body", "body of no length"])
def test_a_server_that_drips_meets_the_deadline(server, tmp_path, monkeypatch, where):
    deadlines = []

    class Known(Deadline):
        def __init__(self, seconds):
            super().__init__(seconds)
            deadlines.append(self)

    def drip(handler):
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n")
        if where == "body":
            handler.wfile.write(b"Content-Length: 100000\r\n\r\n")
        elif where != "headers":
            handler.wfile.write(b"\r\n")
        for k in range(10**9):
            handler.wfile.write(b"X")
            handler.wfile.flush()
            if k == 3:  # the time is up now, and the timer does this
                deadlines[0]._ends = time.monotonic()
                deadlines[0]._end()
            if handler.server.released.wait(0.01):
                break

    monkeypatch.setattr("sklimb.datasets._downloading.Deadline", Known)
    url = server.serve("/a", drip)
    with pytest.raises(Refused, match=r"it was not whole after 3,600 seconds: \d+ "):
        download(url, tmp_path / "a", **TWICE)
    assert server.asked == ["/a"]
    assert os.listdir(tmp_path) == []


def test_attempts_share_one_limit_of_time(server, tmp_path):
    url = server.serve("/a", 503)
    with pytest.raises((Refused, HTTPError)):
        download(url, tmp_path / "a", n_retries=10**6, delay=60, verbose=False,
                 limits=Limits(seconds=0.1))  # fmt: skip
    assert len(server.asked) < 10


@pytest.mark.parametrize("target", ["ftp://127.0.0.1/a", "file:///etc/passwd", "data:,x", "//["])
def test_redirects_that_leave_http_are_refused(server, tmp_path, target):
    url = server.serve("/a", redirect(target))
    with pytest.raises(OSError) as caught:
        download(url, tmp_path / "a", **TWICE)
    assert isinstance(caught.value, Refused)
    assert f"it redirects to {target}, " in str(caught.value)
    assert server.asked == ["/a"]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_other_redirects_are_followed(server, tmp_path, status):
    server.serve("/b", BODY)
    download(server.serve("/a", redirect("/b", status)), tmp_path / "a", **ONCE)
    assert (tmp_path / "a").read_bytes() == BODY


def test_a_circle_of_redirects_ends(server, tmp_path):
    url = server.serve("/a", redirect("/a"))
    with pytest.raises(OSError, match="infinite loop"):
        download(url, tmp_path / "a", **TWICE)
    assert len(server.asked) < 50


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/a", "file:///etc/hostname", "a.txt"])
def test_addresses_of_no_http_are_refused(tmp_path, url):
    with pytest.raises(Refused, match="only http and https are loaded"):
        download(url, tmp_path / "a", **ONCE)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Make a certificate of 127.0.0.1 and its key, in one file."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("there is no openssl, which makes certificates")
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    command = [program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", f"{path}.crt"]
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


@pytest.mark.parametrize("server", ["encrypted"], indirect=True)
class TestEncrypted:
    def test_with_a_certificate_that_is_trusted(self, server, tmp_path, certificate, monkeypatch):
        url = server.serve("/a", in_parts(BODY, 1000, '"1"'), in_parts(BODY, None, '"1"'))
        assert url.startswith("https:")
        with pytest.raises(URLError, match="CERTIFICATE_VERIFY_FAILED"):
            download(url, tmp_path / "a", **ONCE)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        download(url, tmp_path / "a", **TWICE)
        assert (tmp_path / "a").read_bytes() == BODY

    def test_no_fall_back_to_http(self, server, tmp_path, certificate, monkeypatch):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        target = server.url.replace("https", "http") + "/b"
        with pytest.raises(Refused, match=f"it redirects to {target}, and only https is followed"):
            download(server.serve("/a", redirect(target)), tmp_path / "a", **TWICE)


def test_a_handshake_that_never_ends_meets_the_deadline(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/a"
        with pytest.raises(Refused, match="it was not whole after 0 seconds: 0 bytes"):
            download(url, tmp_path / "a", **TWICE, limits=Limits(seconds=0.1))
