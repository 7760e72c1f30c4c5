"""Searches and comparisons on a Dask cluster of two worker processes, as on this machine alone."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.naive_bayes import GaussianNB

from sklimb import RebalancedClassifier, compare
from sklimb._compare.errors import InputError
from sklimb._compare.run.cluster import on_backend
from sklimb.cli import main
from tests._compare.stand_ins import BAYES, TREE, blobs, method
from tests.shared import QUICK

# Of Dask and tornado, about ports, event loops and processes that were killed.
pytestmark = pytest.mark.filterwarnings("ignore")


def test_what_is_asked_for_goes_together(capsys):
    with on_backend("local", None):
        pass
    with pytest.raises(InputError, match="is for --backend dask"):
        on_backend("local", "tcp://127.0.0.1:1")
    with pytest.raises(InputError, match="needs the address of its scheduler"):
        on_backend("dask", None)
    # before a file is looked for
    assert main(["compare", "--data", "none.csv", "--target", "y", "--backend", "dask"]) == 2
    assert "needs the address of its scheduler" in capsys.readouterr().err


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(InputError, match=r"pip install sklimb\[dask\]"),
        on_backend("dask", "tcp://127.0.0.1:1"),
    ):
        pass


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip(
        "distributed", reason="distributed, of the extra 'dask', is not installed"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster:
            yield cluster


@pytest.mark.parametrize("address", ["127.0.0.1", "tcp://127.0.0.1:1", "no scheme://x"])
def test_an_address_where_nobody_answers(address, cluster, monkeypatch):
    monkeypatch.setattr("sklimb._compare.run.cluster._PATIENCE", 1)
    with pytest.raises(InputError, match="no scheduler answers"), on_backend("dask", address):
        pass


def test_workers_of_several_threads_are_refused(cluster):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
        ) as other,
        pytest.raises(InputError, match=r"has 2 threads.*--nthreads 1"),
        on_backend("dask", other.scheduler_address),
    ):
        pass


def test_searches_on_two_workers_are_those_of_one_process(cluster):
    X, y = blobs([60, 25, 15])
    model = RebalancedClassifier(**QUICK, cross_fit=False)
    grid = GridSearchCV(model, {"lr": [1e-3, 1e-2]}, cv=3, scoring="balanced_accuracy")

    def scores():
        searched = grid.fit(X, y).cv_results_["mean_test_score"]
        return *searched, *cross_validate(model, X, y, cv=3)["test_score"]

    local = scores()
    with on_backend("dask", cluster.scheduler_address):
        pids = joblib.Parallel()(joblib.delayed(os.getpid)() for _ in range(8))
        there = scores()
    assert os.getpid() not in pids
    np.testing.assert_allclose(there, local, atol=1e-6)


NET = method("net", partial(RebalancedClassifier, **QUICK, cross_fit=False), {})


def compared(X, y, **settings):
    """Scores of a comparison, one split a line."""
    settings = {"folds": 3, "refit": False, "random_state": 0} | settings
    found = compare(X, y, methods=[BAYES, TREE, NET], **settings)
    assert (found.folds["error"] == "").all()
    scores = found.folds.sort_values(["method", "repeat", "fold"])
    return scores.drop(columns=[name for name in scores if "seconds" in name])


def test_a_comparison_on_two_workers_is_that_of_one_process(cluster):
    X, y = blobs([60, 25, 15])
    local = compared(X, y, n_jobs=1)
    with on_backend("dask", cluster.scheduler_address):
        there = compared(X, y)
    numbers = local.select_dtypes("number").columns
    assert len(numbers) > 5
    np.testing.assert_allclose(there[numbers], local[numbers], atol=1e-6)
    assert there["method"].tolist() == local["method"].tolist()
    assert len(there) == 9


class KillsItsProcessOnce(GaussianNB):
    """A classifier whose first fit, of all, ends the process that it is in."""

    def __init__(self, mark=""):
        super().__init__()
        self.mark = mark

    def fit(self, X, y):
        try:
            Path(self.mark).touch(exist_ok=False)
        except FileExistsError:
            return super().fit(X, y)
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows kills otherwise")
def test_the_task_of_a_killed_worker_is_done_again(cluster, tmp_path):
    X, y = blobs([60, 25, 15])
    fatal = method("fatal", partial(KillsItsProcessOnce, str(tmp_path / "killed")), {})
    with on_backend("dask", cluster.scheduler_address):
        found = compare(X, y, methods=[fatal], folds=3, refit=False, random_state=0)
    assert (tmp_path / "killed").exists()
    assert (found.folds["error"] == "").all() and len(found.folds) == 3


def test_threads_of_this_process_do_not_end_it():
    X, y = blobs([60, 25, 15])
    with joblib.parallel_config("threading", n_jobs=2):
        there = compared(X, y, n_jobs=2)
    assert len(there) == 9
