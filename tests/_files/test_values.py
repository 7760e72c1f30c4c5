"""Plain values come back as they were, type and all."""

from __future__ import annotations

import datetime
import json
import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import torch

from sklimb._files.values import decode_plain, encode_plain


def there_and_back(value):
    return decode_plain(json.loads(json.dumps(encode_plain(value), allow_nan=False)))


@pytest.mark.parametrize(
    "value",
    [
        None, True, -3, 2**80, 0.1, -0.0, 1e-320, math.inf, -math.inf, "ä\ud800", b"\x00x",
        datetime.datetime(2020, 1, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc),
        datetime.date(2020, 1, 2), datetime.time(3, 4), datetime.timedelta(1, 2, 3),
        Decimal("1.50"), range(1, 9, 2), slice(None, 3),
        np.dtype("<U7"), torch.float64, torch.device("cpu"),
        np.float32(0.1), np.int8(-1), np.bool_(True), np.str_("x"), np.datetime64("2020-01-02"),
        pd.Timestamp("2020-01-02 03:04:05.000000006", tz="UTC"), pd.Timedelta("1D 2h"),
    ],
    ids=repr,
)  # fmt: skip
def test_scalars(value):
    back = there_and_back(value)
    assert back == value and type(back) is type(value) and repr(back) == repr(value)


def test_what_equals_nothing():
    assert math.isnan(there_and_back(math.nan))
    assert there_and_back(pd.NaT) is pd.NaT and there_and_back(pd.NA) is pd.NA


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=">i2").reshape(2, 3), np.array([]), np.zeros((2, 0)),
        np.array(["a", "bcd"]), np.array([b"x", b"yz"]), np.array([True, False]),
        np.array([1.5, np.nan], dtype="f2"), np.array(["2020-01-01", "NaT"], dtype="M8[us]"),
        np.array([1, 2], dtype="m8[s]"), np.array(["", "long"], dtype=np.dtypes.StringDType()),
    ],
    ids=lambda a: str(a.dtype),
)  # fmt: skip
def test_arrays(array):
    back = there_and_back(array)
    assert back.dtype == array.dtype and back.shape == array.shape and back.flags.writeable
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("value", [object(), [], {}, lambda: 0, np.zeros(2, "i4,f4"), 1j])
def test_the_rest_is_for_others(value):
    assert encode_plain(value) is NotImplemented


@pytest.mark.parametrize(
    "value",
    [
        {"is": "array", "dtype": "|O8", "shape": [1], "data": ""},
        {"is": "array", "dtype": "<f8", "shape": [9], "data": ""},
        {"is": "array", "dtype": "<f8", "shape": [-1], "data": ""},
        {"is": "array", "dtype": "<f8", "shape": [1], "data": "!"},
        {"is": "dtype", "value": "i4,f4"},
        {"is": "torch.dtype", "value": "load"},
    ],
)
def test_what_is_no_value_is_refused(value):
    with pytest.raises(ValueError):
        decode_plain(value)


def test_a_generator_comes_without_its_state():
    generator = torch.Generator().manual_seed(5)
    assert there_and_back(generator).initial_seed() != 5


def test_a_path_is_text(tmp_path):
    assert there_and_back(tmp_path) == str(tmp_path)
