"""What the prose of a notebook says of its results is what its committed outputs show."""

from __future__ import annotations

import re
from collections.abc import Callable

import nbformat
import numpy as np
import pytest

from tests.test_notebooks import NOTEBOOKS, code_cells, texts

# Words that stand for figures, beside digits.
WORDS = "half|third|tenth|twice|ten|twenty|thirty|forty|fifty|hundreds?|thousands?|million"
FIGURE = re.compile(rf"\d[\d,.]*\d|\d|½|\b(?:{WORDS})\b", re.IGNORECASE)
# What is no statement: code, links, numbers of headings and of lists, years, names.
NO_PROSE = re.compile(
    r"`[^`]*`|^#+ \d+\.|^\d+\. |\bsections? \d+|\bsteps? \d+|\b(?:19|20)\d\d\b"
    r"|CIFAR-10|Lite0|TF-IDF|\b2-D\b",
    re.MULTILINE,
)


class Shown:
    """The outputs of a notebook in words."""

    def __init__(self, notebook):
        self.cells = []
        for cell in code_cells(notebook):
            plain = nbformat.from_dict({"cells": [cell]})
            for output in plain.cells[0].outputs:
                output.get("data", {}).pop("text/html", None)
            self.cells.append("\n".join(texts(plain)))

    def cell(self, mark: str) -> str:
        """What the first cell that shows this shows."""
        return next(text for text in self.cells if mark in text)

    def row(self, mark: str, label: str) -> list[float]:
        """Figures behind a label, in all pieces of a wide table, without their spreads."""
        lines = re.findall(rf"^ *{re.escape(label)}  +(.*)$", self.cell(mark), re.MULTILINE)
        assert lines, f"no row {label!r} beside {mark!r}"
        return [float(figure) for figure in re.findall(r"(?<![±\d.])-?\d+\.?\d*", " ".join(lines))]

    def found(self, pattern: str) -> list[float]:
        """The figures in the groups of a pattern, where it is found first."""
        groups = re.search(pattern, "\n".join(self.cells), re.DOTALL).groups()
        return [float(group.replace(",", "")) for group in groups]


def near(value: float, said: float, within: float = 0.1) -> bool:
    """Return whether a figure is what is said of it, as prose rounds."""
    return abs(value - said) <= within * said


def _largest_class(shown: Shown) -> bool:
    rows, largest = shown.found(r"([\d,]+) rows to learn from, .*? classes of (\d+) to")
    accuracy, balanced, _, recall, _ = shown.row("always the largest", "always the largest class")
    return near(accuracy, 100 * largest / rows, 0.01) and balanced == 10.0 and recall == 0.0


def _in_columns(shown: Shown) -> bool:
    accuracy, balanced, geometric, recall, _ = shown.row("always the", "logistic regression")
    return accuracy > 95 and accuracy > balanced > geometric > 2 * recall


def _resampled(shown: Shown) -> bool:
    before, inside, truth = (
        shown.row("(wrong)", label)[0]
        for label in (
            "resampled before the folds (wrong)",
            "resampled inside the folds",
            "on the test part",
        )
    )
    return before - truth > 5 and inside <= truth


def _neighbours(shown: Shown) -> bool:
    table = next(
        text for text in shown.cells if "always the largest" in text and "AffinityCl" in text
    )
    pairs = re.findall(r"^.*?\S  +\d\S+ ±\S+ +(\d\S+) ±(\S+) *$", table, re.MULTILINE)[:8]
    means, spreads = np.array(pairs, dtype=float).T
    closer = -np.diff(means) < np.maximum(spreads[1:], spreads[:-1])
    return len(means) == 8 and closer.mean() > 0.5


def _decisions(shown: Shown) -> bool:
    labels = ("threshold one half", "class weights", "prior correction")
    labels += ("threshold tuned, balanced accuracy", "threshold tuned, F1")
    rows = {label: shown.row("threshold one half", label) for label in labels}
    recall, accuracy, ranked = (np.array([row[k] for row in rows.values()]) for k in (0, 3, 4))
    return accuracy.argmax() == recall.argmin() and np.ptp(ranked) < 3


def _payments(shown: Shown) -> tuple[float, ...]:
    pattern = r"to learn from: (\d+) payments, (\d+) frauds\nlater: (\d+) payments, (\d+) frauds"
    return tuple(shown.found(pattern))


def _networks(shown: Shown) -> dict[str, list[float]]:
    labels = ("network", "network, by costs", "weighted network", "weighted network, by costs")
    return {label: shown.row("weighted network, by costs", label) for label in labels}


def _thresholds(shown: Shown) -> bool:
    pairs = shown.found(
        r"chosen, ([\d.]+):.*?'cost': (\d+)}.*?by arithmetic, ([\d.]+):.*?'cost': (\d+)}"
    )
    chosen, cost, arithmetic, other = pairs
    ratio = max(chosen, arithmetic) / min(chosen, arithmetic)
    return near(ratio, 1.5) and near(cost, other, 0.05)


