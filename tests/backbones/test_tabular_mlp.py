"""The backbone for rows of a table: what happens to a column, layer by layer."""

from __future__ import annotations

import copy
import io

import numpy as np
import pytest
import scipy.sparse
import sklearn.base
import torch
from torch import nn

from sklimb import RebalancedClassifier
from sklimb._data.columns import weighted_quantiles
from sklimb.backbones import MemberLinear, TabularMLP, WideMLP
from sklimb.backbones.numeric import piecewise_linear_encoding, smooth_clip

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)) * [1e6, 1e-3, 0.0] + [1.6e9, 5.0, 7.0]
Y = np.arange(60) % 2
PLAIN = {"n_members": 1, "hidden": (8, 4), "dropout": 0.0}


def fit(weight=None, **params):
    params = {"max_epochs": 1, "random_state": 0, "module__hidden": (8, 4)} | params
    return RebalancedClassifier(module=TabularMLP, **params).fit(X, Y, weight)


@pytest.mark.parametrize("n_members", [1, 3])
def test_layers(n_members):
    net = TabularMLP(5, n_members=n_members, hidden=(8, 4), dropout=0.25, activation="gelu")
    linear = nn.Linear if n_members == 1 else MemberLinear
    assert [type(layer) for layer in net.layers] == 2 * [linear, nn.GELU, nn.Dropout]
    assert net.layers[2].p == 0.25
    assert net.default_stage == "layers.1"
    assert TabularMLP(5, **PLAIN).default_stage == "layers.1"
    assert TabularMLP(5, hidden=(8,), n_members=1, dropout=0.0).default_stage == "layers.1"
    expected = (7, 4) if n_members == 1 else (7, 3, 4)
    assert net(torch.zeros(7, 5)).shape == expected


@pytest.mark.parametrize("first", ["auto", "signs", "normal"])
@pytest.mark.parametrize("embedding", [None, "piecewise_linear", "periodic"])
def test_how_members_come_to_differ(embedding, first):
    torch.manual_seed(0)
    net = TabularMLP(
        4, n_members=5, hidden=(8, 8), dropout=0.1, embedding=embedding, adapters=first
    )
    adapters = net.layers[0].into.detach()
    signs = first == "signs" or (first == "auto" and embedding is None)
    assert bool((adapters.abs() == 1).all()) == signs
    width = adapters.shape[1] // 4
    # all of a number's vector starts with one factor
    assert torch.equal(
        adapters.view(5, 4, width), adapters.view(5, 4, width)[..., :1].expand(-1, -1, width)
    )
    later = net.layers[3]
    assert (later.into == 1).all()


@pytest.mark.parametrize("weighted", [False, True])
def test_scaling_is_by_the_quartiles_of_the_training_rows(weighted):
    weight = RNG.uniform(0.1, 2.0, 60) if weighted else None
    backbone = fit(weight, module__embedding=None).module_.backbone.eval()
    for k in range(2):
        lower, middle, upper = weighted_quantiles(X[:, k], weight, [0.25, 0.5, 0.75])
        assert backbone.standardize.shift[k] == middle
        assert backbone.standardize.scale[k] == pytest.approx(upper - lower, rel=1e-12)
    scaled = (X[:, 0] - backbone.standardize.shift[0].item()) / backbone.standardize.scale[0].item()
    expected = scaled / np.sqrt(1 + (scaled / 3) ** 2)
    got = backbone._scaled(torch.from_numpy(X)).numpy()
    np.testing.assert_allclose(got[:, 0], expected, rtol=1e-5, atol=1e-6)
    # a constant column says nothing, and no other value of it will
    assert not got[:, 2].any()
    far = torch.from_numpy(X[:1] + np.array([[0, 0, 1e9]]))
    assert torch.equal(backbone(far), backbone(torch.from_numpy(X[:1])))


def test_the_moments_of_the_standard_scaling():
    backbone = fit(
        module__scaling="standard", module__clip=None, module__embedding=None
    ).module_.backbone
    np.testing.assert_allclose(backbone.standardize.shift, X.mean(0), rtol=1e-12)
    np.testing.assert_allclose(backbone.standardize.scale[:2], X.std(0)[:2], rtol=1e-9)
    got = backbone._scaled(torch.from_numpy(X)).numpy()
    expected = (X - X.mean(0))[:, :2] / X.std(0)[:2]
    np.testing.assert_allclose(got[:, :2], expected, rtol=1e-5, atol=1e-6)


def test_columns_are_kept_within_the_bound_that_is_asked_for():
    net = TabularMLP(2, **PLAIN, scaling=None, clip=1.5)
    x = torch.tensor([[1e9, -3.0]])
    assert torch.equal(net._scaled(x), smooth_clip(x, 1.5))


