from __future__ import annotations

import pickle
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.fixes import parse_version

from sklimb import (
    BlendedClassifier,
    OffsetDebiasedClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
)
from sklimb._training.rebalancing import Rebalancer
from sklimb.classifiers.history_html import (
    axis_of,
    html_of,
    path_of,
    shown_epochs,
    trained_in,
)
from sklimb.persistence import load, save

# scikit-learn asks for the fitted attributes from this version on.
SHOWN = parse_version(sklearn.__version__) >= parse_version("1.9")
NOTHING = Rebalancer(np.array([0, 1]))  # neither weights nor draws
QUICK = {"max_epochs": 4, "module__hidden": (8,), "random_state": 0, "cross_fit": False}


class Seen(HTMLParser):
    """Opened and closed tags, and the words between them."""

    VOID = ("br", "input")

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += [data.strip()] if data.strip() else []


@pytest.fixture(scope="module")
def data():
    return make_classification(90, 4, n_redundant=0, weights=[0.8], random_state=0)


@pytest.fixture(scope="module")
def stopped(data):
    return RebalancedClassifier(
        class_weight="balanced", rebalance_from=2, early_stopping=True, **QUICK
    ).fit(*data)


def history_of(model):
    return html_of(model.history_, model.net_.rebalancer)


def rows(text):
    """The cells of the table, a list a row, heading first."""
    return [
        [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)]
        for row in re.findall(r"<tr.*?</tr>", text, re.DOTALL)
    ]


def test_curves_table_and_what_happened(stopped):
    text = history_of(stopped)
    seen = Seen(text)
    assert seen.open == []
    kept = [row["valid_score_best"] for row in stopped.history_]
    kept = 1 + max(i for i, best in enumerate(kept) if best)
    assert f"Training history: 4 epochs, epoch {kept} kept" in seen.words
    heading, *body = rows(text)
    assert heading == [
        "epoch", "training loss", "loss on held-back samples", "score on held-back samples",
        "what happened",
    ]  # fmt: skip
    assert [row[0] for row in body] == ["1", "2", "3", "4"]
    assert "kept" in body[kept - 1][-1] and "class weights begin" in body[2][-1]
    for row, epoch in zip(body, stopped.history_):
        assert float(row[1]) == pytest.approx(epoch["train_loss"], rel=1e-3)
    curves = [attrs["d"] for tag, attrs in seen.tags if tag == "path" and "fill" in attrs]
    assert len(curves) == 3 and all(curve.count("L") == 3 for curve in curves)


def test_it_needs_nothing_from_elsewhere(stopped):
    seen = Seen(history_of(stopped))
    assert not {tag for tag, _ in seen.tags} & {"script", "img", "link", "iframe"}
    assert not [a for _, attrs in seen.tags for a in attrs if a in ("href", "src", "onload")]
    (picture,) = (attrs for tag, attrs in seen.tags if attrs.get("role") == "img")
    assert "training loss" in picture["aria-label"]


@pytest.mark.skipif(not SHOWN, reason="scikit-learn before 1.9 has no place for it")
def test_it_is_in_the_html_of_whatever_holds_the_classifier(data, stopped):
    pipeline = make_pipeline(StandardScaler(), RebalancedClassifier(**QUICK)).fit(*data)
    search = GridSearchCV(RebalancedClassifier(**QUICK), {"lr": [1e-3]}, cv=2).fit(*data)
    for model in (stopped, pipeline, search, pickle.loads(pickle.dumps(stopped))):
        for text in (model._repr_html_(), model._repr_mimebundle_()["text/html"]):
            assert text.count("sklimb-history") == 1
            assert text.index("Fitted attributes") < text.index("Training history")


@pytest.mark.skipif(not SHOWN, reason="scikit-learn before 1.9 has no place for it")
def test_after_a_file(stopped, tmp_path):
    save(stopped, tmp_path / "model.sklimb")
    assert history_of(stopped) in load(tmp_path / "model.sklimb")._repr_html_()


def test_what_is_not_fitted_has_none(stopped):
    unfitted = PriorCorrectedClassifier(RebalancedClassifier(**QUICK))
    for model in (clone(stopped), unfitted):
        text = model._repr_html_()
        assert "sklimb-history" not in text and "sk-container" in text
    with sklearn.config_context(display="text"):
        assert "text/html" not in stopped._repr_mimebundle_()