def _offsets(shown: Shown) -> bool:
    (line,) = re.findall(r"offset in the plain network: (.*)", "\n".join(shown.cells))
    offsets = [(int(c), float(v)) for c, v in re.findall(r"(\d): (-?[\d.]+)", line)]
    others = [value for digit, value in offsets if digit != 4]
    return len(offsets) == 6 and others == sorted(others, reverse=True)


def _digits(shown: Shown) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", shown.cell("samples of each digit").splitlines()[0])]


def _ratio(sizes: list[int]) -> float:
    return max(sizes) / min(sizes)


def _horses(shown: Shown) -> dict[str, float]:
    rows = re.findall(r"^(\S.*?)  +(\d+) of (\d+) horses found", "\n".join(shown.cells), re.M)
    return {name: int(found) / int(of) for name, found, of in rows}


CLAIMS: list[tuple[str, str, Callable[[Shown], bool]]] = [
    (
        "01",
        "at a ratio of 50: 138 zeros, fewer and fewer rows of each further digit, and two nines "
        "(2.8, rounded down)",
        lambda shown: (
            shown.found(r"10 classes of (\d+) to (\d+) rows \(ratio (\d+),") == [138, 2, 50]
        ),
    ),
    (
        "01",
        "is right as often as the largest class is frequent; its balanced accuracy is one tenth, "
        "which is what guessing one of ten digits is worth, and it never finds the rarest",
        _largest_class,
    ),
    (
        "01",
        "a good accuracy, a lower balanced accuracy, a still lower geometric mean, and a poor "
        "recall of the rarest digit",
        _in_columns,
    ),
    ("01", "errs, if at all, to the safe side: with two folds each model sees half", _resampled),
    ("01", "Neighbours in this table are mostly closer than their spread", _neighbours),
    ("01", "the row that accuracy likes best", _decisions),
    (
        "02",
        "About one payment in thirty is a fraud",
        lambda shown: near(_payments(shown)[0] / _payments(shown)[1], 30),
    ),
    (
        "02",
        'A program that never says "fraud" is right in 96 of 100 payments',
        lambda shown: round(100 * (1 - _payments(shown)[3] / _payments(shown)[2])) == 96,
    ),
    (
        "02",
        "is *more likely a fraud than not*, and hardly anything is. By costs the same network "
        "stops many more payments, most of them wrongly, and that is right: fifty phone calls",
        lambda shown: (
            _networks(shown)["network"][0] < 0.2 * _payments(shown)[3]
            and _networks(shown)["network, by costs"][2]
            > _networks(shown)["network, by costs"][0]
            > 3 * _networks(shown)["network"][0]
        ),
    ),
    (
        "02",
        "The weighted network is far below it. Its ranking (average precision) need not be worse",
        lambda shown: (
            shown.row("mean probability", "weighted network")[2]
            > 3 * shown.row("mean probability", "weighted network")[3]
        ),
    ),
    (
        "02",
        "Costs on top of weights count the rare class twice",
        lambda shown: (
            _networks(shown)["weighted network, by costs"][3]
            > 1.5 * _networks(shown)["weighted network"][3]
        ),
    ),
    (
        "02",
        "Weights alone do not fare badly here, by luck: they make a fraud count as much as thirty "
        "other payments",
        lambda shown: (
            _networks(shown)["weighted network"][3]
            < 1.25 * _networks(shown)["network, by costs"][3]
            and near(_payments(shown)[0] / _payments(shown)[1] - 1, 30)
        ),
    ),
    (
        "02",
        "Two thresholds, one half as much again as the other, cost nearly the same",
        _thresholds,
    ),
    (
        "02",
        "One half, where `predict` decides, is expensive here",
        lambda shown: (
            shown.found(r"a half, 0.500:.*?'cost': (\d+)}")[0]
            > 3 * shown.found(r"chosen, .*?'cost': (\d+)}")[0]
        ),
    ),
    (
        "03",
        "The largest part has ten times as many texts as the smallest",
        lambda shown: (
            shown.found(r"metrics +(\d+)\n")[0] == 10 * shown.found(r"manifold +(\d+)\n")[0]
        ),
    ),
    (
        "03",
        "a part of four test texts counts as much as one of forty",
        lambda shown: (
            shown.found(r"manifold +(\d+)\n")[0] - shown.found(r", (\d+) of them of the")[0] == 4
            and near(shown.found(r"metrics +(\d+)\n")[0] * 180 / 448, 40)
            and shown.found(r"(\d+) texts of.*?; (\d+) to test") == [448, 180]
        ),
    ),
    (
        "03",
        "A balanced linear SVC is a strong baseline on text",
        lambda shown: (
            shown.row("SVC", "linear SVC, balanced")[0] > shown.row("SVC", "network")[0] - 0.02
        ),
    ),
    (
        "04",
        "The rarest two, 2 and 0, are squeezed in",
        lambda shown: np.argsort(_digits(shown))[:2].tolist() == [2, 0],
    ),
    ("04", "made long-tailed (10 : 1)", lambda shown: _ratio(_digits(shown)) == 10),
    ("04", "here for all digits but 4,", _offsets),
    (
        "04",
        "fewer than three hundred samples to learn from",
        lambda shown: 250 < sum(_digits(shown)) < 300,
    ),
    (
        "05",
        "made long-tailed (20 : 1)",
        lambda shown: near(
            _ratio([int(n) for n in re.findall(r"\d: (\d+)[,}]", shown.cell("(353, 1"))]), 20
        ),
    ),
    ("06", "The pictures are 184 of", lambda shown: shown.found(r"\((\d+), 3, 32") == [184]),
    (
        "06",
        "airplanes are the most frequent, horses the rarest, 20 : 1",
        lambda shown: shown.found(r"'airplane': (\d+).*?'horse': (\d+)}") == [100, 5],
    ),
    (
        "06",
        "The rarest class has five pictures",
        lambda shown: shown.found(r"'horse': (\d+)}") == [5],
    ),
    (
        "06",
        "here all are 32 x 32",
        lambda shown: shown.found(r"\(184, 3, (\d+), (\d+)\)") == [32, 32],
    ),
    (
        "06",
        "rows of 1,280 numbers",
        lambda shown: shown.found(r"features: \(\d+, (\d+)\)") == [1280],
    ),
    (
        "06",
        "Five horses are enough to find six of ten others, twice as many as on pixels",
        lambda shown: (
            round(10 * _horses(shown)["fine-tuned"]) == 6
            and near(_horses(shown)["fine-tuned"] / _horses(shown)["pixels"], 2)
        ),
    ),
    (
        "06",
        "A method for imbalanced classes is worth less here than what a network already knows, and "
        "comes on top of it",
        lambda shown: (
            0
            < shown.row("logit-adjusted", "frozen, logit-adjusted")[0]
            - shown.row("logit-adjusted", "frozen")[0]
            < shown.row("logit-adjusted", "frozen")[0] - shown.row("pixels", "pixels")[0]
        ),
    ),
    ("06", "40 pictures a class", lambda shown: shown.found(r"(\d+) new pictures") == [40]),
]
# What is set, defined or told of something else than results, as it stands in the prose.
GIVEN: dict[str, list[str]] = {
    "01": [
        "Ten kinds of things",
        "the recall of nines could be 0, ½ or 1",
        "plain mean of the ten recalls",
        "geometric mean of the ten recalls",
        "each fold trains on half of the rows",
        "one malignant to ten benign, and only two of the thirty measurements",
        "Ten draws, test parts with the same ten-to-one mix",
    ],
    "02": [
        "missed costs 50 and a false alarm 1",
        "costs 50 p on average, and stopping it costs 1 - p. So stop it from p = 1/51 on",
        'a hundred payments that are called "10 % fraud" ten are frauds',
        "our costs say fifty. With costs of 500 to 1",
        "the first half of the later ones. What it is worth, the second half says",
        "Twenty payments a day",
    ],
    "03": ["in a real mailbox it may be a thousand to one"],
    "04": ["Half of that product"],
    "05": ["scikit-learn 1.9 on", "A rate of 0"],
    "06": [
        "half a minute on one core",
        "pictures of 96 x 96, of numbers from -1 to 1",
        "its 16 blocks",
        "a million pictures",
        "there are hundreds of them",
        "a few hundred pictures",
    ],
}


