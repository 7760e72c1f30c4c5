"""RSG in a classifier: what it leaves alone, what it changes, and what is left of it."""

from __future__ import annotations

import copy
import itertools
import pickle
import warnings

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits, make_blobs
from skorch.callbacks import GradientNormClipping
from torch import nn

from sklimb import RebalancedClassifier, RSGClassifier
from sklimb.backbones import MLP, ConvNet, ResNet
from sklimb.datasets import make_long_tailed
from sklimb.transforms import RareSampleGenerator
from tests.shared import same_bits

# a constant rate, so that the few epochs of generation weigh
QUICK = {
    "module": MLP,
    "max_epochs": 6,
    "lr_schedule": None,
    "module__hidden": (16, 8),
    "random_state": 0,
}
SMALL = {"n_centers": 3, "contrast_channels": 8}
# as the plain network has it by default
PLAIN = {"loss": "cross_entropy"}


@pytest.fixture(scope="module")
def blobs():
    X, y = make_blobs([120, 40, 13, 7], 5, cluster_std=3.0, random_state=3)
    return X, np.array(["a", "bulk", "rare", "rarest"])[np.array([1, 0, 2, 3])[y]]


@pytest.fixture(scope="module")
def digits():
    """Four digits, long-tailed; and more of them to predict."""
    X, y = load_digits(return_X_y=True)
    X, y = X[y < 4].reshape(-1, 1, 8, 8), y[y < 4]
    return *make_long_tailed(X[:400], y[:400], ratio=10, random_state=0), X[400:]


@pytest.fixture(scope="module")
def on_digits(digits):
    X, y, _ = digits
    settings = {
        "module__channels": (8, 8),
        "module__n_features": 32,
        "lr_schedule": None,
        "max_epochs": 30,
        "random_state": 0,
    }
    rsg = RSGClassifier(
        generate_from=20, n_centers=3, contrast_channels=16, keep_training_state=True, **settings
    ).fit(X, y)
    return rsg, RebalancedClassifier(**settings).fit(X, y)


# --- what it leaves alone ---------------------------------------------------------------------

SETTINGS = [
    {},
    {"loss": "ldam", "class_weight": "effective", "rebalance_from": 0.5},
    {"loss": "focal", "sampling": "balanced"},
    {"loss": "logit_adjusted", "batch_size": 33},
    {"loss": "am_softmax"},
    {"loss": "balanced_softmax", "early_stopping": True},
    {"loss": nn.CrossEntropyLoss(), "class_weight": "balanced"},
    {"optimizer": torch.optim.SGD, "optimizer__momentum": 0.9, "lr": 0.03},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: str(s.get("loss", "plain"))[:16])
@pytest.mark.parametrize("lambdas", [{"lambda1": 0, "lambda2": 0}, {}], ids=["off", "losses"])
def test_without_generation_it_is_the_plain_net_bit_for_bit(blobs, settings, lambdas):
    settings = PLAIN | settings
    plain = RebalancedClassifier(**settings, **QUICK).fit(*blobs)
    off = RSGClassifier(generate_from=6, **lambdas, **SMALL, **settings, **QUICK).fit(*blobs)
    assert same_bits(plain, off)
    assert np.array_equal(plain.predict_proba(blobs[0]), off.predict_proba(blobs[0]))
    # from the start, for early stopping may go back to the first epoch
    on = RSGClassifier(generate_from=0, **lambdas, **SMALL, **settings, **QUICK).fit(*blobs)
    assert not same_bits(plain, on)


def test_the_plain_net_of_images_too(digits):
    X, y, _ = digits
    settings = {
        "module": ResNet,
        "module__depth": 8,
        "module__width": 4,
        "max_epochs": 1,
        "random_state": 0,
    } | PLAIN
    plain = RebalancedClassifier(**settings).fit(X, y)
    off = RSGClassifier(generate_from=1, **SMALL, **settings).fit(X, y)
    assert same_bits(plain, off)  # the moments of batch normalisation among them
    assert not same_bits(plain, RSGClassifier(generate_from=0, **SMALL, **settings).fit(X, y))


