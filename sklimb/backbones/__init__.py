"""Backbones: `nn.Module` that turn a batch of input into features."""

from sklimb.backbones.mlp import MLP, Standardize

__all__ = ["MLP", "Standardize"]
