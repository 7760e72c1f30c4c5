"""The real sets that the benchmarks read, from a folder laid out like ``shared/data``."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import numpy as np

DATA_HOME = Path(__file__).resolve().parents[2] / "shared" / "data"


def _documents(path: Path) -> tuple[list[str], list[str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        topics, texts = zip(*(line.rstrip("\n").split("\t", 1) for line in file), strict=True)
    return list(topics), list(texts)


def reuters36(data_home: Path = DATA_HOME) -> tuple[list[str], np.ndarray, list[str], np.ndarray]:
    """R52 without the topics of fewer than 5 test documents (Kim, Jeong & Shin, section 4.3).

    Returns
    -------
    texts_train, y_train, texts_test, y_test
        6,436 and 2,530 documents of 36 topics.
    """
    train = _documents(data_home / "text" / "r52-train.txt.gz")
    test = _documents(data_home / "text" / "r52-test.txt.gz")
    kept = {topic for topic, n in Counter(test[0]).items() if n >= 5}
    parts: list = []
    for topics, texts in (train, test):
        rows = [i for i, topic in enumerate(topics) if topic in kept]
        parts += [[texts[i] for i in rows], np.array([topics[i] for i in rows])]
    return tuple(parts)  # type: ignore[return-value]