@pytest.mark.parametrize("n", [0, 2, 5])
def test_generation_starts_when_it_should(blobs, n):
    counted = RSGClassifier(generate_from=n, **SMALL, **QUICK).fit(*blobs)
    made = np.array(counted.history_[:, "n_generated"])
    assert (made[:n] == 0).all() and (made[n:] > 0).all()
    assert np.isnan(counted.history_[:, "contrast_accuracy"]).tolist() == [False] * n + [True] * (
        6 - n
    )
    assert np.isnan(counted.history_[:, "train_mv"]).tolist() == [True] * n + [False] * (6 - n)
    share = RSGClassifier(generate_from=n / 6, **SMALL, **QUICK).fit(*blobs)
    assert same_bits(counted, share)


def test_by_default_the_last_fifth_generates(blobs):
    model = RSGClassifier(**SMALL, **QUICK | {"max_epochs": 5}).fit(*blobs)
    assert [n > 0 for n in model.history_[:, "n_generated"]] == [False] * 4 + [True]


def test_clipped_gradients_are_the_networks_alone(blobs):
    clip = {"callbacks": [GradientNormClipping(0.1)], "lr": 0.03, "optimizer": torch.optim.SGD}
    clip |= PLAIN
    plain = RebalancedClassifier(**QUICK | clip).fit(*blobs)
    assert same_bits(plain, RSGClassifier(generate_from=6, **SMALL, **QUICK | clip).fit(*blobs))
    unclipped = RebalancedClassifier(**QUICK | clip | {"callbacks": None}).fit(*blobs)
    assert not same_bits(plain, unclipped)


def test_stopping_before_generation_is_told(blobs):
    worse = itertools.count(0, -1)  # every epoch is worse than the one before
    settings = QUICK | {
        "max_epochs": 12,
        "early_stopping": True,
        "n_iter_no_change": 2,
        "scoring": lambda model, X, y: next(worse),
    }
    said = r"before generation starts \(generate_from=11\)"
    with pytest.warns(UserWarning, match=said) as caught:
        model = RSGClassifier(generate_from=11, **SMALL, **settings).fit(*blobs)
    assert len(caught) == 1 and caught[0].filename == __file__
    assert model.n_iter_ < 11
    RSGClassifier(generate_from=12, **SMALL, **settings).fit(*blobs)  # asked for, so no warning
    RSGClassifier(generate_from=0, **SMALL, **settings).fit(*blobs)
    auto = settings | {"max_epochs": "auto", "scoring": None}
    assert RSGClassifier(generate_from=0, **SMALL, **auto).fit(*blobs).frequent_classes_.tolist()


def test_rows_are_counted_as_the_paper_does_if_asked(blobs):
    X, y = blobs
    weight = np.where(y == "bulk", 1.0, 2.0)
    made = {}
    for counted in (True, False):
        settings = SMALL | QUICK | PLAIN | {"max_epochs": 2, "generate_from": 0}
        settings |= {"count_by_weight": counted}
        fitted = RSGClassifier(**settings).fit(X, y, weight)
        made[counted] = sum(fitted.history_[:, "n_generated"])
        plain = RSGClassifier(**settings).fit(X, y)
        made[counted, "plain"] = sum(plain.history_[:, "n_generated"])
    assert made[True] < made[False] == made[False, "plain"] == made[True, "plain"]


# --- what it does -----------------------------------------------------------------------------


def test_it_learns_what_it_generates_from(on_digits):
    history = on_digits[0].history_
    accuracy = np.array(history[:20, "contrast_accuracy"])
    assert accuracy[15:].mean() > 0.6 > accuracy[:5].mean()  # chance is 0.5
    cosine = np.array(history[20:, "mv_cosine"])
    assert cosine[-1] > cosine[0] + 0.15
    assert history[19, "train_cesc_contrast"] < 0.9 * history[0, "train_cesc_contrast"]
    assert history[29, "train_mv"] < 0.7 * history[20, "train_mv"]


def test_generation_changes_predictions(on_digits, digits):
    rsg, plain = on_digits
    assert np.mean(rsg.predict(digits[2]) != plain.predict(digits[2])) > 0.005


