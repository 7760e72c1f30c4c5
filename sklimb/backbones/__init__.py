"""Backbones: `nn.Module` that turn a batch of input into features."""

from sklimb.backbones.convnet import ConvNet
from sklimb.backbones.densenet import DenseNet
from sklimb.backbones.images import ImageBackbone, StandardizeChannels
from sklimb.backbones.mlp import MLP, Standardize
from sklimb.backbones.resnet import ResNet
from sklimb.backbones.resnext import ResNeXt
from sklimb.backbones.sparse_linear import SparseInputLinear

__all__ = [
    "MLP",
    "ConvNet",
    "DenseNet",
    "ImageBackbone",
    "ResNeXt",
    "ResNet",
    "SparseInputLinear",
    "Standardize",
    "StandardizeChannels",
]
