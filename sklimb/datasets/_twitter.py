"""Words of tweets with their parts of speech."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from sklearn.utils import Bunch

from sklimb.datasets._obtaining import obtain
from sklimb.datasets._storage import get_data_home
from sklimb.datasets._text import GITHUB, chosen_subsets, text_part

__all__ = ["fetch_twitter_pos", "find_twitter_vectors"]

_TWEETS = (
    f"{GITHUB}/94474cc3b73afda5739a3fa15cb8ecdb9f65adc3"
    "/Appendix_B_Cautious_Classification/POS/data/Tweets"
)
_TAGS_OF_TRAIN_ALONE = ("M", "Y")

_TWITTER = {
    "train": text_part(
        "tweets-train",
        f"{_TWEETS}/tweets-train.txt",
        "2f8a017ae75b31e2766da786cb7119aa49b21d1eb7983e6a0634ae9137b14121",
    ),
    "dev": text_part(
        "tweets-dev",
        f"{_TWEETS}/tweets-dev.txt",
        "b77a8f792fa228566a9521ab3c1013947b05e42462a9d1ddee55864d75266c35",
    ),
    "test": text_part(
        "tweets-devtest",
        f"{_TWEETS}/tweets-devtest.txt",
        "6c20424fd12c9fa730e7063a2ad4d59ee99c517ff0ef7cbe7c9ccacfb3b95bbf",
    ),
}

_TWITTER_DESCR = """\
Parts of speech of the words of tweets ("Oct27"), {n_tags} tags

One row is one word (or sign) of a tweet, with {window} on either side; beyond the ends of a tweet
the empty string. {n_train:,} words to learn from, {n_dev:,} to tune on and {n_test:,} to test on.

Source: GitHub hendrycks/error-detection, tweets-train.txt, tweets-dev.txt and tweets-devtest.txt.
K. Gimpel et al., Part-of-Speech Tagging for Twitter: Annotation, Features, and Experiments, ACL
2011. Licence: CC-BY.
"""


def fetch_twitter_pos(
    *,
    subset: Literal["train", "dev", "test", "all"] = "train",
    window: int = 1,
    all_tags: bool = False,
    data_home: str | os.PathLike | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
    verbose: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Load words of tweets and their parts of speech: 23 classes, 2,219 to 15 words each.

    Without the tags M and Y, which no tweet to tune or test on has, it is the Twitter column of the
    M2m paper [1]_, whose imbalance ratio of 147.9 it has.
    :class:`sklimb.feature_extraction.WordWindowVectorizer` makes numbers of it.

    Parameters
    ----------
    subset : {"train", "dev", "test", "all"}, default="train"
        14,614 words to learn from, 4,823 to tune on, 7,152 to test on ("devtest" in the source), or
        all, in this order.
    window : int, default=1
        Words on either side that come with each word; the paper takes 1.
    all_tags : bool, default=False
        Whether to keep the 5 words of the tags M and Y, which makes 25 classes. Without them they
        are still neighbours of other words.
    data_home : str or path-like, default=None
        Where data sets lie and are kept, see :func:`get_data_home`.
    download_if_missing : bool, default=True
        Whether to download what is not there; else an error.
    return_X_y : bool, default=False
        Whether to return data and target alone.
    as_frame : bool, default=False
        Whether data and target are a pandas DataFrame and Series.
    n_retries : int, default=3
        Further attempts after a failed download.
    delay : float, default=1.0
        Seconds between attempts.
    verbose : bool, default=False
        Whether to show the progress of a download on standard error.

    Returns
    -------
    data : Bunch or (X, y)
        With ``data`` (object array of str, (n, 2 * window + 1), the word itself in the middle, ""
        beyond the ends of a tweet), ``target`` (array of str, the tags), ``target_names``,
        ``feature_names``, ``groups`` (array of int, which tweet), ``frame`` (None without
        `as_frame`) and ``DESCR``.

    Raises
    ------
    OSError
        If a file is not there and cannot be had, or holds something else than it should.
    ValueError
        If `subset`, `window`, `n_retries` or `delay` is none of what is said above.

    References
    ----------
    .. [1] J. Kim, J. Jeong and J. Shin, "M2m: Imbalanced Classification via Major-to-minor
       Translation", CVPR 2020, section 4.3.
    .. [2] K. Gimpel et al., "Part-of-Speech Tagging for Twitter: Annotation, Features, and
       Experiments", ACL 2011.

    Examples
    --------
    >>> from sklimb.datasets import fetch_twitter_pos
    >>> tweets = fetch_twitter_pos()  # doctest: +SKIP
    >>> tweets.data[1], tweets.target[1]  # doctest: +SKIP
    (array(['i', 'predict', 'i'], dtype=object), 'V')
    """
    chosen = chosen_subsets(subset, tuple(_TWITTER))
    if not isinstance(window, (int, np.integer)) or isinstance(window, bool) or window < 0:
        raise ValueError(f"window must be an int of at least 0, got {window!r}.")
    load = partial(
        obtain,
        data_home=data_home,
        download_if_missing=download_if_missing,
        n_retries=n_retries,
        delay=delay,
        verbose=verbose,
    )
    left_out = () if all_tags else _TAGS_OF_TRAIN_ALONE
    windows, tags, tweets = [], [], []
    n_tweets = 0
    for name in chosen:
        words, labels, numbers = _windows(load(_TWITTER[name]), int(window))
        kept = ~np.isin(labels, left_out)
        windows.append(words[kept])
        tags.append(labels[kept])
        tweets.append(numbers[kept] + n_tweets)
        n_tweets += int(numbers[-1]) + 1
    data, target = np.concatenate(windows), np.concatenate(tags)
    names = [
        *(f"previous_{k}" for k in range(window, 0, -1)),
        "word",
        *(f"next_{k}" for k in range(1, window + 1)),
    ]
    found = Bunch(
        data=data,
        target=target,
        frame=None,
        target_names=np.unique(target).tolist(),
        feature_names=names,
        groups=np.concatenate(tweets),
    )
    if as_frame:
        _add_frame(found, "tag")
    if return_X_y:
        return found.data, found.target
    found.DESCR = _TWITTER_DESCR.format(
        n_tags=25 if all_tags else 23,
        window="the word" if window == 1 else f"the {window} words",
        n_train=14_619 if all_tags else 14_614,
        n_dev=4_823,
        n_test=7_152,
    )
    return found


