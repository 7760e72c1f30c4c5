"""Heads: features in, scores out. What a head learns lives in the head.

A head is an `nn.Module` with

- ``embed(features)``: the space that it compares in, and that ``transform`` returns;
- ``forward(embedded)``: scores (n, C), whose softmax is the predicted probability;
- ``n_features_out``: the width of that space;
- optionally ``init_from_data(embedded, y, weight, generator)``: start values from data;
- optionally ``after_step(embedded, y, weight)``: what moves after each step of the optimiser, by a
  rule of its own.

`MemberHeads` holds one head for each member of an ensemble inside one network.

Shape
-----
features (n, d) -> embedded (n, e) -> scores (n, C).
"""

from __future__ import annotations

from sklimb.heads.affinity import AffinityHead
from sklimb.heads.members import MemberHeads
from sklimb.heads.offset import EmpiricalOffsetHead, OffsetHead
from sklimb.heads.softmax import CosineHead, LinearHead

__all__ = [
    "AffinityHead",
    "CosineHead",
    "EmpiricalOffsetHead",
    "LinearHead",
    "MemberHeads",
    "OffsetHead",
]