def test_without_scaling_columns_come_as_they_are():
    net = TabularMLP(2, **PLAIN, scaling=None, clip=None, embedding=None)
    assert not net.wants_scaling
    assert net.wants_quantiles is None
    x = torch.tensor([[1e9, -3.0]])
    assert torch.equal(net._scaled(x), x)
    assert torch.equal(net(x.double()), net(x))  # it casts what comes


def test_bins_lie_between_quantiles_of_the_training_rows():
    backbone = fit(module__embedding="piecewise_linear", module__n_bins=4).module_.backbone
    quantiles = weighted_quantiles(X[:, 0], None, np.linspace(0, 1, 5))
    shift, scale = backbone.standardize.shift[0].item(), backbone.standardize.scale[0].item()
    expected = smooth_clip(torch.from_numpy((quantiles - shift) / scale)).float()
    torch.testing.assert_close(backbone.embedding.edges[0], expected)
    # a fifth of the rows or so in each bin
    inside = piecewise_linear_encoding(
        backbone._scaled(torch.from_numpy(X))[:, :1], backbone.embedding.edges[:1]
    )
    assert (inside[:, 0] == 1).sum(0).tolist() == [45, 30, 15, 1]


def test_normal_scores_of_the_training_rows():
    backbone = fit(module__scaling="quantile", module__embedding=None).module_.backbone
    scores = backbone._scaled(torch.from_numpy(X))[:, :2]
    assert scores.median(dim=0).values.abs().max() < 0.1
    assert scores.std(dim=0).min() > 0.8
    assert (scores[:, 0].argsort() == torch.from_numpy(X[:, 0]).argsort()).all()


def test_timestamps_keep_their_resolution():
    y = np.arange(200) % 2
    seconds = (1.6e9 + 40 * y + np.random.default_rng(0).uniform(-10, 10, 200))[:, None]
    for scaling in ("robust", "quantile"):
        model = RebalancedClassifier(
            module=TabularMLP, module__scaling=scaling, module__hidden=(16,), n_members=1,
            max_epochs=20, random_state=0,
        )  # fmt: skip
        assert model.fit(seconds, y).score(seconds, y) == 1.0


def test_a_learnt_factor_for_each_input():
    torch.manual_seed(0)
    net = TabularMLP(3, **PLAIN, embedding=None)
    x = torch.randn(4, 3)
    expected = net.layers(net._scaled(x) * torch.tensor([2.0, 1.0, 0.0]))
    net.feature_scale.data = torch.tensor([2.0, 1.0, 0.0])
    assert torch.equal(net(x), expected)
    net(x).sum().backward()
    assert net.feature_scale.grad.any()
    assert TabularMLP(3, **PLAIN, feature_scale=False).feature_scale is None


def test_what_is_far_from_a_constant_column_says_nothing():
    model = RebalancedClassifier(max_epochs=1, random_state=0)
    rows = np.column_stack([X, np.full(60, -1e308)])
    far = np.column_stack([X, np.full(60, 1e308)])
    model.fit(rows, Y)
    np.testing.assert_array_equal(model.predict_proba(far), model.predict_proba(rows))


def test_columns_too_wide_to_scale_are_named():
    rows = X.copy()
    rows[:2, 1] = -1e308, 1e308
    with pytest.raises(ValueError, match=r"Columns \[1\] of X cannot be scaled: their range"):
        RebalancedClassifier(module=TabularMLP, max_epochs=1).fit(rows, Y)


@pytest.mark.parametrize("embedding", [None, "piecewise_linear", "periodic"])
@pytest.mark.parametrize("n_members", [1, 3])
def test_a_rows_scores_do_not_depend_on_its_neighbours(embedding, n_members):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(101, 5))
    model = RebalancedClassifier(
        module=TabularMLP, module__embedding=embedding, n_members=n_members, max_epochs=1,
        random_state=0,
    ).fit(rows, rng.integers(0, 3, 101))  # fmt: skip
    together = model.decision_function(rows)
    for chosen in ([7], [3, 99], list(range(50)), list(range(100, -1, -1))):
        np.testing.assert_allclose(
            model.decision_function(rows[chosen]), together[chosen], rtol=1e-5, atol=1e-6
        )


# --- categories -------------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", [[1, 3], [False, True, False, True], [1, -1], np.array([3, 1])])
def test_categories_by_index_or_mask(chosen):
    net = TabularMLP(4, **PLAIN, categorical_features=chosen)
    assert net.numbers.tolist() == [0, 2]
    assert net.codes.tolist() == [1, 3]
    assert TabularMLP(4, **PLAIN, categorical_features=[]).categories is None
    only = TabularMLP(2, **PLAIN, categorical_features=[0, 1])
    assert only(torch.zeros(3, 2)).shape == (3, 4)


