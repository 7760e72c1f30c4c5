"""What the image backbones share: scaling by channel, augmentation, stages."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from sklimb import RebalancedClassifier
from sklimb.backbones import ConvNet, DenseNet, ImageBackbone, ResNet, ResNeXt, StandardizeChannels
from sklimb.transforms import CropFlip
from sklimb.transforms.base import find_stage

MEAN, SCALE = np.array([120.0, 3.0]), np.array([60.0, 0.5])
SMALL = {
    ConvNet: {"image_size": (16, 12)},
    ResNet: {"depth": 8, "width": 4},
    DenseNet: {"depth": 7, "growth": 3},
    ResNeXt: {"depth": 11, "cardinality": 2, "width": 2},
}
each_backbone = pytest.mark.parametrize("cls", SMALL)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.float32, torch.float64])
def test_channels_are_scaled(dtype):
    layer = StandardizeChannels(2)
    layer.set_input_scaling(MEAN, SCALE)
    x = torch.randint(0, 256, (3, 2, 4, 5)).to(dtype)
    expected = (x.double().numpy() - MEAN[:, None, None]) / SCALE[:, None, None]
    got = layer(x)
    assert got.dtype == torch.float32
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    assert layer.double()(x).dtype == torch.float64


def test_doubles_are_scaled_before_they_are_cast():
    layer = StandardizeChannels(1)
    layer.set_input_scaling(np.array([1e9]), np.array([1.0]))
    x = torch.tensor([1e9 + 0.25, 1e9 - 0.5], dtype=torch.float64).reshape(1, 1, 1, 2)
    assert layer(x).flatten().tolist() == [0.25, -0.5]


@each_backbone
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_pixels_become_features(cls, dtype):
    net = cls(2, **SMALL[cls]).eval()
    x = torch.randint(0, 256, (3, 2, 16, 12)).to(dtype)
    with torch.no_grad():
        features = net(x)
        assert features.ndim == 2 and len(features) == 3
        bare = cls(2, standardize=False, **SMALL[cls]).eval()
        bare.load_state_dict(
            {k: v for k, v in net.state_dict().items() if not k.startswith("standardize")}
        )
        bare.set_input_scaling(MEAN, SCALE)  # has none to set
        net.set_input_scaling(MEAN, SCALE)
        scaled = (x - torch.tensor(MEAN)[:, None, None]) / torch.tensor(SCALE)[:, None, None]
        torch.testing.assert_close(net(x), bare(scaled.float()), rtol=1e-4, atol=1e-5)
    assert net.casts_input and not bare.casts_input


@each_backbone
def test_the_default_stage_is_before_the_second_to_last_down_sampling(cls):
    net = cls(1, **SMALL[cls] | ({"image_size": (32, 32)} if cls is ConvNet else {}))
    sizes = {}
    for name, module in net.named_modules():
        module.register_forward_hook(
            lambda m, a, out, name=name: sizes.update({name: tuple(out.shape[2:])})
        )
    net(torch.zeros(2, 1, 32, 32))
    # global pooling counts as the last
    assert sizes[net.default_stage] == ((16, 16))
    find_stage(net, net.default_stage)


@each_backbone
def test_augmentation_is_copied_and_for_training_only(cls):
    class Count(nn.Module):
        n_calls = 0

        def forward(self, x):
            assert x.dtype == torch.uint8  # raw pixels
            self.n_calls += 1
            return x

    given = Count()
    net = cls(2, augment=given, **SMALL[cls])
    x = torch.randint(0, 256, (3, 2, 16, 12)).to(torch.uint8)
    net(x)
    net.eval()(x)
    assert (net.augment.n_calls, given.n_calls) == (1, 0)


# --- inside a classifier ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [60, 30, 10])
    X = rng.integers(0, 120, (100, 2, 8, 8)).astype(np.uint8)
    X[y == 1, 0, :4] += 100
    X[y == 2, 1, :, 4:] += 100
    return X, y


QUICK = {"max_epochs": 8, "random_state": 0}
ONE = QUICK | {"max_epochs": 1}


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_moments_are_those_of_the_channels(images, dtype):
    X, y = images
    X, weight = X.astype(dtype), np.random.default_rng(1).uniform(0.1, 2.0, 100)
    for weights in (None, weight):
        model = RebalancedClassifier(**ONE).fit(X, y, weights)
        assert isinstance(model.module_.backbone, ConvNet)
        layer = model.module_.backbone.standardize
        each = np.moveaxis(X, 1, 0).reshape(2, -1).astype(float)
        of_pixel = None if weights is None else np.repeat(weights, 64)
        mean = np.average(each, axis=1, weights=of_pixel)
        std = np.sqrt(np.average((each - mean[:, None]) ** 2, axis=1, weights=of_pixel))
        np.testing.assert_allclose(layer.shift, mean, rtol=1e-9)
        np.testing.assert_allclose(layer.scale, std, rtol=1e-9)


def test_moments_come_in_pieces(images, monkeypatch):
    X, y = images
    whole = RebalancedClassifier(**ONE).fit(X, y)
    monkeypatch.setattr("sklimb._training.training._VALUES_OF_A_CHUNK", 1)
    pieces = RebalancedClassifier(**ONE).fit(X, y)
    a, b = (m.module_.backbone.standardize for m in (whole, pieces))
    np.testing.assert_allclose(a.shift, b.shift, rtol=1e-12)
    np.testing.assert_allclose(a.scale, b.scale, rtol=1e-12)


def test_images_are_learnt_without_any_setting(images):
    X, y = images
    model = RebalancedClassifier(class_weight="balanced", **QUICK).fit(X, y)
    assert model.score(X, y) > 0.95
    assert model.transform(X).shape == (100, 128)


def test_the_scale_of_pixels_does_not_matter(images):
    X, y = images
    proba = [
        RebalancedClassifier(dtype="float64", **ONE).fit(x, y).predict_proba(x)
        for x in (X, X / 255.0, X.astype(np.float32) * 1e4 - 7e5)
    ]
    np.testing.assert_allclose(proba[1], proba[0], atol=1e-6)
    np.testing.assert_allclose(proba[2], proba[0], atol=1e-3)


@pytest.mark.parametrize("cls", [ResNet, DenseNet, ResNeXt])
def test_other_backbones_by_class_and_by_instance(images, cls):
    X, y = images
    settings = {f"module__{k}": v for k, v in SMALL[cls].items()}
    for params in ({"module": cls, **settings}, {"module": cls(2, **SMALL[cls])}):
        model = RebalancedClassifier(**params, **ONE).fit(X, y)
        assert np.isfinite(model.predict_proba(X)).all()
        np.testing.assert_allclose(model.module_.backbone.standardize.shift[0], X[:, 0].mean())


def test_augmentation_changes_training_and_not_dropout(images):
    X, y = images

    class Seen(nn.Module):
        """A layer that only says what torch's generator would draw."""

        drawn: list = []  # noqa: RUF012

        def forward(self, x):
            if self.training:
                self.drawn.append(torch.get_rng_state().sum().item())
            return x

    class Net(ImageBackbone):
        def __init__(self, in_channels, augment=None):
            super().__init__(in_channels, augment=augment)
            self.seen, self.layer = Seen(), nn.Linear(in_channels * 64, 8)

        def forward(self, x):
            x = self.seen(self.prepare(x)).flatten(1)
            return self.layer(nn.functional.dropout(x, training=self.training))

    proba, drawn = [], []
    for augment in (None, CropFlip(2), CropFlip(2)):
        Seen.drawn.clear()
        model = RebalancedClassifier(module=Net, module__augment=augment, **QUICK).fit(X, y)
        proba.append(model.predict_proba(X))
        drawn.append(list(Seen.drawn))
    assert not np.allclose(proba[0], proba[1])
    assert np.array_equal(proba[1], proba[2])
    assert drawn[0] == drawn[1] and len(drawn[0]) > 8


@each_backbone
@pytest.mark.parametrize("shape", [(2, 16, 12), (2, 192)])
def test_images_without_an_axis_of_channels(cls, shape):
    net = cls(1, **SMALL[cls])
    with pytest.raises(
        ValueError, match=rf"{cls.__name__} takes images.* \({shape[0]}, {shape[1]}"
    ):
        net(torch.zeros(shape))
