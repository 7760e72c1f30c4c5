from __future__ import annotations

import pickle

import pytest

from sklimb._compare.errors import ComparisonInterrupted, InputError, nearest


def test_nearest_prefers_the_likely_one_whatever_the_case():
    assert nearest("Smote", ["plain", "smote"]) == "did you mean 'smote'?"
    assert nearest("ag", ["age", "wage", "page"]).startswith("did you mean 'age'")


def test_nearest_lists_what_there_is_when_nothing_is_near():
    assert nearest("zzz", ["a", "b"]) == "there are 'a', 'b'"
    assert nearest("zzz", [f"column_{i}" for i in range(20)]).endswith("and 8 more")


def test_an_input_error_is_a_value_error():
    assert issubclass(InputError, ValueError)


def test_an_interrupt_is_an_interrupt_and_carries_the_results():
    with pytest.raises(KeyboardInterrupt) as caught:
        raise ComparisonInterrupted("results")
    assert caught.value.comparison == "results"
    assert pickle.loads(pickle.dumps(caught.value)).comparison == "results"
