"""Thirteen ways in which fits and predictions meet, each tried some times: what comes out wrong.

Right is what the same work gives alone: the same bits, for the same seed, shapes and machine. Each
try has another seed.

    python benchmarks/concurrency.py [--tries 5] [--only WORD]   benchmarks/results/concurrency.csv
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import copy
import multiprocessing
import pickle
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import torch
from lib.records import write_csv
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_predict
from skorch.callbacks import Callback

from sklimb import (
    AffinityClassifier,
    BlendedClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
    RSGClassifier,
    persistence,
)

COLUMNS = ("way", "tries", "wrong", "seconds")
QUICK = {"max_epochs": 4, "batch_size": 64, "cross_fit": False}


def data(seed: int, n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 6)).astype(np.float32)
    return X, (X[:, 0] + 0.5 * rng.normal(size=n) > 1).astype(int)


def models(seed: int) -> list[Any]:
    """Return unfitted classifiers of several kinds."""
    own = {"random_state": seed, "max_epochs": 4, "batch_size": 64}
    return [
        RebalancedClassifier(cross_fit=False, **own),
        RebalancedClassifier(cross_fit=True, **own),
        AffinityClassifier(**own),
        OffsetDebiasedClassifier(cross_fit=False, **own),
        RSGClassifier(**own),
        M2mClassifier(**own),
    ]


def fitted(model: Any, seed: int) -> np.ndarray:
    """Return the probabilities of a new fit."""
    X, y = data(seed)
    return clone(model).fit(X, y).predict_proba(X)


def all_same(found: Iterable[np.ndarray], wanted: Iterable[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(found, wanted, strict=True))


class While:
    """Do something again and again in a thread of its own within the block."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work, self.times, self.error = work, 0, None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            while not self._end.is_set():
                self.work()
                self.times += 1
        except BaseException as error:  # of the other thread, told in this one
            self.error = error

    def __enter__(self) -> While:
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._end.set()
        self._thread.join()
        if self.error is not None:
            raise self.error


# --- the ways ------------------------------------------------------------------------------------


def many_threads_predict_with_one_model(seed: int) -> bool:
    X, y = data(seed)
    model = RebalancedClassifier(random_state=seed, **QUICK).fit(X, y)
    parts = [X[i : i + 40] for i in range(0, 300, 20)] * 4
    alone = [model.predict_proba(part) for part in parts]
    with ThreadPoolExecutor(8) as pool:
        return all_same(pool.map(model.predict_proba, parts), alone)


def predictions_beside_a_fit_of_another_model(seed: int) -> bool:
    X, y = data(seed)
    model = RebalancedClassifier(random_state=seed, **QUICK).fit(X, y)
    alone = model.predict_proba(X)
    with While(lambda: fitted(RebalancedClassifier(random_state=1, **QUICK), 1)) as other:
        found = []
        while other.times < 2 and other.error is None:
            found.append(model.predict_proba(X))
    return all_same(found, [alone] * len(found))


def predictions_while_the_same_model_is_fitted_again(seed: int) -> bool:
    """Each is that of the fit before or of the new one, never of a mixture."""
    X, y = data(seed)
    model = RebalancedClassifier(random_state=0, **QUICK)
    known = [model.set_params(random_state=state).fit(X, y).predict_proba(X) for state in (0, 1)]

    def again() -> None:
        for state in (0, 1):
            model.set_params(random_state=state).fit(X, y)

    with While(again) as other:
        found = []
        while other.times < 2 and other.error is None:
            found.append(model.predict_proba(X))
    return all(any(np.array_equal(one, each) for each in known) for one in found)


def fits_in_threads(seed: int) -> bool:
    alone = [fitted(model, seed) for model in models(seed)]
    with ThreadPoolExecutor(6) as pool:
        return all_same(pool.map(lambda model: fitted(model, seed), models(seed)), alone)


def fits_in_new_processes(seed: int) -> bool:
    chosen = models(seed)[:3]
    alone = [fitted(model, seed) for model in chosen]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        return all_same(pool.map(fitted, chosen, [seed] * 3), alone)


def fits_in_forked_processes_during_a_fit(seed: int) -> bool:
    chosen = models(seed)[:3]
    alone = [fitted(model, seed) for model in chosen]
    context = multiprocessing.get_context("fork")
    with (
        While(lambda: fitted(RebalancedClassifier(random_state=1, **QUICK), 1)),
        ProcessPoolExecutor(2, mp_context=context) as pool,
    ):
        return all_same(pool.map(fitted, chosen, [seed] * 3, timeout=120), alone)


def a_search_in(backend: str, seed: int) -> bool:
    X, y = data(seed)
    search = GridSearchCV(
        PriorCorrectedClassifier(RebalancedClassifier(random_state=seed, **QUICK)),
        {"estimator__lr": [1e-3, 1e-2]},
        cv=3,
        scoring="neg_log_loss",
    )
    alone = clone(search).fit(X, y)
    with joblib.parallel_config(backend, n_jobs=2):
        other = clone(search).fit(X, y)
    scores = [s.cv_results_["mean_test_score"] for s in (alone, other)]
    return all_same([other.predict_proba(X), scores[1]], [alone.predict_proba(X), scores[0]])


def a_search_in_worker_processes(seed: int) -> bool:
    return a_search_in("loky", seed)


def a_search_in_threads(seed: int) -> bool:
    return a_search_in("threading", seed)


