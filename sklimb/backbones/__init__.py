"""Backbones: `nn.Module` that turn a batch of input into features."""

from sklimb.backbones.convnet import ConvNet
from sklimb.backbones.densenet import DenseNet
from sklimb.backbones.images import ImageBackbone, StandardizeChannels
from sklimb.backbones.members import MemberCopies, MemberLinear
from sklimb.backbones.mlp import MLP, Standardize
from sklimb.backbones.resnet import ResNet
from sklimb.backbones.resnext import ResNeXt
from sklimb.backbones.sparse_linear import SparseInputLinear
from sklimb.backbones.tabular_mlp import TabularMLP
from sklimb.backbones.wide_mlp import WideMLP

__all__ = [
    "MLP",
    "ConvNet",
    "DenseNet",
    "ImageBackbone",
    "MemberCopies",
    "MemberLinear",
    "ResNeXt",
    "ResNet",
    "SparseInputLinear",
    "Standardize",
    "StandardizeChannels",
    "TabularMLP",
    "WideMLP",
]