def prose(notebook) -> str:
    """All prose, without line breaks inside paragraphs."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return "\n\n".join(re.sub(r"(?<!\n)\n(?![\n#-]|\d+\. )", " ", cell) for cell in cells)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.mark.parametrize(
    ("number", "said", "holds"), [pytest.param(*claim, id=claim[1][:40]) for claim in CLAIMS]
)
def test_what_is_said_of_results_is_shown(number, said, holds):
    (path,) = (path for path in NOTEBOOKS if path.stem.startswith(number))
    notebook = nbformat.read(path, as_version=4)
    assert re.sub(r"\s+", " ", said) in re.sub(r"\s+", " ", prose(notebook))
    assert holds(Shown(notebook))


def test_no_figure_stands_in_prose_that_nothing_holds(path):
    """A new figure is a claim about outputs, or is listed as what is given."""
    text = re.sub(r" +", " ", prose(nbformat.read(path, as_version=4)))
    for number, said, _ in CLAIMS:
        if path.stem.startswith(number):
            text = text.replace(said, "")
    for given in GIVEN.get(path.stem[:2], []):
        assert given in text, f"{given!r} is not said any more"
        text = text.replace(given, "")
    rest = NO_PROSE.sub(" ", text)
    loose = [rest[max(0, m.start() - 40) : m.end() + 30] for m in FIGURE.finditer(rest)]
    assert loose == []