def folds_within_folds(seed: int) -> bool:
    """A blend, which fits folds of its own in parallel, in folds that are fitted in parallel."""
    X, y = data(seed)
    blend = BlendedClassifier(
        estimators=[("net", models(seed)[0]), ("affinity", models(seed)[2])],
        cv=2,
        n_jobs=2,
    )
    alone = cross_val_predict(clone(blend).set_params(n_jobs=1), X, y, method="predict_proba", cv=2)
    with joblib.parallel_config("loky", n_jobs=2):
        both = cross_val_predict(blend, X, y, method="predict_proba", cv=2)
    return np.array_equal(both, alone)


def copies_and_pickles_of_a_model_that_is_fitted_again(seed: int) -> bool:
    X, y = data(seed)
    model = RebalancedClassifier(random_state=seed, **QUICK).fit(X, y)
    alone = model.predict_proba(X)  # the same seed: fitted again, it says the same
    found = []
    with While(lambda: model.fit(X, y)) as other:
        while other.times < 2 and other.error is None:
            found.append(pickle.loads(pickle.dumps(model)).predict_proba(X))
            found.append(copy.deepcopy(model).predict_proba(X))
    return all_same(found, [alone] * len(found))


def files_of_one_name_from_several_threads(seed: int) -> bool:
    X, y = data(seed)
    both = [RebalancedClassifier(random_state=s, **QUICK).fit(X, y) for s in (seed, seed + 1)]
    known = [model.predict_proba(X) for model in both]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.sklimb"
        persistence.save(both[0], path)
        found = []
        with (
            While(lambda: persistence.save(both[0], path)),
            While(lambda: persistence.save(both[1], path)) as other,
        ):
            while other.times < 8 and other.error is None:
                found.append(persistence.load(path).predict_proba(X))
        left = [each.name for each in Path(folder).iterdir()]
    whole = all(any(np.array_equal(one, each) for each in known) for one in found)
    return whole and left == ["model.sklimb"]


class Stops(Callback):
    """Ctrl-C in the second epoch."""

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if len(net.history) == 2:
            raise KeyboardInterrupt


def a_fit_that_is_interrupted_beside_others(seed: int) -> bool:
    X, y = data(seed)
    model = RebalancedClassifier(random_state=seed, **QUICK)
    alone = fitted(model, seed)

    def broken() -> None:
        with contextlib.suppress(KeyboardInterrupt):
            clone(model).set_params(callbacks=[Stops()]).fit(X, y)

    with While(broken):
        found = [fitted(model, seed) for _ in range(4)]
    return all_same(found, [alone] * 4)


def an_event_loop_and_the_users_generators(seed: int) -> bool:
    """`asyncio.to_thread`, while the loop draws from generators of its own.

    Global generators go on afterwards where they were. What is drawn from them *during* a fit is
    another matter: torch has one for the whole process (docs/reproducibility.md).
    """
    model = RebalancedClassifier(random_state=seed, **QUICK)
    alone = fitted(model, seed)

    def draws() -> list[float]:
        numpy, own = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
        drawn = []
        for _ in range(20):
            drawn += [torch.rand(1, generator=own).item(), numpy.random()]
            time.sleep(0.002)
        return drawn

    def globally() -> list[float]:
        return [torch.rand(1).item(), np.random.rand()]

    torch.manual_seed(seed)
    np.random.seed(seed)
    wanted = [*draws(), *globally()]

    async def serve() -> list[np.ndarray]:
        work = (asyncio.to_thread(fitted, model, seed) for _ in range(2))
        fits = [asyncio.create_task(each) for each in work]
        await asyncio.sleep(0)  # both begin
        own_draws.extend(draws())  # in the thread of the loop
        return await asyncio.gather(*fits)

    own_draws: list[float] = []
    torch.manual_seed(seed)
    np.random.seed(seed)
    found = asyncio.run(serve())
    return own_draws + globally() == wanted and all_same(found, [alone] * 2)


WAYS = [
    many_threads_predict_with_one_model,
    predictions_beside_a_fit_of_another_model,
    predictions_while_the_same_model_is_fitted_again,
    fits_in_threads,
    fits_in_new_processes,
    fits_in_forked_processes_during_a_fit,
    a_search_in_worker_processes,
    a_search_in_threads,
    folds_within_folds,
    copies_and_pickles_of_a_model_that_is_fitted_again,
    files_of_one_name_from_several_threads,
    a_fit_that_is_interrupted_beside_others,
    an_event_loop_and_the_users_generators,
]


def main() -> None:
    """Try every way; fail where one is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=5)
    parser.add_argument("--only", default="", help="ways whose name has this; nothing is written")
    options = parser.parse_args()
    rows = []
    for way in WAYS:
        if options.only not in way.__name__:
            continue
        start, wrong = time.perf_counter(), 0
        for seed in range(options.tries):
            try:
                wrong += not way(seed)
            except Exception:
                traceback.print_exc()
                wrong += 1
        name = way.__name__.replace("_", " ")
        rows.append(dict(zip(COLUMNS, (name, options.tries, wrong, 0.0), strict=True)))
        rows[-1]["seconds"] = round(time.perf_counter() - start, 1)
        print(rows[-1], flush=True)
    if not options.only:
        total = [sum(row[key] for row in rows) for key in COLUMNS[1:]]
        rows.append(dict(zip(COLUMNS, ("all", *total[:2], round(total[2], 1)), strict=True)))
        print(write_csv("concurrency.csv", rows, COLUMNS))
    sys.exit(any(row["wrong"] for row in rows))


if __name__ == "__main__":
    main()
