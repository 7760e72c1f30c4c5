"""Fitted models as files without pickle, and as ONNX graphs.

A file is one zip: JSON for what a model is, safetensors for its numbers, and scikit-learn's own
parts of a pipeline as skops writes them. Nothing in it is run when it is loaded, and it holds no
training sample. ``docs/persistence.md`` has the details.
"""

from sklimb.persistence._onnx import to_onnx
from sklimb.persistence._saving import load, save

__all__ = ["load", "save", "to_onnx"]