def test_frequent_classes_are_labels(blobs):
    X, y = blobs
    for alpha, expected in ((0.2, ["bulk"]), (0.5, ["a", "bulk"]), (1.0, ["a", "bulk", "rare"])):
        model = RSGClassifier(alpha=alpha, **SMALL, **QUICK | {"max_epochs": 1}).fit(X, y)
        assert model.frequent_classes_.tolist() == expected
    weight = np.where(y == "rarest", 1000.0, 1.0)
    model.fit(X, y, weight)
    assert model.frequent_classes_.tolist() == ["a", "bulk", "rarest"]
    assert not hasattr(RSGClassifier(), "frequent_classes_")
    model.set_params(alpha=0.2)  # said of the fit that was
    assert model.frequent_classes_.tolist() == ["a", "bulk", "rarest"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alpha", 0.5),
        ("beta", 0.01),
        ("n_centers", 2),
        ("lambda1", 0.0),  # another weight alone is nothing to Adam
        ("lambda2", 0.0),
        ("contrast_channels", 4),
        ("end_to_end", True),
        ("stage", "0"),
        ("loss", "focal"),
        ("class_weight", "balanced"),
    ],
)
def test_parameters_have_an_effect(blobs, name, value):
    params = SMALL | QUICK | PLAIN | {"generate_from": 2}
    models = [RSGClassifier(**p).fit(*blobs) for p in (params, params | {name: value})]
    assert not np.allclose(*(m.predict_proba(blobs[0]) for m in models), rtol=0, atol=1e-6)


def test_one_seed_one_result(blobs):
    a, b, other = (
        RSGClassifier(generate_from=2, **SMALL, **QUICK | {"random_state": seed}).fit(*blobs)
        for seed in (1, 1, 2)
    )
    assert same_bits(a, b) and not same_bits(a, other)


# --- what is left of it -----------------------------------------------------------------------


def parts_of_a_generator(thing):
    """Whether a pickle names a part of the generator: a class, or the weight of one."""
    stored = pickle.dumps(thing)
    return [
        name
        for name in (b"RareSampleGenerator", b"CenterEstimation", b"Contrast", b"is_frequent")
        if name in stored
    ]


def test_nothing_is_left_in_the_fitted_predictor(blobs, tmp_path):
    plain = RebalancedClassifier(**QUICK).fit(*blobs)
    model = RSGClassifier(generate_from=2, **SMALL, **QUICK).fit(*blobs)
    assert not hasattr(model.net_, "transform_")
    assert parts_of_a_generator(model) == []
    assert list(model.module_.state_dict()) == list(plain.module_.state_dict())
    # the optimiser has forgotten it too
    known = {id(p) for p in model.module_.parameters()}
    optimizer = model.net_.optimizer_
    assert {id(p) for group in optimizer.param_groups for p in group["params"]} == known
    assert {id(p) for p in optimizer.state} == known
    for net, name in ((model.net_, "rsg"), (plain.net_, "plain")):
        net.save_params(f_params=tmp_path / f"{name}.pt", f_optimizer=tmp_path / f"{name}_opt.pt")
    for end in (".pt", "_opt.pt"):
        sizes = [(tmp_path / f"{name}{end}").stat().st_size for name in ("rsg", "plain")]
        assert abs(sizes[0] - sizes[1]) < 500
    # what was kept on purpose is there
    kept = RSGClassifier(generate_from=2, keep_training_state=True, **SMALL, **QUICK).fit(*blobs)
    assert same_bits(model, kept)
    assert isinstance(kept.net_.transform_, RareSampleGenerator)
    assert len(parts_of_a_generator(kept)) == 4
    twin = pickle.loads(pickle.dumps(kept))
    assert torch.equal(twin.net_.transform_.centers, kept.net_.transform_.centers)


