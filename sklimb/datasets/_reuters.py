"""Reuters-21578 news in 36 and 52 topics."""

from __future__ import annotations

import os
from collections import Counter
from typing import Literal

import numpy as np
from sklearn.utils import Bunch

from sklimb.datasets._obtaining import obtain
from sklimb.datasets._text import GITHUB, chosen_subsets, text_part

__all__ = ["fetch_reuters36", "fetch_reuters52"]

_REUTERS = f"{GITHUB}/96b8c95396e111879f0675264301caf5d7fb26df/NLP/Categorization/data"
_LEAST_TEST_DOCUMENTS = 5

_R52 = {
    "train": text_part(
        "r52-train",
        f"{_REUTERS}/r52-train.txt",
        "5177458a0d3d391da55a8395f4354009cd2cb4edce159be14d0b79a6d7b99b80",
    ),
    "test": text_part(
        "r52-test",
        f"{_REUTERS}/r52-test.txt",
        "66b41c8d98f176db3579a02af2d2ab8a3ec78c3720424c866c87da95c9033328",
    ),
}
_REUTERS_DESCR = """\
Reuters-21578, {n_topics} topics (R52{kept})

News of the Reuters agency from 1987, each with one topic, in lower case, stop words still in: the
ModApte split of the R52 subset by A. Cardoso-Cachopo. {n_train:,} documents to learn from and
{n_test:,} to test on; the largest topic has {largest:,} of the former, the smallest {smallest}.

Source: GitHub hendrycks/error-detection, NLP/Categorization/data/r52-train.txt and r52-test.txt.
D. D. Lewis, Reuters-21578 text categorization test collection, 1997.
"""


def fetch_reuters36(
    *,
    subset: Literal["train", "test", "all"] = "train",
    data_home: str | os.PathLike | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
    verbose: bool = False,
) -> Bunch | tuple[list[str], np.ndarray]:
    """Load Reuters news of 36 topics, 2,840 to 4 documents each.

    R52 without the topics of fewer than 5 test documents: the Reuters column of the M2m paper [1]_,
    whose imbalance ratio of 710 it has.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        6,436 documents to learn from, 2,530 to test on, or both, the former first.
    data_home : str or path-like, default=None
        Where data sets lie and are kept, see :func:`get_data_home`.
    download_if_missing : bool, default=True
        Whether to download what is not there; else an error.
    return_X_y : bool, default=False
        Whether to return data and target alone.
    n_retries : int, default=3
        Further attempts after a failed download.
    delay : float, default=1.0
        Seconds between attempts.
    verbose : bool, default=False
        Whether to show the progress of a download on standard error.

    Returns
    -------
    data : Bunch or (X, y)
        With ``data`` (list of str), ``target`` (array of str, the topics), ``target_names`` (list
        of str, sorted) and ``DESCR``.

    Raises
    ------
    OSError
        If a file is not there and cannot be had, or holds something else than it should.
    ValueError
        If `subset`, `n_retries` or `delay` is none of what is said above.

    References
    ----------
    .. [1] J. Kim, J. Jeong and J. Shin, "M2m: Imbalanced Classification via Major-to-minor
       Translation", CVPR 2020, section 4.3.

    Examples
    --------
    >>> from sklimb.datasets import fetch_reuters36
    >>> texts, topics = fetch_reuters36(return_X_y=True)  # doctest: +SKIP
    >>> len(texts)  # doctest: +SKIP
    6436
    """
    return _reuters(
        36, subset, data_home, download_if_missing, return_X_y, n_retries, delay, verbose
    )


def fetch_reuters52(
    *,
    subset: Literal["train", "test", "all"] = "train",
    data_home: str | os.PathLike | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
    verbose: bool = False,
) -> Bunch | tuple[list[str], np.ndarray]:
    """Load Reuters news of 52 topics, 2,840 to 1 documents each.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        6,532 documents to learn from, 2,568 to test on, or both, the former first.
    data_home : str or path-like, default=None
        Where data sets lie and are kept, see :func:`get_data_home`.
    download_if_missing : bool, default=True
        Whether to download what is not there; else an error.
    return_X_y : bool, default=False
        Whether to return data and target alone.
    n_retries : int, default=3
        Further attempts after a failed download.
    delay : float, default=1.0
        Seconds between attempts.
    verbose : bool, default=False
        Whether to show the progress of a download on standard error.

    Returns
    -------
    data : Bunch or (X, y)
        With ``data`` (list of str), ``target`` (array of str, the topics), ``target_names`` (list
        of str, sorted) and ``DESCR``.

    Raises
    ------
    OSError
        If a file is not there and cannot be had, or holds something else than it should.
    ValueError
        If `subset`, `n_retries` or `delay` is none of what is said above.

    Examples
    --------
    >>> from sklimb.datasets import fetch_reuters52
    >>> texts, topics = fetch_reuters52(subset="test", return_X_y=True)  # doctest: +SKIP
    >>> len(texts)  # doctest: +SKIP
    2568
    """
    return _reuters(
        52, subset, data_home, download_if_missing, return_X_y, n_retries, delay, verbose
    )


def _reuters(
    n_topics, subset, data_home, download_if_missing, return_X_y, n_retries, delay, verbose
):
    chosen = chosen_subsets(subset, tuple(_R52))
    parts = {}
    # Both, whatever was asked for: which topics are kept is decided by the test documents.
    for name, part in _R52.items():
        lines = obtain(
            part,
            data_home=data_home,
            download_if_missing=download_if_missing,
            n_retries=n_retries,
            delay=delay,
            verbose=verbose,
        )
        parts[name] = [tuple(line.split("\t", 1)) for line in lines]
    if n_topics == 36:
        tested = Counter(topic for topic, _ in parts["test"])
        parts = {
            name: [row for row in rows if tested[row[0]] >= _LEAST_TEST_DOCUMENTS]
            for name, rows in parts.items()
        }
    rows = [row for name in chosen for row in parts[name]]
    data, target = [text for _, text in rows], np.array([topic for topic, _ in rows])
    if return_X_y:
        return data, target
    counts = Counter(topic for topic, _ in parts["train"])
    return Bunch(
        data=data,
        target=target,
        target_names=sorted(counts),
        DESCR=_REUTERS_DESCR.format(
            n_topics=n_topics,
            kept=", topics with at least 5 test documents" if n_topics == 36 else "",
            n_train=len(parts["train"]),
            n_test=len(parts["test"]),
            largest=max(counts.values()),
            smallest=min(counts.values()),
        ),
    )
