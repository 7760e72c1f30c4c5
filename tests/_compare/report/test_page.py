from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from html import escape as html_escape
from html import unescape as html_unescape
from html.parser import HTMLParser

import matplotlib
import numpy as np
import pandas as pd
import pytest

from sklimb._compare import compare
from sklimb._compare.report import page
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
    for part in (found.reasons, found.code, found.problem, found.how, "<b>no</b>", "naive Bayes"):
        assert part in text
    assert "RuntimeError: the loss is not finite" in text
    assert re.search(r"scikit-learn \d", text)


def test_the_page_has_what_is_decided(found, folder):
    reader = Reader()
    reader.feed((folder / "report.html").read_text(encoding="utf-8"))
    text = "".join(reader.text)
    low, high = found.average_precision_interval
    best = found.results["average_precision"][0]
    assert low < best <= high
    ranked = f"{100 * best:.1f} (95 % interval {100 * low:.0f} to {100 * high:.0f})"
    assert f"Average precision of {found.labels[found.best_method]}: {ranked}." in text
    for part in (
        "Decisions",
        "Precision on class yes & more",
        "at recall 80 %",
        "calibration error",
    ):
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
    assert found.verdict in "".join(reader.text) and found.reasons in "".join(reader.text)
    assert "<b>no</b>" not in found._repr_html_()


def test_tables_and_headings_can_be_heard(folder):
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert re.findall(r"<th(?! scope=)[ >]", html) == []
    levels = [int(level) for level in re.findall(r"<h(\d)", html)]
    assert levels[0] == 1 and set(levels[1:]) == {2}
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert all('aria-labelledby="' in svg for svg in re.findall(r"<svg[^>]*>", html))
    assert all(re.search(r'alt="[^"]{20,}', image) for image in re.findall(r"<img[^>]*>", html))
    # a region that may scroll is reached by the keyboard
    assert html.count('class="wide"') == html.count('role="region" tabindex="0" aria-label="')


def test_the_verdict_comes_first_and_its_picture_next(folder, found):
    reader = Reader()
    reader.feed((folder / "report.html").read_text(encoding="utf-8"))
    text = "".join(reader.text)
    parts = (found.verdict, "one standard deviation", found.reasons, "All figures")
    places = [text.index(part) for part in parts]
    assert found.reasons and places == sorted(places)


def test_the_threshold_opens_with_the_method_that_is_named(folder, found):
    html = (folder / "report.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="operating-points">(.*?)</script>', html, re.DOTALL)[1])
    assert data["methods"][0]["label"] == found.labels[found.best_method]


def test_what_the_verdict_says_is_not_said_again(tmp_path):
    X = np.random.RandomState(0).normal(size=(60, 2))
    given = {"folds": 3, "n_jobs": 1, "random_state": 0, "refit": False}
    found = compare(X, [0] * 40 + [1] * 20, methods=[BAYES], **given)
    assert found.verdict.startswith("No method is better than chance")
    html = found.save_report(tmp_path).read_text(encoding="utf-8")
    assert html.count("is better than chance") == 1


def contrast(one, other):
    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted([luminance(one), luminance(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_words_stand_out(folder, scheme):
    html = (folder / "report.html").read_text(encoding="utf-8")
    block = re.findall(r":root \{(.*?)\}", html, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--(\w+): (#\w{6})", block))
    for ground in ("page", "soft"):
        for ink in ("ink", "quiet", "accent", "warn", "bad"):
            assert contrast(colours[ground], colours[ink]) >= 4.5, (ground, ink)


def test_names_and_parameters_are_those_that_a_reader_knows(folder):
    assert not re.search(r"\w__\w+=", (folder / "report.html").read_text(encoding="utf-8"))


def test_many_classes_are_a_picture_with_words():
    few, many = (pd.DataFrame(np.eye(n) * 8 + 1, index=range(n), columns=range(n)) for n in (4, 12))
    assert page._confusions(few) is None
    shown = page._confusions(many)
    assert base64.b64decode(shown["image"]).startswith(b"\x89PNG")
    assert len(shown["largest"]) == 10


# One start of a browser for all of it: the page at three widths, its slider moved by a script.
CHECK = """
<script>
addEventListener("load", function () {
  var frames = [].slice.call(document.querySelectorAll("iframe"));
  var widths = frames.map(function (frame) {
    var page = frame.contentDocument;
    [].forEach.call(page.querySelectorAll("details"), function (d) { d.open = true; });
    return page.documentElement.scrollWidth - frame.clientWidth;
  });
  var page = frames[0].contentDocument, slider = page.getElementById("threshold-slider");
  var said = page.getElementById("threshold-said"), before = said.textContent;
  slider.value = slider.max;
  slider.dispatchEvent(new Event("input"));
  var moved = said.textContent !== before && said.textContent.indexOf("finds 100 of 100") >= 0;
  page.getElementById("threshold-least").click();
  document.body.textContent = "CHECKED " + JSON.stringify([widths, moved, said.textContent]);
});
</script>
"""


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on PATH")
def test_in_a_browser_nothing_is_too_wide_and_the_slider_moves(folder, tmp_path):
    framed = html_escape((folder / "report.html").read_text(encoding="utf-8"), quote=True)
    frames = "".join(
        f'<iframe srcdoc="{framed}" style="border:0;width:{width}px;height:900px"></iframe>'
        for width in (400, 800, 1200)
    )
    path = tmp_path / "check.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><body>{frames}{CHECK}", encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000"]
    flags += [f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", path.as_uri()]
    done = subprocess.run(["chromium", *flags], capture_output=True, text=True, timeout=120)
    checked = re.search(r"CHECKED (.*?)</body>", done.stdout, re.DOTALL)
    assert checked, done.stderr[-2000:]
    too_wide, moved, said = json.loads(html_unescape(checked[1]))
    assert max(too_wide) <= 0
    assert moved
    assert "100 rows cost" in said
