from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import matplotlib
import pandas as pd
import pytest

from sklimb._compare import compare
from tests._compare.stand_ins import BAYES, BROKEN, TREE, blobs


@pytest.fixture(scope="module")
def found():
    X, y = blobs([40, 12], labels=["<b>no</b>", "yes & more"])
    return compare(X, y, methods=[BAYES, TREE, BROKEN], folds=2, n_jobs=1, random_state=0)


@pytest.fixture(scope="module")
def folder(found, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "made" / "here"
    assert found.save_report(folder) == folder / "report.html"
    return folder


class Reader(HTMLParser):
    """Checks that tags are closed in order and gathers text and links."""

    def __init__(self):
        super().__init__()
        self.open, self.text, self.links = [], [], []

    def handle_starttag(self, tag, attrs):
        self.links += [value for key, value in attrs if key in ("src", "href")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_files(folder, found):
    names = {path.name for path in folder.iterdir()}
    tables = {"results", "folds", "recalls", "confusion", "precision", "calibration"}
    assert names == {*(f"{name}.csv" for name in tables), "recall.png", "report.html"}
    assert pd.read_csv(folder / "confusion.csv", index_col=0).to_numpy().sum() == 52
    results = pd.read_csv(folder / "results.csv", keep_default_na=False, na_values=[""])
    assert list(results.columns) == list(found.results.columns)
    assert list(results["method"]) == list(found.results["method"])
    assert len(pd.read_csv(folder / "folds.csv")) == 6
    assert list(pd.read_csv(folder / "recalls.csv")["class"]) == ["<b>no</b>", "yes & more"]


def test_the_page_stands_alone_and_holds_the_picture(folder):
    reader = Reader()
    reader.feed((folder / "report.html").read_text(encoding="utf-8"))
    assert reader.open == []
    (link,) = reader.links
    kind, data = link.split(",", 1)
    assert kind == "data:image/png;base64"
    assert base64.b64decode(data) == (folder / "recall.png").read_bytes()
    assert (folder / "recall.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_says_it_all_and_escapes_names(folder, found):
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "<b>no</b>" not in html
    reader = Reader()
    reader.feed(html)
    text = "".join(reader.text)
    for part in (found.verdict, found.code, found.problem, found.how, "<b>no</b>", "naive Bayes"):
        assert part in text
    assert "RuntimeError: the loss is not finite" in text
    assert re.search(r"scikit-learn \d", text)


def test_the_page_has_what_is_decided(found, folder):
    reader = Reader()
    reader.feed((folder / "report.html").read_text(encoding="utf-8"))
    text = "".join(reader.text)
    for part in ("Decisions", "Precision on class yes & more", "at recall 80 %", "log_loss"):
        assert part in text
    assert "provisional" not in text


def test_provisional_figures_are_marked(tmp_path):
    X, y = blobs([400, 120])
    options = {"folds": 2, "n_jobs": 1, "random_state": 0, "refit": False}
    found = compare(X, y, methods=[BAYES, TREE], budget=1e-6, aim="recall=0.7", **options)
    reader = Reader()
    reader.feed(found.save_report(tmp_path).read_text(encoding="utf-8"))
    text = " ".join("".join(reader.text).split())
    assert "on 1 split, untuned (provisional)" in text
    assert "defaults untuned" in text
    assert "decided for a recall of at least 70 %" in text


def test_a_report_is_replaced(folder, found):
    before = (folder / "report.html").read_bytes()
    found.save_report(folder)
    assert (folder / "report.html").read_bytes() == before


def test_drawing_the_report_leaves_pyplot_alone(found, tmp_path, monkeypatch):
    import matplotlib.pyplot as plt

    backend = matplotlib.get_backend()
    found.save_report(tmp_path)
    assert plt.get_fignums() == []
    assert matplotlib.get_backend() == backend


def test_notebooks_show_a_table(found):
    reader = Reader()
    reader.feed(found._repr_html_())
    assert reader.open == []
    assert found.verdict in "".join(reader.text)
    assert "<b>no</b>" not in found._repr_html_()
