from __future__ import annotations

import pickle

import pytest

from sklimb._compare import Comparison, compare
from tests._compare.stand_ins import BAYES, TREE, blobs


@pytest.fixture(scope="module")
def found():
    X, y = blobs([40, 12], labels=["no", "yes"])
    return compare(X, y, methods=[BAYES, TREE], folds=2, n_jobs=1, random_state=0)


def test_plot_gives_the_two_axes_of_one_new_figure(found):
    sizes, recall = found.plot()
    assert sizes.figure is recall.figure
    assert [label.get_text() for label in recall.get_xticklabels()] == ["no", "yes"]
    assert [bar.get_height() for bar in sizes.patches] == [40, 12]
    again, _ = found.plot()
    assert again.figure is not sizes.figure


def test_it_can_be_pickled(found):
    copy = pickle.loads(pickle.dumps(found))
    assert isinstance(copy, Comparison)
    assert str(copy) == str(found)
    assert (copy.best_estimator_.classes_ == found.best_estimator_.classes_).all()


def test_every_attribute_is_described(found):
    for name in vars(found):
        assert name in Comparison.__doc__, name


def test_notes_are_printed(found):
    text = str(found)
    assert text.count("Note:") == len(found.cautions) == 1  # the rare class is small
    copy = pickle.loads(pickle.dumps(found))
    copy.notes = ["something was different"]
    assert "Note: something was different" in str(copy)
    copy.add_cautions(["beware", "beware"])
    copy.notes += ["beware"]
    copy.columns = ["a  number"]
    assert str(copy).count("Note: beware") == 1
    order = ["Note: beware", "Columns:\n  a  number", "bal. acc.", "something was different"]
    places = [str(copy).index(part) for part in order]
    assert places == sorted(places)
