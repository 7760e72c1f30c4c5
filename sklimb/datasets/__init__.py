"""Real data sets behind one call each, recipes that make data imbalanced, tables in chunks."""

from __future__ import annotations

from sklimb._data.table_scan import TableScan, scan_chunks
from sklimb.datasets._chunks import iter_csv, iter_parquet
from sklimb.datasets._image_folder import load_image_folder
from sklimb.datasets._images import fetch_cifar10, fetch_mnist
from sklimb.datasets._imbalance import (
    class_counts,
    imbalance_ratio,
    make_long_tailed,
    make_step_imbalanced,
)
from sklimb.datasets._label_noise import flip_labels
from sklimb.datasets._reuters import fetch_reuters36, fetch_reuters52
from sklimb.datasets._samples import sample_csv, sample_parquet
from sklimb.datasets._storage import get_data_home
from sklimb.datasets._tabular import fetch_tabular
from sklimb.datasets._twitter import fetch_twitter_pos, find_twitter_vectors

__all__ = [
    "TableScan",
    "class_counts",
    "fetch_cifar10",
    "fetch_mnist",
    "fetch_reuters36",
    "fetch_reuters52",
    "fetch_tabular",
    "fetch_twitter_pos",
    "find_twitter_vectors",
    "flip_labels",
    "get_data_home",
    "imbalance_ratio",
    "iter_csv",
    "iter_parquet",
    "load_image_folder",
    "make_long_tailed",
    "make_step_imbalanced",
    "sample_csv",
    "sample_parquet",
    "scan_chunks",
]
