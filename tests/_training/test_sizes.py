"""Epochs and batch size where they are left to "auto"."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from sklimb import M2mClassifier, RebalancedClassifier
from sklimb._data.training_data import ArrayData, DatasetData
from sklimb._training.sizes import choose_batch_size, choose_epochs, resolve_sizes
from sklimb.backbones import MLP, TabularMLP
from tests.shared import global_state

X = np.random.default_rng(0).normal(size=(60, 3))
Y = np.arange(60) % 2
DATA = ArrayData(X)


class Advises(nn.Linear):
    def __init__(self, in_features):
        super().__init__(in_features, 4)

    @staticmethod
    def advised_sizes(n_rows, in_features, class_counts):
        assert sum(class_counts) == n_rows

        class Sizes:
            max_epochs, batch_size = n_rows // 20, 10 * in_features

        return Sizes


AUTO = {"max_epochs": "auto", "batch_size": "auto"}
COUNTS = np.array([30, 30])


@pytest.mark.parametrize("n", [1, 100, 50_000, 50_001, 200_000, 10**7])
def test_epochs_see_three_million_rows_but_ten_times_each(n):
    expected = 60 if n <= 50_000 else max(10, 3_000_000 // n)
    assert choose_epochs(n) == expected


def test_without_advice_it_is_the_number_of_rows():
    assert resolve_sizes(MLP, DATA, COUNTS, **AUTO) == (60, choose_batch_size(60))


def test_advice_is_taken_for_what_is_left_open():
    assert resolve_sizes(Advises, DATA, COUNTS, **AUTO) == (3, 30)
    assert resolve_sizes(Advises, DATA, COUNTS, max_epochs=7, batch_size="auto") == (7, 30)
    # six steps are advised, whatever a batch is
    assert resolve_sizes(Advises, DATA, COUNTS, max_epochs="auto", batch_size=60) == (6, 60)
    assert resolve_sizes(Advises, DATA, COUNTS, max_epochs="auto", batch_size=20) == (2, 20)
    assert resolve_sizes(Advises, DATA, COUNTS, max_epochs="auto", batch_size=1) == (1, 1)
    assert resolve_sizes(MLP, DATA, COUNTS, max_epochs="auto", batch_size=60) == (60, 60)
    assert resolve_sizes(Advises(3), DATA, COUNTS, **AUTO) == (3, 30)
    assert resolve_sizes(partial(partial(Advises)), DATA, COUNTS, **AUTO) == (3, 30)
    items = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    assert resolve_sizes(Advises, DatasetData(items), COUNTS, **AUTO) == (3, 30)
    advised = TabularMLP.advised_sizes(60, 3, COUNTS)
    assert resolve_sizes(TabularMLP, DATA, COUNTS, **AUTO) == (
        advised.max_epochs,
        advised.batch_size,
    )


def test_a_classifier_trains_as_many_epochs():
    model = RebalancedClassifier(module=Advises, max_epochs="auto", rebalance_from=0.5)
    model.set_params(class_weight="balanced").fit(X, Y)
    assert model.n_iter_ == 3
    assert model.net_.batch_size == 30
    assert model.net_.rebalancer.from_epoch == 2
    assert model.max_epochs == "auto"
    model.set_params(warm_start=True).fit(X, Y)
    assert model.n_iter_ == 6
    # a fit on other rows takes their advice
    assert model.set_params(warm_start=False).fit(X[:40], Y[:40]).n_iter_ == 2


def test_a_warm_start_takes_the_advice_for_its_own_rows():
    model = RebalancedClassifier(module=Advises, warm_start=True, max_epochs=1).fit(X, Y)
    model.set_params(max_epochs="auto").fit(X, Y)
    assert model.n_iter_ == 1 + 3
    assert model.fit(X[:40], Y[:40]).n_iter_ == 4 + 2
    first = RebalancedClassifier(module=Advises, warm_start=True).partial_fit(X[:20], Y[:20])
    assert first.fit(X, Y).n_iter_ == 1 + 3


def test_a_warm_start_makes_the_advised_steps_in_the_batches_that_the_net_has():
    class OfFour(Advises):
        @staticmethod
        def advised_sizes(n_rows, in_features, class_counts):
            class Sizes:
                max_epochs, batch_size = 6, n_rows // 4

            return Sizes

    model = RebalancedClassifier(module=OfFour, warm_start=True).fit(X, Y)
    assert (model.n_iter_, model.net_.batch_size) == (6, 15)
    model.fit(X[:20], Y[:20])  # 24 steps are advised; in batches of 15 an epoch has 2
    assert (model.n_iter_, model.net_.batch_size) == (6 + 12, 15)
    with pytest.warns(UserWarning, match="no effect: batch_size=5"):
        model.set_params(batch_size=5).fit(X[:20], Y[:20])
    assert (model.n_iter_, model.net_.batch_size) == (18 + 12, 15)


def test_items_that_take_a_function_of_the_users_own():
    class Items(torch.utils.data.Dataset):
        def __len__(self):
            return 60

        def __getitem__(self, i):
            torch.rand(1)  # as one that augments
            return {"x": X[i]}, int(Y[i])

    def collate(items):
        rows = torch.as_tensor(np.array([x["x"] for x, _ in items]))
        return rows, torch.tensor([label for _, label in items])

    nested = {"iterator_train__collate_fn": collate, "iterator_valid__collate_fn": collate}
    before = global_state()
    model = RebalancedClassifier(module=Advises, max_epochs="auto", **nested).fit(Items(), Y)
    assert global_state() == before
    assert (model.n_iter_, model.net_.batch_size) == (3, 30)


def test_shares_of_the_epochs_are_of_those_that_were_chosen():
    params = {"module": Advises, "max_epochs": "auto", "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        m2m = M2mClassifier(**params, translate_from=2 / 3, gamma=0.0, beta=0.0)
        m2m.fit(np.vstack([X, X[:30]]), np.r_[Y, np.zeros(30, dtype=int)])
    tried = m2m.history_[:, "n_to_translate"]
    assert [n > 0 for n in tried] == [False, False, False, True]


def test_other_words_are_refused():
    with pytest.raises(TypeError, match="max_epochs must be an instance of int"):
        RebalancedClassifier(max_epochs="many").fit(X, Y)


def test_calls_of_partial_fit_are_shares_of_sixty():
    model = RebalancedClassifier(class_weight="balanced", rebalance_from=0.8, random_state=0)
    model.partial_fit(X[:12], Y[:12])
    assert model.net_.rebalancer.from_epoch == 48
    assert model.fit(X, Y).net_.rebalancer.from_epoch == round(0.8 * model.n_iter_) != 48
