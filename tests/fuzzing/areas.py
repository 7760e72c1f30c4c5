"""What is tried: the strategy of each area, how often in the long run, and how often in the suite.

The shares go by what a try costs: a loss takes a tenth of a millisecond, a comparison a second.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis.strategies import SearchStrategy

from tests.fuzzing import comparisons, estimators, functions, model_files


@dataclass(frozen=True)
class Area:
    """A kind of call.

    Parameters
    ----------
    tries : SearchStrategy
        Of `Try`.
    share : float
        Of the tries of a long run.
    in_suite : int
        Tries in the suite.
    """

    tries: SearchStrategy
    share: float
    in_suite: int


AREAS = {
    "parameters": Area(estimators.parameters(), 0.17, 60),
    "training data": Area(estimators.training_data(), 0.10, 40),
    "new data": Area(estimators.new_data(), 0.07, 60),
    "partial_fit": Area(estimators.partial_fits(), 0.03, 15),
    "model files": Area(model_files.model_files(), 0.03, 60),
    "losses": Area(functions.loss_tries(), 0.28, 300),
    "metrics": Area(functions.metric_tries(), 0.145, 150),
    "recipes": Area(functions.recipe_tries(), 0.145, 150),
    "compare": Area(comparisons.comparisons(), 0.01, 6),
    "command": Area(comparisons.commands(), 0.02, 8),
}