def _windows(lines: list[str], window: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each word with its neighbours, its tag, and the number of its tweet."""
    words: list[list[str]] = []
    tags, numbers, tweet = [], [], []
    n_tweets = 0
    for line in [*lines, ""]:
        if line:
            word, tag = line.split("\t")
            tweet.append(word)
            tags.append(tag)
            numbers.append(n_tweets)
        elif tweet:
            padded = [""] * window + tweet + [""] * window
            words += [padded[i : i + 2 * window + 1] for i in range(len(tweet))]
            tweet = []
            n_tweets += 1
    return np.array(words, dtype=object), np.array(tags), np.array(numbers)


def _add_frame(found: Bunch, target_name: str) -> None:
    """Turn data and target into a frame and a series, and add both as one frame."""
    import pandas as pd

    found.data = pd.DataFrame(found.data, columns=found.feature_names)
    found.target = pd.Series(found.target, name=target_name)
    found.frame = pd.concat([found.data, found.target], axis=1)


def find_twitter_vectors(data_home: str | os.PathLike | None = None) -> Path | None:
    """Path of the M2m paper's word vectors, where they lie in the data home.

    They are never downloaded: `sklimb` knows no checksum of them. The file is
    ``embeddings-twitter.txt`` beside the tweets in GitHub's hendrycks/error-detection; put it, or
    it packed as ``.gz``, into the folder ``text``.

    Parameters
    ----------
    data_home : str or path-like, default=None
        See :func:`get_data_home`.

    Returns
    -------
    path : Path or None
        For :class:`sklimb.feature_extraction.WordWindowVectorizer`; None if there is none.

    Examples
    --------
    >>> from sklimb.datasets import find_twitter_vectors
    >>> find_twitter_vectors("a folder without them") is None
    True
    """
    folder = get_data_home(data_home) / "text"
    names = ("embeddings-twitter.txt", "embeddings-twitter.txt.gz")
    return next((folder / name for name in names if (folder / name).is_file()), None)
