"""What one line of the comparison is: a name, the steps behind the preparation, and its grids."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from imblearn.pipeline import Pipeline
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import ParameterGrid
from sklearn.preprocessing import FunctionTransformer

# The turn of what is slow: it comes after the best of the others have been tuned.
SLOW = 4
N_CANDIDATES = {"quick": 4, "full": 12}
INNER_FOLDS = {"quick": 3, "full": 5}

Grid = Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Sequence[Any]]]


@dataclass(frozen=True)
class Method:
    """One line of the comparison.

    Parameters
    ----------
    name : str
        How it is asked for: lower case, underscores.
    label : str
        How it is called in tables and pictures.
    classify : callable
        Returns a new, unfitted classifier.
    grids : mapping
        For ``"quick"`` and ``"full"`` a scikit-learn parameter grid of the classifier.
    resample : callable or None, default=None
        Returns a new sampler that is applied to the samples that are learnt from.
    text_grids : mapping or None, default=None
        The grids where the rows are texts, which are some thousand sparse columns; None takes
        `grids`.
    turn : int, default=2
        When it comes on in a comparison with a budget: 1 is the first round (cheap and strong), 2
        and 3 are the next, 4 comes after the best of these have been tuned.
    cost : float, default=1.0
        Seconds of a fit beside those of a plain net, roughly, for estimates before the first.
    by_class : bool, default=False
        Whether a fit takes longer in proportion to the number of classes.
    takes_sparse : bool, default=True
        Whether it learns from sparse columns, as texts are.
    untuned : mapping, default={}
        Parameters of the classifier where nothing is searched.
    text_turn : int or None, default=None
        The turn where the rows are texts; None is `turn`.
    prepare : transformer or None, default=None
        Its own first step, in place of that of all methods.
    category_parameter : str, default=""
        Parameter of the classifier that takes the places of columns of categories, where it can
        learn from these as codes.
    favourite : bool, default=False
        Whether it is named, and stays in the running, where no other is clearly ahead of it.
    by_column : callable or None, default=None
        Of a classifier of several: (first step of all methods, first step that makes codes of
        categories, number of these) -> the same classifier, each part of which prepares the columns
        for itself.
    """

    name: str
    label: str
    classify: Callable[[], BaseEstimator]
    grids: Mapping[str, Grid]
    resample: Callable[[], BaseEstimator] | None = None
    text_grids: Mapping[str, Grid] | None = None
    turn: int = 2
    cost: float = 1.0
    by_class: bool = False
    takes_sparse: bool = True
    untuned: Mapping[str, Any] = field(default_factory=dict)
    text_turn: int | None = None
    prepare: BaseEstimator | None = None
    category_parameter: str = ""
    favourite: bool = False
    by_column: Callable[[BaseEstimator, BaseEstimator, int], BaseEstimator] | None = None

    def for_text(self) -> Method:
        """Return the same method with the grids for texts, untuned the first of them."""
        turn = self.text_turn or self.turn
        if self.text_grids is None:
            return self if turn == self.turn else replace(self, turn=turn)
        first = ParameterGrid(self.text_grids["quick"])[0]
        # A favourite is one of tables, for it was found on them.
        return replace(self, grids=self.text_grids, untuned=first, turn=turn, favourite=False)

    def with_own_columns(
        self, prepare: BaseEstimator, n_categories: int, usual: BaseEstimator
    ) -> Method:
        """Return the same method with categories as codes, if it or a part of it takes them so.

        Its columns are dense then: texts are not those thousands of words that others get.

        Parameters
        ----------
        prepare : transformer
            Its first step, which puts `n_categories` columns of codes in front.
        n_categories : int
        usual : transformer
            The first step of methods that take no codes, and sparse columns of words.

        Returns
        -------
        method : Method
        """
        if self.by_column is not None:
            make, parts = self.by_column, (usual, prepare, n_categories)
            return replace(self, prepare=FunctionTransformer(), classify=lambda: make(*parts))
        if not self.category_parameter:
            return self
        places = {self.category_parameter: list(range(n_categories))}
        classify = self.classify
        return replace(self, prepare=prepare, classify=lambda: classify().set_params(**places))

    def pipeline(self, prepare: BaseEstimator, *, device: str, seed: int) -> Pipeline:
        """Return the unfitted pipeline.

        Parameters
        ----------
        prepare : transformer
            Turns the columns into scaled numbers, unless the method has its own; it is cloned.
        device : str
            Given to every step that has a parameter of this name, or in which a classifier has, at
            any depth.
        seed : int
            Given as ``random_state`` to every step, and to its ``estimator`` at any depth. A blend
            seeds its classifiers itself.

        Returns
        -------
        pipeline : imblearn.pipeline.Pipeline
            With the steps ``prepare``, ``resample`` (where there is one) and ``classify``.
        """
        steps = [("prepare", clone(self.prepare or prepare))]
        if self.resample is not None:
            steps.append(("resample", self.resample()))
        steps.append(("classify", self.classify()))
        for _, step in steps:
            step.set_params(
                **{
                    name: device if name.rpartition("__")[2] == "device" else seed
                    for name in step.get_params()
                    if name.rpartition("__")[2] == "device"
                    or name.rpartition("estimator__")[2] == "random_state"
                }
            )
        return Pipeline(steps)

    def candidates(self, grid: str) -> list[dict[str, list]]:
        """Return the grid as a list of single candidates for GridSearchCV over the pipeline.

        Parameters
        ----------
        grid : {"quick", "full"}

        Returns
        -------
        candidates : list of dict
            Each maps a parameter of the pipeline to a list of one value.
        """
        return [
            {f"classify__{key}": [value] for key, value in candidate.items()}
            for candidate in ParameterGrid(self.grids[grid])
        ]

    def only_candidate(self) -> list[dict[str, list]]:
        """Return the settings without a search in the form of `candidates`."""
        return [{f"classify__{key}": [value] for key, value in self.untuned.items()}]
