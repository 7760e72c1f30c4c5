"""The real files, where they are, and a server on this machine that behaves or does not.

Import the fixture as ``server as server``: see tests/shared.py.
"""

from __future__ import annotations

import dataclasses
import os
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sklimb.datasets._obtaining import Address

_HERE = Path(__file__).resolve().parents[3] / "shared" / "data"
DATA = Path(os.environ.get("SKLIMB_DATA") or _HERE)


def needs(*names):
    """Skip, naming the first file that is not in the data home."""
    missing = [name for name in names if not (DATA / name).exists()]
    return pytest.mark.skipif(
        bool(missing), reason=f"there is no {[str(DATA / n) for n in missing]}"
    )


class Server:
    """Answers each address with what stands in `answers`: the last answer again and again."""

    def __init__(self, url):
        self.url, self.answers, self.asked, self.headers = url, {}, [], []

    def serve(self, path, *answers):
        """Return the address of a path that is answered so: bytes, a status, or a function."""
        self.answers[path] = list(answers)
        return f"{self.url}{path}"


@pytest.fixture
def server(monkeypatch, request):
    """A server; with the parameter "encrypted" one of HTTPS, by the fixture `certificate`."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            known.asked.append(self.path)
            known.headers.append(self.headers)
            answers = known.answers.get(self.path, [404])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if callable(answer):
                answer(self)
            elif isinstance(answer, int):
                self.send_error(answer)
            else:
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, *args):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.released = threading.Event()  # for answers that never end by themselves
    scheme = "http"
    if getattr(request, "param", None) == "encrypted":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(request.getfixturevalue("certificate"))
        http.socket = context.wrap_socket(http.socket, do_handshake_on_connect=False)
        scheme = "https"
    known = Server(f"{scheme}://127.0.0.1:{http.server_port}")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield known
    http.released.set()
    http.shutdown()
    thread.join()
    http.server_close()


def cut(data, n):
    """Promise all of `data`, send `n` bytes, and hang up."""

    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[:n])

    return answer


def in_parts(data, until=None, tag=None, *, heeds=True, shift=0):
    """Send the part of `data` that is asked for, up to a byte of it, and hang up there.

    `heeds` tells whether If-Range is looked at; `shift` sends a part that was not asked for.
    """

    def answer(handler):
        asked = handler.headers.get("Range")
        start = int(asked[len("bytes=") : -1]) if asked else 0
        if heeds and handler.headers.get("If-Range") not in (None, tag):
            start, asked = 0, None
        start += shift
        handler.send_response(206 if asked else 200)
        if asked:
            handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        handler.send_header("Content-Length", str(len(data) - start))
        if tag:
            handler.send_header("ETag", tag)
        handler.end_headers()
        handler.wfile.write(data[start:until])

    return answer


def redirect(target, status=302):
    """Send to another address."""

    def answer(handler):
        handler.send_response(status)
        handler.send_header("Location", target)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def without_length(data):
    """Send `data` without saying how much it is."""

    def answer(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def found_at(part, url, **changes):
    """Return a part of a set with another address, read as the first of its addresses is."""
    read = next(source.read for source in part.sources if isinstance(source, Address))
    return dataclasses.replace(part, sources=(Address(url, read),), **changes)
