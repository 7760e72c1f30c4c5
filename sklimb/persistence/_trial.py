"""A model that was read predicts made-up samples once, so that one that cannot is refused at once.

What a file says of an estimator of scikit-learn cannot be looked at attribute by attribute: a file
that was changed and sealed anew may lack any of them. Which made-up samples a model takes is found
out when it is saved, and stands in the file.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse
import torch
from joblib import parallel_config
from sklearn.base import BaseEstimator

from sklimb._random import isolated_rng

# Few, and no number of classes that is usual: an array of as many fits by chance alone.
_N = 7
_FAR_FROM_ONE = 1e-3


def _as_first_network(model: Any, networks: Sequence[Any]) -> Any:
    """Return zeros of the form that the first network was trained on."""
    example = next(vars(one)["net_"] for one in networks if "net_" in vars(one)).module.example
    blank = np.zeros((_N, *example.shape[1:]), dtype=str(example.dtype).removeprefix("torch."))
    return blank if example.layout == torch.strided else scipy.sparse.csr_array(blank)


def _images(model: Any, networks: Sequence[Any]) -> np.ndarray:
    return np.zeros((_N, *model[0].image_shape_))


def _missing(model: Any, networks: Sequence[Any]) -> pd.DataFrame:
    return pd.DataFrame([[None] * model.n_features_in_] * _N, columns=_columns(model))


def _columns(model: Any) -> list[Any]:
    return list(getattr(model, "feature_names_in_", range(model.n_features_in_)))


# By the name that stands in a file. The first that a model takes is used.
_SAMPLES: dict[str, Callable[[Any, Sequence[Any]], Any]] = {
    "of the network": _as_first_network,
    "images of the first step": _images,
    "zeros": lambda model, _: np.zeros((_N, model.n_features_in_)),
    "zeros by name": lambda m, _: pd.DataFrame(np.zeros((_N, m.n_features_in_)), None, _columns(m)),
    "texts": lambda model, _: np.array(["a"] * _N, dtype=object),
    "missing": _missing,
}


def samples_taken(model: Any, networks: Sequence[Any]) -> str | None:
    """Return the name of made-up samples that a model predicts; None if there are none.

    Parameters
    ----------
    model : estimator
    networks : sequence of classifiers
        Those in it.
    """
    for name in _SAMPLES:
        try:
            check_predicts(model, networks, name)
        except ValueError:
            continue
        return name
    return None


def check_predicts(model: Any, networks: Sequence[Any], name: str | None) -> None:
    """Raise a ValueError, which names the part, if a model does not predict made-up samples.

    Parameters
    ----------
    model : estimator
    networks : sequence of classifiers
        Those in it.
    name : str or None
        Which samples; none are tried for None.
    """
    if name is None:
        return
    if name not in _SAMPLES:
        raise ValueError(f"it is to be tried with samples of a kind that is not known, {name!r}.")
    with _quietly():
        try:
            wrong = _what_is_wrong(model, _SAMPLES[name](model, networks))
        except Exception as error:  # whatever an estimator raises that lacks something
            said = (str(error).splitlines() or [""])[0]
            raise ValueError(
                f"its {_part(error.__traceback__) or type(model).__name__} cannot predict "
                f"({type(error).__name__}: {said})."
            ) from error
    if wrong is not None:
        raise ValueError(f"its {type(model).__name__} {wrong}.")


def _what_is_wrong(model: Any, X: Any) -> str | None:
    if not hasattr(model, "predict"):
        model.transform(X)
        return None
    if not hasattr(model, "classes_"):
        model.predict(X)
        return None
    classes = model.classes_
    labels = model.predict(X)
    if np.shape(labels)[:1] != (_N,) or not np.isin(labels, classes).all():
        return f"answers with {np.unique(labels)[:3]}, which are not among its classes"
    if not hasattr(model, "predict_proba"):
        return None
    proba = np.asarray(model.predict_proba(X))
    if proba.shape != (_N, len(classes)):
        return f"has probabilities of the shape {proba.shape}, for {len(classes)} classes"
    # not <=, so that NaN is found, too
    fine = np.abs(proba.sum(axis=1) - 1) <= _FAR_FROM_ONE
    if not fine.all() or not (proba >= 0).all():
        return f"has {proba[0][:3].tolist()} for probabilities"
    return None


def _part(trace: TracebackType | None) -> str | None:
    """Return the class of the innermost estimator that an error came through."""
    found = None
    while trace is not None:
        owner = trace.tb_frame.f_locals.get("self")
        if isinstance(owner, BaseEstimator):
            found = type(owner).__name__
        trace = trace.tb_next
    return found


@contextmanager
def _quietly() -> Iterator[None]:
    """Predict in this process alone, whatever `n_jobs` a file has, and leave generators alone."""
    with (
        # its lock first: the filters of warnings belong to the process, as its generators do
        isolated_rng(threads=torch.get_num_threads()),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        parallel_config(backend="sequential"),
    ):
        warnings.simplefilter("ignore")
        yield