@pytest.mark.parametrize("scaling", ["robust", "standard", "quantile", None])
def test_statistics_reach_the_columns_of_numbers(scaling):
    # the first column holds codes, so places among the numbers are not those in X
    rows = np.column_stack([np.arange(60) % 3, X[:, :2]])
    params = {"module": TabularMLP, "module__scaling": scaling, "max_epochs": 1}
    params |= {"module__embedding": "piecewise_linear", "random_state": 0}
    of_all = RebalancedClassifier(**params, module__categorical_features=[0]).fit(rows, Y)
    of_numbers = RebalancedClassifier(**params).fit(X[:, :2], Y)
    of_all, of_numbers = of_all.module_.backbone, of_numbers.module_.backbone
    assert torch.equal(of_all.standardize.shift, of_numbers.standardize.shift)
    assert torch.equal(of_all.standardize.scale, of_numbers.standardize.scale)
    assert torch.equal(of_all.embedding.edges, of_numbers.embedding.edges)


def test_codes_are_no_numbers():
    # every other code is rare: as numbers they would need as many kinks
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 12, 400)
    rows = np.column_stack([rng.normal(size=400), codes]).astype(float)
    y = codes % 2
    settings = {"n_members": 1, "max_epochs": 30, "random_state": 0, "module__embedding": None}
    settings |= {"module__hidden": (16,), "module__dropout": 0.0, "lr": 1e-2}
    by_code = RebalancedClassifier(
        module=TabularMLP, module__categorical_features=[1], **settings
    ).fit(rows, y)
    as_number = RebalancedClassifier(module=TabularMLP, **settings).fit(rows, y)
    assert by_code.score(rows, y) == 1.0 > as_number.score(rows, y) + 0.1
    # a code that was never there, and one out of range, are all the same: vectors of zeros
    unseen = np.array([[0.0, 40.0], [0.0, 255.0], [0.0, 999.0], [0.0, -1.0]])
    scores = by_code.decision_function(unseen)
    assert len(set(scores.tolist())) == 1
    assert np.isfinite(scores).all()


def test_training_codes_out_of_range_are_said():
    rows = np.column_stack([RNG.normal(size=60), np.arange(60)])
    model = RebalancedClassifier(
        module=TabularMLP, module__categorical_features=[1], module__max_categories=50, max_epochs=1
    )
    with pytest.raises(ValueError, match="codes from 0 to 59; they must lie between 0 and 49"):
        model.fit(rows, Y)
    with pytest.raises(ValueError, match="codes from 0 to 59; they must lie between 0 and 58"):
        sklearn.base.clone(model).set_params(module__max_categories=59).fit(rows, Y)
    sklearn.base.clone(model).set_params(module__max_categories=60).fit(rows, Y)
    with pytest.raises(ValueError, match=r"codes from -1 to .*missing values as a code of"):
        model.fit(rows - [0, 1], Y)
    # numbers that are no codes, where a median in the middle between two codes passes
    with pytest.raises(
        ValueError, match=r"categorical_features are codes 0, 1, .*among them is 0\.3"
    ):
        model.fit(rows + np.array([0, 0.3]), Y)
    # also where nothing else asks for quantiles
    model.set_params(module__scaling="standard", module__embedding=None)
    with pytest.raises(ValueError, match="codes from 0 to 59"):
        model.fit(rows, Y)


# --- as a module ------------------------------------------------------------------------------


@pytest.mark.parametrize("embedding", [None, "piecewise_linear", "periodic"])
@pytest.mark.parametrize("scaling", ["robust", "standard", "quantile"])
def test_what_is_saved_is_what_is_there(embedding, scaling):
    model = fit(module__embedding=embedding, module__scaling=scaling, n_members=2)
    backbone = model.module_.backbone.eval()
    stored = io.BytesIO()
    torch.save(backbone.state_dict(), stored)
    stored.seek(0)
    other = TabularMLP(3, hidden=(8, 4), n_members=2, embedding=embedding, scaling=scaling)
    other.load_state_dict(torch.load(stored))
    x = torch.from_numpy(X)
    assert torch.equal(other.eval()(x), backbone(x))
    assert torch.equal(copy.deepcopy(backbone)(x), backbone(x))
    assert backbone.double()(x).dtype == torch.float64


