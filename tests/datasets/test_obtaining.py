"""One file of a set: found, downloaded, refused; always with the right content."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sklimb.datasets._obtaining import Address, Part, Service, by_digest, obtain
from sklimb.datasets._storage import NotWritable, content_sha256
from tests.datasets.shared import cut
from tests.datasets.shared import server as server
from tests.datasets.test_storage import fill

RIGHT = ["one", "two"]


def read(path: Path) -> list[str]:
    text = path.read_bytes().decode("ascii")
    if text.startswith("?"):
        raise ValueError("this is\nno list")
    return text.split()


def make(*sources):
    return Part(
        {"folder/list.txt": read, "folder/other.txt": read},
        lambda words, file: file.write(" ".join(words).encode()),
        by_digest(content_sha256, content_sha256(RIGHT)),
        sources,
    )


def get(part, home, **options):
    given = {"download_if_missing": True, "n_retries": 0, "delay": 0, "verbose": False}
    return obtain(part, data_home=home, **given | options)


def files(home):
    return sorted(path.name for path in home.rglob("*") if path.is_file())


def test_downloaded_once_then_read(server, tmp_path):
    part = make(Address(server.serve("/a", b"one  two"), read))
    assert get(part, tmp_path) == RIGHT
    assert (tmp_path / "folder" / "list.txt").read_bytes() == b"one two"
    assert get(part, tmp_path) == RIGHT
    assert get(part, tmp_path, download_if_missing=False) == RIGHT
    assert server.asked == ["/a"]
    assert files(tmp_path) == ["list.txt"]


def test_any_packing_that_lies_there_is_read(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "other.txt").write_text("one\n\ntwo\n")
    assert get(make(), tmp_path) == RIGHT


def test_the_environment_says_where(tmp_path, monkeypatch):
    monkeypatch.setenv("SKLIMB_DATA", str(tmp_path))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "list.txt").write_text("one two")
    assert get(make(), None) == RIGHT


def test_a_folder_that_cannot_be_written_to_is_enough_for_reading(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "list.txt").write_text("one two")
    os.chmod(tmp_path / "folder", 0o500)
    try:
        assert get(make(), tmp_path) == RIGHT
    finally:
        os.chmod(tmp_path / "folder", 0o700)


def test_missing_and_not_to_be_downloaded(server, tmp_path):
    part = make(Address(server.serve("/a", b"one two"), read))
    with pytest.raises(OSError, match="`download_if_missing` is False") as caught:
        get(part, tmp_path, download_if_missing=False)
    assert str(tmp_path / "folder" / "list.txt") in str(caught.value)
    assert "SKLIMB_DATA" in str(caught.value)
    assert server.asked == []


def test_the_next_address_is_tried(server, tmp_path):
    part = make(
        Address(server.serve("/gone", 404), read),
        Address(server.serve("/wrong", b"one three"), read),
        Address(server.serve("/broken", b"?"), read),
        Address(server.serve("/right", b"one two"), read),
    )
    assert get(part, tmp_path) == RIGHT
    assert server.asked == ["/gone", "/wrong", "/broken", "/right"]
    assert files(tmp_path) == ["list.txt"]


def test_all_failures_are_told_in_one_line_and_nothing_is_kept(server, tmp_path):
    def ask(n_retries, delay):
        assert (n_retries, delay) == (0, 0)
        raise ImportError("needs Pillow")

    part = make(
        Address(server.serve("/gone", 404), read),
        Address(server.serve("/wrong", b"one three"), read),
        Address(server.serve("/broken", b"?"), read),
        Address(server.serve("/cut", cut(b"one two", 3)), read),
        Service("a service", ask),
        Address("http://127.0.0.1:1/a", read),
    )
    with pytest.raises(OSError) as caught:
        get(part, tmp_path)
    said = str(caught.value)
    assert "\n" not in said
    for reason in (
        "/gone (HTTPError: HTTP Error 404",
        f"/wrong (the SHA-256 of its content is {content_sha256(['one', 'three'])}, not "
        f"{content_sha256(RIGHT)})",
        "/broken (ValueError: this is no list)",
        "/cut (OSError: the connection was cut after 3 of 7 bytes)",
        "a service (ImportError: needs Pillow)",
        "http://127.0.0.1:1/a (URLError:",
        f"Without a network, put folder/list.txt or folder/other.txt into {tmp_path}",
    ):
        assert reason in said
    assert files(tmp_path) == []


def test_a_full_disk_ends_it(server, tmp_path, monkeypatch):
    part = make(
        Address(server.serve("/a", b"one two"), read), Address(server.serve("/b", b"one two"), read)
    )
    fill(monkeypatch)
    with pytest.raises(NotWritable, match="No space left"):
        get(part, tmp_path, n_retries=3)
    assert server.asked == ["/a"]
    assert files(tmp_path) == []


def test_a_disk_that_is_full_after_the_download(tmp_path, monkeypatch):
    fill(monkeypatch)
    with pytest.raises(NotWritable, match="No space left"):
        get(make(Service("a service", lambda *_: RIGHT)), tmp_path)
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"one three", "the SHA-256 of its content is"),
        (b"?", "it cannot be read, ValueError: this is no list"),
        (b"\xff", "it cannot be read, UnicodeDecodeError"),
    ],
)
def test_another_file_in_its_place_is_told_and_kept(server, tmp_path, content, said):
    path = tmp_path / "folder" / "list.txt"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(OSError, match=said) as caught:
        get(make(Address(server.serve("/a", b"one two"), read)), tmp_path)
    assert f"{path} is not the file that it should be" in str(caught.value)
    assert "Delete it" in str(caught.value)
    assert path.read_bytes() == content
    assert server.asked == []


@pytest.mark.parametrize("lies_there", [True, False])
@pytest.mark.parametrize(
    "options",
    [{"n_retries": n} for n in (-1, 1.0, True, "3", None)]
    + [{"delay": d} for d in (-0.1, float("nan"), float("inf"), "1", None)],
    ids=str,
)
def test_bad_attempts(tmp_path, options, lies_there):
    if lies_there:
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "list.txt").write_text("one two")
    ((name, value),) = options.items()
    with pytest.raises(ValueError, match=rf"^{name} must be .* at least 0, got {value!r}\."):
        get(make(), tmp_path, **options)


def test_a_service_is_told_how_often_to_try(tmp_path):
    asked = []

    def ask(n_retries, delay):
        asked.append((n_retries, delay))
        return RIGHT

    assert get(make(Service("s", ask)), tmp_path, n_retries=5, delay=0.5) == RIGHT
    assert asked == [(5, 0.5)]