def test_prediction_never_asks_the_generator(blobs, monkeypatch):
    model = RSGClassifier(generate_from=0, keep_training_state=True, **SMALL, **QUICK).fit(*blobs)
    expected = model.predict_proba(blobs[0])

    def no(*args):
        raise AssertionError("the generator was asked")

    monkeypatch.setattr(RareSampleGenerator, "at_stage", no)
    assert np.array_equal(model.predict_proba(blobs[0]), expected)
    model.transform(blobs[0])
    with pytest.raises(AssertionError):
        model.partial_fit(*blobs)


def test_validation_rows_are_not_generated_from(blobs):
    X, y = blobs
    model = RSGClassifier(
        generate_from=0, early_stopping=True, n_iter_no_change=20, **SMALL, **QUICK
    ).fit(X, y)
    # new rows at most fill a batch up to twice its size, where frequent rows are the more
    n_train = model.class_counts_.sum()
    assert n_train < len(y)
    assert max(model.history_[:, "n_generated"]) <= n_train


# --- training that goes on --------------------------------------------------------------------


def test_epoch_by_epoch_is_the_same_as_at_once(blobs):
    params = SMALL | QUICK | {"generate_from": 3, "batch_size": 32}
    whole = RSGClassifier(**params).fit(*blobs)
    calls = RSGClassifier(**params)
    for _ in range(6):
        calls.partial_fit(*blobs)
    assert same_bits(whole, calls)
    # between the calls the generator stays, whatever keep_training_state says
    assert isinstance(calls.net_.transform_, RareSampleGenerator)


def test_going_on_without_the_generator_warns_and_learns_it_first(blobs):
    model = RSGClassifier(generate_from=2, **SMALL, **QUICK).fit(*blobs)
    with pytest.warns(RuntimeWarning, match="keep_training_state=True") as caught:
        model.partial_fit(*blobs)
    assert caught[0].filename == __file__
    for _ in range(3):
        model.partial_fit(*blobs)  # it is there again
    made = [n > 0 for n in model.history_[:, "n_generated"]]
    assert made == [False] * 2 + [True] * 4 + [False] * 2 + [True] * 2


def test_going_on_with_the_generator(blobs):
    model = RSGClassifier(generate_from=2, keep_training_state=True, **SMALL, **QUICK)
    model.fit(*blobs)
    before = copy.deepcopy(model.net_.transform_.state_dict())
    model.set_params(warm_start=True, max_epochs=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(*blobs)
    after = model.net_.transform_.state_dict()
    assert [n > 0 for n in model.history_[:, "n_generated"]] == [False] * 2 + [True] * 6
    assert not torch.equal(before["vector.weight"], after["vector.weight"])
    assert torch.equal(before["contrast.first.weight"], after["contrast.first.weight"])  # frozen


def test_a_warm_start_keeps_the_generators_settings(blobs):
    model = RSGClassifier(generate_from=2, warm_start=True, **SMALL, **QUICK)
    model.fit(*blobs).set_params(keep_training_state=True)
    with pytest.warns(RuntimeWarning, match="built anew"):
        model.fit(*blobs)  # and no word of keep_training_state
    assert model.net_.has_transform
    model.set_params(generate_from=3)
    with pytest.warns(UserWarning, match=r"generate_from=3 \(built with 2\)"):
        model.fit(*blobs)


def test_the_contrastive_module_moves_before_generation_only(blobs):
    moved = []
    for epochs, start in ((1, 6), (3, 6), (6, 3)):
        model = RSGClassifier(
            generate_from=start,
            keep_training_state=True,
            **SMALL,
            **QUICK | {"max_epochs": epochs},
        ).fit(*blobs)
        state = model.net_.transform_.state_dict()
        moved.append((state["contrast.first.weight"], state["vector.weight"], state["centers"]))
    (contrast1, vector1, _), (contrast3, vector3, centers3), (contrast6, vector6, centers6) = moved
    assert not torch.equal(contrast1, contrast3) and torch.equal(contrast3, contrast6)
    assert torch.equal(vector1, vector3) and not torch.equal(vector3, vector6)
    assert not torch.equal(centers3, centers6)


# --- data of all kinds ------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 2, 7, 200])
def test_rare_classes_of_one_row(batch_size):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(41, 3)), np.r_[np.zeros(39), 1, 2]
    for alpha in (0.2, 1.0):
        model = RSGClassifier(
            alpha=alpha,
            generate_from=1,
            batch_size=batch_size,
            **SMALL,
            **QUICK | {"max_epochs": 3},
        ).fit(X, y)
        assert np.isfinite(model.predict_proba(X)).all()
        assert np.isfinite(model.history_[:, "train_loss"]).all()