@pytest.fixture(scope="module")
def around(data):
    """Classifiers around others, and whose histories they hold."""
    X, y = data
    net = RebalancedClassifier(**QUICK | {"max_epochs": 1})
    parts = [
        ("linear", LogisticRegression()),
        ("scaled", make_pipeline(StandardScaler(), clone(net))),
        ("crossed", clone(net).set_params(cross_fit=True, n_members=2)),
        ("left", "drop"),
    ]
    return [
        (PriorCorrectedClassifier(net).fit(X, y), [""]),
        (PriorCorrectedClassifier(net, cv=2).fit(X, y), [" of fold 1 of 2", " of fold 2 of 2"]),
        (
            BlendedClassifier(estimators=parts, cv=2).fit(X, y),
            [" of scaled, fold 1 of 2", " of scaled, fold 2 of 2", " of crossed"],
        ),
        (PriorCorrectedClassifier(LogisticRegression()).fit(X, y), []),
        (
            PriorCorrectedClassifier(BaggingClassifier(net, n_estimators=2)).fit(X, y),
            [" of copy 1 of 2", " of copy 2 of 2"],
        ),
    ]


@pytest.mark.skipif(not SHOWN, reason="scikit-learn before 1.9 has no place for it")
def test_a_classifier_around_others_shows_theirs(around, tmp_path):
    for model, whose in around:
        text = model._repr_html_()
        assert re.findall(r"Training history(.*?): 1 epoch", text) == whose
    model, whose = around[1]
    save(model, tmp_path / "model.sklimb")
    text = load(tmp_path / "model.sklimb")._repr_html_()
    assert re.findall(r"Training history(.*?): 1 epoch", text) == whose


def test_classifiers_of_networks_are_found_wherever_they_are(around):
    for model, whose in around:
        names = [f" of {', '.join(names)}" if names else "" for names, _ in trained_in(model)]
        assert names == whose
    assert list(trained_in(object())) == []


def test_terms_of_a_loss(data):
    model = OffsetDebiasedClassifier(**QUICK).fit(*data)
    heading = rows(history_of(model))[0]
    assert heading == [
        "epoch", "training loss", "term: classification", "term: center", "term: uniform",
    ]  # fmt: skip


def test_names_are_escaped_and_odd_figures_are_gaps():
    history = [
        {"train_loss": 1.0, "train_<b>": np.inf},
        {"train_loss": np.nan, "train_<b>": -np.inf},
        {"train_loss": 0.5, "train_<b>": 2.0, "note": "words"},
    ]
    text = html_of(history, NOTHING)
    assert "<b>" not in text and "term: &lt;b&gt;" in text
    assert [row[1:] for row in rows(text)[1:]] == [["1", ""], ["", ""], ["0.5", "2"]]
    assert Seen(text).open == []


@pytest.mark.parametrize("history", [[], [{}], [{"dur": 1.0}]])
def test_without_losses_there_is_nothing(history):
    assert html_of(history, NOTHING) == ""


def test_one_epoch_and_many():
    one = html_of([{"train_loss": 0.5}], NOTHING)
    assert "Training history: 1 epoch<" in one and "NaN" not in one and "nan" not in one
    many = html_of([{"train_loss": 100.0 / epoch} for epoch in range(1, 5001)], NOTHING)
    assert len(many) < 20_000
    assert len(rows(many)) == 13
    assert ">0.1</text>" in many and ">10</text>" in many  # by logarithms


def test_shown_epochs():
    assert shown_epochs(5, []) == [1, 2, 3, 4, 5]
    assert shown_epochs(1, [1]) == [1]
    assert set(shown_epochs(1000, [17, 400])) >= {1, 17, 400, 1000}
    assert len(shown_epochs(1000, [17, 400])) == 12


def test_a_point_alone_is_a_dot():
    assert path_of([1.0], [2.0]) == "M1.0 2.0L1.0 2.0"
    assert path_of([1.0], [np.nan]) == ""


@pytest.mark.parametrize("value", [0.0, 1.0, -3.0, 1e-9, 1e9])
def test_an_axis_of_one_number(value):
    (low, high), _ = axis_of(value, value, logs=False)
    assert low < value < high
