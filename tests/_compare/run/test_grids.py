from __future__ import annotations

from sklimb._compare.run.grids import NET_GRIDS, TEXT_BASE, of_estimator, with_text_net
from sklimb.backbones import MLP


def test_parameters_of_what_is_wrapped_get_its_name_in_front():
    grids = of_estimator(NET_GRIDS, "estimator__")
    assert set(grids) == set(NET_GRIDS)
    assert grids["quick"]["estimator__lr"] == NET_GRIDS["quick"]["lr"]


def test_the_network_for_texts_stands_under_a_grid_or_a_list_of_them():
    one, many = {"sigma": [1.0]}, [{"sigma": [1.0]}, {"module__dropout": [0.9]}]
    found = with_text_net({"quick": one, "full": many})
    assert found["quick"] == {**TEXT_BASE, "sigma": [1.0]}
    assert [part["module"] for part in found["full"]] == [[MLP], [MLP]]
    assert found["full"][1]["module__dropout"] == [0.9]  # a method's own goes above it