def test_two_classes(blobs):
    X, y = blobs
    model = RSGClassifier(generate_from=2, **SMALL, **QUICK, **PLAIN).fit(X, y == "rare")
    assert model.frequent_classes_.tolist() == [False]
    assert model.history_[-1, "n_generated"] > 100
    assert model.decision_function(X).shape == (len(X),)


@pytest.mark.parametrize(
    ("params", "even"),
    [
        ({}, False),
        ({"loss": "ldam"}, False),
        ({"loss": "logit_adjusted", "tau": 0.0}, False),
        ({"loss": "logit_adjusted"}, True),
        ({"loss": "balanced_softmax"}, True),
        ({"class_weight": "balanced"}, True),
        ({"sampling": "balanced"}, True),
        ({"loss": "ldam", "class_weight": "balanced", "rebalance_from": 3}, True),
        ({"loss": "ldam", "class_weight": "balanced", "rebalance_from": 4}, False),
    ],
)
def test_what_is_corrected_is_not_corrected_again(params, even):
    X, y = make_blobs([300, 10], 3, cluster_std=4.0, random_state=0)
    model = RSGClassifier(
        generate_from=3, batch_size=310, **SMALL, **QUICK | {"max_epochs": 4}, **PLAIN | params
    ).fit(X, y)
    made = model.history_[-1, "n_generated"]
    if not even:
        assert made == 300
    elif "sampling" in params:
        assert 100 < made < 200  # half of the rows drawn are rare
    else:
        assert made == 10


def test_columns_without_any_information():
    X, y = np.zeros((40, 3)), np.r_[np.zeros(30), np.ones(10)]
    model = RSGClassifier(generate_from=1, **SMALL, **QUICK).fit(X, y)
    assert np.isfinite(model.predict_proba(X)).all()


def test_streamed_rows(blobs):
    X, y = blobs
    codes = np.unique(y, return_inverse=True)[1]
    dataset = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(codes))
    params = SMALL | QUICK | {"generate_from": 2, "module": MLP, "module__in_features": 5}
    streamed = RSGClassifier(**params).fit(dataset)
    assert streamed.frequent_classes_.tolist() == [1]
    # the moments of the columns come from other pieces, and differ in their last digits
    whole = RSGClassifier(**params).fit(X, codes)
    np.testing.assert_allclose(streamed.predict_proba(X), whole.predict_proba(X), atol=1e-4)
    assert streamed.history_[:, "n_generated"] == whole.history_[:, "n_generated"]


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam, torch.optim.RMSprop])
def test_parameters_may_get_their_first_gradient_late(blobs, optimizer):
    # torch's fused SGD with momentum cannot; the generator's T has none before generation
    params = {"optimizer__momentum": 0.9} if optimizer is not torch.optim.Adam else {}
    model = RSGClassifier(optimizer=optimizer, lr=1e-3, **params, **SMALL, **QUICK).fit(*blobs)
    assert np.isfinite(model.predict_proba(blobs[0])).all()


def test_in_float64(blobs):
    model = RSGClassifier(
        dtype="float64", generate_from=1, keep_training_state=True, **SMALL, **QUICK
    ).fit(*blobs)
    assert {p.dtype for p in model.net_.transform_.parameters()} == {torch.float64}


class Mine(nn.Module):
    """A module of a user's own, without a default stage."""

    def __init__(self, in_features):
        super().__init__()
        self.inside = nn.Linear(in_features, 6)
        self.outside = nn.Linear(6, 4)

    def forward(self, x):
        return self.outside(self.inside(x).relu())


