from __future__ import annotations

import pickle

import pytest

from sklimb._compare.errors import ComparisonInterrupted, InputError


def test_an_input_error_is_a_value_error():
    assert issubclass(InputError, ValueError)


def test_an_interrupt_is_an_interrupt_and_carries_the_results():
    with pytest.raises(KeyboardInterrupt) as caught:
        raise ComparisonInterrupted("results")
    assert caught.value.comparison == "results"
    assert pickle.loads(pickle.dumps(caught.value)).comparison == "results"