@pytest.mark.parametrize(
    ("name", "value"),
    [("activation", "step"), ("adapters", "ones"), ("scaling", "minmax"), ("embedding", "one_hot")],
)
def test_an_unknown_option_names_those_there_are(name, value):
    with pytest.raises(ValueError, match=f"{name} must be one of .*, got '{value}'"):
        TabularMLP(3, **{name: value})


def test_sizes_that_make_no_network():
    with pytest.raises(ValueError, match="no layer for members to differ in"):
        TabularMLP(3, hidden=(), n_members=2)
    with pytest.raises(TypeError, match=r"got 64\. One layer is \(64,\)"):
        TabularMLP(3, hidden=64)
    with pytest.raises(ValueError, match="dropout must lie in"):
        TabularMLP(3, dropout=2)


@pytest.mark.parametrize("name", ["n_members", "n_bins", "max_categories", "embedding_dim"])
def test_numbers_of_what_a_network_has(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        TabularMLP(3, **{name: 0})
    with pytest.raises(TypeError, match=rf"{name} must be a whole number, got 2\.5"):
        TabularMLP(3, **{name: 2.5})


@pytest.mark.parametrize("bound", [0, -3.0, float("nan"), "3", True])
def test_bounds_that_keep_nothing(bound):
    with pytest.raises(ValueError, match="clip must be a bound above 0, or None"):
        TabularMLP(3, clip=bound)


def test_words_other_than_auto_are_refused():
    with pytest.raises(TypeError, match=r"hidden must be a sequence of widths .*, got 'large'"):
        TabularMLP(3, hidden="large")
    with pytest.raises(TypeError, match=r"dropout must be a number in .*, got 'none'"):
        TabularMLP(3, dropout="none")


def test_without_layers_it_is_linear_in_the_scaled_columns():
    net = TabularMLP(3, hidden=())
    assert net.default_stage is None and not list(net.parameters())
    net.set_input_quantiles(np.tile(np.r_[0, 1, 2, 3, 4, np.zeros(17)], (3, 1)))
    x = torch.tensor([[2.0, 3.0, 2.5]])
    torch.testing.assert_close(net(x), smooth_clip((x - 2) / 2))
    assert TabularMLP(3, hidden=(), embedding="periodic")(x).shape == (1, 12)


def test_columns_as_they_are():
    net = TabularMLP(3, hidden=(), standardize=False)
    assert net.wants_quantiles is None and not net.wants_scaling
    x = torch.tensor([[200.0, -3.0, 0.1]])
    torch.testing.assert_close(net(x), x)


def test_sizes_follow_the_rows_unless_they_are_given():
    for n_rows in (100, 10_000, 1_000_000):
        sizes = TabularMLP.advised_sizes(n_rows, 6)
        net = TabularMLP(6, n_rows=n_rows)
        assert net.n_members == 1
        assert net(torch.zeros(2, 6)).shape[-1] == sizes.hidden[-1]
        own = TabularMLP(6, n_rows=n_rows, n_members=2, hidden=(4,), dropout=0.0)
        assert own(torch.zeros(2, 6)).shape == (2, 2, 4)
        assert not any(isinstance(layer, nn.Dropout) for layer in own.layers)
    assert TabularMLP.advised_sizes(None, 6) == TabularMLP.advised_sizes(5_000, 6)
    rare = TabularMLP.advised_sizes(5_000, 6, [4_900, 100])
    assert rare.max_epochs < TabularMLP.advised_sizes(5_000, 6).max_epochs


def test_the_default_for_rows_of_up_to_512_columns():
    for width, expected in ((512, TabularMLP), (513, WideMLP)):
        rows = np.random.default_rng(0).normal(size=(20, width))
        for form in (rows, scipy.sparse.csr_array(rows)):
            model = RebalancedClassifier(max_epochs=1, random_state=0).fit(form, Y[:20])
            assert type(model.module_.backbone) is expected


def test_copies_of_an_instance_get_the_statistics():
    model = RebalancedClassifier(module=TabularMLP(3), n_members=2, max_epochs=1).fit(X, Y)
    for member in model.module_.backbone.members:
        assert member.standardize.shift[:2].tolist() == np.median(X[:, :2], 0).tolist()


def test_a_dataset_gives_the_statistics_of_its_items():
    rows = torch.from_numpy(X)
    streamed = torch.utils.data.TensorDataset(rows, torch.from_numpy(Y))
    settings = {"module": TabularMLP, "module__hidden": (4,), "max_epochs": 1, "random_state": 0}
    a = RebalancedClassifier(**settings).fit(X, Y).module_.backbone
    b = RebalancedClassifier(**settings).fit(streamed).module_.backbone
    assert torch.equal(a.standardize.shift, b.standardize.shift)
    assert torch.equal(a.standardize.scale, b.standardize.scale)