def test_a_module_of_ones_own_needs_a_stage(blobs):
    params = SMALL | {"module": Mine, "max_epochs": 2, "random_state": 0, "generate_from": 1}
    with pytest.raises(ValueError, match=r"Mine does not say .*stage=.*\['inside', 'outside'\]"):
        RSGClassifier(**params).fit(*blobs)
    for stage, width in (("inside", 6), ("outside", 4)):
        model = RSGClassifier(stage=stage, keep_training_state=True, **params).fit(*blobs)
        assert model.net_.transform_.centers.shape == (4, 3, width)
        assert model.history_[-1, "n_generated"] > 0


@pytest.mark.parametrize("stage", ["blocks.0", "blocks.2.1", "layer"])
def test_any_submodule_is_a_stage(digits, stage):
    X, y, _ = digits
    model = RSGClassifier(
        stage=stage,
        module=ConvNet,
        module__channels=(3, 4, 5),
        module__n_features=6,
        generate_from=0,
        max_epochs=1,
        **SMALL,
    ).fit(X, y)
    assert model.history_[-1, "n_generated"] > 0


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"alpha": 0}, "'alpha' parameter of .* Got "),
        ({"alpha": 1.5}, "'alpha' parameter of .* Got "),
        ({"alpha": float("nan")}, "'alpha' parameter of .* Got "),
        ({"beta": 0.0}, "'beta' parameter of .* Got "),
        ({"beta": 2}, "'beta' parameter of .* Got "),
        ({"n_centers": 0}, "'n_centers' parameter of .* Got "),
        ({"n_centers": 2.0}, "'n_centers' parameter of .* Got "),
        ({"lambda1": -1}, "'lambda1' parameter of .* Got "),
        ({"lambda2": -0.1}, "'lambda2' parameter of .* Got "),
        ({"generate_from": 1.5}, "'generate_from' parameter of .* Got "),
        ({"generate_from": -1}, "'generate_from' parameter of .* Got "),
        ({"generate_from": None}, "'generate_from' parameter of .* Got "),
        ({"contrast_channels": 0}, "'contrast_channels' parameter of .* Got "),
        ({"stage": 3}, "'stage' parameter of .* Got "),
        ({"stage": "layer9"}, "stage='layer9' is no submodule of MLP"),
        ({"loss": "hinge"}, "'loss' parameter of .* Got "),
        ({"module__hidden": ()}, "MLP does not say where"),
    ],
)
def test_parameters_that_cannot_be(blobs, params, message):
    model = RSGClassifier(**{**QUICK, **params})
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(*blobs)
    assert not hasattr(model, "net_")


class InPlace(nn.Sequential):
    """A user's backbone whose activation works in place behind the stage."""

    default_stage = "0"

    def __init__(self, in_features):
        super().__init__(nn.Linear(in_features, 16), nn.ReLU(inplace=True), nn.Linear(16, 8))


def test_a_layer_behind_the_stage_may_work_in_place(blobs):
    settings = {"module": InPlace, "max_epochs": 3, "random_state": 0} | PLAIN
    plain = RebalancedClassifier(**settings).fit(*blobs)
    assert same_bits(plain, RSGClassifier(generate_from=3, **SMALL, **settings).fit(*blobs))
    made = RSGClassifier(generate_from=1, **SMALL, **settings).fit(*blobs)
    assert not same_bits(plain, made)


class Shortcut(nn.Module):
    """A backbone with a way around its layer `around`."""

    def __init__(self, in_features):
        super().__init__()
        self.around = nn.Linear(in_features, 8)
        self.before = nn.Linear(in_features, 8)

    def forward(self, x):
        return self.around(x) + self.before(x)


class ReadsItsRows(nn.Module):
    def __init__(self, in_features):
        super().__init__()
        self.first = nn.Linear(in_features, 8)

    def forward(self, x):
        return self.first(x)[: len(x)]


@pytest.mark.parametrize("module, stage", [(Shortcut, "around"), (ReadsItsRows, "first")])
def test_a_stage_that_rows_do_not_come_through_is_refused_before_training(blobs, module, stage):
    with pytest.raises(ValueError, match=f"added behind stage='{stage}' do not come through"):
        RSGClassifier(module=module, stage=stage, **SMALL, max_epochs=1).fit(*blobs)
