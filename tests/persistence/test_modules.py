"""Modules that were given as instances."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from sklimb.backbones import MLP, ConvNet, TabularMLP
from sklimb.persistence._modules import decode_module, encode_module
from sklimb.persistence._names import Names
from sklimb.persistence._objects import Reader, Writer
from sklimb.transforms import CropFlip


class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)
        self.act = torch.tanh
        self.factor = 2.0
        self.nothing = None
        self.register_buffer("shift", torch.ones(3), persistent=False)

    def forward(self, x):
        return self.act(self.layer(x)) * self.factor + self.shift


def there_and_back(module, own=()):
    writer = Writer(encode_module)
    record = json.loads(json.dumps(writer.encode(module, "module")))
    reader = Reader(writer.tensors, {}, Names(own), {"module": decode_module})
    return reader.decode(record)


@pytest.mark.parametrize(
    ("module", "x"),
    [
        (Own(), torch.randn(5, 4)),
        (nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.GELU()), torch.randn(5, 4)),
        (nn.LSTM(4, 3, batch_first=True), torch.randn(5, 2, 4)),
        (MLP(4, hidden=(3,)), torch.randn(5, 4)),
        (TabularMLP(4, hidden=(8,), n_members=2), torch.randn(5, 4)),
        (ConvNet(3, image_size=(8, 8), augment=CropFlip(1)), torch.rand(2, 3, 8, 8)),
    ],
    ids=lambda v: type(v).__name__,
)
def test_the_same_module(module, x):
    module.eval()
    back = there_and_back(module, [Own])
    assert type(back) is type(module) and not back.training
    assert list(back.state_dict()) == list(module.state_dict())
    expected, found = module(x), back(x)
    if isinstance(expected, tuple):
        expected, found = expected[0], found[0]
    assert torch.equal(found, expected)
    back.train()(x)  # all of it is there


def test_what_is_learnt_and_what_mode_it_is_in_stay():
    module = nn.Sequential(nn.Linear(2, 2), nn.Dropout())
    module[0].weight.requires_grad_(False)
    module[1].eval()
    back = there_and_back(module)
    assert not back[0].weight.requires_grad and back[0].bias.requires_grad
    assert back.training and back[0].training and not back[1].training


def test_hooks_and_unknown_attributes_are_named():
    hooked = nn.Linear(2, 2)
    hooked.register_forward_hook(lambda *a: None)
    with pytest.raises(TypeError, match=r"module\.0, a Linear, has hooks"):
        Writer(encode_module).encode(nn.Sequential(hooked), "module")
    odd = nn.Linear(2, 2)
    odd.extra = object()
    with pytest.raises(TypeError, match=r"module\.extra is of the type builtins\.object"):
        Writer(encode_module).encode(odd, "module")
    with pytest.raises(TypeError, match="class of the network instead of an instance") as error:
        Writer(encode_module).encode(nn.Sequential(nn.Sequential(odd)), "module")
    assert str(error.value).count("instead of an instance") == 1


@pytest.mark.parametrize("name", ["_modules", "__class__", "forward", "_forward_hooks"])
def test_no_attribute_takes_the_place_of_code(name):
    writer = Writer(encode_module)
    record = writer.encode(nn.ReLU(), "module")
    record["attributes"].append([name, 1])
    with pytest.raises(ValueError, match="attribute"):
        Reader({}, {}, Names(), {"module": decode_module}).decode(record)
