"""The real sets that the benchmarks read, from a folder laid out like ``shared/data``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sklimb.datasets import fetch_reuters36

DATA_HOME = Path(__file__).resolve().parents[2] / "shared" / "data"


def reuters36(data_home: Path = DATA_HOME) -> tuple[list[str], np.ndarray, list[str], np.ndarray]:
    """R52 without the topics of fewer than 5 test documents (Kim, Jeong & Shin, section 4.3).

    Returns
    -------
    texts_train, y_train, texts_test, y_test
        6,436 and 2,530 documents of 36 topics.
    """
    texts, y = fetch_reuters36(data_home=data_home, return_X_y=True)
    texts_test, y_test = fetch_reuters36(subset="test", data_home=data_home, return_X_y=True)
    return texts, y, texts_test, y_test
